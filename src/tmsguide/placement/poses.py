"""Coil poses that rest on the scalp: axes, standoff, and a casing that never cuts the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.placement.skin import plane_axes, smooth_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["MAX_STANDOFF_MM", "Seat", "matsimnibs", "rest"]

#: A coil lifted farther than this to clear a brow or an ear is no placement any more: the field
#: of a 70 mm figure-8 coil falls by more than half over such a gap.
MAX_STANDOFF_MM = 20.0


@dataclass(frozen=True, slots=True)
class Seat:
    """How a coil rests: the wanted gap and the half sizes of its casing's face, millimetres."""

    standoff_mm: float
    half_x_mm: float
    half_y_mm: float
    max_standoff_mm: float = MAX_STANDOFF_MM

    @classmethod
    def of(cls, coil: Coil, *, standoff_mm: float, max_standoff_mm: float) -> Seat:
        """Take the casing's face from a coil (metres there, millimetres here)."""
        half_x_m, half_y_m, _ = coil.casing_half_size_m
        return cls(standoff_mm, 1e3 * half_x_m, 1e3 * half_y_m, max_standoff_mm)


def rest(
    on: Skin, points: Floats, *, angles_deg: Floats, seat: Seat, towards: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Give the poses of a coil resting on scalp ``points`` (P, 3) at each in-plane angle.

    ``angles_deg`` is (A,) for all points or (P, A), each its own. Angle 0 points the coil's y axis
    (away from the handle) along ``towards`` (default: forward, +y); positive angles turn it to the
    left as seen from outside. Returns (matsimnibs (K, 4, 4), standoff_mm (K,), angle_deg (K,)),
    points outermost, without the poses that would need more than ``seat.max_standoff_mm``.
    """
    normals = smooth_normals(on, points)
    poses, gaps, turns = [], [], []
    own = np.broadcast_to(angles_deg, (len(points), np.shape(angles_deg)[-1]))
    for point, normal, angles in zip(points, normals, own, strict=True):
        across = plane_axes(normal, towards)
        lift = _lift_mm(on, point, normal, across=across, angles_deg=angles, seat=seat)
        gap = seat.standoff_mm + lift
        keep = gap <= seat.max_standoff_mm
        poses.append(_poses(point, normal, across, angles_deg=angles[keep], gap_mm=gap[keep]))
        gaps.append(gap[keep])
        turns.append(angles[keep])
    return np.concatenate(poses), np.concatenate(gaps), np.concatenate(turns)


def matsimnibs(centre: Floats, normal: Floats, towards: Floats) -> Floats:
    """Give one (4, 4) pose: z along −``normal``, y along ``towards`` laid into the face plane."""
    across = plane_axes(normal, towards)
    zero = np.zeros(1)
    return np.asarray(_poses(centre, normal, across, angles_deg=zero, gap_mm=zero)[0])


def _poses(
    point: Floats, normal: Floats, across: Floats, *, angles_deg: Floats, gap_mm: Floats
) -> Floats:
    turn = np.deg2rad(angles_deg)[:, None]
    y = np.cos(turn) * across[1] - np.sin(turn) * across[0]
    out = np.zeros((len(angles_deg), 4, 4))
    out[:, :3, 0] = np.cross(y, -normal)
    out[:, :3, 1] = y
    out[:, :3, 2] = -normal
    out[:, :3, 3] = point + gap_mm[:, None] * normal
    out[:, 3, 3] = 1.0
    return out


def _lift_mm(
    on: Skin, point: Floats, normal: Floats, *, across: Floats, angles_deg: Floats, seat: Seat
) -> Floats:
    """Least lift (A,) along the normal that leaves no scalp above the casing's face.

    The coil comes down along the normal, so whatever stands in the column over its face counts,
    also what would end up beside or behind a thin casing.
    """
    height = (on.vertices - point) @ normal - seat.standoff_mm
    flat = (on.vertices - point) @ across.T
    # what stands in the face's inner circle counts at every angle; only higher triangles add to it
    inner = (flat**2).sum(axis=1) <= min(seat.half_x_mm, seat.half_y_mm) ** 2
    least = float(np.max(height, where=inner, initial=0.0))
    higher = on.triangles[(height[on.triangles] > least).any(axis=1)]
    reach = np.hypot(seat.half_x_mm, seat.half_y_mm) + 2 * on.reach_mm
    higher = higher[(np.hypot(*flat[higher[:, 0]].T) <= reach)]
    if len(higher) == 0:
        return np.full(len(angles_deg), least)
    turned = (_turned(flat[higher], a) for a in np.deg2rad(angles_deg))
    return np.array([max(least, _highest(t, height[higher], seat)) for t in turned])


def _turned(flat: Floats, angle: float) -> Floats:
    """Coordinates along the casing's sides of points given along the angle-0 axes."""
    cosine, sine = np.cos(angle), np.sin(angle)
    right, ahead = flat[..., 0], flat[..., 1]
    return np.stack([cosine * right + sine * ahead, cosine * ahead - sine * right], axis=-1)


def _highest(flat: Floats, tall: Floats, seat: Seat) -> float:
    """Greatest height of triangles over the casing's face, at least 0.

    A plane piece is highest at a corner of its outline: where an edge enters or leaves the face,
    or over a corner of the face.
    """
    half = np.array([seat.half_x_mm, seat.half_y_mm])
    start, step = flat, np.roll(flat, -1, axis=1) - flat
    safe = np.where(np.abs(step) < 1e-12, 1e-12, step)
    one, two = (-half - start) / safe, (half - start) / safe
    enter = np.clip(np.minimum(one, two).max(axis=2), 0, 1)
    leave = np.clip(np.maximum(one, two).min(axis=2), 0, 1)
    middle = start + (0.5 * (enter + leave))[..., None] * step
    over = (np.abs(middle) <= half + 1e-9).all(axis=2)
    rise = np.roll(tall, -1, axis=1) - tall
    ends = np.maximum(tall + enter * rise, tall + leave * rise)
    best = float(np.max(ends, where=over, initial=0.0))
    return max(best, _highest_over_corners(flat, tall, half))


def _highest_over_corners(flat: Floats, tall: Floats, half: Floats) -> float:
    """Greatest height of triangles over the four corners of the casing's face, at least 0."""
    a, u, v = flat[:, 0], flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    twice = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    safe = np.where(np.abs(twice) < 1e-12, np.inf, twice)
    best = 0.0
    for sign in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        p = half * sign - a
        s = (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]) / safe
        t = (u[:, 0] * p[:, 1] - u[:, 1] * p[:, 0]) / safe
        over = (s >= 0) & (t >= 0) & (s + t <= 1) & np.isfinite(safe)
        at = tall[:, 0] + s * (tall[:, 1] - tall[:, 0]) + t * (tall[:, 2] - tall[:, 0])
        best = max(best, float(np.max(at, where=over, initial=0.0)))
    return best
