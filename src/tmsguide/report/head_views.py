"""Shared pieces of the three-dimensional figures: levelled cameras, markers, callouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.num import raster
from tmsguide.report import orientation, style
from tmsguide.report.scene import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.report.dossier import Dossier
    from tmsguide.report.scene import Picture

    Floats = NDArray[np.float64]

__all__ = ["callouts", "camera", "frame", "letters", "levelled", "mark", "ring", "side"]

#: Room for one name on the circle of names.
NAME_PX = 38.0


def levelled(dossier: Dossier) -> Floats:
    """Give head_from_t1w (3, 3): the scan's axes turned so that the head stands as in MNI."""
    vertices = dossier.cortex.vertices
    thinned = type(vertices)(vertices.xyz_mm[:: max(1, len(vertices) // 4000)], vertices.frame)
    return orientation.head_axes(dossier.mni_from_t1w, thinned)


def side(dossier: Dossier, head_from_t1w: Floats) -> str:
    """Give the side from which the target is seen: left unless it lies on the right."""
    vertices = dossier.cortex.vertices.xyz_mm @ head_from_t1w[0]
    middle = (vertices.min() + vertices.max()) / 2
    return "right" if dossier.target.point.xyz_mm[0] @ head_from_t1w[0] > middle + 2 else "left"


def camera(
    toward: tuple[float, float, float],
    up: tuple[float, float, float],
    head_from_t1w: Floats,
    size: tuple[int, int],
) -> View:
    """Give a view of T1w millimetres from a direction named in head axes, not yet fitted."""
    return View(raster.camera_axes(toward, up) @ head_from_t1w, np.zeros(3), 1.0, size)


def frame(figure: Any, picture: Picture, left_px: float, top_px: float, title: str) -> Any:
    """Place a picture at pixels from the figure's left and top; axes are in picture pixels."""
    width, height = figure.get_size_inches() * style.DPI
    rows, columns = picture.view.size
    axes = figure.add_axes(
        (left_px / width, 1 - (top_px + rows) / height, columns / width, rows / height)
    )
    axes.imshow(picture.rgb, extent=(0, columns, rows, 0), interpolation="none")
    axes.set_axis_off()
    axes.set_title(title, fontsize=10, color=style.INK, pad=5)
    return axes


def letters(axes: Any, picture: Picture, left: str, right: str) -> None:
    """Write the side letters in the picture's lower corners."""
    rows, columns = picture.view.size
    for text, x, side in ((left, 8, "left"), (right, columns - 8, "right")):
        axes.text(
            x, rows - 8, text, fontsize=12, fontweight="bold", color=style.WEAK_INK, ha=side,
            va="bottom",
        )  # fmt: skip


def mark(axes: Any, picture: Picture, point: Floats, code: str, size: float = 7) -> None:
    """Draw a dot at a point (3,): filled when it is in sight, hollow when cortex hides it."""
    x, y, _ = picture.view.pixels(point[None])[0]
    seen = bool(picture.visible(point[None], slack_mm=8.0)[0])
    axes.plot(
        [x], [y], marker="o", markersize=size, markeredgewidth=1.6,
        color=code if seen else "none", markeredgecolor="white" if seen else code, zorder=6,
    )  # fmt: skip


def ring(axes: Any, picture: Picture, point: Floats, radius_mm: float, code: str) -> None:
    """Draw the outline of a ball of ``radius_mm`` round a point (3,)."""
    from matplotlib.patches import Circle

    x, y, _ = picture.view.pixels(point[None])[0]
    radius = radius_mm * picture.view.pixels_per_mm
    for width, colour in ((3.2, "white"), (1.7, code)):
        axes.add_patch(
            Circle((x, y), radius, fill=False, edgecolor=colour, linewidth=width, zorder=5)
        )


def callouts(axes: Any, picture: Picture, points: Floats, names: tuple[str, ...]) -> None:
    """Write short names round a cluster of points (N, 3), each on its own leader line.

    The names stand evenly on a circle in the order of the points' angles, turned to sit as near
    to their points as that allows, so none covers another or a point. The circle grows with the
    number of names and moves inward where the picture would cut it.
    """
    at = picture.view.pixels(points)[:, :2]
    middle = at.mean(axis=0)
    away = at - middle
    angle = np.arctan2(away[:, 1], away[:, 0])
    order = np.argsort(angle, kind="stable")
    slots = 2 * np.pi * np.arange(len(at)) / len(at)
    turn = np.angle(np.exp(1j * (angle[order] - slots)).mean())
    rows, columns = picture.view.size
    radius = max(float(np.linalg.norm(away, axis=1).max()) + 58, NAME_PX * len(at) / (2 * np.pi))
    radius = min(radius, columns / 2 - 32, rows / 2 - 12)
    edge = radius + np.array([32.0, 12.0])
    middle = np.clip(middle, edge, np.array([columns, rows]) - edge)
    for slot, which in zip(slots, order, strict=True):
        x, y = middle + radius * np.array([np.cos(slot + turn), np.sin(slot + turn)])
        axes.plot([at[which, 0], x], [at[which, 1], y], color=style.INK, linewidth=0.8, zorder=4)
        axes.text(
            x, y, style.plain(names[which]), fontsize=8.5, ha="center", va="center", zorder=7,
            color=style.INK,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": style.INK,
                  "linewidth": 0.7},
        )  # fmt: skip
