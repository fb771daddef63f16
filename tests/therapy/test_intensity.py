from dataclasses import replace

import numpy as np
import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.model import MNI
from tmsguide.therapy import dose, protocol, protocols
from tmsguide.therapy.dosing import DepthRule, Side, disagreement_percent_mso, motor_hotspot
from tmsguide.therapy.intensity import Estimate, Limit, Method, intensities

RATIO = Estimate(1.1, 1.05, 1.15)


def by_method(found):
    return {item.method: item for item in found.items}


def test_three_methods_by_hand():
    """MT 50 % and 90 %: 45; 4 mm deeper at 3 % per mm: 55.8; field ratio 1.1: 49.5."""
    found = intensities(
        protocol("saint"),
        rmt_percent_mso=50.0,
        depth_target_mm=19.0,
        depth_m1_mm=15.0,
        motor_over_target=RATIO,
    )
    items = by_method(found)
    assert [item.method for item in found.items] == list(Method)
    assert_close(items[Method.PROTOCOL].percent_mso, 45.0, EXACT)
    assert_close(items[Method.DEPTH].percent_mso, 55.8, EXACT)
    assert_close(items[Method.DEPTH].low_percent_mso, 0.9 * (50 + 4 * 2.7), EXACT)
    assert_close(items[Method.DEPTH].high_percent_mso, 55.8, EXACT)
    field = items[Method.FIELD]
    assert_close(field.percent_mso, 49.5, EXACT)
    assert_close([field.low_percent_mso, field.high_percent_mso], [47.25, 51.75], EXACT)
    assert_close(field.percent_rmt, 99.0, EXACT)
    assert {item.limit for item in found.items} == {Limit.NONE}
    assert_close(found.apart_percent_mso, 10.8, EXACT)


@pytest.mark.parametrize("rule", list(DepthRule))
def test_the_rule_is_chosen_by_paper(rule):
    found = intensities(
        protocol("saint"), rmt_percent_mso=50.0, depth_target_mm=13.0, depth_m1_mm=15.0, rule=rule
    )
    item = by_method(found)[Method.DEPTH]
    assert_close(item.percent_mso, 0.9 * (50 - 2 * rule.percent_mso_per_mm), EXACT)
    assert item.low_percent_mso <= item.percent_mso <= item.high_percent_mso
    assert rule.value.split("-")[1] in item.source


def test_the_default_rule_is_that_of_the_dose():
    given = {"rmt_percent_mso": 50.0, "depth_target_mm": 18.0, "depth_m1_mm": 15.0}
    found = by_method(intensities(protocol("itbs600"), **given))[Method.DEPTH]
    plain = dose(protocol("itbs600"), **given)
    assert_close(found.percent_mso, plain.adjusted_percent_mso, EXACT)
    assert_close(found.unclamped_percent_mso, plain.unclamped_percent_mso, EXACT)


def test_nothing_exceeds_the_cap_and_what_it_would_have_been_is_said():
    found = intensities(
        protocol("itbs600"), rmt_percent_mso=50.0, motor_over_target=Estimate(1.335, 1.2, 1.5)
    )
    item = by_method(found)[Method.FIELD]
    assert_close([item.percent_mso, item.high_percent_mso], [60.0, 60.0], EXACT)
    assert_close(item.unclamped_percent_mso, 1.2 * 50 * 1.335, EXACT)
    assert item.limit is Limit.CAP
    assert any("held at 60 % of output by the protocol's cap" in n for n in found.notes)
    assert any("would have been 80 %" in n for n in found.notes)


def test_nothing_exceeds_the_stimulators_output():
    found = intensities(protocol("itbs600"), rmt_percent_mso=90.0)
    item = found.items[0]
    assert (item.percent_mso, item.limit) == (100.0, Limit.OUTPUT)
    assert_close(item.unclamped_percent_mso, 108.0, EXACT)
    assert any("the stimulator's full output" in n for n in found.notes)


@pytest.mark.parametrize("rmt", [20.0, 45.0, 83.0, 100.0])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.5])
def test_no_protocol_and_no_method_passes_its_limits(rmt, ratio):
    for given in protocols().values():
        if dose(given, rmt_percent_mso=rmt).percent_mso is None:
            continue
        found = intensities(
            given,
            rmt_percent_mso=rmt,
            depth_target_mm=22.0,
            depth_m1_mm=14.0,
            motor_over_target=Estimate(ratio, 0.9 * ratio, 1.1 * ratio),
        )
        most = min(100.0, given.intensity_cap_percent_rmt / 100 * rmt)
        for item in found.items:
            assert item.low_percent_mso <= item.percent_mso <= item.high_percent_mso <= most
            assert (item.limit is Limit.NONE) == (item.unclamped_percent_mso <= most)


def test_disagreement_is_stated_only_beyond_the_limit():
    assert disagreement_percent_mso() == 10.0
    near = intensities(protocol("saint"), rmt_percent_mso=50.0, motor_over_target=RATIO)
    far = intensities(
        protocol("saint"), rmt_percent_mso=50.0, motor_over_target=Estimate(1.4, 1.3, 1.5)
    )
    assert not any("differ by" in n for n in near.notes)
    assert any("differ by 18 % of output" in n for n in far.notes)


def test_thin_evidence_is_said_wherever_a_field_is_matched():
    found = intensities(protocol("saint"), rmt_percent_mso=50.0, motor_over_target=RATIO)
    assert any("thinly evidenced" in n for n in found.notes)
    assert "10.1016/j.clinph.2021.06.015" in by_method(found)[Method.FIELD].source
    alone = intensities(protocol("saint"), rmt_percent_mso=50.0)
    assert alone.notes == ()
    assert [item.method for item in alone.items] == [Method.PROTOCOL]


def test_a_value_outside_its_own_range_is_said():
    odd = Estimate(1.01, 1.03, 1.11)
    found = intensities(protocol("saint"), rmt_percent_mso=50.0, motor_over_target=odd)
    assert any("outside the range that likely conductivities give" in n for n in found.notes)


def test_protocol_above_its_own_cap_is_lowered():
    high = replace(protocol("itbs600"), intensity_percent_rmt=140.0)
    item = intensities(high, rmt_percent_mso=50.0).items[0]
    assert (item.percent_mso, item.limit) == (60.0, Limit.CAP)
    assert_close(item.unclamped_percent_mso, 70.0, EXACT)


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="ACTIVE"):
        intensities(protocol("ctbs600"), rmt_percent_mso=50.0)
    with pytest.raises(InputError, match="resting motor threshold"):
        intensities(protocol("saint"), rmt_percent_mso=0.0)
    for bad in (Estimate(1.0, 1.1, 0.9), Estimate(-1.0, 0.9, 1.1), Estimate(1.0, 0.0, 1.1)):
        with pytest.raises(InputError, match="field ratio of motor cortex"):
            intensities(protocol("saint"), rmt_percent_mso=50.0, motor_over_target=bad)


def test_hot_spots_are_mirror_images_with_their_doubts():
    left, right = motor_hotspot(Side.LEFT), motor_hotspot(Side.RIGHT)
    assert left.point.frame == MNI
    assert left.point.xyz_mm[0, 0] < 0
    assert_close(right.point.xyz_mm, left.point.xyz_mm * [-1.0, 1.0, 1.0], EXACT)
    assert_close(right.current, left.current * [-1.0, 1.0, 1.0], EXACT)
    assert_close(np.linalg.norm(left.current), 1.0, EXACT)
    assert left.current[0] > 0  # towards the midline
    assert left.current[1] > 0  # and the front
    assert not left.verified
    assert "Talairach" in left.note
