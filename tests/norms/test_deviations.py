"""Deviations: intervals and z agree, a member left out is a new person, odd input is refused."""

import numpy as np
import pytest
from scipy import stats

from tests.io.refusals import refused
from tests.norms import cohorts
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import QualityError
from tmsguide.model import Deviation
from tmsguide.norms import (
    AgeShape,
    Covariates,
    Person,
    UnknownSite,
    cautions,
    deviation,
    fit_norms,
    in_order,
    outside,
    with_local_controls,
)

HERE = Person(40.0, "F", 0.15, "s0")


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(31)
    made = cohorts.truth(rng, 25, sites=3)
    values, who = cohorts.draw(rng, made, 150)
    return fit_norms(values, who, made.names, title="Made up"), made, values, who


def test_z_and_interval_say_the_same(fitted):
    norms, made, *_ = fitted
    values, _ = cohorts.draw(np.random.default_rng(32), made, 1)
    found = deviation(norms, values[0], HERE)
    assert isinstance(found, Deviation)
    edge = stats.norm.ppf(0.975)
    for end, z in ((found.low, -edge), (found.high, edge), (found.expected, 0.0)):
        got = deviation(norms, end, HERE).z
        assert_close(got, np.full(25, z), Tol(1e-9, "t to normal and back"), scale=1.0)
    assert_close(found.by_chance, 0.05 * 25, EXACT)


def test_far_tails_stay_finite(fitted):
    norms = fitted[0]
    far = deviation(norms, np.full(25, 1e9), HERE)
    assert np.isfinite(far.z).all()
    assert (far.z > 5).all()
    assert (far.q < 1e-6).all()


def test_q_is_benjamini_and_hochberg_by_hand(fitted):
    norms, made, *_ = fitted
    values, _ = cohorts.draw(np.random.default_rng(33), made, 1)
    found = deviation(norms, values[0], HERE)
    p = 2 * stats.norm.sf(np.abs(found.z))
    order = np.argsort(p)
    q = np.minimum.accumulate((p[order] * 25 / np.arange(1, 26))[::-1])[::-1]
    assert_close(found.q[order], q, Tol(1e-9, "p from z"))


def test_a_missing_measure_stays_missing_and_counts_nowhere(fitted):
    norms, made, *_ = fitted
    values = cohorts.draw(np.random.default_rng(34), made, 1)[0][0]
    values[4] = np.nan
    found = deviation(norms, values, HERE)
    assert np.isnan([found.z[4], found.q[4]]).all()
    assert np.isfinite(np.delete(found.z, 4)).all()
    assert_close(found.by_chance, 0.05 * 24, EXACT)
    assert outside(norms, found).measures == 24
    refused(deviation, norms, np.full(25, np.nan), HERE, words=["none of the person's measures"])


def test_a_member_left_out_is_like_a_new_person():
    """The counts without refitting are those of refitting, exactly, for one site."""
    rng = np.random.default_rng(35)
    made = cohorts.truth(rng, 30)
    values, who = cohorts.draw(rng, made, 70)
    age = np.sort(who.age_years)
    who = Covariates(who.age_years, who.sex)
    norms = fit_norms(values, who, made.names, age_shape=AgeShape.LINE)
    counts = []
    for k in range(70):
        rest = np.delete(np.arange(70), k)
        sub = cohorts.some(who, rest)
        again = fit_norms(values[rest], sub, made.names, age_shape=AgeShape.LINE)
        # the youngest and the oldest lie beyond the others' ages: asked half a year inside
        if who.age_years[k] in age[[0, -1]]:
            counts.append(None)
            continue
        person = Person(float(who.age_years[k]), who.sex[k])
        counts.append(outside(again, deviation(again, values[k], person)).count)
    kept = sorted(c for c in counts if c is not None)
    left = list(norms.left_out)
    for c in kept:
        left.remove(c)  # raises where the quick count has no such value
    assert len(left) == 2


