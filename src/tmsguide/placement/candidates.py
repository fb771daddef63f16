"""Where a coil may rest near a target, and how it may be turned there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.placement.poses import MAX_STANDOFF_MM, Seat, rest
from tmsguide.placement.sense import turns_deg
from tmsguide.placement.skin import (
    is_inside,
    nearest,
    plane_axes,
    project,
    same_frame,
    skin,
    smooth_normals,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Frame, Points, Surface
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["Candidates", "candidates", "subset"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """K coil poses that clear the head.

    ``matsimnibs`` (K, 4, 4) coil mm to ``frame`` mm; ``standoff_mm`` (K,) the actual gap from
    scalp to casing centre along the normal, at least the one asked for; ``angle_deg`` (K,) the
    turn of the coil's y axis from forward, positive to the left as seen from outside.
    """

    matsimnibs: Floats
    standoff_mm: Floats
    angle_deg: Floats
    frame: Frame

    def __len__(self) -> int:
        return len(self.matsimnibs)


def candidates(
    scalp: Surface,
    near: Points,
    *,
    radius_mm: float,
    step_mm: float,
    angle_deg: float,
    standoff_mm: float,
    coil: Coil,
    full_turn: bool = False,
    max_standoff_mm: float = MAX_STANDOFF_MM,
) -> Candidates:
    """Give coil poses on a grid of scalp points round the one nearest to the target ``near``.

    The grid is square, ``step_mm`` wide in the plane of the scalp at that point, laid onto the
    scalp along the plane's normal, cut at ``radius_mm``. Each pose has z exactly along the inward
    scalp normal (mean over 15 mm), its centre ``standoff_mm`` above the scalp point; the casing's
    flat face is lifted along the normal by the least amount that clears the scalp, or the pose is
    dropped where that takes more than ``max_standoff_mm``. Angles run in steps of about
    ``angle_deg`` through one half turn, for turning the coil by 180 degrees reverses E and leaves
    its strength as it is: that with the handle behind or beside the head, never before the face,
    which holds the clinic's usual -45. So angles are in (-105, 75] left of the scalp's middle and,
    mirrored, [-75, 105), right of it; on the middle, handle straight back, in (-90, 90].
    ``full_turn`` gives both senses.

    Raises
    ------
    FrameError
        If target and scalp are in different frames.
    GeometryError
        If the target is outside the head, a size is not positive, or no pose clears the head.
    """
    _check_sizes(near, radius_mm=radius_mm, step_mm=step_mm, angle_deg=angle_deg)
    on = skin(scalp)
    target = target_inside(on, near)
    seat = Seat.of(coil, standoff_mm=standoff_mm, max_standoff_mm=max_standoff_mm)
    points = _grid(on, nearest(on, target), radius_mm=radius_mm, step_mm=step_mm)
    turns = turns_deg(on, points, step_deg=angle_deg, full_turn=full_turn)
    poses, gaps, angles = rest(on, points, angles_deg=turns, seat=seat)
    if len(poses) == 0:
        raise GeometryError(
            f"none of {turns.size} poses within {radius_mm:g} mm of the target's "
            f"scalp point clears the head with a gap of {standoff_mm:g} to "
            f"{max_standoff_mm:g} mm; "
            "check the scalp surface there, or allow a larger gap or radius"
        )
    return Candidates(poses, gaps, angles, on.frame)


def subset(among: Candidates, index: NDArray[np.int64]) -> Candidates:
    """Give the candidates at ``index`` (N,), in that order."""
    return Candidates(
        among.matsimnibs[index], among.standoff_mm[index], among.angle_deg[index], among.frame
    )


def target_inside(on: Skin, target: Points) -> Floats:
    """Give the one target position (3,), refusing other frames and places outside the head."""
    same_frame(on, target, what="the target")
    if len(target) != 1:
        raise GeometryError(f"one target is needed, given {len(target)} points")
    point = target.xyz_mm[0]
    if not is_inside(on, point):
        raise GeometryError(
            f"the target {point.round(1).tolist()} mm is outside the scalp of {on.frame.name}; "
            "check that target and scalp come from the same scan"
        )
    return np.asarray(point)


def _grid(on: Skin, anchor: Floats, *, radius_mm: float, step_mm: float) -> Floats:
    """Scalp points (P, 3) on a square grid through ``anchor``, within ``radius_mm`` of it."""
    normal = smooth_normals(on, anchor[None])[0]
    n = int(np.floor(radius_mm / step_mm))
    steps = step_mm * np.arange(-n, n + 1)
    right, ahead = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    inside = np.hypot(right, ahead) <= radius_mm
    flat = np.stack([right[inside], ahead[inside]], axis=1) @ plane_axes(normal)
    points = project(on, anchor + flat, normal, within_mm=radius_mm)
    keep = np.linalg.norm(points - anchor, axis=1) <= radius_mm  # False for the NaN of a miss
    return np.asarray(points[keep])


def _check_sizes(near: Points, **sizes: float) -> None:
    for name, value in sizes.items():
        if not value > 0:
            where = near.xyz_mm.round(1).tolist()
            raise GeometryError(f"{name} must be above 0, given {value:g} (target {where})")
