"""Linear finite elements on tetrahedra: gradient, its adjoint, and the stiffness matrix."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import get_num_threads, njit
from scipy.sparse import csr_array

from tmsguide.num.parallel import ordered_map
from tmsguide.num.tetrahedra import cells_of_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["gradient", "slices", "stiffness", "weak_divergence"]


def gradient(nodes: Floats, cells: Ints, values: Floats) -> Floats:
    """Give the constant gradient (M, 3) in each cell of node values (N,), per unit of length."""
    out = np.empty((len(cells), 3))
    ordered_map(
        lambda part: _gradient(nodes, cells, values, out, part.start, part.stop),
        slices(len(cells)),
    )
    return out


def weak_divergence(nodes: Floats, cells: Ints, vectors: Floats) -> Floats:
    """Give (N,) sums over cells of (gradient of a node's shape function) · vectors (M, 3).

    The exact adjoint of `gradient`: ``weak_divergence(v) @ u == (v * gradient(u)).sum()``.
    """
    out = np.zeros(len(nodes))
    _weak_divergence(nodes, cells, vectors, out)
    return out


def stiffness(nodes: Floats, cells: Ints, weight: Floats) -> csr_array:
    """Give the (N, N) matrix of ∫ weight ∇u·∇v with linear elements; ``weight`` (M,) per cell.

    Symmetric, and constants lie in its null space.
    """
    start, cell = cells_of_nodes(cells, len(nodes))
    row_start = np.zeros(len(nodes) + 1, dtype=np.int32)
    _count_neighbours(cells, start, cell, row_start)
    column = np.empty(row_start[-1], dtype=np.int32)
    value = np.empty(row_start[-1])
    _fill_rows(nodes, cells, weight, start, cell, row_start, column, value)
    matrix = csr_array((value, column, row_start), shape=(len(nodes), len(nodes)))
    matrix.sort_indices()
    return matrix


def slices(n: int) -> list[slice]:
    """Cut ``range(n)`` into one even slice per thread."""
    edge = np.linspace(0, n, get_num_threads() + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edge)]


@njit(cache=True, nogil=True)
def _shape_gradients(nodes: Any, cells: Any, t: int, g: Any) -> float:
    """Write the shape gradients of cell ``t`` into ``g`` (4, 3); give six times its volume."""
    p, q, r, s = cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3]
    ax, ay, az = nodes[p, 0], nodes[p, 1], nodes[p, 2]
    bx, by, bz = nodes[q, 0] - ax, nodes[q, 1] - ay, nodes[q, 2] - az
    cx, cy, cz = nodes[r, 0] - ax, nodes[r, 1] - ay, nodes[r, 2] - az
    dx, dy, dz = nodes[s, 0] - ax, nodes[s, 1] - ay, nodes[s, 2] - az
    g[1, 0], g[1, 1], g[1, 2] = cy * dz - cz * dy, cz * dx - cx * dz, cx * dy - cy * dx
    g[2, 0], g[2, 1], g[2, 2] = dy * bz - dz * by, dz * bx - dx * bz, dx * by - dy * bx
    g[3, 0], g[3, 1], g[3, 2] = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    six = bx * g[1, 0] + by * g[1, 1] + bz * g[1, 2]
    for d in range(3):
        g[1, d] /= six
        g[2, d] /= six
        g[3, d] /= six
        g[0, d] = -g[1, d] - g[2, d] - g[3, d]
    return six  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _gradient(nodes: Any, cells: Any, values: Any, out: Any, first: int, last: int) -> None:
    g = np.empty((4, 3))
    for t in range(first, last):
        _shape_gradients(nodes, cells, t, g)
        for d in range(3):
            total = 0.0
            for q in range(4):
                total += g[q, d] * values[cells[t, q]]
            out[t, d] = total


@njit(cache=True, nogil=True)
def _weak_divergence(nodes: Any, cells: Any, vectors: Any, out: Any) -> None:
    g = np.empty((4, 3))
    for t in range(cells.shape[0]):
        _shape_gradients(nodes, cells, t, g)
        for q in range(4):
            out[cells[t, q]] += (
                g[q, 0] * vectors[t, 0] + g[q, 1] * vectors[t, 1] + g[q, 2] * vectors[t, 2]
            )


@njit(cache=True, nogil=True)
def _count_neighbours(cells: Any, start: Any, cell: Any, row_start: Any) -> None:
    n = start.shape[0] - 1
    seen = np.full(n, -1, np.int32)
    for v in range(n):
        count = 0
        for k in range(start[v], start[v + 1]):
            for q in range(4):
                w = cells[cell[k], q]
                if seen[w] != v:
                    seen[w] = v
                    count += 1
        row_start[v + 1] = row_start[v] + count


@njit(cache=True, nogil=True)
def _fill_rows(
    nodes: Any,
    cells: Any,
    weight: Any,
    start: Any,
    cell: Any,
    row_start: Any,
    column: Any,
    value: Any,
) -> None:
    n = start.shape[0] - 1
    where = np.full(n, -1, np.int32)
    g = np.empty((4, 3))
    for v in range(n):
        end = row_start[v]
        for k in range(start[v], start[v + 1]):
            t = cell[k]
            scale = weight[t] * abs(_shape_gradients(nodes, cells, t, g)) / 6.0
            a = 0
            for q in range(4):
                if cells[t, q] == v:
                    a = q
            for q in range(4):
                w = cells[t, q]
                if where[w] < row_start[v]:
                    where[w] = end
                    column[end] = w
                    value[end] = 0.0
                    end += 1
                value[where[w]] += scale * (
                    g[a, 0] * g[q, 0] + g[a, 1] * g[q, 1] + g[a, 2] * g[q, 2]
                )
