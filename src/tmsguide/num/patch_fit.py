"""Compiled least-squares fits over the cells round each node, by region."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tmsguide.num.fem_rows import shape_gradients

__all__ = ["count_regions", "fill_patches", "measure_cells"]


@njit(cache=True, nogil=True)
def measure_cells(nodes: Any, cells: Any, centre: Any, volume: Any, first: int, last: int) -> None:
    """Write the barycentre and the volume of each cell."""
    g = np.empty((4, 3))
    for t in range(first, last):
        volume[t] = shape_gradients(nodes, cells, t, g) / 6.0
        for d in range(3):
            total = 0.0
            for q in range(4):
                total += nodes[cells[t, q], d]
            centre[t, d] = total / 4.0


@njit(cache=True, nogil=True)
def count_regions(
    region: Any, start: Any, cell: Any, row_of_node: Any, first: int, last: int
) -> None:
    """Write into ``row_of_node[v + 1]`` how many regions meet node v."""
    for v in range(first, last):
        count = 0
        for k in range(start[v], start[v + 1]):
            new = True
            for j in range(start[v], k):
                new = new and region[cell[j]] != region[cell[k]]
            count += new
        row_of_node[v + 1] = count


@njit(cache=True, nogil=True)
def fill_patches(
    nodes: Any,
    cells: Any,
    region: Any,
    centre: Any,
    volume: Any,
    start: Any,
    cell: Any,
    row_of_node: Any,
    row: Any,
    row_start: Any,
    column: Any,
    weight: Any,
    first: int,
    last: int,
) -> None:
    """Fill a node's patches one after the other: each of its cells is in just one of them."""
    normal = np.empty((4, 4))
    x = np.empty(4)
    p = np.ones(4)
    for v in range(first, last):
        n = row_of_node[v]
        end = start[v]
        for k in range(start[v], start[v + 1]):
            r = region[cell[k]]
            done = False
            for j in range(start[v], end):
                done = done or region[column[j]] == r
            if done:
                continue
            begin = end
            reach = 0.0
            for j in range(k, start[v + 1]):
                t = cell[j]
                if region[t] == r:
                    column[end] = t
                    end += 1
                    for q in range(4):
                        if cells[t, q] == v:
                            row[t, q] = n
                    for d in range(3):
                        reach = max(reach, abs(centre[t, d] - nodes[v, d]))
            patch, found = column[begin:end], weight[begin:end]
            _fit(nodes, centre, volume, v, reach, patch, found, normal, x, p)
            n += 1
            row_start[n] = end


@njit(cache=True, nogil=True)
def _fit(
    nodes: Any,
    centre: Any,
    volume: Any,
    v: int,
    reach: float,
    patch: Any,
    weight: Any,
    normal: Any,
    x: Any,
    p: Any,
) -> None:
    """Weights that give, at node ``v``, the least-squares linear fit over its patch."""
    total = 0.0
    for j in range(patch.shape[0]):
        total += volume[patch[j]]
    for j in range(patch.shape[0]):
        weight[j] = volume[patch[j]] / total
    if patch.shape[0] < 6:
        return
    normal[:] = 0.0
    for j in range(patch.shape[0]):
        for d in range(3):
            p[d + 1] = (centre[patch[j], d] - nodes[v, d]) / reach
        for a in range(4):
            for b in range(4):
                normal[a, b] += p[a] * p[b]
    ridge = 1e-3 * (normal[1, 1] + normal[2, 2] + normal[3, 3])
    for a in range(1, 4):
        normal[a, a] += ridge
    x[:] = 0.0
    x[0] = 1.0
    for a in range(4):  # elimination without pivots: the matrix is positive definite
        for b in range(a + 1, 4):
            factor = normal[b, a] / normal[a, a]
            x[b] -= factor * x[a]
            for c in range(a, 4):
                normal[b, c] -= factor * normal[a, c]
    for a in range(3, -1, -1):
        for c in range(a + 1, 4):
            x[a] -= normal[a, c] * x[c]
        x[a] /= normal[a, a]
    for j in range(patch.shape[0]):
        for d in range(3):
            p[d + 1] = (centre[patch[j], d] - nodes[v, d]) / reach
        weight[j] = x[0] + x[1] * p[1] + x[2] * p[2] + x[3] * p[3]
