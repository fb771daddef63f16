"""Square tables of numbers as coloured cells, with names beside and above them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LABEL_POINTS", "cells", "column_names", "ink_on", "row_names"]

LABEL_POINTS = 8.0
LABEL_LINE_PX = 14.0
GAP_PX = 8.0


def cells(figure: Any, colours: Floats, box: tuple[float, float, float, float]) -> Any:
    """Draw K x K cells of ``colours`` (K, K, 3) in ``box`` (left, top, cell width, height in px).

    Gives axes in which the middle of the cell in row i and column j is (j, i).
    """
    left, top, cell_wide, cell_high = box
    count = len(colours)
    width, height = figure.get_size_inches() * style.DPI
    axes = figure.add_axes(
        (
            left / width,
            1 - (top + count * cell_high) / height,
            count * cell_wide / width,
            count * cell_high / height,
        )
    )
    axes.imshow(colours, aspect="auto", interpolation="none")
    for edge in np.arange(count + 1) - 0.5:
        axes.axhline(edge, color="white", linewidth=1.0)
        axes.axvline(edge, color="white", linewidth=1.0)
    axes.set_axis_off()
    return axes


def row_names(
    figure: Any, names: Sequence[str], box: tuple[float, float, float, float], *, width_px: float
) -> list[Any]:
    """Write the names right-aligned beside the cells of ``box``, cut to the height of a row."""
    left, top, _, cell_high = box
    width, height = figure.get_size_inches() * style.DPI
    lines = max(1, int(cell_high / LABEL_LINE_PX))
    return [
        figure.text(
            (left - GAP_PX) / width,
            1 - (top + (row + 0.5) * cell_high) / height,
            style.plain(
                style.shortened(name, width_px=width_px, lines=lines, points=LABEL_POINTS)
            ),
            fontsize=LABEL_POINTS,
            ha="right",
            va="center",
            color=style.INK,
            linespacing=1.15,
        )
        for row, name in enumerate(names)
    ]


def column_names(
    figure: Any, names: Sequence[str], box: tuple[float, float, float, float], *, turned: bool
) -> list[Any]:
    """Write the names above the cells of ``box``; ``turned`` ones rise to the right."""
    left, top, cell_wide, _ = box
    width, height = figure.get_size_inches() * style.DPI
    return [
        figure.text(
            (left + (column + (0.35 if turned else 0.5)) * cell_wide) / width,
            1 - (top - GAP_PX) / height,
            style.plain(name),
            fontsize=LABEL_POINTS,
            ha="left" if turned else "center",
            va="bottom",
            rotation=40 if turned else 0,
            rotation_mode="anchor",
            color=style.INK,
        )
        for column, name in enumerate(names)
    ]


def ink_on(colour: Floats) -> str:
    """Give the ink that reads best on a colour (3,): white on dark, dark on light."""
    return "white" if float(np.dot(colour, [0.30, 0.59, 0.11])) < 0.52 else style.INK
