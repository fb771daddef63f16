import numpy as np
import pytest

from tests.preprocess.phantoms import T1W, anatomy
from tests.tolerance import STORED, Tol, assert_close
from tmsguide.model import Points, ScanVerdict
from tmsguide.preprocess import brain_grid, quality, seed_figures, temporal_snr


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
    ],
)
def test_each_rule_has_its_verdict_and_words(change, verdict, words):
    judged = _judged(**change)
    assert judged.verdict is verdict
    assert len(judged.problems) >= 1
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(" ".join(judged.problems))


def test_resting_runs_of_any_name_are_rest():
    for name in ("rest", "RestingState", "movierest"):
        assert _judged(metadata={"TaskName": name}).verdict is ScanVerdict.GOOD


def test_worse_never_helps():
    order = list(ScanVerdict)
    for change in ({"fd_mm": 0.5}, {"seed_tsnr": 5.0}, {"minutes": 3}, {"dropped": 0.7}):
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
    far = Points(np.array([[500.0, 0, 0]]), T1W)
    assert seed_figures(grid, mean, tsnr, far) == (0.0, 0.0)
