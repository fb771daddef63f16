"""Real people scanned on two days: what must hold of them whoever they are."""

import numpy as np
import pytest
from benchmarks.targeting import retest, retest_scans, retest_targets

from tests.shared_data import shared
from tmsguide.connectivity import ConnectomeKind, fingerprint, series_connectome, similarities


@pytest.fixture(scope="module")
def scans():
    shared("retest_hcp_dk68")
    return retest_scans.people(most=6)


def test_people_are_nearer_to_themselves_than_to_others(scans):
    found = retest._plain(scans)
    # reference on a wider set: 0.79 with oneself, 0.48 with others; chance of all 6 is 1 in 6^6
    assert found.self_r == pytest.approx(0.79, abs=0.1)
    assert found.other_r == pytest.approx(0.48, abs=0.1)
    assert found.identified > 0.8


def test_partial_correlations_know_people_too(scans):
    days = (
        [
            series_connectome(
                scans.joined(s, day), scans.names, scans.names, kind=ConnectomeKind.PARTIAL
            )
            for s in range(6)
        ]
        for day in (0, 1)
    )
    assert fingerprint(*days).identified == 1.0


def test_tangents_set_people_further_apart(scans):
    clean = retest_scans.cleaned(scans, retest_scans.Cleaning())
    tangent = retest.recognised(retest._tangent(clean))
    assert tangent.identified == 1.0
    assert tangent.apart > retest._plain(scans).apart + 2  # measured 3.0 and 8 of 8 people


def test_days_are_what_is_compared_not_runs(scans):
    # two runs of one day are as alike as two of different days, or a session would be learnt
    def of(day, run):
        return [
            series_connectome(person[day][run], scans.names, scans.names)
            for person in scans.series
        ]

    within = similarities(of(0, 0), of(0, 1)).diagonal().mean()
    between = similarities(of(0, 0), of(1, 0)).diagonal().mean()
    assert abs(within - between) < 0.1


def test_targets_of_one_day_are_good_on_the_other(scans):
    clean = retest_scans.cleaned(scans, retest_scans.Cleaning())
    found = retest_targets.targets(clean, rng=np.random.default_rng(0))
    # chance 50; twelve choices (6 people, both ways): SE of chance 29 / √12 = 8
    assert found["retest_target_percentile"] < 50 - 4 * 8.4
    assert found["retest_target_percentile_single"] < 50 - 4 * 8.4


def test_chance_is_fifty_percent():
    rng = np.random.default_rng(0)
    scans = retest_scans.Retest(
        tuple(
            tuple(tuple(rng.standard_normal((60, 68)) for _ in range(2)) for _ in range(2))
            for _ in range(30)
        ),
        names(),
    )
    found = retest_targets._ranked(scans, np.arange(4), np.setdiff1d(np.arange(68), np.arange(4)))
    # unrelated noise on both days: 60 choices per column, SE 3.7; the common weights of others
    # are the same on both days, so only the columns without them are at chance
    assert abs(found[:, [0, 2, 4]].mean(axis=0) - 50).max() < 4 * 3.8


def names():
    sides = [f"{side}-{k}" for side in ("lh", "rh") for k in range(34)]
    return tuple(sides)


def test_absent_data_give_none_and_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(retest_scans, "ROOT", tmp_path / "none")
    said = []
    found = retest.measure(quick=True, say=said.append)
    assert found == dict.fromkeys(retest.KEYS)
    assert said == ["the retest scans are not beside the checkout"]