def test_members_of_several_sites_left_out_are_nearly_so():
    rng = np.random.default_rng(36)
    made = cohorts.truth(rng, 30, sites=3, slope=0.15)
    values, who = cohorts.draw(rng, made, 150)
    norms = fit_norms(values, who, made.names)
    counts = []
    for k in range(0, 150, 3):
        rest = np.delete(np.arange(150), k)
        again = fit_norms(values[rest], cohorts.some(who, rest), made.names)
        person = cohorts.persons(cohorts.some(who, [k]))[0]
        try:
            counts.append(outside(again, deviation(again, values[k], person)).count)
        except QualityError:
            continue
    share = np.mean(counts) / 30
    assert abs(share - norms.left_out.mean() / 30) < 0.012  # measured 0.003
    assert 0.03 < share < 0.075


def test_counts_are_set_beside_the_cohorts_own(fitted):
    norms, made, *_ = fitted
    rng = np.random.default_rng(37)
    plain = deviation(norms, cohorts.draw(rng, made, 1, site=0)[0][0], HERE)
    counted = outside(norms, plain)
    off = (plain.value < plain.low) | (plain.value > plain.high)
    assert counted.count == off.sum()
    own = (1 + np.sum(norms.left_out >= counted.count)) / 151
    assert_close(counted.share_of_cohort, own, EXACT)
    extreme = outside(norms, deviation(norms, plain.expected + 50 * made.unit, HERE))
    assert extreme.count == extreme.after_correction == 25
    assert_close(extreme.share_of_cohort, 1 / 151, EXACT)
    assert extreme.usual_most < 25


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (Person(70.0, "F", 0.15, "s0"), ["70 years", "beyond the ages"]),
        (Person(12.0, "F", 0.15, "s0"), ["12 years", "cohort of this age"]),
        (Person(40.0, "F", 3.0, "s0"), ["moved by 3.00 mm", "calmer scan"]),
        (Person(40.0, "F", 0.15, "elsewhere"), ["elsewhere", "s0, s1, s2", "local controls"]),
    ],
)
def test_nothing_is_said_beyond_the_cohort(fitted, person, words):
    refused(deviation, fitted[0], np.zeros(25), person, words=words, error=QualityError)


@pytest.mark.parametrize(
    ("person", "word"),
    [
        (Person(None, "F", 0.15, "s0"), "age is not given"),
        (Person(40.0, None, 0.15, "s0"), "sex is not given"),
        (Person(40.0, "F", None, "s0"), "mean_fd is not given"),
        (Person(40.0, "F", 0.15, None), "site is not given"),
        (Person(40.0, "O", 0.15, "s0"), "sex O is not in the reference cohort"),
        (Person(float("nan"), "F", 0.15, "s0"), "age"),
    ],
)
def test_a_person_without_the_norms_covariates_is_refused(fitted, person, word):
    error = QualityError if person.age_years != person.age_years else None
    kinds = {} if error is None else {"error": error}
    refused(deviation, fitted[0], np.zeros(25), person, words=[word], **kinds)


def test_widening_needs_enough_sites(fitted):
    refused(
        deviation, fitted[0], np.zeros(25), Person(40.0, "F", 0.15, "x"),
        unknown_site=UnknownSite.WIDEN, words=["need 4 sites"],
        error=QualityError,
    )  # fmt: skip


def test_measures_are_matched_by_name(fitted):
    norms = fitted[0]
    names = ("more", *reversed(norms.names))
    got = in_order(norms, names, np.arange(26.0))
    assert got.tolist() == list(range(25, 0, -1))
    refused(in_order, norms, names[:-1], np.arange(25.0), words=["lacks 1 of", "m0"])
    refused(deviation, norms, np.zeros(3), HERE, words=["(3,)", "25"])


