"""From tables to norms to deviations, through files."""

import json

import numpy as np
import pytest

from tests.io.refusals import refused
from tests.norms import cohorts
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import QualityError
from tmsguide.io import read_tsv
from tmsguide.io.norms import read_norms
from tmsguide.norms import UnknownSite, deviation, fit_norms
from tmsguide.pipeline.norms import (
    NormsApplication,
    NormsFit,
    apply_norms,
    extend_norms,
    fit_cohort,
)


def write(path, names, values, who, label="sub-"):
    lines = ["\t".join(["participant_id", "age", "sex", "mean_fd", "site", *names])]
    for k, (row, p) in enumerate(zip(values, cohorts.persons(who), strict=True)):
        cells = [p.age_years, p.sex, p.mean_fd_mm, p.site, *row.tolist()]
        lines.append("\t".join([f"{label}{k}", *map(str, cells)]))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def made(tmp_path):
    rng = np.random.default_rng(3)
    truth = cohorts.truth(rng, 6, sites=4)
    values, who = cohorts.draw(rng, truth, 100)
    table = write(tmp_path / "cohort.tsv", truth.names, values, who)
    return tmp_path, rng, truth, values, who, table


def middle(rng, truth, site=0):
    """One person in the middle of the cohort."""
    while True:
        values, who = cohorts.draw(rng, truth, 1, site=site)
        if 25 < who.age_years[0] < 55 and 0.08 < who.mean_fd_mm[0] < 0.25:
            return values, who


def test_files_and_functions_say_the_same(made):
    folder, rng, truth, values, who, table = made
    words = fit_cohort(NormsFit(table, folder / "norms.json", title="Ours", made_by="Me"))
    assert "6 measures from Ours: 100 people" in words[0]
    assert any("5 % are meant to" in line for line in words)
    row, person = middle(rng, truth)
    one = write(folder / "person.tsv", truth.names, row, person)
    asked = NormsApplication(
        folder / "norms.json", one, folder / "out.tsv", figure=folder / "out.png"
    )
    said = apply_norms(asked)
    assert said[0].startswith("Compared with Ours: 100 people")
    assert "no diagnosis" in said[-1]
    found = deviation(fit_norms(values, who, truth.names), row[0], cohorts.persons(person)[0])
    out = read_tsv(folder / "out.tsv")
    assert tuple(out["measure"]) == truth.names
    for column in ("value", "expected", "low", "high", "z", "q"):
        assert_close(np.array(out[column], float), getattr(found, column), EXACT)
    sidecar = json.loads((folder / "out.json").read_text())
    assert sidecar["Words"] == list(said)
    assert set(out) <= set(sidecar)
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_site_is_added_and_then_known(made):
    folder, rng, truth, *_, table = made
    fit_cohort(NormsFit(table, folder / "norms.json"))
    more = cohorts.another_site(rng, truth)
    row, person = middle(rng, more, site=4)
    one = write(folder / "person.tsv", truth.names, row, person)
    asked = NormsApplication(folder / "norms.json", one, folder / "out.tsv")
    refused(apply_norms, asked, words=["s4", "norms extend"], error=QualityError)
    assert not (folder / "out.tsv").exists()
    controls = write(folder / "controls.tsv", truth.names, *cohorts.draw(rng, more, 8, site=4))
    words = extend_norms(folder / "norms.json", controls, folder / "here.json")
    assert "8 local controls" in words[0]
    assert read_norms(folder / "here.json").sites.names == ("s0", "s1", "s2", "s3", "s4")
    apply_norms(NormsApplication(folder / "here.json", one, folder / "out.tsv"))
    widened = NormsApplication(
        folder / "norms.json", one, folder / "wide.tsv", unknown_site=UnknownSite.WIDEN
    )
    assert "its intervals were widened" in apply_norms(widened)[0]


def test_an_odd_member_is_named(made):
    folder, _, truth, values, who, _ = made
    values = values.copy()
    values[7] += 30 * truth.unit
    table = write(folder / "odd.tsv", truth.names, values, who)
    words = " ".join(fit_cohort(NormsFit(table, folder / "norms.json")))
    assert "look at their scans" in words


def test_fewer_covariates_may_be_asked_for(made):
    folder, rng, truth, *_, table = made
    fit_cohort(NormsFit(table, folder / "norms.json", covariates=("age",)))
    norms = read_norms(folder / "norms.json")
    assert norms.sites is None
    row, person = middle(rng, truth)
    one = write(folder / "person.tsv", truth.names, row, person)
    said = apply_norms(NormsApplication(folder / "norms.json", one, folder / "out.tsv"))
    assert "motion was not a covariate" in said[0]
    asked = NormsFit(table, folder / "x.json", covariates=("height",))
    refused(fit_cohort, asked, words=["height", "age, sex"])


def test_inputs_are_never_written_over(made):
    folder, *_, table = made
    before = table.read_bytes()
    refused(fit_cohort, NormsFit(table, table), words=["its own input"])
    fit_cohort(NormsFit(table, folder / "norms.json"))
    refused(
        apply_norms, NormsApplication(folder / "norms.json", table, table), words=["own input"]
    )
    assert table.read_bytes() == before
