from dataclasses import replace

import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.therapy import dose, protocol


def test_stokes_example_by_hand():
    """MT 50 %, motor cortex 15 mm deep, target 19 mm, 3 % per mm: 62 %; at 0.9 of it 55.8 %."""
    d = dose(protocol("saint"), rmt_percent_mso=50.0, depth_target_mm=19.0, depth_m1_mm=15.0)
    assert_close(d.adjusted_percent_mso, 55.8, EXACT)
    assert_close(d.unclamped_percent_mso, 0.9 * 62.0, EXACT)
    assert_close(d.adjusted_percent_rmt, 111.6, EXACT)
    assert_close(d.percent_mso, 45.0, EXACT)
    assert d.percent_rmt == 90.0


@pytest.mark.parametrize(("slope", "mso"), [(3.0, 55.8), (2.8, 55.08), (2.7, 54.72)])
def test_slopes_of_the_three_papers(slope, mso):
    d = dose(
        protocol("saint"),
        rmt_percent_mso=50.0,
        depth_target_mm=19.0,
        depth_m1_mm=15.0,
        slope_percent_mso_per_mm=slope,
    )
    assert_close(d.adjusted_percent_mso, mso, EXACT)


def test_adjusted_dose_stops_at_the_cap_and_says_so():
    d = dose(protocol("saint"), rmt_percent_mso=50.0, depth_target_mm=25.0, depth_m1_mm=15.0)
    assert_close(d.unclamped_percent_mso, 0.9 * 80.0, EXACT)
    assert_close(d.adjusted_percent_mso, 60.0, EXACT)
    assert_close(d.adjusted_percent_rmt, 120.0, EXACT)
    assert any("cap of 120 %" in n for n in d.notes)


def test_shallower_target_takes_less():
    d = dose(protocol("saint"), rmt_percent_mso=50.0, depth_target_mm=13.0, depth_m1_mm=15.0)
    assert_close(d.adjusted_percent_mso, 0.9 * 44.0, EXACT)


def test_equal_depths_leave_the_dose():
    d = dose(protocol("itbs600"), rmt_percent_mso=47.0, depth_target_mm=16.0, depth_m1_mm=16.0)
    assert_close(d.adjusted_percent_mso, d.percent_mso, EXACT)


def test_without_threshold_there_is_no_output_setting():
    d = dose(protocol("itbs600"), rmt_percent_mso=None, depth_target_mm=19.0, depth_m1_mm=15.0)
    assert (d.percent_rmt, d.percent_mso, d.adjusted_percent_mso) == (120.0, None, None)


def test_without_motor_depth_nothing_is_adjusted():
    d = dose(protocol("itbs600"), rmt_percent_mso=50.0, depth_target_mm=19.0)
    assert (d.percent_mso, d.adjusted_percent_mso) == (60.0, None)


def test_active_threshold_is_never_taken_from_the_resting_one():
    d = dose(protocol("ctbs600"), rmt_percent_mso=50.0)
    assert d.percent_mso is None
    assert any("ACTIVE" in n for n in d.notes)


def test_protocol_above_its_own_cap_is_lowered_and_says_so():
    d = dose(replace(protocol("itbs600"), intensity_percent_rmt=140.0), rmt_percent_mso=50.0)
    assert (d.percent_rmt, d.percent_mso) == (120.0, 60.0)
    assert any("Lowered from 140 %" in n for n in d.notes)


def test_more_than_the_stimulator_gives_is_said():
    d = dose(protocol("itbs600"), rmt_percent_mso=90.0)
    assert_close(d.percent_mso, 108.0, EXACT)
    assert any("More than the stimulator" in n for n in d.notes)


def test_field_ratio_is_only_reported():
    with_ratio = dose(protocol("itbs600"), rmt_percent_mso=50.0, e_field_ratio=1.335)
    without = dose(protocol("itbs600"), rmt_percent_mso=50.0)
    assert_close(with_ratio.motor_equal_percent_rmt, 133.5, EXACT)
    assert replace(with_ratio, motor_equal_percent_rmt=None) == without


@pytest.mark.parametrize("rmt", [0.0, -5.0, 100.1, float("nan")])
def test_impossible_threshold_is_refused(rmt):
    with pytest.raises(InputError, match="resting motor threshold"):
        dose(protocol("itbs600"), rmt_percent_mso=rmt)


def test_impossible_depths_are_refused():
    with pytest.raises(InputError, match="target value -3"):
        dose(protocol("saint"), rmt_percent_mso=50.0, depth_target_mm=-3.0)
    with pytest.raises(InputError, match="check the two scalp-to-cortex distances"):
        dose(protocol("saint"), rmt_percent_mso=30.0, depth_target_mm=5.0, depth_m1_mm=20.0)
