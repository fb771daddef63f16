"""The dose section: ranges in words, methods with what held them."""

from tmsguide.report import DoseEntry
from tmsguide.report.dose_table import dose_words


def entry(**changes):
    given = {
        "target_v_per_m": (1.0, 0.9, 1.12),
        "motor_v_per_m": (1.25, 1.1, 1.4),
        "motor_over_target": (1.25, 1.1, 1.4),
        "depth_target_mm": 17.4,
        "depth_m1_mm": 15.0,
        "methods": (
            ("percent of motor threshold", (66.0, 66.0, 66.0), ""),
            ("field matched to motor cortex", (82.4, 73.0, 92.0), "the protocol's cap"),
        ),
        "notes": ("Two methods differ.",),
    }
    return DoseEntry(**(given | changes))


def test_ranges_and_limits_are_in_words():
    words = dose_words(entry())
    assert words.lines[0][1] == "1.00 V/m (0.900 to 1.12)"
    assert "needs more output" in words.lines[2][2]
    assert words.methods[0] == ("Percent of motor threshold", "66 %", "–", "")
    assert words.methods[1][1:] == ("82 %", "73 to 92 %", "held by the protocol's cap")
    assert words.notes == ("Two methods differ.",)


def test_a_target_that_gets_more_field_needs_less_output():
    assert "needs less output" in dose_words(entry(motor_over_target=(0.8, 0.7, 0.9))).lines[2][2]


def test_no_dose_no_words():
    assert dose_words(None) is None
