"""What is said of a person's deviations: counts, chance, directions, and never a diagnosis."""

import numpy as np
import pytest

from tmsguide.model import Deviation
from tmsguide.norms import Outside
from tmsguide.report.norms_words import NO_DIAGNOSIS, deviation_words

NETWORKS = ("within:Default", "within:Visual", "between:Default:Visual")


def found(z, q=None, names=NETWORKS):
    z = np.asarray(z, float)
    q = np.ones_like(z) if q is None else np.asarray(q, float)
    zero = np.zeros_like(z)
    return Deviation(names, z, zero, zero - 1.96, zero + 1.96, z, q, "Ours: 99 people", 0.15)


def counted(count, *, corrected=0, share=0.3, measures=92, usual=14):
    return Outside(count, measures, 0.05 * measures, corrected, share, usual)


def test_the_sentence_for_clinicians():
    said = deviation_words(found([0, 2.5, -2.4]), counted(2))
    assert said[0] == "Compared with Ours: 99 people."
    assert said[1].startswith("2 of 92 measures lie outside the range of the cohort")
    assert "about 4.6 would by chance" in said[1]
    assert said[1].endswith("none stands out.")
    assert "not unusual" in said[2]
    assert "30 in 100" in said[2]
    assert said[-1] == NO_DIAGNOSIS


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 stands out"), (3, "3 stand out")],
)
def test_what_stands_out_is_counted(number, words):
    assert words in deviation_words(found([0, 0, 5]), counted(4, corrected=number))[1]


def test_one_measure_is_singular():
    assert "1 of 92 measure lies" in deviation_words(found([0, 0, 2.5]), counted(1))[1]


def test_rare_counts_are_called_unusual():
    said = deviation_words(found([3, 3, 3]), counted(40, share=0.002))[2]
    assert said.startswith("So many is unusual")
    assert "fewer than 1 in 100" in said


def test_nothing_outside_needs_no_rarity_and_no_names():
    said = deviation_words(found([0.1, -0.3, 1.0]), counted(0))
    assert len(said) == 3
    assert "0 of 92" in said[1]


def test_directions_are_said_in_words_and_sides_never_swapped():
    said = deviation_words(found([2.5, -3.0, -2.1], [0.2, 0.04, 0.2]), counted(3, corrected=1))
    less = next(line for line in said if line.startswith("Less connected"))
    more = next(line for line in said if line.startswith("More connected"))
    assert less.index("within Visual (−3.0 SD, stands out") < less.index("between Default and")
    assert "within Default (+2.5 SD)" in more
    assert "Default (" not in less


def test_other_measures_are_lower_or_higher():
    said = deviation_words(found([2.5, -3.0, 0.0], names=("a", "b", "c")), counted(2))
    assert "Lower than expected: b (−3.0 SD)." in said
    assert "Higher than expected: a (+2.5 SD)." in said


def test_many_are_not_all_named():
    names = tuple(f"m{k}" for k in range(12))
    said = deviation_words(found([3.0] * 12, names=names), counted(12))
    assert any(line.endswith("and 7 more.") for line in said)


def test_what_could_not_be_measured_is_said():
    said = deviation_words(found([np.nan, 0.0, 2.5]), counted(1))
    assert any(line.startswith("1 of 3 measures could not") for line in said)


def test_no_word_of_illness():
    text = " ".join(deviation_words(found([4, -4, 4], [0.0, 0.0, 0.0]), counted(30))).lower()
    for word in ("abnormal", "disease", "disorder", "patholog", "diagnosed", "deficit"):
        assert word not in text
