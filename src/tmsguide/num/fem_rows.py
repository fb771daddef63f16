"""Compiled rows of finite element matrices: shape gradients, patterns, sums over cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "count_neighbours",
    "couple_columns",
    "couple_rows",
    "fill_rows",
    "incidence",
    "shape_gradients",
]


@njit(cache=True, nogil=True)
def shape_gradients(nodes: Any, cells: Any, t: int, g: Any) -> float:
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
def incidence(cells: Any, n: int) -> tuple[Any, Any]:
    """Cells that touch each node as ``(start (n + 1,), cell (4 M,))``, ascending in each node."""
    start = np.zeros(n + 1, np.int32)
    for t in range(cells.shape[0]):
        for q in range(4):
            start[cells[t, q] + 1] += 1
    for v in range(n):
        start[v + 1] += start[v]
    end = start[:n].copy()
    cell = np.empty(4 * cells.shape[0], np.int32)
    for t in range(cells.shape[0]):
        for q in range(4):
            v = cells[t, q]
            cell[end[v]] = t
            end[v] += 1
    return start, cell


@njit(cache=True, nogil=True)
def count_neighbours(
    cells: Any, start: Any, cell: Any, row_start: Any, first: int, last: int
) -> None:
    """Write into ``row_start[v + 1]`` how many nodes share a cell with node v, itself included."""
    seen = np.full(start.shape[0] - 1, -1, np.int32)
    for v in range(first, last):
        count = 0
        for k in range(start[v], start[v + 1]):
            for q in range(4):
                w = cells[cell[k], q]
                if seen[w] != v:
                    seen[w] = v
                    count += 1
        row_start[v + 1] = count


@njit(cache=True, nogil=True)
def _gather_columns(
    cells: Any, start: Any, cell: Any, v: int, begin: int, column: Any, where: Any
) -> int:
    """Write the neighbours of ``v``, ascending, from ``begin``, and where each stands."""
    end = begin
    for k in range(start[v], start[v + 1]):
        for q in range(4):
            w = cells[cell[k], q]
            if where[w] < begin:
                where[w] = begin
                at = end
                while at > begin and column[at - 1] > w:
                    column[at] = column[at - 1]
                    at -= 1
                column[at] = w
                end += 1
    for k in range(begin, end):
        where[column[k]] = k
    return end


@njit(cache=True, nogil=True)
def fill_rows(
    nodes: Any,
    cells: Any,
    sigma: Any,
    tensor: Any,
    start: Any,
    cell: Any,
    row_start: Any,
    column: Any,
    value: Any,
    coupling: Any,
    first: int,
    last: int,
) -> None:
    """Sum, into each node's row, the stiffness and coupling of the cells round it."""
    where = np.full(start.shape[0] - 1, -1, np.int32)
    g = np.empty((4, 3))
    flux = np.empty(3)
    for v in range(first, last):
        begin = row_start[v]
        end = _gather_columns(cells, start, cell, v, begin, column, where)
        value[begin:end] = 0.0
        coupling[begin:end] = 0.0
        for k in range(start[v], start[v + 1]):
            t = cell[k]
            volume = abs(shape_gradients(nodes, cells, t, g)) / 6.0
            a = 0
            for q in range(4):
                if cells[t, q] == v:
                    a = q
            for d in range(3):
                if tensor.shape[0] == 0:
                    flux[d] = volume * sigma[t] * g[a, d]
                else:
                    flux[d] = volume * (
                        tensor[t, d, 0] * g[a, 0]
                        + tensor[t, d, 1] * g[a, 1]
                        + tensor[t, d, 2] * g[a, 2]
                    )
            for q in range(4):
                at = where[cells[t, q]]
                value[at] += flux[0] * g[q, 0] + flux[1] * g[q, 1] + flux[2] * g[q, 2]
                for d in range(3):
                    coupling[at, d] += 0.25 * flux[d]


@njit(cache=True, nogil=True)
def couple_rows(
    row_start: Any, column: Any, coupling: Any, vectors: Any, out: Any, first: int, last: int
) -> None:
    """Sum each row's couplings with its neighbours' vectors."""
    for v in range(first, last):
        out[v] = 0.0
        for k in range(row_start[v], row_start[v + 1]):
            for d in range(3):
                for c in range(out.shape[1]):
                    out[v, c] += coupling[k, d] * vectors[column[k], d, c]


@njit(cache=True, nogil=True)
def couple_columns(
    row_start: Any, column: Any, coupling: Any, potentials: Any, out: Any, first: int, last: int
) -> None:
    """Gather by columns: the pattern is symmetric, so each row's cursor meets them in order."""
    n = row_start.shape[0] - 1
    cursor = np.empty(n, np.int32)
    for w in range(n):
        at = row_start[w]
        while at < row_start[w + 1] and column[at] < first:
            at += 1
        cursor[w] = at
    for v in range(first, last):
        out[v] = 0.0
        for k in range(row_start[v], row_start[v + 1]):
            w = column[k]
            for d in range(3):
                for c in range(out.shape[2]):
                    out[v, d, c] += coupling[cursor[w], d] * potentials[w, c]
            cursor[w] += 1
