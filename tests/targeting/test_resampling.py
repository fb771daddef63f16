from dataclasses import replace

import numpy as np
import pytest

from tests.targeting.planted import denoised
from tmsguide.errors import InputError, QualityError
from tmsguide.targeting.confidence.resampling import honest_share, plan_resamples

TR_S = 2.0


def scan(frames=450, *, runs=(), dof=128.0):
    found = denoised(np.zeros((frames, 2)), np.zeros((2, 3)), TR_S, dof=dof)
    return replace(found, run_frames=runs)


def plan(of, **more):
    words = {
        "resamples": 60,
        "block_s": 60.0,
        "seed_shift_mm": 2.0,
        "rng": np.random.default_rng(3),
    }
    return plan_resamples(of, **(words | more))


def test_every_run_gives_its_share_to_every_resample():
    drawn = plan(scan(runs=(300, 150)))
    share = honest_share(scan().quality)
    assert drawn.counts.shape == (60, 450)
    assert drawn.counts.dtype == np.float32
    assert (drawn.counts[:, :300].sum(axis=1) == round(share * 300)).all()
    assert (drawn.counts[:, 300:].sum(axis=1) == round(share * 150)).all()
    assert drawn.minutes == pytest.approx(15.0)


def test_a_shorter_part_draws_less_and_says_its_minutes():
    whole, half = plan(scan()), plan(scan(), share=0.5)
    ratio = half.counts.sum(axis=1) / whole.counts.sum(axis=1)
    assert np.allclose(ratio, 0.5, atol=0.005)  # rounding to whole frames
    assert half.minutes == pytest.approx(7.5)


def test_less_freedom_left_by_regression_draws_fewer_frames():
    usual = honest_share(scan(dof=128.0).quality)
    poor = honest_share(scan(dof=64.0).quality)
    assert poor == pytest.approx(usual / 2)
    # more freedom than the band can hold is a wider band, not a better scan
    assert honest_share(scan(dof=1e4).quality) == honest_share(scan(dof=162.0).quality)
    for unknown in (float("nan"), 0.0):
        assert honest_share(scan(dof=unknown).quality) == pytest.approx(usual, rel=0.05)


def test_the_seed_is_shifted_with_the_deviation_that_was_asked_for():
    shift = plan(scan(), resamples=4000).seed_shift_mm
    assert shift.shape == (4000, 3)
    # standard error of a deviation 2 / sqrt(2 * 12000) = 0.013
    assert abs(shift.std() - 2.0) < 4 * 0.013
    assert abs(shift.mean()) < 4 * 2 / np.sqrt(12000)
    assert (plan(scan(), seed_shift_mm=0.0).seed_shift_mm == 0).all()


def test_same_generator_same_plan():
    first, again = plan(scan()), plan(scan())
    assert (first.counts == again.counts).all()
    assert (first.seed_shift_mm == again.seed_shift_mm).all()
    other = plan(scan(), rng=np.random.default_rng(4))
    assert (first.counts != other.counts).any()


def test_a_run_shorter_than_two_blocks_still_varies():
    drawn = plan(scan(frames=400, runs=(370, 30)))  # the last run is one block long
    last = drawn.counts[:, 370:]
    assert len(np.unique(last, axis=0)) > 20


def test_too_short_a_scan_is_refused_in_clear_words():
    with pytest.raises(QualityError, match="100 s of usable scan; needed at least two blocks"):
        plan(scan(frames=50))


def test_runs_that_do_not_add_up_and_empty_shares_are_refused():
    with pytest.raises(InputError, match="runs of 300, 100 frames, the series have 450"):
        plan(scan(runs=(300, 100)))
    with pytest.raises(InputError, match="at least one frame"):
        plan(scan(runs=(450, 0)))
    for share in (0.0, 1.5):
        with pytest.raises(InputError, match="share"):
            plan(scan(), share=share)
