"""Cohort tables and norm files: what is read is what was meant, all else is one clear line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.damage import survives
from tests.io.refusals import refused
from tests.norms import cohorts
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.io import cohorts as tables
from tmsguide.io.cohorts import parse_cohort, read_cohort, read_person
from tmsguide.io.norms import parse_norms, read_norms, write_norms
from tmsguide.norms import AgeShape, Covariates, Norms, Person, deviation, fit_norms

TABLE = (
    "participant_id\tage\tsex\tmean_fd\tsite\twithin:DMN\tthickness\n"
    "sub-1\t20\tF\t0.1\ta\t0.5\t2.5\n"
    "sub-2\t30.5\tmale\t0.2\tb\t-0.25\t1e0\n"
)


def table(text, **kinds):
    kinds = {"covariates": None, "gaps": False} | kinds
    return parse_cohort(text.encode(), "people.tsv", **kinds)


def test_a_table_is_read_as_it_stands():
    found = table("\ufeff" + TABLE.replace("\n", "\r\n"))
    assert found.people == ("sub-1", "sub-2")
    assert found.names == ("within:DMN", "thickness")
    assert found.values.tolist() == [[0.5, 2.5], [-0.25, 1.0]]
    assert found.covariates.age_years.tolist() == [20, 30.5]
    assert found.covariates.sex == ("F", "M")
    assert found.covariates.mean_fd_mm.tolist() == [0.1, 0.2]
    assert found.covariates.site == ("a", "b")


def test_covariates_may_be_fewer_than_the_columns():
    found = table(TABLE.replace("\t0.1\t", "\tn/a\t"), covariates=("age",))
    assert found.covariates.used == ("age",)
    assert found.names == ("within:DMN", "thickness")  # sex, motion and site are no measures
    assert table(TABLE, covariates=()).covariates.used == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("participant_id", "name", ["participant_id", "tab-separated"]),
        ("\tthickness", "\twithin:DMN", ["within:DMN", "twice"]),
        ("\tthickness", "\t", ["without a name"]),
        ("sub-2", "sub-1", ["sub-1", "more than once"]),
        ("-0.25", "n/a", ["sub-2", "within:DMN", "no value"]),
        ("-0.25", "inf", ["sub-2", "'inf'"]),
        ("-0.25", "0,25", ["'0,25'", "decimal point"]),
        ("male", "x", ["sub-2", "F, M or O"]),
        ("\t0.2\t", "\t-0.2\t", ["sub-2", "0 or more"]),
        ("30.5", "n/a", ["sub-2", "age"]),
        ("\tb\t", "\t\t", ["sub-2", "site"]),
        ("\t1e0", "", ["row 3", "6 cells"]),
    ],
)
def test_a_table_that_cannot_be_used_says_why(old, new, words):
    assert old in TABLE
    refused(table, TABLE.replace(old, new, 1), words=["people.tsv", *words])


def test_tables_without_people_or_measures_are_refused():
    head = TABLE.split("\n")[0]
    refused(table, head, words=["no rows"])
    refused(table, "", words=["participant_id"])
    refused(table, "participant_id\tage\nsub-1\t3\n", words=["no measures"])
    refused(table, TABLE, covariates=("age", "handedness"), words=["no column handedness"])


def test_a_person_is_one_row_and_may_lack_measures(tmp_path):
    path = tmp_path / "person.tsv"
    path.write_text("".join(TABLE.splitlines(keepends=True)[:2]).replace("0.5", "n/a"))
    found = read_person(path, ("age",))
    assert np.isnan(found.values[0]).tolist() == [True, False]
    path.write_text(TABLE)
    refused(read_person, path, ("age",), words=["2 rows", "one person"])
    refused(read_person, tmp_path / "no.tsv", (), words=["does not exist"])


def test_a_huge_table_is_refused_before_it_is_read_through(tmp_path, monkeypatch):
    path = tmp_path / "cohort.tsv"
    path.write_text(TABLE)
    monkeypatch.setattr(tables, "COHORT_LIMIT_BYTES", 50)
    refused(read_cohort, path, words=["larger than"])


def test_damaged_tables_are_refused_in_one_line(tmp_path):
    path = tmp_path / "cohort.tsv"
    path.write_text(TABLE)

    def read():
        found = read_cohort(path)
        assert np.isfinite(found.values).all()
        assert len(found.people) == len(found.values) == len(found.covariates.age_years)

    survives(path, read, rounds=120)


def one_line_or_sound(read, *args, **kinds):
    """True where the reader gave something, False where it refused in one line."""
    try:
        read(*args, **kinds)
    except InputError as error:
        return "\n" in str(error)
    return True


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_line(data):
    assert not one_line_or_sound(parse_cohort, data, "x", covariates=None, gaps=False)
    assert not one_line_or_sound(parse_norms, data, "x")


def fitted(kind):
    rng = np.random.default_rng(2)
    made = cohorts.truth(rng, 4, sites=3)
    values, who = cohorts.draw(rng, made, 210)
    shapes = {"line": AgeShape.LINE, "spline": AgeShape.SPLINE}
    if kind == "bare":
        return fit_norms(values, Covariates(), made.names), Person(), values
    if kind == "one site":
        who = Covariates(who.age_years, ("F",) * 210, who.mean_fd_mm, ("x",) * 210)
        return fit_norms(values, who, made.names), Person(40.0, "F", 0.15, "x"), values
    norms = fit_norms(
        values, who, made.names, title="Grown-ups · ours", made_by="A. Person",
        age_shape=shapes[kind],
    )  # fmt: skip
    return norms, Person(40.0, "F", 0.15, "s1"), values


@pytest.mark.parametrize("kind", ["bare", "one site", "line", "spline"])
def test_norms_come_back_as_they_were(kind, tmp_path):
    norms, person, values = fitted(kind)
    back = read_norms(write_norms(norms, tmp_path / "norms.json"))
    assert (back.title, back.made_by, back.people) == (norms.title, norms.made_by, norms.people)
    assert (back.left_out == norms.left_out).all()
    one, two = deviation(norms, values[5], person), deviation(back, values[5], person)
    assert one.cohort == two.cohort
    for part in ("expected", "low", "high", "z", "q"):
        assert_close(getattr(two, part), getattr(one, part), EXACT)
    text = (tmp_path / "norms.json").read_text()
    assert write_norms(back, tmp_path / "again.json").read_text() == text


def test_the_file_says_what_it_is_and_tells_of_nobody(tmp_path):
    path = write_norms(fitted("spline")[0], tmp_path / "norms.json")
    document = json.loads(path.read_text())
    assert document["Format"] == "tmsguide-norms"
    assert "Research use only" in document["ResearchUse"]
    assert document["GeneratedBy"][0]["Version"]
    assert document["MadeBy"] == "A. Person"
    assert "210 people" in document["Cohort"]
    assert document["LeftOut"] == sorted(document["LeftOut"])
    assert not any(isinstance(v, list) and len(v) == 210 for k, v in document.items()
                   if k != "LeftOut")  # fmt: skip


#: Swapped for other words or for nothing, these still give a norm.
FREE = ("Title", "MadeBy", "Cohort", "ResearchUse", "GeneratedBy", "IndependentMeasures")

PARTS = [
    ("Format", "x"), ("FormatVersion", 2), ("Measures", ["a", "a", "b", "c"]),
    ("Measures", []), ("Sd", [1, 1, 1]), ("Sd", [1, 1, 1, 0]), ("Sd", "x"),
    ("Sd", [1, 1, 1, 10**400]), ("Covariance", []), ("Coefficients", None), ("People", 1.5),
    ("People", True), ("LeftOut", [0]), ("Dof", 1), ("Sexes", "F"), ("Sexes", ["F", 3]),
    ("Age", 3), ("Age", {"Shape": "wave"}), ("AgeQuantilesYears", [1, 2, 3, 2, 5]),
    ("AgeQuantilesYears", None), ("MeanFdQuantilesMm", [0, 0, 0]), ("Sites", {}),
    ("Sites", {"Names": ["a"]}), ("Title", 3), ("IndependentMeasures", [1]),
    ("LogSdSlope", [[1, 1, 1, 1]]), ("LogSdSlopeVariance", [-1, 0, 0, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), PARTS)
def test_unsound_norms_are_refused(key, value, tmp_path):
    path = write_norms(fitted("spline")[0], tmp_path / "norms.json")
    document = json.loads(path.read_text()) | {key: value}
    words = [] if key in ("Format", "FormatVersion") else ["'"]
    refused(parse_norms, json.dumps(document).encode(), "norms.json", words=["norms", *words])


def test_a_covariance_that_is_none_is_refused(tmp_path):
    path = write_norms(fitted("line")[0], tmp_path / "norms.json")
    document = json.loads(path.read_text())
    for change in (lambda c: -c, lambda c: c + np.triu(np.ones_like(c), 1)):
        broken = document | {"Covariance": change(np.array(document["Covariance"])).tolist()}
        refused(parse_norms, json.dumps(broken).encode(), "n", words=["'Covariance'"])


def test_damaged_norms_are_refused_or_whole(tmp_path):
    path = write_norms(fitted("line")[0], tmp_path / "norms.json")

    def read():
        norms = read_norms(path)
        assert isinstance(norms, Norms)
        assert (norms.spread.sd > 0).all()

    survives(path, read, rounds=150)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_parts_swapped_for_anything_are_refused_or_whole(data):
    document = SOUND
    key = data.draw(st.sampled_from(sorted(document)))
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=12,
    )
    swapped = json.dumps(document | {key: data.draw(junk)}).encode()
    read = one_line_or_sound(parse_norms, swapped, "x")
    # words about the norm and what a field of None may mean are free; numbers are not
    assert not read or key in FREE


@pytest.fixture(autouse=True, scope="module")
def _sound(tmp_path_factory):
    global SOUND
    path = write_norms(fitted("line")[0], tmp_path_factory.mktemp("n") / "norms.json")
    SOUND = json.loads(path.read_text())
