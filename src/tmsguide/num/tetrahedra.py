"""Tetrahedral mesh algebra: volumes, neighbours, faces, parts and a cache-friendly order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = [
    "barycentres",
    "boundary_triangles",
    "cells_of_nodes",
    "compact",
    "face_counts",
    "largest_part",
    "volumes",
    "walk_order",
]

_FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


def volumes(nodes: Floats, cells: Ints) -> Floats:
    """Signed volumes (M,) of tetrahedra, in the cube of the nodes' unit.

    Examples
    --------
    >>> nodes = np.vstack([np.zeros(3), np.eye(3)])
    >>> volumes(nodes, np.array([[0, 1, 2, 3]])).round(4).tolist()
    [0.1667]
    """
    x, y, z = (np.ascontiguousarray(nodes[:, d]) for d in range(3))
    a, b, c, d = cells.T
    bx, by, bz = x[b] - x[a], y[b] - y[a], z[b] - z[a]
    cx, cy, cz = x[c] - x[a], y[c] - y[a], z[c] - z[a]
    dx, dy, dz = x[d] - x[a], y[d] - y[a], z[d] - z[a]
    six = bx * (cy * dz - cz * dy) + by * (cz * dx - cx * dz) + bz * (cx * dy - cy * dx)
    return np.asarray(six / 6.0)


def barycentres(nodes: Floats, cells: Ints) -> Floats:
    """Barycentres (M, 3) of tetrahedra."""
    a, b, c, d = cells.T
    return np.asarray((nodes[a] + nodes[b] + nodes[c] + nodes[d]) / 4.0)


def cells_of_nodes(cells: Ints, n_nodes: int) -> tuple[Ints, Ints]:
    """Cells that touch each node as ``(start (N + 1,), cell (4 M,))``, ascending in each node."""
    m = len(cells)
    incidence = csr_array(
        (np.ones(4 * m, dtype=np.int8), cells.ravel(), np.arange(0, 4 * m + 1, 4)),
        shape=(m, n_nodes),
    ).tocsc()
    return incidence.indptr.astype(np.int64), incidence.indices.astype(np.int64)


def compact(nodes: Floats, cells: Ints) -> tuple[Floats, Ints, Ints]:
    """Drop nodes that no cell uses: ``(nodes, cells, kept node numbers)``."""
    used = np.zeros(len(nodes), dtype=np.bool_)
    used[cells.ravel()] = True
    kept = np.flatnonzero(used)
    renumber = np.cumsum(used) - 1
    return nodes[kept], renumber[cells], kept


def largest_part(cells: Ints, volume: Floats) -> Bools:
    """Tell which cells (M,) belong to the part, joined through shared faces, of most volume."""
    order, first, second = _paired_faces(cells)
    m = len(cells)
    joined = csr_array(
        (np.ones(len(first), dtype=np.int8), (order[first] % m, order[second] % m)), shape=(m, m)
    )
    _, part = connected_components(joined, directed=False)
    return np.asarray(part == np.argmax(np.bincount(part, weights=volume)))


def boundary_triangles(cells: Ints) -> Ints:
    """Triangles (F, 3) that belong to one cell only, wound so that their normals face outward."""
    order, first, second = _paired_faces(cells)
    alone = np.ones(len(order), dtype=np.bool_)
    alone[first] = False
    alone[second] = False
    faces = np.concatenate([cells[:, face] for face in _FACES])
    return np.asarray(faces[np.sort(order[alone])])


def face_counts(cells: Ints) -> Ints:
    """How many faces belong to 0, 1, 2, ... cells; a conforming mesh has none above two."""
    keys = np.sort(_face_keys(cells))
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
    return np.bincount(np.diff(edges))


def walk_order(points: Floats) -> Ints:
    """Order (N,) that visits points along a Morton curve, so neighbours lie close in memory."""
    low = points.min(axis=0)
    scale = 1023.0 / max(float((points.max(axis=0) - low).max()), 1e-300)
    key = np.zeros(len(points), dtype=np.int64)
    cell = ((points - low) * scale).astype(np.int64)
    for bit in range(10):
        for axis in range(3):
            key |= ((cell[:, axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(key, kind="stable")


def _face_keys(cells: Ints) -> Ints:
    """One number per face (4 M,), the same for both cells that share it."""
    faces = np.sort(np.concatenate([cells[:, face] for face in _FACES]), axis=1)
    return np.asarray((faces[:, 0] << 42) | (faces[:, 1] << 21) | faces[:, 2])


def _paired_faces(cells: Ints) -> tuple[Ints, Ints, Ints]:
    """Faces sorted by key, and where in that order the first and second of each pair stand."""
    keys = _face_keys(cells)
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
    return order, first, first + 1
