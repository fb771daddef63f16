"""New people of the cohort's kind lie outside the 95 % interval in 5 %, and z is N(0, 1)."""

import numpy as np
import pytest

from tests.norms import cohorts
from tmsguide.errors import QualityError
from tmsguide.norms import UnknownSite, deviation, fit_norms, outside, with_local_controls


def study(seed, *, people, measures, repeats, new=15, held=None, **kinds):
    """Share outside and z of new people, by cohort; ``held`` is done to each fitted norm."""
    rng = np.random.default_rng(seed)
    shares, all_z = [], []
    for _ in range(repeats):
        made = cohorts.truth(rng, measures, **kinds)
        norms = fit_norms(*cohorts.draw(rng, made, people), made.names)
        site, rule = None, UnknownSite.REFUSE
        if held is not None:
            norms, made, site, rule = held(rng, norms, made)
        values, who = cohorts.draw(rng, made, new, site=site)
        z = []
        for row, person in zip(values, cohorts.persons(who), strict=True):
            try:
                z.append(deviation(norms, row, person, unknown_site=rule).z)
            except QualityError:  # older or moved more than anyone in the cohort
                continue
        all_z.append(np.array(z))
        shares.append(np.mean(np.abs(all_z[-1]) > 1.959964))
    return np.array(shares), np.concatenate(all_z)


@pytest.mark.parametrize(
    ("people", "kinds"),
    [
        (50, {}),
        (60, {"alike": 0.0}),
        (150, {}),
        (150, {"slope": 0.2}),
        (300, {"slope": 0.3}),
        (100, {"sites": 4}),
        (200, {"sites": 4, "slope": 0.2}),
        (200, {"sites": 10}),
        (100, {"sites": 4, "shift_sd": 0.0, "scale_sd": 0.0}),
        (100, {"sites": 4, "alike": 0.9}),
    ],
)
def test_five_percent_lie_outside(people, kinds):
    shares, z = study(11, people=people, measures=20, repeats=35, **kinds)
    se = shares.std(ddof=1) / np.sqrt(len(shares))
    assert se < 0.008  # fine enough to tell 5 % from 9 %
    assert abs(shares.mean() - 0.05) <= 4 * se
    assert abs(z.mean()) < 0.08
    assert abs(z.std() - 1) < 0.04


@pytest.mark.parametrize("measures", [1, 2])
def test_few_measures_borrow_nothing_from_each_other(measures):
    shares, z = study(12, people=100, measures=measures, repeats=120, sites=4, alike=0.9)
    se = shares.std(ddof=1) / np.sqrt(len(shares))
    assert abs(shares.mean() - 0.05) <= 4 * se < 0.024
    assert abs(z.std() - 1) < 0.05


def local(controls):
    def held(rng, norms, made):
        more = cohorts.another_site(rng, made)
        values, who = cohorts.draw(rng, more, controls, site=more.sites - 1)
        return with_local_controls(norms, values, who), more, more.sites - 1, UnknownSite.REFUSE

    return held


@pytest.mark.parametrize(("controls", "sites"), [(5, 1), (20, 1), (5, 4), (10, 4)])
def test_a_new_site_with_local_controls_is_calibrated(controls, sites):
    shares, z = study(13, people=120, measures=30, repeats=40, sites=sites, held=local(controls))
    # measured 0.043 to 0.045: on the safe side
    assert 0.03 < shares.mean() < 0.06
    assert abs(z.std() - 1) < 0.06


def test_fewer_controls_give_wider_intervals():
    rng = np.random.default_rng(14)
    made = cohorts.truth(rng, 30)
    norms = fit_norms(*cohorts.draw(rng, made, 120), made.names)
    person = cohorts.Person(40.0, "F", 0.15, "s1")
    widths = []
    for _ in range(8):
        more = cohorts.another_site(rng, made, scale_sd=0.0)
        values, who = cohorts.draw(rng, more, 60, site=1)
        for count in (5, 15, 60):
            there = with_local_controls(norms, values[:count], cohorts.some(who, range(count)))
            found = deviation(there, values[0], person)
            widths.append(np.mean((found.high - found.low) / norms.spread.sd))
    few, some, many = np.reshape(widths, (8, 3)).mean(axis=0)
    assert few > some > many  # measured 4.38, 4.24, 4.18


def test_an_unknown_site_in_widened_intervals_is_calibrated():
    def held(rng, norms, made):
        more = cohorts.another_site(rng, made)
        return norms, more, more.sites - 1, UnknownSite.WIDEN

    shares, z = study(15, people=200, measures=30, repeats=60, sites=6, held=held)
    assert 0.02 < shares.mean() < 0.065  # measured 0.052
    assert 0.85 < z.std() < 1.06  # measured 1.01


def test_nobody_like_the_cohort_stands_out_after_correction_more_than_in_five_percent():
    rng = np.random.default_rng(16)
    found = []
    for _ in range(40):
        made = cohorts.truth(rng, 30, sites=2)
        norms = fit_norms(*cohorts.draw(rng, made, 100), made.names)
        values, who = cohorts.draw(rng, made, 10)
        for row, person in zip(values, cohorts.persons(who), strict=True):
            try:
                counted = outside(norms, deviation(norms, row, person))
            except QualityError:
                continue
            found.append((counted.after_correction > 0, counted.share_of_cohort <= 0.05))
    said, rare = np.mean(found, axis=0)
    se = np.sqrt(0.05 * 0.95 / len(found))
    assert said <= 0.05 + 4 * se  # measured 0.05
    assert rare <= 0.05 + 4 * se


def test_a_planted_deviation_is_found():
    rng = np.random.default_rng(17)
    made = cohorts.truth(rng, 90, alike=0.2)
    norms = fit_norms(*cohorts.draw(rng, made, 200), made.names)
    values, who = cohorts.draw(rng, made, 40)
    values[:, 3] += 6 * made.unit[3]
    values[:, 50] -= 6 * made.unit[50]
    hits, seen = 0, 0
    for row, person in zip(values, cohorts.persons(who), strict=True):
        try:
            found = deviation(norms, row, person)
        except QualityError:
            continue
        seen += 1
        hits += found.q[3] <= 0.05 and found.z[3] > 0 and found.q[50] <= 0.05 and found.z[50] < 0
    assert hits / seen > 0.9