def test_edges_of_the_cohort_are_said(fitted):
    norms = fitted[0]
    low = float(norms.design.age_quantiles_years[0])
    moved = float(norms.design.fd_quantiles_mm[-1])
    said = " ".join(cautions(norms, Person(low, "F", moved, "s0")))
    assert "younger than 95 %" in said
    assert "moved more than 95 %" in said
    assert cautions(norms, HERE) == ()
    bare = fit_norms(fitted[2], Covariates(), norms.names)
    assert "motion was not a covariate" in " ".join(cautions(bare, Person()))
    assert "Made up: 150 people" in deviation(norms, np.zeros(25), HERE).cohort


def small(people, **who):
    rng = np.random.default_rng(38)
    return fit_norms(rng.normal(size=(people, 2)), Covariates(**who), ("a", "b"))


def test_cohorts_that_carry_no_norm_are_refused():
    ages = np.linspace(20, 60, 60)
    refused(small, 19, words=["19 people", "at least 20"])
    refused(
        small, 35, age_years=ages[:35], sex=tuple("FM" * 17 + "F"), mean_fd_mm=ages[:35] ** 1.5,
        words=["35 people", "4 parameters", "at least 40"],
    )  # fmt: skip
    refused(
        small, 60, site=("a",) * 57 + ("b",) * 3, words=["site b", "fewer than 5"]
    )  # fmt: skip
    refused(
        small, 60, sex=("F",) * 30 + ("M",) * 30, site=("a",) * 30 + ("b",) * 30,
        words=["cannot be told apart", "sex, site"],
    )  # fmt: skip
    refused(small, 50, age_years=ages, words=["50 people", "60"])
    rng = np.random.default_rng(39)
    values = rng.normal(size=(30, 2))
    refused(fit_norms, values, Covariates(), ("a", "a"), words=["same name"])
    refused(fit_norms, values, Covariates(), ("a",), words=["(30, 2)", "1 names"])
    values[3, 1] = np.nan
    refused(fit_norms, values, Covariates(), ("a", "b"), words=["measure b is missing"])
    values[:, 1] = 4.0
    refused(fit_norms, values, Covariates(), ("a", "b"), words=["b is the same for everybody"])


def test_covariates_are_checked():
    refused(Covariates, age_years=np.array([1.0, np.nan]), words=["age_years"])
    refused(Covariates, mean_fd_mm=np.array([-1.0]), words=["mean_fd_mm"])
    refused(Covariates, sex=("F", ""), words=["sex must be given"])
    refused(Covariates, np.array([30.0]), ("F", "M"), words=["[1, 2]"])


def test_a_constant_covariate_takes_no_parameter_but_is_remembered():
    norms = small(25, sex=("F",) * 25, age_years=np.full(25, 30.0), mean_fd_mm=np.full(25, 0.1))
    assert norms.coefficients.shape == (1, 2)
    fine = Person(30.0, "F", 0.1)
    assert np.isfinite(deviation(norms, np.zeros(2), fine).z).all()
    refused(deviation, norms, np.zeros(2), Person(30.0, "M", 0.1), words=["sex M"])
    refused(
        deviation, norms, np.zeros(2), Person(33.0, "F", 0.1), words=["33"], error=QualityError
    )


def test_local_controls_that_do_not_fit_are_refused(fitted):
    norms, made, values, who = fitted
    rng = np.random.default_rng(40)
    more = cohorts.another_site(rng, made)
    new, them = cohorts.draw(rng, more, 6, site=3)
    refused(with_local_controls, norms, new[:4], cohorts.some(them, range(4)), words=["4 local"])
    refused(
        with_local_controls, norms, values[:6], cohorts.some(who, range(6)), words=["s0, s1, s2"]
    )
    bare = fit_norms(values, Covariates(who.age_years), made.names)
    refused(with_local_controls, bare, new, them, words=["without sites"])
    new[0, 0] = np.nan
    refused(with_local_controls, norms, new, them, words=["missing"])
