"""Scan quality on the page: words first, nothing unknown called a number, figures that show it."""

import io
from dataclasses import replace

import numpy as np
import pytest

from tests.report.test_page import page_of, read
from tmsguide.errors import FrameError, InputError
from tmsguide.head.image_quality import T1wQuality
from tmsguide.model import Frame, ScanVerdict, Volume
from tmsguide.report import RunEntry, scan_figure, slices
from tmsguide.report.alignment_figure import alignment_figure, alignment_planes
from tmsguide.report.quality_section import quality_section

BANDS = (("grey matter", 100), ("white matter", 50), ("fluid", 30))


@pytest.fixture(scope="module")
def several(made):
    """Two runs of unequal length with a global signal and bands of the carpet."""
    frames = len(made.fd_mm)
    first = frames // 3
    judged = replace(made.quality, advice=("scan longer", "use a group target"))
    better = replace(judged, verdict=ScanVerdict.GOOD, problems=())
    assert made.carpet.shape[1] == sum(n for _, n in BANDS)
    return replace(
        made,
        quality=replace(judged, dlpfc_tsnr=82.0, bursts_per_min=0.9),
        runs=(
            RunEntry("run-01", first, judged, "no fieldmap"),
            RunEntry("run-02", frames - first, better),
        ),
        global_signal=1000 + np.arange(frames, dtype=float),
        carpet_rows=BANDS,
        t1w_quality=T1wQuality(2.9, 0.4, 18.0, 0.5, float("nan"), 0.12, ("the T1w is noisy",)),
    )


def test_what_falls_short_is_marked_and_the_rest_is_not(several):
    marked = [row.name for row in quality_section(several).rows if row.low]
    assert marked == [
        "Time left after motion",  # 452 s
        "Signal to noise in time, seed (subgenual)",  # 39
        "Swells of the global signal",  # 0.9
    ]
    fine = replace(several.quality, usable_s=1700.0, seed_tsnr=60.0, bursts_per_min=0.1)
    assert not any(row.low for row in quality_section(replace(several, quality=fine)).rows)


def test_what_is_unknown_is_said_to_be(made, several):
    nan = float("nan")
    unknown = replace(made.quality, coregistration_cost=nan, dlpfc_tsnr=nan, bursts_per_min=nan)
    section = quality_section(replace(several, quality=unknown))
    said = [row.value for row in (*section.rows, *section.anatomy)]
    assert said.count("not measured") == 4  # with the T1w's background
    assert not any("nan" in value for value in said)
    assert not any(row.low for row in section.rows if row.value == "not measured")


def test_runs_are_compared_only_where_there_are_several(several):
    section = quality_section(several)
    assert [run.name for run in section.runs] == ["run-01", "run-02"]
    assert section.runs[0].told.endswith("no fieldmap.")
    assert section.runs[1].verdict == "good"
    assert section.runs[1].told == ""
    one = replace(several, runs=(replace(several.runs[0], frames=len(several.fd_mm)),))
    assert quality_section(one).runs == ()


def test_verdict_then_what_to_do_then_numbers_then_figures(several, report):
    html = page_of(several, report)
    text = read(html).text["clinician"]
    start = text.rindex("Scan quality")
    parts = [
        "Usable with caution: 7.5 of 8 minutes usable.",
        "What to do",
        "Scan longer.",
        "Use a group target.",
        "Run by run",
        "What was measured",
        "Head motion and signal over the scan",
        "The T1w image",
        "Contrast of grey to white matter",
    ]
    places = [text.index(part, start) for part in parts]
    assert places == sorted(places)
    assert "The T1w is noisy." in text[: text.index("Target:")]
    assert "What would help stands under Scan quality." in text[: text.index("Target:")]


def test_a_scan_without_doubt_has_nothing_to_do(made, report):
    section = quality_section(made)
    assert (section.todo, section.runs, section.anatomy) == ((), (), ())
    text = read(page_of(made, report)).text["clinician"]
    assert "What to do" not in text
    assert "Run by run" not in text
    assert "What would help" not in text


def test_names_of_runs_cannot_break_the_page(several, report):
    nasty = "<script>$\\frac{$"
    runs = tuple(replace(run, name=nasty, note=nasty) for run in several.runs)
    html = page_of(replace(several, runs=runs), report)
    assert "script" not in read(html).tags
    picture = scan_figure.scan_figure(replace(several, runs=runs, carpet_rows=((nasty, 180),)))
    assert picture.startswith(b"\x89PNG")


