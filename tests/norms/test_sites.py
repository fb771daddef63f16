"""Sites: planted shifts and spreads go, age stays, and ComBat of the paper agrees."""

import numpy as np

from tests.norms import cohorts, combat
from tests.tolerance import Tol, assert_close
from tmsguide.norms import AgeShape, Covariates, deviation, fit_norms, harmonised


def two_old_sites(rng, people=240, measures=60):
    """Sites that differ in age, shift and spread: age and site are confounded in part."""
    site = np.arange(people) % 3
    age = rng.uniform(20, 50, people) + 8 * site
    effect = rng.normal(0.03, 0.01, measures)
    shift = np.array([0.0, 1.5, -1.0])[:, None] + rng.normal(0, 0.3, (3, measures))
    scale = np.array([1.0, 1.6, 0.7])[:, None]
    values = (
        np.outer(age, effect) + shift[site] + scale[site] * rng.normal(size=(people, measures))
    )
    who = Covariates(age_years=age, site=tuple(f"s{k}" for k in site))
    return values, who, site, effect


def test_planted_shifts_go_and_age_stays():
    rng = np.random.default_rng(21)
    values, who, site, effect = two_old_sites(rng)
    names = tuple(map(str, range(values.shape[1])))
    norms = fit_norms(values, who, names, age_shape=AgeShape.LINE)
    clean = harmonised(norms, values, who)
    age = who.age_years

    def leftover(y):
        flat = y - np.outer(age - age.mean(), effect)
        means = np.array([flat[site == k].mean(axis=0) for k in range(3)])
        spreads = np.array([flat[site == k].std(axis=0) for k in range(3)])
        return np.abs(means - means.mean(axis=0)).mean(), spreads.mean(axis=1)

    before, after = leftover(values), leftover(clean)
    assert before[0] > 0.8
    assert after[0] < 0.08  # measured 0.97 before and 0.052 after
    assert np.ptp(before[1]) > 0.8
    assert np.ptp(after[1]) < 0.03  # measured 0.92 before and 0.008 after
    slopes = np.polyfit(age, clean, 1)[0]
    raw = np.polyfit(age, values, 1)[0]
    assert abs(slopes.mean() - effect.mean()) < 0.003  # measured 0.0008
    assert (
        abs(raw.mean() - effect.mean()) > 0.02
    )  # measured 0.033: without harmonising the sites leak in


def test_agrees_with_combat_of_the_paper():
    """Not equal: ours weighs people by their site's spread and shrinks within the regression."""
    rng = np.random.default_rng(22)
    site = np.arange(300) % 3
    age = rng.uniform(20, 50, 300)
    shift = np.array([0, 1.5, -1.0])[:, None] + rng.normal(0, 0.3, (3, 200))
    spread = np.array([1, 1.6, 0.7])[:, None] * np.exp(rng.normal(0, 0.15, (3, 200)))
    values = np.outer(age, rng.normal(0.03, 0.01, 200)) + shift[site]
    values = values + spread[site] * rng.normal(size=(300, 200))
    who = Covariates(age_years=age, site=tuple(f"s{k}" for k in site))
    norms = fit_norms(values, who, tuple(map(str, range(200))), age_shape=AgeShape.LINE)
    adjusted, theirs, their_spread = combat.combat(values, (age - age.mean())[:, None], site)
    share = norms.sites.people / 300
    ours = norms.sites.shift - share @ norms.sites.shift
    assert_close(ours, theirs - share @ theirs, Tol(0.045, "weighted; measured 0.028"))
    our_spread = np.sqrt(norms.sites.variance) * norms.spread.sd
    assert np.abs(our_spread / their_spread - 1).max() < 0.06  # measured 0.041
    raw = np.array([values[site == k].std(axis=0) for k in range(3)])
    off = [np.abs(s / spread - 1).mean() for s in (our_spread, their_spread, raw)]
    assert off[0] < 1.05 * off[1] < off[2]  # measured 0.054, 0.055, 0.072
    scaled = [
        (y - y.mean(axis=0)) / y.std(axis=0) for y in (harmonised(norms, values, who), adjusted)
    ]
    assert np.mean(scaled[0] * scaled[1], axis=0).min() > 0.995  # measured 0.998


def test_shrinking_helps_small_sites():
    """Many small sites alike in all measures: shrunk shifts are nearer the truth."""
    rng = np.random.default_rng(23)
    people, measures, sites = 240, 80, 24
    site = np.arange(people) % sites
    common = rng.normal(0, 0.5, (sites, 1)) + rng.normal(0, 0.1, (sites, measures))
    values = common[site] + rng.normal(size=(people, measures))
    who = Covariates(site=tuple(f"s{k:02d}" for k in site))
    norms = fit_norms(values, who, tuple(map(str, range(measures))))
    raw = np.array([values[site == k].mean(axis=0) for k in range(sites)])

    def error(shift):
        return np.sqrt(
            np.mean(((shift - shift.mean(axis=0)) - (common - common.mean(axis=0))) ** 2)
        )

    assert error(norms.sites.shift) < 0.75 * error(raw)  # measured 0.55


def test_a_norm_of_one_site_names_it_and_needs_no_effect():
    rng = np.random.default_rng(24)
    made = cohorts.truth(rng, 6)
    values, who = cohorts.draw(rng, made, 60)
    norms = fit_norms(values, who, made.names)
    assert norms.sites.names == ("s0",)
    assert not norms.sites.shift.any()
    bare = fit_norms(values, Covariates(who.age_years, who.sex, who.mean_fd_mm), made.names)
    person = cohorts.Person(40.0, "M", 0.1, "s0")
    assert_close(
        deviation(norms, values[0], person).z,
        deviation(bare, values[0], person).z,
        Tol(1e-12, "the same regression"),
    )
