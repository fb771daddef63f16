"""The table of placements: the planned one first, in words a clinician can use."""

from dataclasses import replace

import numpy as np
import pytest

from tmsguide.report import OptionEntry, page
from tmsguide.report.head_views import levelled
from tmsguide.report.option_table import option_rows


@pytest.fixture(scope="module")
def offered(made):
    planned, other, _ = (pose for _, pose in made.ranked)
    moved = other.matsimnibs.copy()
    moved[:3, 3] += 12 * moved[:3, 0]
    return replace(
        made,
        options=(
            OptionEntry(
                planned, "planned: best field", 1.2345678, 1.21, 1.1543, 1234.5, 2.345, 100
            ),
            OptionEntry(
                replace(other, matsimnibs=moved),
                "best focality",
                1.1,
                1.05,
                0.9,
                987.6,
                2.7,
                112.2,
            ),
        ),
        guidance="cap",
    )


def test_rows_say_what_each_placement_costs(offered):
    first, second = option_rows(offered, levelled(offered))
    assert (first.number, first.reason, first.shift) == (1, "Planned: best field", "–")
    assert (first.field, first.held) == ("1.23", "1.21 (seldom under 1.15)")
    assert (first.area, first.scalp, first.output) == ("12 cm²", "2.3 times", "100 %")
    assert (second.shift, second.output) == ("12 mm", "112 %")
    turned = float(second.handle.split("°")[0]), float(first.handle.split("°")[0])
    assert np.abs(np.subtract(*turned)) == pytest.approx(20, abs=1.5)  # as the builder turned it


def test_the_page_shows_them_and_says_what_they_are_not(offered, report, made):
    figures = dict.fromkeys(report.figures, b"")
    shown = page._page(offered, figures)
    assert "Placements worth a choice" in shown
    assert "guided by a cap" in shown
    assert "use it to compare, not to promise" in shown
    assert "Placements worth a choice" not in page._page(made, figures)
