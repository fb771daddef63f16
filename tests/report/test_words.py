"""Plain words: right direction, right side, right unit, and never a bare float."""

import math

import numpy as np
import pytest

from tests.report import builders
from tmsguide.model import Points, Protocol, ScanVerdict, Target, Verdict, native_frame
from tmsguide.report import quantities, sentences, target_words, words


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ([-1, 0, 0], "to the left"),
        ([2, 0, 0], "to the right"),
        ([0, 3, 0], "forwards"),
        ([0, -1, 0], "backwards"),
        ([0, 0, 1], "upwards"),
        ([-1, -1, -1], "backwards, to the left and downwards"),
        ([1, 1, 0.1], "forwards and to the right"),
        ([0, -math.cos(math.radians(14)), -math.sin(math.radians(14))], "backwards"),
        ([0, -math.cos(math.radians(16)), -math.sin(math.radians(16))], "backwards and downwards"),
        ([0, 0, 0], "nowhere"),
    ],
)
def test_directions(vector, said):
    assert words.direction(vector) == said


@pytest.mark.parametrize(
    ("angle", "said"),
    [
        (0.4, "along the midline"),
        (45.0, "45° from the midline"),
        (-45.0, "45° from the midline"),
        (90.0, "90° from the midline"),
        (92.0, "88° from the midline"),
    ],
)
def test_handle_angles(angle, said):
    assert words.handle([0, -1, 0], angle) == f"Handle points backwards, {said}"


def test_a_handle_turned_to_the_front_says_so_once():
    assert words.handle([-1, 1, 0], 135.0) == (
        "Handle points forwards and to the left, 45° from the midline"
    )
    assert words.handle([-1, 0.1, 0], 96.0) == (
        "Handle points to the left, 84° from the midline and slightly to the front"
    )


@pytest.mark.parametrize(
    ("turn", "said"),
    [(44.6, "45° outwards"), (-84.0, "84° inwards"), (-0.4, "0°"), (179.8, "180°")],
)
def test_handle_turns(turn, said):
    assert words.handle_turn(turn) == said


def test_notes_become_sentences():
    assert sentences.sentence(" the scan is short ") == "The scan is short."
    assert sentences.sentence("Done?") == "Done?"
    assert sentences.sentence("") == ""


def test_what_the_scan_box_says_is_not_said_again():
    quality = builders.quality()
    told = " ".join(quality.problems)
    reason = f"Rests on weak data: {quality.verdict.value}, 8 usable minutes. {told}"
    assert sentences.said_once(reason, quality) == "Rests on weak data: see the points above."
    assert sentences.said_once(told, quality) == "See the points above."
    other = f"Age 17, {quality.verdict.value}."
    assert sentences.said_once(other, quality) == other


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ({}, ""),
        ({"2": 1.04}, "Target 2 was moved by 1.0 mm"),
        ({"2": 1.04, "3": 0.96}, "Targets 2 and 3 were moved by 1.0 mm"),
        ({"3": 0.94, "4": 2.31, "5": 1.0}, "Targets 3 to 5 were moved by 0.9 to 2.3 mm"),
        ({"3": 0.94, "4": 2.31, "6": 1.0}, "Targets 3, 4 and 6 were moved by 0.9 to 2.3 mm"),
        ({"target": 1.0, "1": 1.0, "2": 1.0}, "Targets target, 1 and 2 were moved by 1.0 mm"),
    ],
)
def test_moves_to_grey_matter_are_one_sentence(moves, said):
    assert sentences.moved_to_grey(moves).startswith(said)
    assert bool(said) == sentences.moved_to_grey(moves).endswith(" of this person.")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (1234.0, "1200"), (0.98765, "0.99"), (9.96, "10"), (-3.14159, "−3.1")],
)
def test_significant_digits(value, said):
    assert quantities.significant(value) == said


def test_what_is_not_known_is_called_unknown():
    assert quantities.significant(math.nan) == quantities.millimetres(math.inf) == "unknown"


@pytest.mark.parametrize(
    ("value", "said"), [(9.94, "9.9 mm"), (9.96, "10 mm"), (0.04, "0 mm"), (17.6, "18 mm")]
)
def test_millimetres(value, said):
    assert quantities.millimetres(value) == said


