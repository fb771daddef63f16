"""The plane that parts a brain's halves, as the reflection that lays each on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, optimize

from tmsguide.num.interpolation import sample_linear
from tmsguide.num.rigid import inverted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy

    Floats = NDArray[np.float64]

__all__ = ["mid_reflection", "reflection"]

_LATTICE_MM = 6.0


def reflection(normal: Floats, through_mm: Floats) -> Floats:
    """Give the (4, 4) reflection across the plane ``through_mm`` (3,) with ``normal`` (3,).

    Examples
    --------
    >>> mirror = reflection(np.array([1.0, 0, 0]), np.array([2.0, 0, 0]))
    >>> (mirror @ [5.0, 1, 1, 1]).tolist()
    [-1.0, 1.0, 1.0, 1.0]
    """
    n = normal / np.linalg.norm(normal)
    out = np.eye(4)
    out[:3, :3] -= 2 * np.outer(n, n)
    out[:3, 3] = 2 * n * (n @ through_mm)
    return out


def mid_reflection(anatomy: Anatomy) -> Floats:
    """Give the (4, 4) reflection of T1w millimetres that best lays the brain on itself.

    Sought about the sagittal plane through the brain's centre, on white and grey matter smoothed
    to a lattice of about 6 mm; good to a few degrees, as a start for finer searches needs.
    """
    m = np.asarray(anatomy.probability.frame_from_voxel, np.float64)
    voxel_mm = np.linalg.norm(m[:3, :3], axis=0)
    every = np.maximum(1, np.round(_LATTICE_MM / voxel_mm)).astype(int)
    thin = (slice(None, None, every[0]), slice(None, None, every[1]), slice(None, None, every[2]))
    brain = ndimage.uniform_filter(np.asarray(anatomy.brain_mask.data, np.float32), tuple(every))[
        thin
    ]
    white = ndimage.uniform_filter(
        np.asarray(anatomy.probability.data[..., 0], np.float32), tuple(every)
    )[thin]
    image = np.ascontiguousarray(brain + white)
    index = np.argwhere(brain > 0.1) * every
    places = index @ m[:3, :3].T + m[:3, 3]
    values = image[brain > 0.1]
    center = places.mean(axis=0)
    voxel_from_world = inverted(m @ np.diag([*every.astype(float), 1.0]))

    def mirror(x: Floats) -> Floats:
        return reflection(np.array([1.0, x[0], x[1]]), center + np.array([10 * x[2], 0, 0]))

    def cost(x: Floats) -> float:
        there = np.nan_to_num(sample_linear(image, voxel_from_world @ mirror(x), places))
        return float(((there - values) ** 2).mean())

    found = optimize.minimize(
        cost,
        np.zeros(3),
        method="Powell",
        options={"xtol": 0.02, "ftol": 1e-4, "direc": 0.2 * np.eye(3)},
    )
    return mirror(np.asarray(found.x, np.float64))
