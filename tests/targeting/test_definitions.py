"""Targeting methods as TOML: those built in are whole and sourced, a user's slips are told."""

import re
from importlib.resources import files
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.io.refusals import refused
from tmsguide.errors import InputError
from tmsguide.targeting import landmark, landmarks
from tmsguide.targeting.definitions import (
    Compared,
    Pick,
    Spheres,
    definition,
    definitions,
    parse_definition,
)
from tmsguide.targeting.definitions.areas import left_dlpfc
from tmsguide.targeting.definitions.parameters import parameters_of
from tmsguide.targeting.finders.picking import SWEEP_PERCENTILES
from tmsguide.targeting.finders.sub_parcels import GRID_MM, LEAST_CM3, RHO_CUT
from tmsguide.targeting.networks.personal_networks import SEED_RADIUS_MM

METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods"
OWN = """
title = "ours"
compared = "seed"
pick = "cluster"
[seed]
mni_mm = [[6, 16, -10]]
radius_mm = 8
"""
MAPPED = (Compared.WEIGHTED_MAP, Compared.CIRCUIT, Compared.REGRESSION)
#: Which page of docs/methods tells the parameters of which kinds.
PAGES = {
    "picking.md": ("cluster", "sweep"),
    "circuit.md": ("circuit",),
    "regression.md": ("regression",),
    "saint-like.md": ("parcels",),
    "network-patch.md": ("network",),
}


def own(text=OWN, **changes):
    for key, value in changes.items():
        text = re.sub(rf"(?m)^{key} = .*\n", "", text)
        text = f"{key} = {value}\n" + text
    return parse_definition(text, name="own")


def every_parameter():
    pairs = [(c, p) for c in Compared for p in Pick]
    return {(p.of, p.name): p for pair in pairs for p in parameters_of(*pair)}


# what is built in


def test_every_file_is_listed_and_every_listed_one_is_a_file():
    folder = files("tmsguide.targeting").joinpath("data/definitions")
    stems = {item.name.removesuffix(".toml") for item in folder.iterdir()}
    names = [one.name for one in definitions()]
    assert len(names) == len(set(names)) == 27
    assert set(names) == stems


@pytest.mark.parametrize("one", definitions(), ids=lambda d: d.name)
def test_a_built_in_method_says_all_a_clinician_needs_to_weigh_it(one):
    for words in (one.source, one.assumes, one.evidence_for, one.evidence_against):
        assert len(words) > 25
        assert words == " ".join(words.split())
    assert one.title
    assert one.condition
    known = {p.name: p for p in parameters_of(one.compared, one.pick)}
    assert {k: v.default for k, v in known.items()} == one.parameters
    assert definition(one.name) is one


def test_titles_tell_methods_apart():
    titles = [one.title for one in definitions()]
    assert len(set(titles)) == len(titles)


def test_defaults_need_no_map_and_lie_on_the_left_without_a_sign_turned():
    chosen = [one for one in definitions() if one.default]
    assert len(chosen) == 15
    for one in chosen:
        assert one.condition == "depression"
        assert not one.positive
        assert not one.lacks_map
        assert all(x < 0 for x, _, _ in one.search.mni_mm)
    # one source of truth: the sites of the defaults are the landmarks meant to be shown
    sites = [one.site_mni_mm for one in chosen if one.compared is Compared.SITE]
    assert sites == [place.mni_mm for place in landmarks() if "target" in place.roles]


def test_what_nobody_read_is_marked_in_sites_as_in_landmarks():
    for one in definitions():
        if one.compared is Compared.SITE:
            place = landmark(re.search(r'site = "(.*)"', raw(one.name))[1])
            assert (one.site_mni_mm, one.verified) == (place.mni_mm, place.verified)
            assert one.source == place.source
            assert one.verified or not one.default
            assert one.verified or "unverified" in one.evidence_against


def raw(name):
    return files("tmsguide.targeting").joinpath(f"data/definitions/{name}.toml").read_text("utf-8")


def test_only_methods_with_a_map_lack_one_and_say_so():
    lacking = {one.name for one in definitions() if one.lacks_map}
    assert lacking == {one.name for one in definitions() if one.compared in MAPPED}
    assert lacking == {
        *("group-weights-cluster", "convergent-circuit"),
        *("circuit-seed-cluster", "outcome-regression"),
    }
    for name in lacking:
        assert "supplied map" in definition(name).assumes


