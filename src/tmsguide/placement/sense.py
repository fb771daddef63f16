"""Which of a pose's two half turns is proposed: the one with the handle where it is usual.

Turning a coil by 180 degrees reverses E and leaves its strength as it is, so the choice is a
convention. Ours is a handle that can be held: behind or beside the head, never before the face. It
may lean at most 15 degrees forward of straight out to the coil's side, so that the clinic's usual
45 degrees backwards and outwards always stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.placement.skin import plane_axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["is_usual", "reversed_pose", "turns_deg"]

#: The middle of the usual half turn of a coil over the left head, and mirrored over the right.
USUAL_DEG = -15.0

#: Nearer to the middle than this a scalp point has no side: the usual handle is straight back.
MIDLINE_MM = 1.0


def turns_deg(on: Skin, points: Floats, *, step_deg: float, full_turn: bool) -> Floats:
    """Give the turns (P, A) in (-180, 180] to try at scalp ``points`` (P, 3).

    Equal steps nearest to ``step_deg``, counted from the usual turn at each point and mirrored
    between left and right: through the half turn round it, or the whole with ``full_turn``.
    """
    half = 180.0 if full_turn else 90.0
    n = max(1, round(2 * half / step_deg))
    away = -half + 2 * half / n * np.arange(1, n + 1)
    side = sides(on, points)[:, None]
    mirror = np.where(side == 0, 1.0, side)
    return np.asarray(180.0 - (180.0 - (side * USUAL_DEG + mirror * away)) % 360.0)


def sides(on: Skin, points: Floats) -> Floats:
    """Give 1 for points (P, 3) left of the scalp's own middle, -1 for right, 0 for neither."""
    area = np.linalg.norm(on.area_vectors, axis=1)
    left_mm = area @ on.centroids[:, 0] / area.sum() - points[:, 0]
    return np.where(np.abs(left_mm) < MIDLINE_MM, 0.0, np.sign(left_mm))


def is_usual(on: Skin, point: Floats, matsimnibs: Floats) -> bool:
    """Tell whether a pose (4, 4) over scalp ``point`` (3,) is in its usual half turn."""
    right, ahead = plane_axes(-matsimnibs[:3, 2])
    turn = np.deg2rad(sides(on, point[None])[0] * USUAL_DEG)
    usual = np.cos(turn) * ahead - np.sin(turn) * right
    return bool(usual @ matsimnibs[:3, 1] > -1e-9)  # both poses on the border are usual


def reversed_pose(matsimnibs: Floats) -> Floats:
    """Give the pose (4, 4) turned by 180 degrees about its own axis."""
    return np.asarray(matsimnibs * [-1.0, -1.0, 1.0, 1.0])
