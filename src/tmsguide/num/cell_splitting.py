"""Split tetrahedra at nodes on their edges, one global order for all, so that meshes conform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["split_cells"]

_EDGE = np.array([[-1, 0, 1, 2], [0, -1, 3, 4], [1, 3, -1, 5], [2, 4, 5, -1]])


def split_cells(cells: Ints, number: Ints, rank: Ints, first: int) -> tuple[Ints, Ints]:
    """Give the pieces (P, 4) of cells cut at numbered edges, and the cell (P,) each came from.

    ``number`` (C, 6) holds, for each of a cell's edges 01, 02, 03, 12, 13 and 23, which added node
    lies on it, -1 for none; that node's number in the pieces is ``first`` more. ``rank`` (E,) is
    the global order in which edges are split, so cells that share a face split it alike.
    """
    pieces = np.empty((8 * len(cells), 4), dtype=np.int64)
    origin = np.empty(8 * len(cells), dtype=np.int64)
    n = _bisect(cells, number, rank, first, pieces, origin)
    return pieces[:n].copy(), origin[:n].copy()


@njit(cache=True)
def _bisect(cells: Any, number: Any, rank: Any, first: int, pieces: Any, origin: Any) -> int:
    # Corners are held as 0..3 (the cell's own) or 4 + edge (the node added on that edge).
    stack = np.empty((16, 4), np.int64)
    n = 0
    for t in range(cells.shape[0]):
        for q in range(4):
            stack[0, q] = q
        depth = 1
        while depth > 0:
            depth -= 1
            best = -1
            here = 0
            there = 0
            for i in range(4):
                for j in range(i + 1, 4):
                    p, q = stack[depth, i], stack[depth, j]
                    if p < 4 and q < 4:
                        e = _EDGE[p, q]
                        k = number[t, e]
                        if k >= 0 and (best < 0 or rank[k] < rank[number[t, best]]):
                            best, here, there = e, i, j
            if best < 0:
                for q in range(4):
                    c = stack[depth, q]
                    pieces[n, q] = cells[t, c] if c < 4 else first + number[t, c - 4]
                origin[n] = t
                n += 1
            else:
                for q in range(4):
                    stack[depth + 1, q] = stack[depth, q]
                stack[depth, here] = 4 + best
                stack[depth + 1, there] = 4 + best
                depth += 2
    return n