def test_every_kind_of_method_and_pick_is_built_in():
    assert {one.compared for one in definitions()} == set(Compared)
    assert {one.pick for one in definitions()} == set(Pick)


def test_defaults_of_parameters_are_those_of_the_code_that_uses_them():
    def value(of, name):
        return every_parameter()[of, name].default

    ends = value("sweep", "low_percent"), value("sweep", "high_percent")
    sweep = np.geomspace(*ends, int(value("sweep", "steps")))
    assert tuple(sweep.tolist()) == SWEEP_PERCENTILES
    assert value("parcels", "rho_cut") == RHO_CUT
    assert value("parcels", "least_cm3") == LEAST_CM3
    assert value("parcels", "grid_mm") == GRID_MM
    assert value("network", "seed_radius_mm") == SEED_RADIUS_MM
    for one in every_parameter().values():
        assert one.least <= one.default <= one.most
        assert one.meaning
        assert one.source


def test_an_unknown_method_is_refused_with_those_known():
    refused(definition, "sgacc", words=["no targeting method 'sgacc'; built in are sgacc-cluster"])


# a user's own


def test_what_is_left_out_has_its_default():
    one = own()
    assert one.name == "own"
    assert one.search == left_dlpfc() == definition("sgacc-cluster").search
    assert one.seed == Spheres(((6.0, 16.0, -10.0),), 8.0)
    assert one.parameters == {"percentile": 10.0}
    assert not one.positive
    assert not one.default
    assert not one.verified
    assert one.condition == one.source == ""


def test_what_is_given_arrives():
    text = """
    title = "  two   words "
    condition = "OCD"
    compared = "seed"
    pick = "sweep"
    positive = true
    verified = true
    default = true
    source = "us"
    [search]
    landmarks = ["ba9"]
    mni_mm = [[-40, 30, 20.5]]
    radius_mm = 15
    mirrored = true
    [seed]
    map_file = "amygdala.nii.gz"
    [parameters]
    steps = 5
    """
    one = parse_definition(text, name="OCD-2")
    assert one.title == "two words"
    assert one.search == Spheres(((36.0, 39.0, 43.0), (40.0, 30.0, 20.5)), 15.0)
    assert one.seed == Spheres(map_file="amygdala.nii.gz")
    assert one.parameters == {"low_percent": 0.5, "high_percent": 50.0, "steps": 5.0}
    assert one.positive
    assert one.verified
    assert one.default


def test_left_stays_left():
    one = own("title='t'\ncompared='site'\nsite_mni_mm=[-30, 40, 20]\n")
    assert one.site_mni_mm == (-30.0, 40.0, 20.0)
    assert one.search == Spheres(((-30.0, 40.0, 20.0),), 10.0)
    assert one.pick is Pick.CENTRE
    right = definition("right-dlpfc-cluster").search.mni_mm
    assert right == tuple((-x, y, z) for x, y, z in left_dlpfc().mni_mm)


