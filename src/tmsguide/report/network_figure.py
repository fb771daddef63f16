"""The picture of connectivity within and between networks, pale where it may as well be none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import matrices, quantities, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import NetworkMeans

    Floats = NDArray[np.float64]

__all__ = ["network_figure", "signed", "uncertain"]

WIDE_PX = 1150
LABEL_PX = 190.0
COLUMN_PX = 118.0
#: How much of its colour a cell keeps where the interval holds 0.
PALE = 0.22


def network_figure(means: NetworkMeans, label: str) -> bytes:
    """Draw the mean of each pair of networks below the diagonal, its interval above it."""
    count = len(means.names)
    wide = min(96.0, (WIDE_PX - LABEL_PX - 135) / count)
    high = min(44.0, max(30.0, 0.62 * wide))
    figure = style.canvas(WIDE_PX, round(COLUMN_PX + count * high + 110))
    box = (LABEL_PX + 16, COLUMN_PX, wide, high)
    colours, limit = _colours(means)
    axes = matrices.cells(figure, colours, box)
    _values(axes, means, colours, wide=wide)
    matrices.row_names(figure, means.names, box, width_px=LABEL_PX)
    names = [
        style.shortened(n, width_px=COLUMN_PX * 1.35, lines=1, points=matrices.LABEL_POINTS)
        for n in means.names
    ]
    matrices.column_names(figure, names, box, turned=True)
    height = figure.get_size_inches()[1] * style.DPI
    style.colour_bar(
        figure, (box[0] / WIDE_PX, 66 / height, 0.28, 12 / height), style.Z, low=-limit,
        high=limit, label="mean Fisher z (orange: move together; blue: against each other)",
    )  # fmt: skip
    style.paragraph(
        figure,
        "on and below the diagonal: the mean; above it: its 95 % interval\n"
        "pale: the interval holds 0, so the sign is not known",
        left_px=box[0] + 0.28 * WIDE_PX + 50, top_px=height - 84,
    )  # fmt: skip
    return style.png(figure, label)


def uncertain(means: NetworkMeans) -> NDArray[np.bool_]:
    """Say which means (K, K) have an interval that holds 0 or is not known."""
    return ~((means.low > 0) | (means.high < 0))


def _colours(means: NetworkMeans) -> tuple[Floats, float]:
    """Give the colour of every cell (K, K, 3), white above the diagonal, and the scale's end."""
    known = means.z[np.isfinite(means.z)]
    top = float(np.percentile(np.abs(known), 98)) if known.size else 0.0
    limit = max(0.1, np.ceil(10 * top) / 10)
    full = style.colour(means.z, style.Z, -limit, limit)
    share = np.where(uncertain(means), PALE, 1.0)[..., None]
    colours = share * full + (1 - share)
    above = np.triu(np.ones(means.z.shape, dtype=bool), 1)
    return np.where(above[..., None], 1.0, colours), float(limit)


def _values(axes: Any, means: NetworkMeans, colours: Floats, *, wide: float) -> None:
    large, small = (8.5, 7.0) if wide >= 52 else (7.0, 6.0)
    unsure = uncertain(means)
    for row, column in np.ndindex(means.z.shape):
        z, low, high = (float(of[row, column]) for of in (means.z, means.low, means.high))
        above, crossed = column > row, bool(unsure[row, column])
        ink = style.WEAK_INK if above or crossed else matrices.ink_on(colours[row, column])
        axes.text(
            column, row, f"{signed(low)}\n{signed(high)}" if above else signed(z),
            fontsize=small if above else large, ha="center", va="center", color=ink,
            linespacing=1.1, fontweight="normal" if above or crossed else "bold",
        )  # fmt: skip


def signed(value: float) -> str:
    """Give a Fisher z with its sign and two decimals, – where it is not known."""
    if not np.isfinite(value):
        return "–"
    return f"{value:+.2f}".replace("-", quantities.MINUS) if abs(value) >= 0.005 else "0.00"
