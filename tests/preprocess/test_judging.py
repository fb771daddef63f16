from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preprocess.phantoms import T1W, anatomy
from tests.tolerance import STORED, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.model import Points, ScanVerdict
from tmsguide.preprocess import brain_grid, quality, seed_figures, temporal_snr
from tmsguide.preprocess.judging.limits import quality_limit, quality_limits
from tmsguide.preprocess.judging.quality import joined_quality, region_figures


def _judged(minutes=15.0, dropped=0.0, fd_mm=0.1, metadata=None, **figures):
    frames = round(minutes * 30)
    kept = np.ones(frames, bool)
    kept[: round(dropped * frames)] = False
    given = {
        "dof": 80.0,
        "median_tsnr": 80.0,
        "seed_tsnr": 60.0,
        "seed_coverage": 0.95,
        "coregistration_cost": 0.4,
    } | figures
    return quality(
        fd_mm=np.full(frames, fd_mm), kept=kept, tr_s=2.0, metadata=metadata or {}, **given
    )


def test_a_good_scan_is_good():
    judged = _judged(metadata={"TaskName": "rest"})
    assert judged.verdict is ScanVerdict.GOOD
    assert judged.problems == ()
    assert (judged.usable_s, judged.total_s) == (900.0, 900.0)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"minutes": 4.9}, ScanVerdict.INSUFFICIENT, "only 4.9 minutes"),
        ({"minutes": 5.2}, ScanVerdict.CAUTION, "short, 5.2 minutes"),
        ({"minutes": 9.9}, ScanVerdict.CAUTION, "short, 9.9 minutes"),
        ({"minutes": 30, "dropped": 0.6}, ScanVerdict.INSUFFICIENT, "60% of the scan"),
        ({"fd_mm": 0.26}, ScanVerdict.CAUTION, "moved much"),
        ({"seed_coverage": 0.79}, ScanVerdict.CAUTION, "79% of the subgenual seed"),
        ({"seed_tsnr": 39.0}, ScanVerdict.CAUTION, "noisy"),
        (
            {"metadata": {"TaskName": "oneback"}},
            ScanVerdict.CAUTION,
            r"this is a task run \(oneback\), not rest",
        ),
        ({"problems": ("look at the overlay",)}, ScanVerdict.CAUTION, "look at the overlay"),
        ({"dlpfc_tsnr": 39.0}, ScanVerdict.CAUTION, "left prefrontal search region is noisy"),
        ({"dlpfc_coverage": 0.7}, ScanVerdict.CAUTION, "70% of the left prefrontal"),
        ({"median_tsnr": 30.0}, ScanVerdict.CAUTION, "brain as a whole is noisy"),
        ({"dof": 39.0}, ScanVerdict.CAUTION, "39 independent samples"),
        ({"bursts_per_min": 1.2}, ScanVerdict.CAUTION, "swells 1.2 times a minute"),
        ({"metadata": {"TaskName": "sleep"}}, ScanVerdict.CAUTION, "may have slept"),
    ],
)
def test_each_rule_has_its_verdict_and_words(change, verdict, words):
    judged = _judged(**change)
    assert judged.verdict is verdict
    assert len(judged.problems) >= 1
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(" ".join(judged.problems))


def test_what_is_not_known_is_not_judged():
    unknown = {"dlpfc_tsnr", "dlpfc_coverage", "bursts_per_min", "coregistration_cost"}
    judged = _judged(**dict.fromkeys(unknown, float("nan")))
    assert judged.verdict is ScanVerdict.GOOD


