from dataclasses import replace

import numpy as np
import pytest

from tmsguide.model import MNI, Points, Region, Reliability, ScanVerdict, Support
from tmsguide.targeting.confidence.advice import (
    LONGEST_MIN,
    Standing,
    advise,
    expected_error,
    forecast_error,
    minutes_needed,
)

CLEAR = Standing(
    region=Region(Points(np.zeros((1, 3)), MNI), 1.0, 9.0, 0.95),
    reliability=Reliability(apart_mm=5.0, chance_mm=28.0),
    error_mm=4.0,
    parts_min=(3.75, 7.5, 15.0),
    parts_error_mm=(11.0, 7.0, 4.0),
    verdict=ScanVerdict.GOOD,
    global_shift_mm=2.0,
    group_mm=15.0,
)


def said(standing):
    return " | ".join(advise(standing).reasons)


def test_a_clear_scan_supports_an_individual_target_and_says_why():
    found = advise(CLEAR)
    assert found.support is Support.INDIVIDUAL
    assert found.usable_min == found.needed_min == 15.0
    assert "expected 4 mm from the true place, a group target about 10 mm" in found.reasons[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error_mm": 9.0, "parts_error_mm": (16.0, 12.0, 9.0)}, "expected 9 mm"),
        ({"region": replace(CLEAR.region, radius_mm=31.0)}, "may lie up to 31 mm away"),
        ({"reliability": Reliability(14.0, 28.0)}, "agree within 14 mm, places drawn blindly"),
        ({"global_shift_mm": 22.0}, "moves 22 mm with the other choice about the global"),
        ({"verdict": ScanVerdict.INSUFFICIENT}, "quality does not carry"),
        ({"parts_min": (2.5, 5.0, 10.0)}, "10 min of usable scan; below 12 min"),
        ({"group_mm": 40.0, "group_in_search": True}, "nearest group target lies 40 mm away"),
        ({"region": None}, "most resampled scans have no target"),
        ({"reliability": None}, "most resampled scans have no target"),
    ],
)
def test_each_doubt_alone_withholds_support_and_is_told(change, words):
    standing = replace(CLEAR, **change)
    found = advise(standing)
    assert found.support is Support.SCAN_MORE
    assert words in said(standing)
    assert found.needed_min >= 1.5 * found.usable_min
    assert found.needed_min >= 12
    assert f"about {found.needed_min:.0f} min of usable scan would be needed" in said(standing)


def test_where_an_hour_would_not_do_a_group_target_is_preferred():
    standing = replace(
        CLEAR, error_mm=25.0, parts_min=(14.0, 28.0, 56.0), parts_error_mm=(25.0, 25.0, 25.0)
    )
    found = advise(standing)
    assert found.support is Support.GROUP
    assert found.needed_min is None
    assert f"more than {LONGEST_MIN:.0f} min would be needed" in said(standing)


def test_no_target_at_all_prefers_a_group_target():
    standing = replace(
        CLEAR, region=None, error_mm=float("inf"), parts_error_mm=(float("inf"),) * 3
    )
    assert advise(standing).support is Support.GROUP


def test_a_part_without_a_target_does_not_spoil_the_forecast():
    holed = replace(CLEAR, global_shift_mm=30.0, parts_error_mm=(float("inf"), 7.0, 4.0))
    assert advise(holed).needed_min is not None


def test_what_is_not_known_is_no_doubt():
    assert advise(replace(CLEAR, group_mm=40.0)).support is Support.INDIVIDUAL
    unknown = replace(CLEAR, global_shift_mm=float("nan"), group_mm=float("nan"))
    unknown = replace(unknown, group_in_search=True)
    assert advise(unknown).support is Support.INDIVIDUAL


def test_a_group_target_within_the_region_is_told_but_decides_nothing():
    near = replace(CLEAR, group_mm=6.0, group_inside=True)
    assert advise(near).support is Support.INDIVIDUAL
    assert "group target lies 6 mm away, within the region" in said(near)
    assert "within the region" not in said(CLEAR)


def test_expected_error_is_the_mean_of_a_gaussian_with_half_the_resolution():
    samples = np.random.default_rng(0).normal(0, 3.0, (20_000, 3))
    mean = 3.0 * np.sqrt(8 / np.pi)  # Maxwell
    found = expected_error(np.zeros(3), samples, resolution_mm=4.0)
    assert found == pytest.approx(np.hypot(mean, 2.0), rel=0.01)
    holed = np.vstack([samples, np.full((9, 3), np.nan)])
    assert expected_error(np.zeros(3), holed, resolution_mm=4.0) == found
    assert expected_error(np.zeros(3), np.full((9, 3), np.nan), resolution_mm=4.0) == np.inf


def test_more_time_is_never_forecast_to_make_it_worse():
    minutes = np.array([7.5, 15.0])
    for errors in ([30.0, 25.0], [5.0, 3.0]):
        ahead = [forecast_error(minutes, np.array(errors), t) for t in (15, 20, 30, 60)]
        assert (np.diff(ahead) < 0).all()


def test_a_poorer_scan_needs_more_time_and_a_longer_one_is_believed_more():
    minutes = np.array([7.5, 15.0])
    needed = [
        minutes_needed(minutes, np.array([e * 1.6, e]), goal_mm=6.0) for e in (8.0, 15.0, 25.0)
    ]
    assert needed == sorted(needed)
    assert needed[0] < needed[-1]
    # the same error, found in a longer scan, is more the person's own
    short = forecast_error(np.array([15.0]), np.array([15.0]), 60.0)
    long = forecast_error(np.array([30.0]), np.array([15.0]), 60.0)
    assert long > short


def test_a_scan_of_usual_error_is_forecast_to_stay_usual():
    # On the usual curve the forecast keeps to it, whatever the person's share of the excess.
    at = np.array([10.0, 20.0, 40.0])
    curve = np.array([forecast_error(np.array([15.0]), np.array([7.0]), t) for t in at])
    slope = np.diff(np.log(curve)) / np.diff(np.log(at))
    assert np.allclose(slope, slope[0])
    assert -1 < slope[0] < -0.5
