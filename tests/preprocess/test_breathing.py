import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.preprocess.movement.breathing import (
    MotionFilter,
    breathing_hz,
    bursts_per_min,
    fd_limit_for,
    filtered_motion,
)
from tmsguide.preprocess.movement.motion import framewise_displacement

FRAMES = 600
ADULT_HZ = 0.25  # middle of 12 to 18 breaths per minute


def _motion(course):
    """The course as shift along y in mm; the other five stand still."""
    out = np.zeros((len(course), 6))
    out[:, 1] = course
    return out


def _sine(hz, tr_s, frames=FRAMES):
    return np.sin(2 * np.pi * hz * tr_s * np.arange(frames) + 0.3)


@pytest.mark.parametrize(("age", "hz"), [(None, 0.25), (40, 0.25), (15, 4 / 15), (9, 1 / 3)])
def test_pure_breathing_disappears(age, hz):
    """A sine at the middle of the band; only the ends, which have no past, keep some."""
    found = filtered_motion(_motion(_sine(hz, 0.8)), 0.8, age_years=age)
    assert found.used is MotionFilter.NOTCH
    away = slice(50, -50)
    assert np.abs(found.parameters[away, 1]).max() < 5e-3  # measured 6e-4
    assert found.raw_fd_mm.mean() > 0.7
    assert found.fd_mm.mean() < 0.02  # measured 0.011, all of it in the first and last 20 s


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75, 1.0])
def test_across_the_band_breathing_is_halved_or_better(share):
    slow, fast = breathing_hz(None)
    course = _sine(slow + share * (fast - slow), 0.8)
    found = filtered_motion(_motion(course), 0.8)
    assert found.fd_mm.mean() < 0.55 * found.raw_fd_mm.mean()  # measured 0.52 at the edges


@pytest.mark.parametrize("tr_s", [0.5, 0.8, 1.0])
def test_slow_drift_and_still_heads_stay_as_they_are(tr_s):
    drift = np.linspace(0, 3, FRAMES) + 0.5 * _sine(0.01, tr_s)
    found = filtered_motion(_motion(drift), tr_s)
    middle = slice(60, -60)
    # measured 2e-3 mm of 3 mm: the notch loses 1 in 1000 at 0.01 Hz
    assert np.abs(found.parameters[middle, 1] - drift[middle]).max() < 0.01
    still = np.full((FRAMES, 6), 0.7)
    assert_close(filtered_motion(still, tr_s).parameters, still, Tol(1e-9, "filter of a constant"))


@pytest.mark.parametrize("age", [None, 15, 9])
@pytest.mark.parametrize("tr_s", [0.5, 0.72, 0.8])
def test_a_sudden_movement_is_still_seen(tr_s, age):
    """A jump of 1 mm amid breathing: dropped, and alone."""
    jump = 1.0 * (np.arange(FRAMES) >= 300)
    hz = np.mean(breathing_hz(age))
    found = filtered_motion(_motion(jump + 0.5 * _sine(hz, tr_s)), tr_s, age_years=age)
    limit = fd_limit_for(age, found.used)
    assert found.fd_mm[300] > 0.65  # measured 0.69 to 0.85 of it
    assert np.flatnonzero(found.fd_mm[50:-50] > limit).tolist() == [250]
    assert (found.raw_fd_mm > limit).sum() > 20  # as estimated, breathing would cost these


def test_no_filter_hides_a_great_movement():
    spike = 0.8 * (np.arange(FRAMES) == 300)
    found = filtered_motion(_motion(spike), 1.1)
    assert_close(found.judged_mm, found.fd_mm, EXACT)
    great = filtered_motion(_motion(2 * spike), 1.1)
    assert_close(great.judged_mm[300:302], [1.6, 1.6], EXACT)
    assert great.fd_mm[300] < 1.6
    assert_close(great.judged_mm[:300], great.fd_mm[:300], EXACT)


@pytest.mark.parametrize(
    ("tr_s", "age", "wanted", "used"),
    [
        (0.72, None, "notch", "notch"),
        (1.11, None, "notch", "notch"),  # three frames of the fastest breath, 0.3 Hz
        (1.12, None, "notch", "none"),
        (0.8, 9, "notch", "notch"),  # 25 breaths a minute and TR 0.8 s: three frames exactly
        (0.81, 9, "notch", "none"),
        (0.72, None, "none", "none"),
        (2.0, None, "notch", "none"),
        (0.72, None, "low-pass", "notch"),
        (1.5, None, "low-pass", "low-pass"),
        (2.5, None, "low-pass", "low-pass"),  # 0.3 Hz folds to 0.1 Hz and not below
        (2.6, None, "low-pass", "none"),
        (3.0, None, "low-pass", "none"),
        (2.3, 15, "low-pass", "low-pass"),
        (2.4, 15, "low-pass", "none"),
        (2.0, 70, "low-pass", "none"),  # 28 breaths a minute fold to 0.03 Hz
    ],
)
def test_the_repetition_time_decides(tr_s, age, wanted, used):
    parameters = _motion(_sine(0.07, tr_s))
    found = filtered_motion(parameters, tr_s, age_years=age, wanted=MotionFilter.named(wanted))
    assert found.used is MotionFilter.named(used)
    assert_close(found.raw_fd_mm, framewise_displacement(parameters), EXACT)
    if used == "none":
        assert (found.parameters == parameters).all()
        assert "not" in found.note or "cannot" in found.note
    else:
        assert "filtered out" in found.note