def test_a_site_by_name_takes_words_of_the_landmark_unless_it_has_its_own():
    plain = own("compared='site'\nsite='beam-f3'\n")
    assert (plain.title, plain.source) == (landmark("beam-f3").title, landmark("beam-f3").source)
    assert plain.verified
    named = own("compared='site'\nsite='beam-f3'\ntitle='F3'\nverified=false\n")
    assert named.title == "F3"
    assert not named.verified


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "''"}, ["title is missing", "short title"]),
        ({"title": "7"}, ["title is 7", "text in quotes"]),
        ({"title": r'"a\u0007b"'}, ["title", "control characters"]),
        ({"compared": "'sed'"}, ["compared is 'sed'", "one of seed, own-weights"]),
        ({"compared": "true"}, ["compared is True", "one of seed"]),
        ({"pick": "'centre'"}, ["pick is 'centre'", "cluster, peak, cone, sweep where compared"]),
        ({"pick": "[]"}, ["pick is []", "one of cluster"]),
        ({"positive": "'yes'"}, ["positive is 'yes'", "true or false without quotes"]),
        ({"persentile": "5"}, ["'persentile' is not known", "known are title"]),
        ({"map_file": "'x.nii'"}, ["map_file is used only where", "remove map_file"]),
        ({"network": "'salience'"}, ["network is used only where compared is 'network'"]),
        ({"site": "'ba9'"}, ["site is used only where compared is 'site'"]),
        ({"compared": "'parcels'"}, ["pick is 'cluster'", "centre where compared is 'parcels'"]),
        ({"search": "7"}, ["search is 7", "a table, begun by a line [search]"]),
        ({"search": "{}"}, ["[search] has 0 centres", "1 to 64"]),
        ({"search": "{mni_mm=[[1,2,3]]}"}, ["[search]: radius_mm is missing", "from 1 to 60"]),
        ({"search": "{mni_mm=[[1,2,3]], radius_mm=61}"}, ["radius_mm is 61", "from 1 to 60"]),
        ({"search": "{mni_mm=[[1,2,3]], radius_mm=nan}"}, ["radius_mm is nan", "from 1 to 60"]),
        ({"search": "{mni_mm=[[1,2,3]], radius_mm=true}"}, ["radius_mm is True"]),
        ({"search": "{mni_mm=[[1,2,3]], radius=9}"}, ["'radius' is not known", "radius_mm"]),
        ({"search": "{mni_mm=[1,2,3], radius_mm=9}"}, ["mni_mm is 1", "x, y, z in MNI mm"]),
        ({"search": "{mni_mm=[[1,2,121]], radius_mm=9}"}, ["[1, 2, 121]", "within +-120"]),
        ({"search": "{mni_mm=[[1,2,inf]], radius_mm=9}"}, ["[1, 2, inf]", "within +-120"]),
        ({"search": "{mni_mm=7, radius_mm=9}"}, ["mni_mm is 7", "a list in brackets"]),
        ({"search": "{landmarks=['f4'], radius_mm=9}"}, ["landmarks", "no landmark 'f4'"]),
        ({"search": "{landmarks=[7], radius_mm=9}"}, ["landmarks is 7", "names of landmarks"]),
        ({"search": "{map_file='a.nii', radius_mm=9}"}, ["map_file and radius_mm are both"]),
        ({"search": f"{{mni_mm={[[1, 2, 3]] * 65}, radius_mm=9}}"}, ["mni_mm", "at most 64"]),
        ({"parameters": "{percentile=51}"}, ["percentile is 51", "from 0.5 to 50"]),
        ({"parameters": "{percentile='5'}"}, ["percentile is '5'", "a number from"]),
        ({"parameters": "{rho_cut=0.5}"}, ["'rho_cut' is not known", "known are percentile"]),
        ({"pick": "'peak'", "parameters": "{x=1}"}, ["'x' is not known", "nothing for this kind"]),
        (
            {"pick": "'sweep'", "parameters": "{low_percent=9, high_percent=9}"},
            ["low_percent is 9.0", "less than high_percent 9"],
        ),
        ({"pick": "'sweep'", "parameters": "{steps=2.5}"}, ["steps is 2.5", "a whole number"]),
    ],
)
def test_every_slip_is_told_with_its_key_what_was_given_and_what_was_needed(changes, words):
    refused(own, words=["definition own", *words], **changes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("compared='seed'\npick='peak'\ntitle='t'", ["seed is missing", "a table [seed]"]),
        ("compared='network'\ntitle='t'", ["network is missing", "the name of a network"]),
        ("compared='site'\ntitle='t'", ["site_mni_mm is missing", "x, y, z in MNI mm"]),
        ("compared='site'\nsite='ba9'\nsite_mni_mm=[1,2,3]", ["both given; keep one"]),
        ("compared='site'\nsite='cz'", ["site: there is no landmark 'cz'"]),
        ("compared='site'\nsite='ba9'\npositive=true", ["positive", "a site has no sign"]),
        ("compared='seed'", ["pick is missing", "one of cluster"]),
        ("", ["compared is missing"]),
        ("a = [", ["is not valid TOML", "mend that line"]),
        ("a = 1\na = 2", ["is not valid TOML", "overwrite a value"]),
        ("a = " + "[" * 30_000, ["is not valid TOML"]),
        ("#" * 64_001, ["longer than 64 kB"]),
    ],
)
def test_texts_that_are_no_definition_are_refused(text, words):
    refused(parse_definition, text, name="own", words=["definition own", *words])


