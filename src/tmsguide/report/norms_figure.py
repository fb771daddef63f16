"""A picture of one person against a reference cohort: a matrix of networks, or lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.norms import networks_in
from tmsguide.report import style
from tmsguide.report.norms_words import measure_words, signed

if TYPE_CHECKING:
    from tmsguide.model import Deviation

__all__ = ["norms_figure"]

#: Stops of a diverging map, blue to red through white (ColorBrewer RdBu, safe for colour-blind
#: readers: its ends differ in blue and in red light, and the signs are printed beside).
_STOPS = ((0.02, 0.19, 0.38), (0.13, 0.40, 0.67), (0.57, 0.77, 0.87), (0.97, 0.97, 0.97),
          (0.96, 0.65, 0.51), (0.70, 0.09, 0.17), (0.40, 0.00, 0.12))  # fmt: skip
_LIMIT = 4.0
_MISSING = "#dcdcdc"
_RATE = 0.05
_CELL_PX = 46
#: Room for the colour bar, the key and the footer.
_KEY_PX = 150
#: How much colour is left to measures inside the interval.
_PALE = 0.55
_MOST_NETWORKS = 20
_MOST_LINES = 24


def norms_figure(found: Deviation, subject: str) -> bytes:
    """Draw a person's deviations as PNG: a matrix of networks, else the measures farthest off.

    Inside the 95 % prediction interval a measure is drawn small and pale; outside it fills its
    cell, blue for less and red for more than expected, with its number; a frame (or a diamond)
    marks what stands out after correction for the number of measures.
    """
    pairs = networks_in(found.names)
    networks = sorted({name for pair in (pairs or {}).values() for name in pair})
    if pairs is None or len(networks) > _MOST_NETWORKS:
        return style.png(_lines(found), subject)
    return style.png(_matrix(found, pairs, networks), subject)


def _matrix(found: Deviation, pairs: dict[str, tuple[str, str]], networks: list[str]) -> Any:
    count = len(networks)
    label_px = 24 + 7 * max(len(name) for name in networks)
    below_px = round(0.72 * label_px) + _KEY_PX
    width = max(label_px + count * _CELL_PX + 40, 640)
    height = 60 + count * _CELL_PX + below_px
    figure = style.canvas(width, height)
    left = (width - label_px - count * _CELL_PX) / 2 + label_px
    axes = figure.add_axes(
        (left / width, below_px / height, count * _CELL_PX / width,
         count * _CELL_PX / height)
    )  # fmt: skip
    axes.set(xlim=(0, count), ylim=(count, 0))
    axes.axis("off")
    place = {name: k for k, name in enumerate(networks)}
    for k, name in enumerate(found.names):
        one, other = sorted(place[network] for network in pairs[name])
        _cell(axes, found, k, (one, other))
    for name, k in place.items():
        axes.text(-0.15, k + 0.5, style.plain(name), ha="right", va="center", fontsize=8.5,
                  color=style.INK)  # fmt: skip
        axes.text(k + 0.55, count + 0.12, style.plain(name), ha="right", va="top", fontsize=8.5,
                  rotation=45, rotation_mode="anchor", color=style.INK)  # fmt: skip
    figure.text(0.5, 1 - 26 / height, "Networks against the reference cohort", fontsize=11,
                color=style.INK, ha="center", va="center", weight="bold")  # fmt: skip
    _key(figure, width, height)
    return figure


def _cell(axes: Any, found: Deviation, k: int, at: tuple[int, int]) -> None:
    """Draw one measure in the column of the first network and the row of the second."""
    from matplotlib.patches import Rectangle

    x, y = at
    axes.add_patch(
        Rectangle((x, y), 1, 1, facecolor="none", edgecolor="#e3e6ea", linewidth=0.8,
                  clip_on=False)
    )  # fmt: skip
    if not np.isfinite(found.value[k]):
        axes.text(x + 0.5, y + 0.5, "n/a", fontsize=7, ha="center", va="center",
                  color=style.WEAK_INK)  # fmt: skip
        return
    colour = style.colour(np.array(found.z[k]), _STOPS, -_LIMIT, _LIMIT)
    stands = found.q[k] <= _RATE
    side = 0.42
    if _outside(found, k):
        side = 0.76 if stands else 0.94
    else:
        colour = 1 - _PALE * (1 - colour)
    start = (x + (1 - side) / 2, y + (1 - side) / 2)
    axes.add_patch(Rectangle(start, side, side, facecolor=tuple(colour), linewidth=0))
    if _outside(found, k):
        ink = "white" if float(colour @ [0.30, 0.59, 0.11]) < 0.55 else style.INK
        axes.text(x + 0.5, y + 0.52, signed(float(found.z[k])), ha="center", va="center",
                  fontsize=7.2 if stands else 8, color=ink, weight="bold")  # fmt: skip
    if stands:
        axes.add_patch(
            Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, facecolor="none", edgecolor=style.INK,
                      linewidth=2.4, zorder=5, clip_on=False)
        )  # fmt: skip


def _outside(found: Deviation, k: int) -> bool:
    return bool(found.value[k] < found.low[k] or found.value[k] > found.high[k])


def _key(figure: Any, width: int, height: int) -> None:
    style.colour_bar(
        figure, (0.5 - 170 / width, 112 / height, 340 / width, 12 / height), _STOPS, low=-_LIMIT,
        high=_LIMIT,
        label="Less connected than expected  ←  standard deviations of prediction  →  "
        "more connected",
    )  # fmt: skip
    style.paragraph(
        figure,
        "Full square with number: outside the 95 % prediction interval. Small square: inside.\n"
        "Dark frame: stands out after correction for the number of measures.",
        left_px=0.5 * width - 264, top_px=height - 62,
    )  # fmt: skip


def _lines(found: Deviation) -> Any:
    """Draw the measures farthest off as dots against their intervals, in standard deviations."""
    there = np.flatnonzero(np.isfinite(found.z))
    order = there[np.argsort(-np.abs(found.z[there]), kind="stable")][:_MOST_LINES]
    height = 150 + 24 * len(order)
    width = 760
    figure = style.canvas(width, height)
    axes = figure.add_axes((0.36, 92 / height, 0.58, (height - 150) / height))
    reach = 1.959964 * np.ones(len(order))
    at = found.z[order]
    axes.barh(np.arange(len(order)), 2 * reach, left=-reach, height=0.5, color="#e3e6ea")
    axes.axvline(0, color=style.WEAK_INK, linewidth=0.8)
    colours = style.colour(at, _STOPS, -_LIMIT, _LIMIT)
    for row, k in enumerate(order):
        off, stands = _outside(found, k), found.q[k] <= _RATE
        axes.plot(
            at[row], row, "D" if stands else "o", markersize=9 if off else 5,
            color=tuple(colours[row]), markeredgecolor=style.INK, markeredgewidth=0.6,
        )  # fmt: skip
    axes.set_yticks(np.arange(len(order)))
    axes.set_yticklabels([style.plain(_short(measure_words(found.names[k]))) for k in order])
    limit = max(4.0, float(np.abs(at).max()) * 1.08)
    axes.set(xlim=(-limit, limit), ylim=(len(order) - 0.4, -0.6))
    axes.tick_params(labelsize=8.5, colors=style.INK, length=0)
    axes.set_xlabel("Standard deviations of prediction from what is expected", fontsize=8.5,
                    color=style.INK)  # fmt: skip
    for spine in axes.spines.values():
        spine.set_visible(False)
    shown = f"The {len(order)} measures farthest off" if len(order) < len(there) else "Measures"
    figure.text(0.5, 1 - 24 / height, f"{shown} against the reference cohort", fontsize=11,
                color=style.INK, ha="center", va="center", weight="bold")  # fmt: skip
    style.paragraph(
        figure,
        "Grey bar: 95 % prediction interval. Large dot: outside it. Diamond: stands out after "
        "correction.", left_px=60, top_px=height - 36,
    )  # fmt: skip
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 38 else name[:37] + "…"