def test_coordinates_have_true_minus_signs_and_no_minus_zero():
    assert quantities.coordinates([-0.04, -38.26, 7.0], places=1) == "0.0, −38.3, 7.0"
    assert quantities.coordinates(np.array([-0.4, 0.4, -1.6])) == "0, 0, −2"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (192, "3 min 12 s"),
        (2250, "37 min 30 s"),
        (3000, "50 minutes"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
    ],
)
def test_durations(seconds, said):
    assert quantities.duration(seconds) == said


def test_sides():
    assert [words.side(x) for x in (-38.0, 0.0, 42.0)] == ["left", "midline", "right"]


def target(radius):
    point = Points(np.zeros((1, 3)), native_frame("x"))
    return Target(point, -0.4, "m", "s", None, radius, None if radius is None else 0.95)


@pytest.mark.parametrize(
    ("radius", "label"),
    [
        (3.0, "precise"),
        (5.1, "fairly precise"),
        (12.0, "uncertain"),
        (20.5, "very uncertain"),
        (None, "uncertainty unknown"),
    ],
)
def test_the_wider_the_region_the_weaker_the_words(radius, label):
    said, sentence = target_words.region(target(radius))
    assert said == label
    if radius is not None:
        assert f"within {quantities.millimetres(radius)}, 95 times in 100" in sentence
        assert ("group target" in sentence) == (radius > 10)


def test_a_poor_scan_is_never_called_usable():
    said = target_words.scan_verdict(builders.quality(ScanVerdict.INSUFFICIENT))
    assert "not enough" in said
    assert "group target" in said
    assert "can be used" not in said
    assert "7.5 of 8 minutes usable" in said


def test_field_is_told_per_ampere_and_at_full_output():
    # 0.6 V/m at half an A/us is 1.2 V/m per A/us; at 100 A/us 120 V/m
    said = words.field_strength(0.6, 0.5e6, 100e6)
    assert said.startswith("1.2 V/m for each A/µs")
    assert "about 120 V/m at full output (100 A/µs)" in said
    assert "full output" not in words.field_strength(0.6, 0.5e6, math.nan)


def test_theta_burst_and_plain_protocols_read_as_a_treater_says_them():
    itbs = builders.itbs()
    assert words.pattern(itbs) == (
        "bursts of 3 pulses at 50 Hz, repeated at 5 Hz for 2 s, then 8 s pause, 20 times: "
        "600 pulses in 3 min 12 s"
    )
    assert words.schedule(itbs) == "one session a day on 30 treatment days"
    ten = Protocol(
        "hfl", "10 Hz", 10.0, 1, 10.0, 40, 75, 26.0, 10, 50.0, 5, 120.0, 120.0, "left", "", "",
        True,
    )  # fmt: skip
    assert words.pattern(ten) == (
        "40 pulses at 10 Hz (4 s), then 26 s pause, 75 times: 3000 pulses in 37 min 4 s"
    )
    assert words.schedule(ten) == (
        "10 sessions a day, 50 minutes apart, on 5 treatment days (50 in all)"
    )


def test_forbid_comes_first_and_order_is_kept_within():
    given = builders.findings()
    ordered = words.by_urgency(given)
    assert [f.verdict for f in ordered] == [
        Verdict.FORBID, Verdict.WARN, Verdict.WARN, Verdict.ALLOW,
    ]  # fmt: skip
    assert [f.rule for f in ordered[1:3]] == ["age", "dose"]
    assert words.by_urgency(()) == ()


@pytest.mark.parametrize(
    ("shift", "said"),
    [(None, ""), (2.0, "depends hardly"), (9.0, "depends somewhat"), (30.0, "30 mm")],
)
def test_global_signal(shift, said):
    assert said in target_words.global_signal(shift)


@pytest.mark.parametrize(
    ("mni", "said"),
    [
        ((-41, 43, 28), "left prefrontal cortex"),
        ((41, 43, 28), "right prefrontal cortex"),
        ((0, 45, 35), "prefrontal cortex near the midline"),
        ((-37, -20, 58), "left hemisphere"),  # the motor cortex is not prefrontal
        ((0, -5, 65), "midline"),
    ],
)
def test_a_place_is_called_prefrontal_only_where_it_is(mni, said):
    assert target_words.place(mni) == said