def test_what_does_not_fit_the_scan_is_refused(made, several):
    with pytest.raises(InputError, match="runs has"):
        replace(several, runs=several.runs[:1])
    with pytest.raises(InputError, match="global_signal has 3"):
        replace(several, global_signal=np.zeros(3))
    with pytest.raises(InputError, match="carpet_rows has 20"):
        replace(several, carpet_rows=(("fluid", 20),))
    stray = replace(made.mean_bold, frame=Frame("elsewhere"))
    with pytest.raises(FrameError, match="reference BOLD is in elsewhere"):
        replace(made, bold_reference=stray)


def decoded(png):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float) / 255


def columns_of(frame, dossier, width):
    """Pixel column where a frame of the scan begins."""
    share = frame / len(dossier.fd_mm)
    return width * (scan_figure.LEFT + scan_figure.WIDTH * share)


def strip(picture, traces):
    px = scan_figure
    top = px.HEAD_PX + traces * (px.TRACE_PX + px.GAP_PX)
    return picture[top + 2 : top + px.STRIP_PX - 2], picture[top + px.STRIP_PX + 4 :]


def test_the_strip_marks_exactly_the_frames_left_out(several):
    kept = np.ones(len(several.fd_mm), bool)
    kept[60:90] = False
    picture = decoded(scan_figure.scan_figure(replace(several, kept=kept)))
    marks, _ = strip(picture, traces=3)
    red = (marks[..., 0] > 0.6) & (marks[..., 2] < 0.3)
    at = np.flatnonzero(red.all(axis=0))
    wide = picture.shape[1]
    assert abs(at.min() - columns_of(60, several, wide)) < 3
    assert abs(at.max() - columns_of(90, several, wide)) < 3


def test_runs_are_parted_where_they_meet(several):
    picture = decoded(scan_figure.scan_figure(several))
    _, carpet = strip(picture, traces=3)
    rows = carpet[: scan_figure.CARPET_PX - 10]
    at = round(columns_of(several.runs[0].frames, several, picture.shape[1]))
    dark = rows[:, at - 3 : at + 4].mean(axis=2).mean(axis=0)
    assert dark.min() < 0.25  # a dark line from top to bottom: the carpet's mean is one half
    assert abs(int(dark.argmin()) - 3) <= 1


def test_a_step_of_gain_between_runs_is_no_swell_of_the_signal(several):
    quiet = np.ones(len(several.fd_mm))
    ripple = 1 + 0.01 * np.sin(np.arange(len(quiet)))
    gain = np.where(np.arange(len(quiet)) < several.runs[0].frames, 1000.0, 3000.0)
    one, two = (
        scan_figure.scan_figure(replace(several, global_signal=g * ripple))
        for g in (1000 * quiet, gain)
    )
    apart = np.abs(decoded(one) - decoded(two)).max(axis=2) > 0.3
    assert apart.mean() < 1e-3


def test_each_plane_is_there_and_the_last_goes_through_the_seed(made):
    planes = alignment_planes(made)
    assert sorted({plane.axis for plane in planes}) == [0, 1, 2]
    assert planes[-1].axis == 0
    assert planes[-1].at_mm == made.seed.xyz_mm[0, 0]
    low, high = slices.bounds(made.anatomy.brain_mask, 0)
    for plane in planes:
        assert low[plane.axis] < plane.at_mm < high[plane.axis]


def test_left_stays_left_in_the_alignment_figure(made):
    """A reference stored from right to left, bright on the person's left only."""
    step = np.diag([-4.0, 4.0, 4.0, 1.0])
    middle = made.scalp.vertices.xyz_mm.mean(axis=0)
    step[:3, 3] = middle + np.array([120, -140, -120])
    index = np.indices((60, 70, 60)).reshape(3, -1).T
    x, _, z = (index @ step[:3, :3].T + step[:3, 3]).T.reshape(3, 60, 70, 60)
    low, high = slices.bounds(made.anatomy.brain_mask, 0)
    values = np.where(x < middle[0] - 6, 600.0, 100.0)
    values[z > low[2] + 0.9 * (high[2] - low[2])] = 1000.0  # what is drawn white, in no panel
    bright = Volume(values, step, made.seed.frame)
    picture = decoded(alignment_figure(replace(made, bold_reference=bright)))
    drawn = picture[180:220].mean(axis=(0, 2)) < 0.95
    edges = np.flatnonzero(np.diff(np.concatenate([[0], drawn.astype(int), [0]])))
    columns = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 100]
    assert len(columns) == 4  # four axial slices
    for start, stop in columns:
        grey = np.median(picture[180:220, start:stop], axis=(0, 2))
        half = (stop - start) // 2
        assert abs(np.median(grey[10 : half - 30]) - 0.6) < 0.05
        assert abs(np.median(grey[half + 30 : -10]) - 0.1) < 0.05
