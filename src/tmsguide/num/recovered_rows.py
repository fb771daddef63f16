"""Compiled rows that map node values to recovered gradients in chosen cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from tmsguide.num.fem_rows import shape_gradients

__all__ = ["count_support", "fill_gradients"]


@njit(cache=True, nogil=True)
def count_support(
    n: int,
    cells: Any,
    chosen: Any,
    row: Any,
    patch_start: Any,
    patch_cell: Any,
    row_start: Any,
    first: int,
    last: int,
) -> None:
    """Write, for the three rows of each chosen cell, how many nodes they reach."""
    seen = np.full(n, -1, np.int64)
    for p in range(first, last):
        count = 0
        for q in range(4):
            r = row[chosen[p], q]
            for k in range(patch_start[r], patch_start[r + 1]):
                for corner in range(4):
                    w = cells[patch_cell[k], corner]
                    if seen[w] != p:
                        seen[w] = p
                        count += 1
        for d in range(3):
            row_start[3 * p + d + 1] = count


@njit(cache=True, nogil=True)
def fill_gradients(
    nodes: Any,
    cells: Any,
    chosen: Any,
    share: Any,
    row: Any,
    patch_start: Any,
    patch_cell: Any,
    patch_weight: Any,
    row_start: Any,
    column: Any,
    value: Any,
    first: int,
    last: int,
) -> None:
    """Sum, into the rows of each chosen cell, fitted shape gradients round its corners."""
    where = np.full(nodes.shape[0], -1, np.int64)
    g = np.empty((4, 3))
    for p in range(first, last):
        begin = row_start[3 * p]
        width = row_start[3 * p + 1] - begin
        end = begin
        for q in range(4):
            r = row[chosen[p], q]
            for k in range(patch_start[r], patch_start[r + 1]):
                t = patch_cell[k]
                shape_gradients(nodes, cells, t, g)
                scale = share[p, q] * patch_weight[k]
                for corner in range(4):
                    w = cells[t, corner]
                    if where[w] < begin:
                        where[w] = end
                        column[end] = w
                        end += 1
                    for d in range(3):
                        value[where[w] + d * width] += scale * g[corner, d]
        column[begin + width : begin + 2 * width] = column[begin:end]
        column[begin + 2 * width : begin + 3 * width] = column[begin:end]