def test_every_doubt_brings_advice():
    for change, words in (
        ({"minutes": 4.9}, "add a run of about 6 minutes"),
        ({"minutes": 12, "dropped": 0.5}, "add a run of about 8 minutes to reach 10"),
        ({"minutes": 30, "dropped": 0.9}, "more minutes alone would not help"),
        ({"minutes": 30, "dropped": 0.6}, "lie still"),
        ({"fd_mm": 0.26}, "lie still"),
        ({"seed_coverage": 0.79}, "thinner slices"),
        ({"seed_tsnr": 39.0}, "scan longer"),
        ({"dlpfc_tsnr": 39.0}, "head coil"),
        ({"dof": 39.0}, "fewer nuisance signals"),
        ({"coregistration_cost": 0.85}, "laid on each other"),
        ({"bursts_per_min": 0.5}, "breathe evenly"),
        ({"metadata": {"TaskName": "oneback"}}, "scan at rest"),
        ({"metadata": {"TaskName": "sleep"}}, "scan awake"),
        ({"metadata": {"TaskName": "restEC"}}, "eyes were closed"),
    ):
        assert words in " | ".join(_judged(**change).advice), change


def test_a_scan_of_28_usable_minutes_and_no_doubt_needs_no_advice():
    assert _judged(minutes=28).advice == ()
    assert "13 minutes more" in _judged(minutes=15).advice[0]  # 28 - 15, nothing lost


def test_closed_eyes_alone_do_not_lower_the_verdict():
    judged = _judged(minutes=28, metadata={"TaskName": "restEC"})
    assert (judged.verdict, judged.problems) == (ScanVerdict.GOOD, ())
    assert len(judged.advice) == 1


def _with(**named):
    return _judged(**({"metadata": {"TaskName": "rest"}} | named))


def test_one_run_joined_is_itself():
    for change in ({}, {"minutes": 4}, {"problems": ("look",)}, {"bursts_per_min": 2.0}):
        one = _with(**change)
        again = asdict(joined_quality([one]))
        for name, value in asdict(one).items():
            assert again[name] == value or again[name] != again[name], name  # nan is nan


def test_short_runs_join_to_a_scan_that_is_long_enough():
    runs = [_with(minutes=4.0) for _ in range(4)]
    assert all(run.verdict is ScanVerdict.INSUFFICIENT for run in runs)
    whole = joined_quality(runs)
    assert whole.verdict is ScanVerdict.GOOD
    assert whole.usable_s == 960.0
    assert whole.dof == 4 * 80.0
    assert not any("usable; at least" in p for p in whole.problems)


def test_a_problem_of_one_run_keeps_its_name_and_one_of_all_runs_is_said_once():
    both, one = "no fieldmap was found", "coregistration has two answers"
    runs = [_with(problems=(both,)), _with(problems=(both, one))]
    whole = joined_quality(runs, ("run-01", "run-02"))
    assert whole.problems == (both, f"run-02: {one}")
    assert joined_quality(runs).problems[1].startswith("run 2: ")


def test_joined_figures_are_weighted_and_the_worst_counts():
    calm = _with(minutes=10, fd_mm=0.1, seed_tsnr=60.0, seed_coverage=0.9)
    wild = _with(minutes=5, fd_mm=0.4, seed_tsnr=30.0, seed_coverage=0.7, dlpfc_tsnr=90.0)
    whole = joined_quality([calm, wild])
    assert_close(whole.mean_fd_mm, (10 * 0.1 + 5 * 0.4) / 15, STORED)
    assert_close(whole.seed_tsnr, (10 * 60 + 5 * 30) / 15, STORED)
    assert whole.seed_coverage == 0.7
    assert whole.dlpfc_tsnr == 90.0  # known of one run only
    assert whole.max_fd_mm == 0.4
    assert np.isnan(joined_quality([calm, calm]).dlpfc_tsnr)


def test_joining_needs_runs_and_a_name_for_each():
    with pytest.raises(InputError, match="0 runs"):
        joined_quality([])
    with pytest.raises(InputError, match="1 runs and 2 names"):
        joined_quality([_with()], ("a", "b"))


