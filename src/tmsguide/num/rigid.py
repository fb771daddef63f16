"""Rigid maps as six numbers: three shifts in millimetres, then three rotations in radians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "inverted",
    "parameters_from_rigid",
    "rigid_displacement_mm",
    "rigid_from_parameters",
    "rotation_angle_deg",
]


def inverted(matrix: Floats) -> Floats:
    """Give the inverse of a (..., 4, 4) map, as float64."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def rigid_from_parameters(parameters: Floats, center_mm: Floats) -> Floats:
    """Give the (4, 4) map ``x -> R (x - center) + center + shift``.

    ``parameters`` (6,) = shift x, y, z in mm, rotation x, y, z in rad; ``R = Rx @ Ry @ Rz``.

    Examples
    --------
    >>> p = np.array([1, 2, 3, 0.1, -0.2, 0.3])
    >>> np.allclose(parameters_from_rigid(rigid_from_parameters(p, np.ones(3)), np.ones(3)), p)
    True
    """
    (ca, cb, cc), (sa, sb, sc) = np.cos(parameters[3:]), np.sin(parameters[3:])
    about_x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    about_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    about_z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    out = np.eye(4)
    out[:3, :3] = about_x @ about_y @ about_z
    out[:3, 3] = parameters[:3] + center_mm - out[:3, :3] @ center_mm
    return out


def parameters_from_rigid(matrices: Floats, center_mm: Floats) -> Floats:
    """Give the parameters (..., 6) of rigid maps (..., 4, 4): `rigid_from_parameters` undone.

    Rotations about y must stay below 90 degrees.
    """
    r = matrices[..., :3, :3]
    rotation = np.stack(
        [
            np.arctan2(-r[..., 1, 2], r[..., 2, 2]),
            np.arcsin(np.clip(r[..., 0, 2], -1, 1)),
            np.arctan2(-r[..., 0, 1], r[..., 0, 0]),
        ],
        axis=-1,
    )
    shift = matrices[..., :3, 3] + r @ center_mm - center_mm
    return np.concatenate([shift, rotation], axis=-1)


def rotation_angle_deg(matrix: Floats) -> float:
    """Give the angle of a rotation (3, 3) or rigid map (4, 4), 0 to 180 degrees."""
    r = matrix[:3, :3]
    sine = np.linalg.norm([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    return float(np.degrees(np.arctan2(sine, np.trace(r) - 1)))


def rigid_displacement_mm(first: Floats, second: Floats, points_mm: Floats) -> Floats:
    """Give how far apart two (4, 4) maps put each of ``points_mm`` (N, 3), (N,) mm."""
    change = first - second
    return np.asarray(np.linalg.norm(points_mm @ change[:3, :3].T + change[:3, 3], axis=1))
