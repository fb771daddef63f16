"""Coil poses that rest on the scalp: axes, standoff, and a casing that never cuts the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.placement.casing import highest_over_face
from tmsguide.placement.heights import highest_over_points
from tmsguide.placement.skin import plane_axes, smooth_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["MAX_STANDOFF_MM", "Seat", "matsimnibs", "overlap_mm", "rest"]

#: A coil lifted farther than this to clear a brow or an ear is no placement any more: the field
#: of a 70 mm figure-8 coil falls by more than half over such a gap.
MAX_STANDOFF_MM = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """How a coil rests: the wanted gap and the shape of its casing's face, millimetres.

    ``casing_mm`` (V, 3) are points of a bent face in coil axes; where there are any, they stand
    for the flat rectangle of the half sizes.
    """

    standoff_mm: float
    half_x_mm: float
    half_y_mm: float
    max_standoff_mm: float = MAX_STANDOFF_MM
    casing_mm: Floats = field(default_factory=lambda: np.empty((0, 3)))

    @classmethod
    def of(
        cls, coil: Coil, *, standoff_mm: float, max_standoff_mm: float = MAX_STANDOFF_MM
    ) -> Seat:
        """Take the casing's face from a coil (metres there, millimetres here)."""
        half_x_m, half_y_m, _ = coil.casing_half_size_m
        casing_mm = 1e3 * np.asarray(coil.casing_m)
        return cls(standoff_mm, 1e3 * half_x_m, 1e3 * half_y_m, max_standoff_mm, casing_mm)


def rest(
    on: Skin, points: Floats, *, angles_deg: Floats, seat: Seat, towards: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Give the poses of a coil resting on scalp ``points`` (P, 3) at each in-plane angle.

    ``angles_deg`` is (A,) for all points or (P, A), each its own. Angle 0 points the coil's y axis
    (away from the handle) along ``towards`` (default: forward, +y); positive angles turn it to the
    left as seen from outside. Returns (matsimnibs (K, 4, 4), standoff_mm (K,), angle_deg (K,)),
    points outermost, without the poses that would need more than ``seat.max_standoff_mm``.

    The coil comes down along the normal, so whatever stands in the column over its face counts,
    also what would end up beside or behind a thin casing.
    """
    normals = smooth_normals(on, points)
    across = plane_axes(normals, towards)
    angles = np.broadcast_to(angles_deg, (len(points), np.shape(angles_deg)[-1]))
    base = points + seat.standoff_mm * normals
    lift = overlap_mm(on, base, normals, across=across, angles_deg=angles, seat=seat, floor_mm=0.0)
    gap = seat.standoff_mm + lift
    keep = gap <= seat.max_standoff_mm
    owner = np.nonzero(keep)[0]
    poses = _poses(points[owner], normals[owner], across[owner], angles[keep], gap[keep])
    return poses, gap[keep], angles[keep]


def overlap_mm(
    on: Skin,
    centres: Floats,
    normals: Floats,
    *,
    across: Floats,
    angles_deg: Floats,
    seat: Seat,
    floor_mm: float = -np.inf,
) -> Floats:
    """Give the least lift (P, A) along the normal that clears the scalp, from casing ``centres``.

    Negative where the casing hangs free by that much; at least ``floor_mm``.
    """
    axes = np.concatenate([across, normals[:, None]], axis=1)
    turn = np.deg2rad(angles_deg)
    if len(seat.casing_mm):
        seen = seat.casing_mm * [-1.0, 1.0, -1.0]  # coil x, y, z are left, ahead, down
        return highest_over_points(
            on.patches, centres, axes, angles_rad=turn, casing_mm=seen, floor_mm=floor_mm
        )
    half_mm = (seat.half_x_mm, seat.half_y_mm)
    return highest_over_face(
        on.patches, centres, axes, angles_rad=turn, half_mm=half_mm, floor_mm=floor_mm
    )


def matsimnibs(centre: Floats, normal: Floats, towards: Floats) -> Floats:
    """Give poses (..., 4, 4): z along −``normal``, y along ``towards`` laid into the face plane.

    ``centre``, ``normal`` and ``towards`` are (3,), or (N, 3) for as many poses.
    """
    y = plane_axes(normal, towards)[..., 1, :]
    return _stacked(centre, normal, y)


def _poses(
    points: Floats, normals: Floats, across: Floats, angles_deg: Floats, gap_mm: Floats
) -> Floats:
    turn = np.deg2rad(angles_deg)[:, None]
    y = np.cos(turn) * across[:, 1] - np.sin(turn) * across[:, 0]
    return _stacked(points + gap_mm[:, None] * normals, normals, y)


def _stacked(centres: Floats, normals: Floats, y: Floats) -> Floats:
    out = np.zeros((*centres.shape[:-1], 4, 4))
    out[..., :3, 0] = np.cross(y, -normals)
    out[..., :3, 1] = y
    out[..., :3, 2] = -normals
    out[..., :3, 3] = centres
    out[..., 3, 3] = 1.0
    return out