def test_displacement_of_another_program_is_kept_unless_filtered():
    given = np.full(FRAMES, 0.1)
    slow = filtered_motion(_motion(_sine(0.25, 2.0)), 2.0, fd_mm=given)
    assert (slow.fd_mm == given).all()
    fast = filtered_motion(_motion(_sine(0.25, 0.8)), 0.8, fd_mm=given)
    assert (fast.raw_fd_mm == given).all()
    assert_close(fast.fd_mm, framewise_displacement(fast.parameters), EXACT)


def test_the_low_pass_takes_folded_breathing():
    tr_s, hz = 2.0, 0.29  # seen at 0.21 Hz
    found = filtered_motion(_motion(_sine(hz, tr_s)), tr_s, wanted=MotionFilter.LOWPASS)
    assert found.fd_mm.mean() < 0.1 * found.raw_fd_mm.mean()  # measured 0.04
    drift = _motion(np.linspace(0, 3, FRAMES))
    kept = filtered_motion(drift, tr_s, wanted=MotionFilter.LOWPASS).parameters
    assert_close(kept[20:-20], drift[20:-20], Tol(1e-6, "the ends' padding, decayed"))
    jump = _motion(1.0 * (np.arange(FRAMES) >= 300))
    found = filtered_motion(jump, tr_s, wanted=MotionFilter.LOWPASS)
    # why its limit is lower: 0.42 of a jump is left
    assert 0.3 * found.fd_mm[300] > fd_limit_for(None, found.used)


@pytest.mark.parametrize(
    ("age", "used", "limit_mm"),
    [
        (None, "none", 0.3),
        (17.9, "none", 0.3),
        (17.9, "notch", 0.25),
        (18.0, "notch", 0.3),
        (15.0, "low-pass", 0.1),
        (70.0, "low-pass", 0.1),
    ],
)
def test_limits_by_age(age, used, limit_mm):
    assert fd_limit_for(age, MotionFilter.named(used)) == limit_mm


def test_an_unknown_filter_is_answered_with_those_there_are():
    with pytest.raises(InputError, match=r"'wiener' is unknown; .*none, notch, low-pass"):
        MotionFilter.named("wiener")


def _bursts(onsets_s, tr_s, frames, depth_percent):
    """A mean of 800 with a fall of 20 s (half a cosine wave) from each onset."""
    t = np.arange(frames) * tr_s
    out = np.zeros(frames)
    for onset in onsets_s:
        inside = (t >= onset) & (t < onset + 20)
        out[inside] -= depth_percent * np.sin(np.pi * (t[inside] - onset) / 20)
    return 800 * (1 + out / 100)


@pytest.mark.parametrize("tr_s", [0.8, 2.0, 3.0])
@pytest.mark.parametrize("bursts", [0, 1, 4, 10])
def test_planted_bursts_are_counted(tr_s, bursts):
    frames = round(600 / tr_s)
    onsets = 30 + 55.0 * np.arange(bursts)
    level = _bursts(onsets, tr_s, frames, 1.5)
    rng = np.random.default_rng(bursts)
    # of a real still scan (3 T, TR 2 s) the band 0.01 to 0.05 Hz had a deviation of 0.13 %
    level = level * (1 + 0.002 * rng.normal(size=frames)) + np.linspace(0, 12, frames)
    kept = np.ones(frames, bool)
    assert_close(bursts_per_min(level, tr_s, kept), bursts / 10, EXACT, scale=1)


def test_waves_count_once_each_and_only_from_half_a_percent():
    t = 2.0 * np.arange(300)
    kept = np.ones(300, bool)
    for size, counted in ((0.4, 0), (0.6, 15)):  # 15 waves of 40 s
        level = 1000 * (1 + size / 100 * np.cos(2 * np.pi * (t + 1) / 40))
        assert_close(bursts_per_min(level, 2.0, kept), counted / 10, EXACT, scale=1)
        fast = 1000 * (1 + size / 100 * np.cos(2 * np.pi * (t + 1) / 10))
        assert bursts_per_min(fast, 2.0, kept) == 0


def test_bursts_in_dropped_frames_are_not_counted():
    level = _bursts([100, 300, 500], 2.0, 300, 1.5)
    kept = np.ones(300, bool)
    kept[140:170] = False  # 280 to 340 s: the second
    level[150] = 9000
    assert_close(bursts_per_min(level, 2.0, kept), 2 / 9, EXACT)


def test_a_scan_too_short_for_slow_waves_is_not_judged():
    assert np.isnan(bursts_per_min(np.full(15, 800.0), 2.0, np.ones(15, bool)))
