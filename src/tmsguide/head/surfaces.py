"""Closed triangle surfaces of the scalp and the middle of the cortex, for placing and showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from tmsguide.errors import GeometryError
from tmsguide.head.grid import fine_grid
from tmsguide.head.tissues.foreground import largest
from tmsguide.model import Points, Surface, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy

__all__ = ["cortex_surface", "scalp_surface"]

SCALP_SMOOTH_MM = 2.5
SCALP_STEP_MM = 3.0
SCALP_LIMIT = 60_000
CORTEX_SMOOTH_MM = 1.0
CORTEX_STEP_MM = 2.0
CORTEX_LIMIT = 150_000


def scalp_surface(anatomy: Anatomy) -> Surface:
    """Give the closed smooth skin as at most 60,000 triangles, normals outward, native frame.

    Raises
    ------
    GeometryError
        The labels hold no head.
    """
    head = np.asarray(anatomy.labels.data) > 0
    solid = np.asarray(ndimage.binary_fill_holes(largest(head)), dtype=np.float32)
    return _iso_surface(
        Volume(solid, anatomy.labels.frame_from_voxel, anatomy.labels.frame),
        smooth_mm=SCALP_SMOOTH_MM,
        step_mm=SCALP_STEP_MM,
        limit=SCALP_LIMIT,
    )


def cortex_surface(anatomy: Anatomy) -> Surface:
    """Give a sheet near the middle of the grey matter, at most 150,000 triangles, native frame.

    The level set where white matter plus half the grey matter is one half, after smoothing: it
    follows gyri and open sulci, is closed and outward, but not corrected for topology.

    Raises
    ------
    GeometryError
        The labels hold no brain.
    """
    chance = anatomy.probability.data
    balance = np.asarray(chance[..., 0] + 0.5 * chance[..., 1], dtype=np.float32)
    balance[~np.asarray(anatomy.brain_mask.data)] = 0
    return _iso_surface(
        Volume(balance, anatomy.labels.frame_from_voxel, anatomy.labels.frame),
        smooth_mm=CORTEX_SMOOTH_MM,
        step_mm=CORTEX_STEP_MM,
        limit=CORTEX_LIMIT,
    )


def _iso_surface(field: Volume, *, smooth_mm: float, step_mm: float, limit: int) -> Surface:
    """Give the largest closed surface where the smoothed field is one half."""
    if not (field.data > 0.5).any():
        raise GeometryError("the labels hold nothing to draw a surface round; segment first")
    room = int(np.ceil(4 * smooth_mm / float(field.voxel_mm.mean()))) + 1
    wide = np.pad(field.data, room)
    matrix = field.frame_from_voxel.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ np.full(3, room)
    smooth = ndimage.gaussian_filter(wide, smooth_mm / field.voxel_mm)
    placed = Volume(smooth, matrix, field.frame)
    while True:
        vertices, triangles = _march(placed, step_mm)
        if len(triangles) <= limit:
            return Surface(Points(vertices, field.frame), triangles)
        step_mm *= 1.05 * np.sqrt(len(triangles) / limit)


def _march(field: Volume, step_mm: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    from skimage.measure import marching_cubes

    frame_from_voxel, shape = fine_grid(field, max(step_mm, float(field.voxel_mm.min())))
    old_from_new = np.linalg.inv(field.frame_from_voxel) @ frame_from_voxel
    data = ndimage.affine_transform(
        field.data, old_from_new[:3, :3], old_from_new[:3, 3], output_shape=shape, order=1
    )
    at, faces, _, _ = marching_cubes(data, 0.5, allow_degenerate=False)
    vertices = at @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3]
    return _outward(*_largest_part(vertices.astype(np.float64), faces.astype(np.int64)))


def _largest_part(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    graph = sparse.coo_matrix(
        (np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(len(vertices),) * 2
    )
    _, part = csgraph.connected_components(graph, directed=False)
    kept = part == np.bincount(part).argmax()
    new = np.cumsum(kept) - 1
    return vertices[kept], new[triangles[kept[triangles[:, 0]]]]


def _outward(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    a, b, c = (vertices[triangles[:, k]] - vertices.mean(0) for k in range(3))
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())
    return vertices, triangles if volume > 0 else np.ascontiguousarray(triangles[:, ::-1])
