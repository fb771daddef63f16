"""The verdict about the individual target, its region, its reliability: never more than known."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.report import rich
from tests.report.test_page import page_of, read
from tmsguide.errors import FrameError
from tmsguide.model import Advice, Points, Reliability, ScanVerdict, Support, native_frame
from tmsguide.report import confidence, cortex_figures, methods, target_words


@pytest.mark.parametrize(
    ("support", "look", "title", "todo"),
    [
        (Support.INDIVIDUAL, "good", "Individual target supported.", "Aim at the target below."),
        (Support.SCAN_MORE, "care", "Scan more before relying on", "Add about 15 minutes of rest"),
        (Support.GROUP, "stop", "Prefer a group target.", "For treatment use a group target"),
    ],
)
def test_each_verdict_has_its_look_its_words_and_what_to_do(full, full_report, support, look,
                                                            title, todo):  # fmt: skip
    advice = rich.advice(support)
    changed = replace(full, target=replace(full.target, advice=advice))
    html = page_of(changed, full_report)
    text = read(html).text["advice"]
    assert f'class="verdict {look}" id="advice"' in html
    assert title in text
    assert todo in text
    for reason in advice.reasons:
        assert reason[1:] in text
    assert "evidence is mixed" in text
    page = read(html).text["clinician"]
    assert page.index(title) < page.index("Target: left")


def test_supported_is_not_said_to_help():
    said = confidence.advice_box(rich.advice(Support.INDIVIDUAL)).todo
    assert "not that this place helps more" in said


def test_only_the_supported_target_is_to_be_aimed_at(full):
    for support in (Support.SCAN_MORE, Support.GROUP):
        said = confidence.advice_box(rich.advice(support), full.agreement).todo
        assert "Aim at" not in said
        assert "the pose below aims at the individual target" in said
        assert re.search(r"nearest: .*, [\d.]+ mm from the individual one", said)
    assert "nearest" not in confidence.advice_box(rich.advice(Support.GROUP)).todo


@pytest.mark.parametrize(
    ("needed", "reasons", "said"),
    [
        (22.0, (), "7.5 usable minutes; about 22 would be needed"),
        (22.0, ("about 22 min would be needed",), "7.5 usable minutes so far; the need"),
        (None, (), "more scan time would not help"),
    ],
)
def test_minutes_are_said_once(needed, reasons, said):
    box = confidence.advice_box(Advice(Support.SCAN_MORE, 7.53, needed, reasons))
    assert said in box.minutes
    assert (box.minutes + " ".join(box.reasons)).count("would be needed") <= 1


def test_no_minutes_are_promised_where_they_are_not_known():
    box = confidence.advice_box(Advice(Support.SCAN_MORE, 7.5, None, ()))
    assert "Repeat the scan" in box.todo
    assert "Add about" not in box.todo


def test_scan_and_target_do_not_contradict_each_other(full, full_report):
    """A good scan beside a verdict against the individual target says nothing of targets."""
    changed = replace(
        full,
        quality=replace(full.quality, verdict=ScanVerdict.GOOD),
        target=replace(full.target, advice=rich.advice(Support.GROUP)),
    )
    text = read(page_of(changed, full_report)).text["clinician"]
    assert "The scan is good" in text
    assert "can carry an individual target" not in text


def test_the_region_gives_no_advice_of_its_own_beside_a_verdict(full):
    for radius in (12.0, 25.0):
        wide = replace(full.target, region_radius_mm=radius)
        assert "group target" not in target_words.region(wide)[1]
        assert "group target" in target_words.region(replace(wide, advice=None))[1]


def test_doubts_come_with_the_largest_first_and_unknown_ones_are_left_out():
    rows = confidence.doubts({"scan time": 2.0, "seed_position": 5.0, "x": float("nan")})
    assert [(row.name, row.moved) for row in rows] == [
        ("Seed position", "5 mm"), ("Scan time", "2 mm"),
    ]  # fmt: skip
    assert all(row.says for row in rows)


def test_reliability_is_told_against_chance():
    said = confidence.reliability(Reliability(4.0, 25.0))
    assert "differ by 4 mm on average, blind picks from the same search area by 25 mm" in said
    assert "84 %" in said
    assert "no better than chance" in confidence.reliability(Reliability(26.0, 25.0))


def test_the_page_shows_region_doubts_and_reliability(full, full_report):
    text = read(full_report.html).text["clinician"]
    assert confidence.extent(full.target.region) in text
    assert confidence.reliability(full.target.reliability) in text
    for row in confidence.doubts(full.target.region.spread_mm):
        assert row.name in text
        assert row.moved in text
    assert text.count("Without removing the global signal") == 0  # the table tells it


def test_the_cortex_is_shaded_where_the_region_is_and_nowhere_else(full):
    share = cortex_figures._region_share(full)
    at, places = full.cortex.vertices.xyz_mm, full.target.region.places.xyz_mm
    away = np.linalg.norm(at[:, None] - places[None], axis=2).min(axis=1)
    assert share[away < full.cmap_grid_mm].min() == 1
    assert share[away > 3.01 * full.cmap_grid_mm].max() == 0
    without = replace(full, target=replace(full.target, region=None))
    assert not cortex_figures._region_share(without).any()


def test_a_region_in_another_frame_is_refused(full):
    places = Points(full.target.region.places.xyz_mm, native_frame("other"))
    region = replace(full.target.region, places=places)
    with pytest.raises(FrameError, match="region of the target is in sub-other/T1w"):
        replace(full, target=replace(full.target, region=region))


def test_methods_tell_what_was_done_and_only_that(made, full):
    told, bare = " ".join(methods.methods(full)), " ".join(methods.methods(made))
    for part in ("circular block bootstrap", "smallest set of places", "drawn blindly",
                 "verdict on the individual target", "averaged within and between 13 networks",
                 "Compared with it were"):  # fmt: skip
        assert part in told
        assert (part in bare) == (part == "circular block bootstrap")
    assert "2 mm (standard deviation per axis)" in told