@pytest.mark.parametrize(
    "name", ["", "a b", "-a", "a-", "a--b", "a/b", "a.b", "ä", "a" * 65, "a\n"]
)
def test_names_that_a_file_or_a_report_could_not_carry_are_refused(name):
    refused(parse_definition, OWN, name=name, words=["cannot be named", "rename it"])


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["seed", "cluster", "site", "network", "ba9", "parcels"]),
        st.just(10**400),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "mni_mm"]), inner)
    ),
    max_leaves=4,
)
KEYS = ["title", "compared", "pick", "search", "seed", "site", "site_mni_mm", "network", "default"]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, "parameters", "map_file", "x"]), VALUES))
@example({"compared": "site", "site_mni_mm": [10**400, 0, 0], "title": "t"})
@example({"compared": "site", "site_mni_mm": [10**5000, 0, 0], "title": "t"})
def test_any_values_give_a_definition_or_one_clear_line(content):
    with patch("tmsguide.targeting.definitions.parsing.tomllib.loads", return_value=content):
        assert answers("anything")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_definition_or_one_clear_line(text):
    assert answers(text)


def answers(text):
    """A definition, or a refusal of one line; any other error fails the test."""
    try:
        return parse_definition(text, name="own").name == "own"
    except InputError as error:
        return len(str(error).splitlines()) == 1 and len(str(error)) < 700


# the pages


def test_every_built_in_method_is_told_on_a_page_and_in_the_index():
    pages = {p.name: p.read_text("utf-8") for p in METHODS.glob("*.md")}
    index = pages.pop("README.md")
    for one in definitions():
        assert f"`{one.name}`" in index, one.name
        assert any(f"`{one.name}`" in text for text in pages.values()), one.name
    for name in pages:
        assert f"({name})" in index, f"{name} is not linked from the index"
    for name in re.findall(r"\(([a-z0-9-]+\.md)\)", index):
        assert name in pages, f"the index links {name}, which is not there"


@pytest.mark.parametrize("page", PAGES)
def test_parameters_on_a_page_are_those_of_the_data(page):
    rows = re.findall(
        r"(?m)^\| `(\w+)` \| (-?[\d.]+) \| (-?[\d.]+) to ([\d.]+) \|", (METHODS / page).read_text()
    )
    told = {name: tuple(map(float, numbers)) for name, *numbers in rows}
    known = [p for (of, _), p in every_parameter().items() if of in PAGES[page]]
    assert told == {p.name: (p.default, p.least, p.most) for p in known}
    assert known


def test_no_parameter_is_left_without_a_page():
    assert {of for of, _ in every_parameter()} == {of for kinds in PAGES.values() for of in kinds}


def test_coordinates_on_the_pages_are_those_of_the_data():
    text = (METHODS / "sites.md").read_text() + (METHODS / "other-conditions.md").read_text()
    rows = re.findall(r"(?m)^\| `([\w-]+-site)` \| ([−\d.]+) ([−\d.]+) ([−\d.]+) \|", text)
    told = {name: tuple(float(v.replace("−", "-")) for v in xyz) for name, *xyz in rows}
    sites = {d.name: d.site_mni_mm for d in definitions() if d.site_mni_mm is not None}
    assert told == sites


def test_examples_on_the_pages_are_definitions():
    found = [
        (page.name, text)
        for page in METHODS.glob("*.md")
        for text in re.findall(r"(?s)```toml\n(.*?)```", page.read_text("utf-8"))
    ]
    assert len(found) >= 3
    for name, text in found:
        assert parse_definition(text, name="example").title, name


def test_every_page_weighs_the_evidence_on_both_sides():
    for page in METHODS.glob("*.md"):
        text = page.read_text("utf-8")
        assert "esearch use only" in text, page.name
        if page.name != "README.md":
            for heading in ("## What it assumes", "## How it is computed", "## For", "## Against"):
                assert heading in text, f"{page.name} has no {heading!r}"


def test_a_network_has_no_sign():
    text = 'title="t"\ncompared="network"\npick="centre"\nnetwork="x"\npositive=true\n'
    text += 'condition="c"\nsource="s"\n[search]\nmni_mm=[[-40,30,40]]\nradius_mm=20\n'
    with pytest.raises(InputError, match="belonging to a network has no sign"):
        parse_definition(text, name="mine")
