"""Edges and areas of a triangle mesh, and what is left of them on some of its vertices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["edges_within", "mesh_edges", "vertex_areas"]


def mesh_edges(triangles: Ints) -> Ints:
    """Give each edge (E, 2) of triangles (F, 3) once, the lower vertex first, sorted.

    Examples
    --------
    >>> mesh_edges(np.array([[0, 1, 2], [2, 1, 3]])).tolist()
    [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    """
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.asarray(np.unique(np.sort(sides, axis=1), axis=0), dtype=np.int64)


def vertex_areas(xyz_mm: Floats, triangles: Ints) -> Floats:
    """Give the area (V,) in mm² each vertex stands for: a third of each of its triangles.

    The sum is the area of the surface; a vertex of no triangle has 0.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])
    >>> vertex_areas(corners, np.array([[0, 1, 2]])).tolist()
    [1.0, 1.0, 1.0]
    """
    a, b, c = (xyz_mm[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    third = np.repeat(area / 3, 3)
    total = np.bincount(triangles.ravel(), weights=third, minlength=len(xyz_mm))
    return np.asarray(total, dtype=np.float64)


def edges_within(edges: Ints, kept: NDArray[np.bool_]) -> Ints:
    """Give the edges whose both ends are ``kept`` (V,), in the numbering of the kept alone.

    Examples
    --------
    >>> square = np.array([[0, 1], [1, 2], [2, 3]])
    >>> edges_within(square, np.array([False, True, True, True])).tolist()
    [[0, 1], [1, 2]]
    """
    number = np.cumsum(kept) - 1
    return np.asarray(number[edges[kept[edges].all(axis=1)]], dtype=np.int64)
