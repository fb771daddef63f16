"""The figure on the scan itself: head motion, signal change, and every voxel over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.dossier import Dossier

    Floats = NDArray[np.float64]

__all__ = ["scan_figure"]

LEFT_OUT, LIMIT, CHANGE, SHARED = "#f3b9a5", "#c2410c", "#31688e", "#5b2a86"
LEFT, WIDTH = 0.085, 0.905
#: Pixels: each trace, the gap under it, the strip of frames left out, the carpet, head and foot.
TRACE_PX, GAP_PX, STRIP_PX, CARPET_PX, HEAD_PX, FOOT_PX = 92, 12, 9, 250, 40, 66
#: Shorter runs than this part of the scan carry no name: it would not fit.
LEAST_NAMED = 0.06


def scan_figure(dossier: Dossier) -> bytes:
    """Draw motion with its limit, DVARS and global signal over the carpet, on one time axis.

    Frames left out are shaded in the traces and marked in a strip on the carpet; dark lines part
    the runs.
    """
    traces = [_motion, _change, *([_shared] if dossier.global_signal is not None else [])]
    height = HEAD_PX + len(traces) * (TRACE_PX + GAP_PX) + STRIP_PX + CARPET_PX + FOOT_PX
    figure = style.canvas(1100, height)
    end = len(dossier.fd_mm) * dossier.tr_s / 60
    top, drawn = HEAD_PX, []

    def axes_of(tall: int) -> Any:
        return figure.add_axes((LEFT, 1 - (top + tall) / height, WIDTH, tall / height))

    for draw in traces:
        axes = axes_of(TRACE_PX)
        for start, stop in _spans(~dossier.kept, dossier.tr_s):
            axes.axvspan(start, stop, color=LEFT_OUT, linewidth=0)
        draw(axes, dossier)
        axes.set_xticklabels([])
        drawn.append(axes)
        top += TRACE_PX + GAP_PX
    _left_out(axes_of(STRIP_PX), dossier, end)
    top += STRIP_PX
    carpet = axes_of(CARPET_PX)
    _carpet(carpet, dossier, end)
    share = 100 * float(np.mean(~dossier.kept))
    figure.text(
        LEFT, 1 - 14 / height, f"Head motion over the scan; shaded frames ({share:.0f} %) were "
        "left out", fontsize=9.5, va="center", color=style.INK,
    )  # fmt: skip
    _runs(drawn, carpet, dossier)
    for axes in (*drawn, carpet):
        _quiet(axes, end)
    return style.png(figure, dossier.subject.label)


def _motion(axes: Any, dossier: Dossier) -> None:
    top = float(max(1.25 * dossier.fd_limit_mm, np.nanpercentile(dossier.fd_mm, 99.5)))
    axes.plot(_minutes(dossier), np.minimum(dossier.fd_mm, top), color=style.INK, linewidth=0.9)
    axes.axhline(dossier.fd_limit_mm, color=LIMIT, linewidth=1.1, linestyle=(0, (5, 3)))
    end = len(dossier.fd_mm) * dossier.tr_s / 60
    axes.text(
        end, dossier.fd_limit_mm, f"limit {dossier.fd_limit_mm:g} mm ", color=LIMIT,
        fontsize=8.5, ha="right", va="bottom",
    )  # fmt: skip
    axes.set_ylim(0, 1.05 * top)
    axes.set_ylabel("head motion\nmm per frame", fontsize=8.5)


def _change(axes: Any, dossier: Dossier) -> None:
    values = dossier.dvars
    _line(axes, _minutes(dossier), values, CHANGE, floor=0.0)
    axes.set_ylabel("signal change\n(DVARS)", fontsize=8.5)


def _shared(axes: Any, dossier: Dossier) -> None:
    given = dossier.global_signal
    if given is None:
        return
    # Each run by itself: the scanner's gain between runs says nothing of the person.
    out = np.empty(len(given))
    for start, stop in _frames(dossier):
        part = np.asarray(given[start:stop], dtype=np.float64)
        out[start:stop] = 100 * (part / np.median(part) - 1)
    _line(axes, _minutes(dossier), out, SHARED)
    axes.set_ylabel("global signal\n%", fontsize=8.5)


def _line(
    axes: Any, minutes: Floats, values: Floats, code: str, floor: float | None = None
) -> None:
    """Draw a trace whose rare spikes are cut, so that the rest can be read."""
    low, high = np.nanpercentile(values, [0.5, 99.5])
    spread = max(float(high - low), 1e-9)
    low = low - 0.15 * spread if floor is None else floor
    high = high + 0.15 * spread
    axes.plot(minutes, np.clip(values, low, high), color=code, linewidth=0.9)
    axes.set_ylim(low, high)


def _left_out(axes: Any, dossier: Dossier, end: float) -> None:
    """Draw the strip over the carpet: a mark where a frame was left out."""
    for start, stop in _spans(~dossier.kept, dossier.tr_s):
        axes.axvspan(start, stop, color=LIMIT, linewidth=0)
    axes.set_xlim(0, end)
    axes.set_axis_off()


def _carpet(axes: Any, dossier: Dossier, end: float) -> None:
    picture = dossier.carpet
    spread = float(np.nanstd(picture)) or 1.0
    count = picture.shape[1]
    axes.imshow(
        picture.T, aspect="auto", cmap="gray", vmin=-2 * spread, vmax=2 * spread,
        extent=(0, end, count, 0), interpolation="none" if len(picture) < 900 else "auto",
    )  # fmt: skip
    axes.set_yticks([])
    axes.set_xlabel("minutes", fontsize=8.5)
    if not dossier.carpet_rows:
        axes.set_ylabel("places in the brain", fontsize=8.5)
        return
    row = 0
    for name, rows in dossier.carpet_rows:
        if row:
            axes.axhline(row, color="white", linewidth=2.2)
            axes.axhline(row, color=style.INK, linewidth=0.8)
        axes.text(
            -0.008, 1 - (row + rows / 2) / count, style.plain(name.replace(" ", "\n")),
            transform=axes.transAxes, fontsize=8.5, ha="right", va="center", color=style.INK,
        )  # fmt: skip
        row += rows


def _runs(traces: list[Any], carpet: Any, dossier: Dossier) -> None:
    """Draw the borders of runs through all axes, and the runs' names over the first."""
    if len(dossier.runs) < 2:
        return
    total = len(dossier.fd_mm)
    for run, (start, stop) in zip(dossier.runs, _frames(dossier), strict=True):
        if start:
            at = start * dossier.tr_s / 60
            for axes in traces:
                axes.axvline(at, color=style.INK, linewidth=1.3)
            carpet.axvline(at, color="white", linewidth=3.2)
            carpet.axvline(at, color=style.INK, linewidth=1.3)
        if (stop - start) / total >= LEAST_NAMED:
            traces[0].text(
                (start + stop) / 2 * dossier.tr_s / 60, 1.04, style.plain(run.name),
                transform=traces[0].get_xaxis_transform(), fontsize=8.5, ha="center",
                va="bottom", color=style.WEAK_INK,
            )  # fmt: skip


def _minutes(dossier: Dossier) -> Floats:
    return np.arange(len(dossier.fd_mm)) * dossier.tr_s / 60


def _frames(dossier: Dossier) -> list[tuple[int, int]]:
    """Give (first, behind last) frame of each run; one run where none are named."""
    ends = np.cumsum([run.frames for run in dossier.runs] or [len(dossier.fd_mm)]).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _spans(flags: NDArray[np.bool_], tr_s: float) -> list[tuple[float, float]]:
    """Give start and end in minutes of each row of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    minutes = (edges * tr_s / 60).tolist()
    return list(zip(minutes[::2], minutes[1::2], strict=True))


def _quiet(axes: Any, end: float) -> None:
    axes.set_xlim(0, end)
    axes.tick_params(labelsize=8, colors=style.INK, length=3)
    for name in ("top", "right"):
        axes.spines[name].set_visible(False)
