"""The picture of how far the targets of all methods lie apart, like ones side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import matrices, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.entries import AgreementEntry

    Floats = NDArray[np.float64]

__all__ = ["agreement_figure", "like_beside_like"]

WIDE_PX = 1150
LABEL_PX = 330.0
TOP_PX = 62.0
#: Room for a method's number between its name and the cells.
MARK_PX = 26.0
#: From here on two targets are called far apart: a figure-8 coil acts on about 2 cm of cortex.
FAR_MM = 30.0


def agreement_figure(given: AgreementEntry, label: str) -> bytes:
    """Draw the distance in mm between every two methods' targets, ordered by likeness."""
    order = like_beside_like(given.distance_mm)
    distance = given.distance_mm[np.ix_(order, order)]
    marks = ["T" if k == 0 else str(k) for k in order]
    count = len(order)
    wide = min(60.0, (WIDE_PX - LABEL_PX - 40) / count)
    high = min(34.0, max(22.0, wide))
    figure = style.canvas(WIDE_PX, round(TOP_PX + count * high + 84))
    box = (LABEL_PX + 16, TOP_PX, wide, high)
    colours = style.colour(distance, style.DISTANCE, 0.0, FAR_MM)
    axes = matrices.cells(figure, colours, box)
    for (row, column), value in np.ndenumerate(distance):
        same = row == column
        axes.text(
            column, row, "" if same else f"{value:.0f}", fontsize=8.5 if wide >= 30 else 7,
            ha="center", va="center", color=matrices.ink_on(colours[row, column]),
        )  # fmt: skip
    beside = (box[0] - MARK_PX, *box[1:])
    titles = [given.names[k] for k in order]
    named = matrices.row_names(figure, titles, beside, width_px=LABEL_PX - MARK_PX)
    numbered = matrices.row_names(figure, marks, box, width_px=MARK_PX)
    for texts in (named, numbered):
        texts[order.index(0)].set_color(style.TARGET)
    matrices.column_names(figure, marks, box, turned=False)
    width, height = WIDE_PX, figure.get_size_inches()[1] * style.DPI
    figure.text(
        box[0] / width, 1 - 16 / height, "Distance between two methods' targets, mm", fontsize=10,
        color=style.INK, va="top",
    )  # fmt: skip
    style.colour_bar(
        figure, (box[0] / width, 56 / height, min(0.3, count * wide / width), 12 / height),
        style.DISTANCE, low=0.0, high=FAR_MM, label=f"mm; white from {FAR_MM:.0f} mm",
    )  # fmt: skip
    return style.png(figure, label)


def like_beside_like(distance_mm: Floats) -> tuple[int, ...]:
    """Give an order of the K methods in which near ones are neighbours, the target's end first.

    Average linkage with the leaves turned for the shortest walk from one to the next.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    count = len(distance_mm)
    if count < 3:
        return tuple(range(count))
    known = np.nan_to_num(distance_mm, nan=float(np.nanmax(distance_mm)))
    condensed = squareform((known + known.T) / 2, checks=False)
    order = [int(k) for k in leaves_list(linkage(condensed, "average", optimal_ordering=True))]
    return tuple(order if order.index(0) < count / 2 else order[::-1])
