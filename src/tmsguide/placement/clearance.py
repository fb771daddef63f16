"""Whether a coil pose from anywhere leaves the head alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError
from tmsguide.placement.poses import Seat, overlap_mm
from tmsguide.placement.skin import skin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement, Surface

    Floats = NDArray[np.float64]

__all__ = ["TOUCH_MM", "casing_gap_mm", "clears_head", "refuse_cutting"]

#: A casing that cuts the scalp by less than this touches it: far less than any scalp's own error.
TOUCH_MM = 0.1


def casing_gap_mm(scalp: Surface, coil: Coil, matsimnibs: Floats) -> Floats:
    """Give how far (K,) the coil of each pose (K, 4, 4) could come down before it touches.

    Millimetres along the coil's own axis, from the head-side face of the casing to whatever scalp
    stands in the column over it; negative is how far the coil must be lifted to clear the head,
    infinite where no scalp lies below. The face is the flat rectangle of
    ``coil.casing_half_size_m``, taken exactly, or the points ``coil.casing_m`` of a bent casing.
    Poses are in the scalp's frame.

    Raises
    ------
    GeometryError
        If the poses are not (K, 4, 4) finite matrices.
    """
    poses = np.asarray(matsimnibs, dtype=np.float64)
    if poses.ndim != 3 or poses.shape[1:] != (4, 4) or not np.isfinite(poses).all():
        raise GeometryError(f"poses are finite (K, 4, 4) matrices, given {poses.shape}")
    seat = Seat.of(coil, standoff_mm=0.0)
    # seen from outside, the coil's x axis points to the left of its y axis
    across = np.stack([-poses[:, :3, 0], poses[:, :3, 1]], axis=1)
    overlap = overlap_mm(
        skin(scalp),
        poses[:, :3, 3],
        -poses[:, :3, 2],
        across=across,
        angles_deg=np.zeros((len(poses), 1)),
        seat=seat,
    )
    return np.asarray(-overlap[:, 0])


def clears_head(
    scalp: Surface, coil: Coil, matsimnibs: Floats, *, touch_mm: float = TOUCH_MM
) -> NDArray[np.bool_]:
    """Tell (K,) which poses (K, 4, 4) leave the head uncut, to within ``touch_mm``."""
    return np.asarray(casing_gap_mm(scalp, coil, matsimnibs) >= -touch_mm)


def refuse_cutting(scalp: Surface, coil: Coil, placement: Placement) -> None:
    """Refuse a placement, such as one read from a file, whose casing would cut the head.

    Raises
    ------
    FrameError
        If pose and scalp are in different frames.
    GeometryError
        If the casing cuts the scalp by more than a tenth of a millimetre.
    """
    if placement.frame != scalp.vertices.frame:
        raise FrameError(
            f"the pose is in {placement.frame.name}, the scalp in {scalp.vertices.frame.name}; "
            "test a pose on its own person's scalp"
        )
    gap = float(casing_gap_mm(scalp, coil, placement.matsimnibs[None])[0])
    if gap < -TOUCH_MM:
        raise GeometryError(
            f"the casing of {coil.name} cuts {-gap:.1f} mm into the head at "
            f"{placement.center_mm.round(1).tolist()} mm; lift the coil by that much along its "
            "axis, or check that the pose belongs to this scan and points into the head"
        )