@given(
    st.lists(
        st.tuples(st.integers(2, 40), st.floats(0, 0.9), st.floats(0.01, 1.0)),
        min_size=1,
        max_size=4,
    )
)
def test_another_good_run_never_makes_the_joined_verdict_worse_in_time(runs):
    given_runs = [_with(minutes=m, dropped=d, fd_mm=fd) for m, d, fd in runs]
    before, after = joined_quality(given_runs), joined_quality([*given_runs, _with(minutes=40)])
    order = list(ScanVerdict)
    assert after.usable_s > before.usable_s
    assert order.index(after.verdict) <= order.index(before.verdict)
    assert_close(after.usable_s, sum(q.usable_s for q in given_runs) + 2400, STORED)


def test_every_limit_has_a_source_and_those_not_ours_a_doi():
    assert len({limit.name for limit in quality_limits()}) == len(quality_limits())
    for limit in quality_limits():
        assert limit.source
        assert limit.unit
        assert limit.own_choice or "10." in limit.source, limit.name
    with pytest.raises(InputError, match="the table has least_usable_s"):
        quality_limit("height")


def test_worse_never_helps():
    order = list(ScanVerdict)
    for change in (
        {"fd_mm": 0.5},
        {"seed_tsnr": 5.0},
        {"minutes": 3},
        {"dropped": 0.7},
        {"bursts_per_min": 3.0},
        {"dlpfc_tsnr": 1.0},
    ):
        for base in ({}, {"minutes": 8}, {"seed_coverage": 0.1}):
            worse, before = _judged(**(base | change)), _judged(**base)
            assert order.index(worse.verdict) >= order.index(before.verdict)


def test_temporal_snr_ignores_a_line_and_dropped_frames():
    rng = np.random.default_rng(0)
    series = (200 + 4 * rng.normal(size=(400, 300))).astype(np.float32)
    kept = np.ones(400, bool)
    kept[100:120] = False
    series[100:120] = 1e4
    drifting = series + np.linspace(0, 80, 400, dtype=np.float32)[:, None]
    plain, sloped = temporal_snr(series, kept), temporal_snr(drifting, kept)
    # 200 / 4, each of 300 voxels within 4 standard errors of 1 / sqrt(2 * 380)
    assert_close(plain.mean(), 50.0, Tol(0.01, "300 voxels, SE 0.2 %"))
    mean = 200 + 80 * np.flatnonzero(kept).mean() / 399
    assert_close(sloped, plain * mean / 200, Tol(2e-3, "the mean of each voxel is its own"))
    assert (temporal_snr(np.full((10, 2), 5, np.float32), np.ones(10, bool)) == 0).all()


def test_seed_coverage_is_the_part_with_signal():
    grid = brain_grid(anatomy(), grid_mm=2.0)
    seed = Points(np.array([[5.0, 10, -10]]), T1W)
    mean = np.full(len(grid.places), 100, np.float32)
    tsnr = np.full(len(mean), 50, np.float32)
    assert seed_figures(grid, mean, tsnr, seed) == (1.0, 50.0)
    away = np.linalg.norm(grid.places.xyz_mm - seed.xyz_mm, axis=1)
    dark = (away <= 10) & (grid.places.xyz_mm[:, 2] < -10)
    mean[dark], tsnr[dark] = 49, 3  # below half of the brain's median
    coverage, seen_tsnr = seed_figures(grid, mean, tsnr, seed)
    assert_close(coverage, 1 - dark.sum() / (away <= 10).sum(), STORED)
    assert seen_tsnr == 50.0
    near = away <= 10
    assert region_figures(mean, tsnr, near) == (coverage, seen_tsnr)
    assert region_figures(mean, tsnr, dark) == (0.0, 0.0)
    with pytest.raises(InputError, match="over the voxels of the same grid"):
        region_figures(mean, tsnr, near[:-1])
    far = Points(np.array([[500.0, 0, 0]]), T1W)
    assert seed_figures(grid, mean, tsnr, far) == (0.0, 0.0)
