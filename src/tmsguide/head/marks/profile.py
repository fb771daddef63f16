"""The outline of a head in its midsagittal plane, and the landmarks that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.head.marks.tape import plane_cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Surface

    Floats = NDArray[np.float64]

__all__ = ["Profile", "front_notch", "outline", "rear_knob"]

STEP_MM = 0.5
NOSE_BELOW_MM = 65.0  # the tip of the nose lies less than this below the nasion
BROW_ABOVE_MM = 50.0  # the forehead is at its fullest within this above it
NOTCH_MM = 1.5  # shallower hollows between forehead and nose are no nasion
KNOB_REACH_MM = 14.0
KNOB_SPAN_MM = 15.0  # half the height over which the occiput's knob is judged
KNOB_MM = 0.5  # by which it must stand out against its neighbourhood


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Front and back outline of a head over height, in the midsagittal plane.

    ``height_mm`` (N,) along ``up``; ``front_mm`` and ``rear_mm`` (N,) along ``ahead`` from
    ``origin_mm``, not-a-number where the plane meets no scalp. ``ahead`` and ``up`` are unit
    vectors (3,) of the scalp's frame.
    """

    height_mm: Floats
    front_mm: Floats
    rear_mm: Floats
    origin_mm: Floats
    ahead: Floats
    up: Floats

    def place(self, ahead_mm: float, height_mm: float) -> Floats:
        """Give the point (3,) of the scalp's frame at a place of the outline."""
        return np.asarray(self.origin_mm + ahead_mm * self.ahead + height_mm * self.up)

    def height(self, point: Floats) -> float:
        """Give the height in mm of a point (3,)."""
        return float((point - self.origin_mm) @ self.up)


def outline(scalp: Surface, midline: Floats, axes: Floats) -> Profile:
    """Give the outline in the plane through three points of the midline.

    Parameters
    ----------
    scalp
        Closed surface.
    midline
        (3, 3) mm, well apart: near nasion, inion and vertex.
    axes
        (3, 3) rough unit directions right, front and up.
    """
    normal = np.cross(midline[1] - midline[0], midline[2] - midline[0])
    normal = normal / np.linalg.norm(normal)
    up = axes[2] - (axes[2] @ normal) * normal
    up = up / np.linalg.norm(up)
    ahead = axes[1] - (axes[1] @ normal) * normal - (axes[1] @ up) * up
    ahead = ahead / np.linalg.norm(ahead)
    origin = midline.mean(axis=0)
    cut = plane_cut(scalp, origin, normal) - origin
    flat = np.stack([cut @ ahead, cut @ up], axis=-1)
    low, high = float(flat[..., 1].min()), float(flat[..., 1].max())
    height = np.arange(np.ceil(low / STEP_MM), np.floor(high / STEP_MM) + 1) * STEP_MM
    front, rear = _extents(flat, height)
    return Profile(height, front, rear, origin, ahead, up)


def front_notch(profile: Profile, expected: Floats) -> Floats | None:
    """Give the deepest point (3,) between forehead and nose, or None where there is no notch.

    Depth is measured from the line that touches the forehead and the nose.
    """
    here = profile.height(expected)
    height, front = profile.height_mm, profile.front_mm
    nose = (height > here - NOSE_BELOW_MM) & (height < here + 10) & np.isfinite(front)
    if not nose.any():
        return None
    tip = int(np.flatnonzero(nose)[np.argmax(front[nose])])
    rows = np.flatnonzero((height >= height[tip]) & (height < here + BROW_ABOVE_MM))
    rows = rows[np.isfinite(front[rows])]
    points = np.stack([height[rows], front[rows]], axis=1)
    depth = _depth(points)
    best = int(np.argmax(depth)) if len(depth) else 0
    if not len(depth) or depth[best] < NOTCH_MM:
        return None
    return profile.place(float(points[best, 1]), float(points[best, 0]))


def rear_knob(profile: Profile, expected: Floats) -> Floats | None:
    """Give the point (3,) of the back of the head that stands out most near the expected inion.

    None where nothing stands out against the curve of the occiput.
    """
    height, out = profile.height_mm, -profile.rear_mm
    span = round(KNOB_SPAN_MM / STEP_MM)
    stands = np.full(len(out), np.nan)
    stands[span:-span] = out[span:-span] - (out[2 * span :] + out[: -2 * span]) / 2
    off = np.abs(height - profile.height(expected))
    near = (off <= KNOB_REACH_MM) & np.isfinite(stands)
    wide = (off <= 3 * KNOB_REACH_MM) & np.isfinite(stands)
    if not near.any():
        return None
    best = int(np.flatnonzero(near)[np.argmax(stands[near])])
    inside = off[best] < KNOB_REACH_MM - 2 * STEP_MM
    if not inside or stands[best] < float(np.median(stands[wide])) + KNOB_MM:
        return None
    return profile.place(-float(out[best]), float(height[best]))


def _extents(flat: Floats, height: Floats) -> tuple[Floats, Floats]:
    """Give the largest and smallest first coordinate of segments (S, 2, 2) at each height."""
    front, rear = np.full(len(height), -np.inf), np.full(len(height), np.inf)
    order = np.sort(flat[..., 1], axis=1)
    first = np.searchsorted(height, order[:, 0], side="left")
    last = np.searchsorted(height, order[:, 1], side="right")
    for (a, b), low, high in zip(flat, first, last, strict=True):
        if high <= low:
            continue
        rows = np.arange(low, high)
        rise = b[1] - a[1]
        part = (height[rows] - a[1]) / rise if abs(rise) > 1e-12 else np.zeros(len(rows))
        at = a[0] + part * (b[0] - a[0])
        front[rows] = np.maximum(front[rows], at)
        rear[rows] = np.minimum(rear[rows], at)
    empty = ~np.isfinite(front)
    return np.where(empty, np.nan, front), np.where(empty, np.nan, rear)


def _depth(points: Floats) -> Floats:
    """Give how far points (N, 2) lie below the line drawn taut over them (N,)."""
    kept: list[int] = []
    for i, point in enumerate(points):
        while len(kept) > 1:
            a, b = points[kept[-2]], points[kept[-1]]
            if (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) < 0:
                break
            kept.pop()
        kept.append(i)
    line = points[kept]
    above = np.interp(points[:, 0], line[:, 0], line[:, 1]) - points[:, 1]
    slope = (
        np.interp(
            points[:, 0],
            (line[1:, 0] + line[:-1, 0]) / 2,
            np.diff(line[:, 1]) / np.maximum(np.diff(line[:, 0]), 1e-9),
        )
        if len(line) > 1
        else np.zeros(len(points))
    )
    return np.asarray(above / np.hypot(1.0, slope))
