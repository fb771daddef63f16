"""Directions of a coil and a head: where the handle points, where the induced current flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement, Points

    Floats = NDArray[np.float64]

__all__ = [
    "angle_to_midline_deg",
    "handle_direction",
    "head_axes",
    "induced_direction",
    "turn_outwards_deg",
]


def head_axes(mni_from_t1w: Callable[[Points], Points], spread: Points) -> Floats:
    """Give the rotation head_from_t1w (3, 3) that levels a tilted head as MNI space has it.

    The rotation closest to the map over ``spread``, points that fill the head (Kabsch 1976,
    doi:10.1107/S0567739476001873). Its rows are the head's right, front and top in T1w axes.
    """
    here = spread.xyz_mm - spread.xyz_mm.mean(axis=0)
    there = mni_from_t1w(spread).xyz_mm
    there = there - there.mean(axis=0)
    u, _, vt = np.linalg.svd(there.T @ here)
    return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt, dtype=np.float64)


def handle_direction(placement: Placement) -> Floats:
    """Give the unit vector (3,) from the casing to the end of the handle: the coil's −y."""
    return np.asarray(-placement.matsimnibs[:3, 1], dtype=np.float64)


def angle_to_midline_deg(matsimnibs: Floats, head_from_t1w: Floats) -> float:
    """Give the angle in the coil's plane between the handle and straight back, 0 to 180°.

    Both the handle and the head's backward direction are laid into the plane of the coil, so the
    angle is the one a person sees who looks along the coil's axis.
    """
    axes = head_from_t1w @ matsimnibs[:3, :3]  # coil axes in head axes
    back = -axes[1, :]  # the backward direction (0, −1, 0) seen in coil axes
    return float(np.degrees(np.arctan2(abs(back[0]), -back[1])))


def turn_outwards_deg(matsimnibs: Floats, head_from_t1w: Floats, middle_mm: Floats) -> float:
    """Give how far the handle is turned from straight back, positive away from the vertex.

    In (-180, 180], in the plane of the coil; ``middle_mm`` (3,) is the head's middle in T1w
    millimetres and tells the side. A coil on the midline counts the left as outwards.
    """
    axes = head_from_t1w @ matsimnibs[:3, :3]  # coil axes in head axes
    back = -axes[1, :]  # the backward direction (0, −1, 0) seen in coil axes
    to_left = np.degrees(np.arctan2(-back[0], -back[1]))  # x points left where y points forward
    right = head_from_t1w[0] @ (matsimnibs[:3, 3] - middle_mm) > 0
    return float(-to_left if right else to_left)


def induced_direction(coil: Coil, placement: Placement, depth_m: float = 0.02) -> Floats:
    """Give the unit direction (3,) of E = −dA/dt below the coil's centre, in the pose's frame.

    The primary field on the coil's axis, ``depth_m`` into the head, at the pose's own dI/dt.
    """
    to_point = np.array([0.0, 0.0, depth_m]) - coil.position_m
    potential = (coil.element_m / np.linalg.norm(to_point, axis=1)[:, None]).sum(axis=0)
    field = -np.sign(placement.didt_a_per_s) * (placement.matsimnibs[:3, :3] @ potential)
    length = float(np.linalg.norm(field))
    return np.asarray(field / max(length, 1e-300), dtype=np.float64)
