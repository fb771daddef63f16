"""Tetrahedral mesh algebra: volumes, neighbours, faces, parts and a cache-friendly order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.sparse import csr_array

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
    out = np.empty(len(cells))
    _volumes(nodes, cells, out)
    return out


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
    root = np.arange(len(cells))
    lowest = np.sort(cells, axis=1)
    # of a cell's faces three hold its first node as their lowest, one its second
    count = 3 * np.bincount(lowest[:, 0]) if len(cells) else np.zeros(0, dtype=np.int64)
    second = np.bincount(lowest[:, 1], minlength=len(count))
    count = np.pad(count, (0, len(second) - len(count))) + second
    start = np.concatenate([[0], np.cumsum(count)])
    _join_over_faces(lowest, start, np.empty((start[-1], 3), dtype=np.int64), root)
    return np.asarray(root == np.argmax(np.bincount(root, weights=volume)))


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


@njit(cache=True, nogil=True)
def _volumes(nodes: Any, cells: Any, out: Any) -> None:
    for t in range(len(cells)):
        a, b, c, d = cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3]
        x, y, z = nodes[a, 0], nodes[a, 1], nodes[a, 2]
        bx, by, bz = nodes[b, 0] - x, nodes[b, 1] - y, nodes[b, 2] - z
        cx, cy, cz = nodes[c, 0] - x, nodes[c, 1] - y, nodes[c, 2] - z
        dx, dy, dz = nodes[d, 0] - x, nodes[d, 1] - y, nodes[d, 2] - z
        six = bx * (cy * dz - cz * dy) + by * (cz * dx - cx * dz) + bz * (cx * dy - cy * dx)
        out[t] = six / 6.0


@njit(cache=True, nogil=True)
def _root_of(root: Any, t: int) -> Any:
    while root[t] != t:
        root[t] = root[root[t]]
        t = root[t]
    return t


@njit(cache=True, nogil=True)
def _join_over_faces(cells: Any, start: Any, held: Any, root: Any) -> None:
    # rows of ``cells`` ascend; ``held`` lists each lowest node's faces: two nodes and the cell
    end = start[:-1].copy()
    for t in range(len(cells)):
        for skipped in range(4):
            low = cells[t, 1] if skipped == 0 else cells[t, 0]
            middle = cells[t, 1] if skipped > 1 else cells[t, 2]
            high = cells[t, 2] if skipped == 3 else cells[t, 3]
            twin = -1
            for i in range(start[low], end[low]):
                if held[i, 0] == middle and held[i, 1] == high:
                    twin = held[i, 2]
                    break
            if twin < 0:
                i = end[low]
                held[i, 0], held[i, 1], held[i, 2] = middle, high, t
                end[low] += 1
            else:
                a, b = _root_of(root, t), _root_of(root, twin)
                root[max(a, b)] = min(a, b)
    for t in range(len(cells)):
        root[t] = _root_of(root, t)
