"""The picture of every pair of parcels, network by network: for researchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.report import matrices, style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.entries import ConnectomeEntry

__all__ = ["by_network", "connectome_figure"]

SIDE_PX = 560
LABEL_PX = 190
TOP_PX = 40


def connectome_figure(given: ConnectomeEntry, label: str) -> bytes:
    """Draw connectivity of every two parcels, sorted by network; parcels without signal grey."""
    order = by_network(given)
    z = given.z[np.ix_(order, order)]
    known = np.abs(z[np.isfinite(z)])
    limit = max(0.1, float(np.ceil(10 * np.percentile(known, 98)) / 10)) if known.size else 0.1
    width, height = LABEL_PX + SIDE_PX + 30, TOP_PX + SIDE_PX + 90
    figure = style.canvas(width, height)
    axes = figure.add_axes(
        (LABEL_PX / width, 1 - (TOP_PX + SIDE_PX) / height, SIDE_PX / width, SIDE_PX / height)
    )
    colours = style.colour(z, style.Z, -limit, limit)
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    _blocks(axes, [given.networks[k] for k in order])
    figure.text(
        LABEL_PX / width, 1 - 14 / height, f"{len(order)} parcels by network", fontsize=10,
        color=style.INK, va="top",
    )  # fmt: skip
    style.colour_bar(
        figure, (LABEL_PX / width, 60 / height, 0.5 * SIDE_PX / width, 12 / height), style.Z,
        low=-limit, high=limit, label=style.plain(f"Fisher z, {given.kind}"),
    )  # fmt: skip
    return style.png(figure, label)


def _blocks(axes: Any, networks: list[str]) -> None:
    """Part the networks of sorted parcels (P,) by white lines and name each beside its rows."""
    starts = [k for k, name in enumerate(networks) if k == 0 or name != networks[k - 1]]
    ends = [*starts[1:], len(networks)]
    for start in starts[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=1.0)
        axes.axvline(start - 0.5, color="white", linewidth=1.0)
    points, room = matrices.LABEL_POINTS - 0.5, LABEL_PX - 24
    names = [style.shortened(networks[k], width_px=room, lines=1, points=points) for k in starts]
    middles = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    axes.set_yticks(middles, [style.plain(n) for n in names], fontsize=points, color=style.INK)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def by_network(given: ConnectomeEntry) -> NDArray[np.int64]:
    """Give the parcels (P,) network by network: those of the means first, in their order."""
    first = {name: k for k, name in reversed([*enumerate(given.means.names)])}
    others = sorted(set(given.networks) - set(first))
    rank = first | {name: len(first) + k for k, name in enumerate(others)}
    return np.argsort([rank[name] for name in given.networks], kind="stable").astype(np.int64)
