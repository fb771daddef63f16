"""A head's surface with its face pressed flat, for pictures that others may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import Points, Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume

    Floats = NDArray[np.float64]

__all__ = ["faceless"]

SMOOTH_MM = 2.0  # takes the steps of the mask's voxels out of the flat part


def faceless(surface: Surface, mask: Volume) -> Surface:
    """Give the surface pressed flat where it lies in the mask: every feature there is gone.

    Each vertex in the mask moves toward the middle of the others until it leaves the mask, so a
    closed surface stays closed and vertices and triangles keep their numbers.

    Raises
    ------
    FrameError
        Surface and mask lie in different frames.
    GeometryError
        The middle of the head lies in the mask.
    """
    if surface.vertices.frame != mask.frame:
        raise FrameError(
            f"the surface is in {surface.vertices.frame.name}, the mask in {mask.frame.name}; "
            "give both of one person"
        )
    xyz = surface.vertices.xyz_mm
    inside = np.asarray(mask.data, dtype=np.float32)
    gone = _at(inside, mask, xyz) > 0.5
    if not gone.any():
        return surface
    middle = xyz[~gone].mean(axis=0) if not gone.all() else xyz.mean(axis=0)
    if _at(inside, mask, middle[None])[0] > 0:
        raise GeometryError(
            "the middle of the head lies in what is to be removed; check the map to MNI space"
        )
    moved = xyz.copy()
    even = ndimage.gaussian_filter(inside, SMOOTH_MM / mask.voxel_mm, mode="nearest")
    moved[gone] = _first_outside(even, mask, xyz[gone], middle)
    return Surface(Points(moved, surface.vertices.frame), surface.triangles)


def _first_outside(
    inside: NDArray[np.float32], mask: Volume, points_mm: Floats, middle_mm: Floats
) -> Floats:
    """Give where the ways from points (N, 3) to the middle first leave the mask."""
    longest = float(np.linalg.norm(points_mm - middle_mm, axis=1).max())
    share = np.linspace(0, 1, max(2, int(np.ceil(2 * longest / mask.voxel_mm.min()))))
    out = np.empty_like(points_mm)
    for start in range(0, len(points_mm), 2048):
        part = points_mm[start : start + 2048]
        way = part[:, None] + share[None, :, None] * (middle_mm - part)[:, None]
        held = _at(inside, mask, way.reshape(-1, 3)).reshape(len(part), len(share))
        first = np.argmax(held <= 0.5, axis=1)
        out[start : start + 2048] = _crossing(way, held, first)
    return out


def _crossing(way: Floats, held: NDArray[np.float32], first: NDArray[np.int64]) -> Floats:
    """Give the places (N, 3) between two steps where the mask, read linearly, is one half."""
    row, before = np.arange(len(first)), np.maximum(first - 1, 0)
    high, low = held[row, before].astype(np.float64), held[row, first].astype(np.float64)
    step = np.clip((high - 0.5) / np.maximum(high - low, 1e-6), 0, 1)
    return np.asarray(way[row, before] + step[:, None] * (way[row, first] - way[row, before]))


def _at(data: NDArray[np.float32], mask: Volume, points_mm: Floats) -> NDArray[np.float32]:
    """Give the mask at points (N, 3), linear; beyond its grid as at the edge."""
    back = np.linalg.inv(mask.frame_from_voxel)
    at = points_mm @ back[:3, :3].T + back[:3, 3]
    return np.asarray(ndimage.map_coordinates(data, at.T, order=1, mode="nearest"), np.float32)
