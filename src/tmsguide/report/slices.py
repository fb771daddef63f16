"""Slices through volumes in world millimetres, laid out so that left of the picture is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import Volume
from tmsguide.report import style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points

    Floats = NDArray[np.float64]

__all__ = ["SIDES", "Plane", "bounds", "lattice", "nearest", "panels", "sample"]

#: What every slice figure says.
SIDES = "Left of the picture is the person's left (neurological view)."

#: By the axis a plane is square to: world axis and sign of picture columns and of rows downward.
_LAYOUT = {0: ((1, -1), (2, -1)), 1: ((0, 1), (2, -1)), 2: ((0, 1), (1, -1))}
_NAMES = {0: "Sagittal", 1: "Coronal", 2: "Axial"}
_LETTERS = {0: ("A", "P"), 1: ("L", "R"), 2: ("L", "R")}


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A slice square to world ``axis`` (0 x, 1 y, 2 z) at ``at_mm``, cut to ``low``..``high``.

    Sagittal slices are seen from the left (front on the left); coronal and axial ones have the
    person's left on the left, the top or the front upward.
    """

    axis: int
    at_mm: float
    low: Floats
    high: Floats

    @property
    def width_mm(self) -> float:
        """Extent along the columns."""
        axis = _LAYOUT[self.axis][0][0]
        return float(self.high[axis] - self.low[axis])

    @property
    def height_mm(self) -> float:
        """Extent along the rows."""
        axis = _LAYOUT[self.axis][1][0]
        return float(self.high[axis] - self.low[axis])

    @property
    def letters(self) -> tuple[str, str]:
        """Letters for the left and right edge of the picture."""
        return _LETTERS[self.axis]

    @property
    def title(self) -> str:
        """Name and place, such as ``Axial, z = 26 mm``."""
        return f"{_NAMES[self.axis]}, {'xyz'[self.axis]} = {self.at_mm:.0f} mm".replace("-", "−")

    def locate(self, xyz_mm: Floats) -> Floats:
        """Give where points (N, 3) fall in the picture: millimetres from its left and its top."""
        out = []
        for axis, sign in _LAYOUT[self.axis]:
            edge = self.low[axis] if sign > 0 else self.high[axis]
            out.append(sign * (xyz_mm[:, axis] - edge))
        return np.column_stack(out)

    def grid(self, step_mm: float) -> Floats:
        """Give the world positions of pixel centres, (rows, columns, 3)."""
        (column_axis, column_sign), (row_axis, row_sign) = _LAYOUT[self.axis]
        columns = step_mm * (np.arange(int(self.width_mm / step_mm)) + 0.5)
        rows = step_mm * (np.arange(int(self.height_mm / step_mm)) + 0.5)
        at = np.full((len(rows), len(columns), 3), self.at_mm)
        for axis, sign, along in (
            (column_axis, column_sign, columns[None, :]),
            (row_axis, row_sign, rows[:, None]),
        ):
            edge = self.low[axis] if sign > 0 else self.high[axis]
            at[..., axis] = edge + sign * along
        return at


def bounds(mask: Volume, margin_mm: float) -> tuple[Floats, Floats]:
    """Give the world box (low, high), each (3,), round a mask's True voxels, with a margin."""
    data = np.asarray(mask.data) > 0
    span = []
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        used = np.flatnonzero(data.any(axis=others))
        span.append((used[0], used[-1]))
    corners = np.array(np.meshgrid(*span)).reshape(3, -1).T
    matrix = mask.frame_from_voxel
    world = corners @ matrix[:3, :3].T + matrix[:3, 3]
    return world.min(axis=0) - margin_mm, world.max(axis=0) + margin_mm


def nearest(volume: Volume, at: Floats) -> NDArray[Any]:
    """Give the voxels of a 3-D volume nearest to world positions (..., 3); outside it, 0."""
    index = np.rint(_index(volume, at)).astype(int)
    inside = np.all((index >= 0) & (index < volume.data.shape), axis=-1)
    index = np.where(inside[..., None], index, 0)
    found = volume.data[index[..., 0], index[..., 1], index[..., 2]]
    return np.where(inside, found, np.zeros((), dtype=volume.data.dtype))


def sample(volume: Volume, at: Floats) -> Floats:
    """Give a 3-D volume at world positions (..., 3), trilinear; outside it, 0.

    Where the volume has NaN the known voxels alone count; where they weigh under one half, NaN.
    """
    exact = _index(volume, at)
    base = np.floor(exact).astype(int)
    part = exact - base
    total, known = np.zeros(exact.shape[:-1]), np.zeros(exact.shape[:-1])
    for corner in np.ndindex(2, 2, 2):
        index = base + np.asarray(corner)
        weight = np.prod(np.where(corner, part, 1 - part), axis=-1)
        inside = np.all((index >= 0) & (index < volume.data.shape), axis=-1)
        index = np.where(inside[..., None], index, 0)
        value = volume.data[index[..., 0], index[..., 1], index[..., 2]].astype(np.float64)
        value = np.where(inside, value, 0.0)
        sure = np.isfinite(value)
        total += np.where(sure, weight * value, 0.0)
        known += np.where(sure, weight, 0.0)
    return np.where(known >= 0.5, total / np.maximum(known, 0.5), np.nan)


def _index(volume: Volume, at: Floats) -> Floats:
    voxel_from_world = np.linalg.inv(volume.frame_from_voxel)
    return np.asarray(at @ voxel_from_world[:3, :3].T + voxel_from_world[:3, 3])


def lattice(where: Points, values: Floats, grid_mm: float) -> Volume:
    """Give scattered values on a regular world-aligned grid as a volume, NaN between them."""
    low = where.xyz_mm.min(axis=0)
    index = np.rint((where.xyz_mm - low) / grid_mm).astype(int)
    data = np.full(index.max(axis=0) + 1, np.nan)
    data[tuple(index.T)] = values
    matrix = np.diag([grid_mm, grid_mm, grid_mm, 1.0])
    matrix[:3, 3] = low
    return Volume(data, matrix, where.frame)


def panels(
    figure: Any, planes: tuple[Plane, ...], *, top: float = 0.92, bottom: float = 0.1
) -> list[Any]:
    """Lay black panels side by side at one scale; each in millimetres from its left and top.

    Titles and side letters are drawn; ``top`` and ``bottom`` are figure fractions.
    """
    width_in, height_in = figure.get_size_inches()
    gap = 0.008
    room = (1 - gap * (len(planes) + 1)) * width_in
    scale = min(
        room / sum(p.width_mm for p in planes),
        (top - bottom) * height_in / max(p.height_mm for p in planes),
    )
    used = sum(p.width_mm for p in planes) * scale / width_in + gap * (len(planes) - 1)
    left, out = (1 - used) / 2, []
    for plane in planes:
        width, height = plane.width_mm * scale / width_in, plane.height_mm * scale / height_in
        axes = figure.add_axes((left, top - height, width, height))
        axes.set_facecolor("black")
        axes.set_xlim(0, plane.width_mm)
        axes.set_ylim(plane.height_mm, 0)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(plane.title, fontsize=9, color=style.INK, pad=4)
        for letter, x, side in zip(plane.letters, (0.025, 0.975), ("left", "right"), strict=True):
            axes.text(
                x, 0.975, letter, transform=axes.transAxes, ha=side, va="top", fontsize=11,
                color="white", fontweight="bold", zorder=9,
            )  # fmt: skip
        left += width + gap
        out.append(axes)
    return out
