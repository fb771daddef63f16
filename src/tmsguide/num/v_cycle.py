"""One symmetric multigrid V-cycle for several right-hand sides at once, in single precision."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from tmsguide.num.parallel import ordered_map
from tmsguide.num.sparse_rows import combine_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Singles = NDArray[np.float32]

__all__ = ["Level", "Rows", "Work", "level_of", "over", "rows_of", "v_cycle", "work_for"]

_MOST_BLOCKS = 8
_LEAST_ROWS = 4096  # smaller blocks would cost more to hand out than they save


class Rows(NamedTuple):
    """A sparse matrix as compiled code takes it: row starts, columns and values."""

    start: NDArray[np.int32]
    column: NDArray[np.int32]
    value: NDArray[Any]


class Level(NamedTuple):
    """A matrix (N, N), what smooths it, and the maps to and from the next coarser level.

    ``diagonal`` (N,) tells where each row's diagonal stands; ``edge`` (B + 1,) cuts the rows into
    blocks that threads sweep alone; ``excess`` (N,) is what the diagonal gains for links that
    leave the block, ``inverse`` (N,) one over their sum.
    """

    matrix: Rows
    diagonal: NDArray[np.int32]
    excess: Singles
    inverse: Singles
    edge: NDArray[np.int64]
    up: Rows
    down: Rows


class Work(NamedTuple):
    """Room for the right-hand side, iterate and residual of each level, (N, W) each."""

    lanes: tuple[int, ...]
    rhs: list[Singles]
    iterate: list[Singles]
    residual: list[Singles]


def rows_of(matrix: csr_array, number: type[np.floating[Any]]) -> Rows:
    """Give a matrix with sorted columns as `Rows` of ``number``."""
    return Rows(
        matrix.indptr.astype(np.int32, copy=False),
        matrix.indices.astype(np.int32, copy=False),
        matrix.data.astype(number, copy=False),
    )


def level_of(matrix: csr_array, up: csr_array, down: csr_array) -> Level:
    """Give the level of a symmetric ``matrix``, its columns sorted, with its two maps.

    Blocks depend on the size alone, never on the number of threads. Half the sum of the links
    that leave a block goes onto the diagonal, so the smoother converges for any blocks.

    References
    ----------
    Baker, Falgout, Kolev & Yang 2011, SIAM J. Sci. Comput. 33:2864, doi:10.1137/100798806.
    """
    n = matrix.shape[0]
    edge = np.linspace(0, n, int(np.clip(n // _LEAST_ROWS, 1, _MOST_BLOCKS)) + 1).astype(np.int64)
    position = np.empty(n, dtype=np.int32)
    excess, inverse = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    pattern = matrix.indptr, matrix.indices, matrix.data
    over(edge, partial(_prepare, *pattern, position, excess, inverse))
    return Level(
        rows_of(matrix, np.float32),
        position,
        excess,
        inverse,
        edge,
        rows_of(up, np.float32),
        rows_of(down, np.float32),
    )


def work_for(levels: list[Level], coarsest: Singles, width: int) -> Work:
    """Give the room that cycles of ``width`` right-hand sides need."""
    sizes = [*(len(level.diagonal) for level in levels), len(coarsest)]
    room = [[np.zeros((n, width), dtype=np.float32) for n in sizes] for _ in range(3)]
    return Work((0,) * width, *room)


def v_cycle(levels: list[Level], coarsest: Singles, work: Work) -> Singles:
    """Give the correction (N, W) of the finest residuals in ``work.rhs[0]``, from zero.

    One forward Gauss-Seidel sweep on the way down and one backward on the way up, each block of
    rows on its own: symmetric, so it preconditions conjugate gradients. ``coarsest`` is the
    pseudo-inverse of the last matrix. Overwrites the room and gives ``work.iterate[0]``.
    """
    lanes, rhs, iterate, residual = work
    for k, level in enumerate(levels):
        b, x, r = rhs[k], iterate[k], residual[k]
        over(level.edge, partial(_sweep_down, lanes, level, b, x))
        over(level.edge, partial(_residual, lanes, level, x, r))
        _restrict(lanes, level.down, r, rhs[k + 1])
    iterate[-1][:] = coarsest @ rhs[-1]
    for k, level in reversed(list(enumerate(levels))):
        b, x, r, e = rhs[k], iterate[k], residual[k], iterate[k + 1]
        over(level.edge, partial(_correct, lanes, level.up, e, x, r))
        over(level.edge, partial(_sweep_up, lanes, level, b, r, x))
    return iterate[0]


def over(edge: NDArray[np.int64], function: Callable[[int, int], Any]) -> list[Any]:
    """Give ``function(first, last)`` for each block of rows between edges, on threads."""
    blocks = list(pairwise(edge.tolist()))
    if len(blocks) == 1:
        return [function(*blocks[0])]
    return ordered_map(lambda block: function(*block), blocks)


@njit(cache=True, nogil=True)
def _prepare(
    start: Any,
    column: Any,
    value: Any,
    position: Any,
    excess: Any,
    inverse: Any,
    first: int,
    last: int,
) -> None:
    for i in range(first, last):
        leaving = 0.0
        for k in range(start[i], start[i + 1]):
            if column[k] == i:
                position[i] = k
            elif column[k] < first or column[k] >= last:
                leaving += abs(value[k])
        excess[i] = 0.5 * leaving
        inverse[i] = 1.0 / (value[position[i]] + 0.5 * leaving)


@njit(cache=True, nogil=True)
def _sweep_down(lanes: Any, level: Any, b: Any, x: Any, first: int, last: int) -> None:
    """Forward sweep from zero: only links to rows of the block that come before count."""
    start, column, value = level.matrix
    for i in range(first, last):
        begin = start[i]
        while column[begin] < first:
            begin += 1
        inverse = level.inverse[i]
        combine_row(lanes, x, i, b, inverse, -inverse, value, column, begin, level.diagonal[i], x)


@njit(cache=True, nogil=True)
def _residual(lanes: Any, level: Any, x: Any, r: Any, first: int, last: int) -> None:
    """Write what the forward sweep left: links that it did not count."""
    start, column, value = level.matrix
    for i in range(first, last):
        after = level.diagonal[i] + 1
        combine_row(lanes, r, i, x, level.excess[i], -1.0, value, column, after, start[i + 1], x)
        end = start[i]
        while column[end] < first:
            end += 1
        if end > start[i]:
            combine_row(lanes, r, i, r, 1.0, -1.0, value, column, start[i], end, x)


@njit(cache=True, nogil=True)
def _restrict(lanes: Any, down: Any, r: Any, b: Any) -> None:
    start, column, value = down
    for i in range(b.shape[0]):
        combine_row(lanes, b, i, b, 0.0, 1.0, value, column, start[i], start[i + 1], r)


@njit(cache=True, nogil=True)
def _correct(lanes: Any, up: Any, e: Any, x: Any, out: Any, first: int, last: int) -> None:
    start, column, value = up
    for i in range(first, last):
        combine_row(lanes, out, i, x, 1.0, 1.0, value, column, start[i], start[i + 1], e)


@njit(cache=True, nogil=True)
def _sweep_up(lanes: Any, level: Any, b: Any, old: Any, x: Any, first: int, last: int) -> None:
    """Backward sweep from ``old``: the transpose of the forward one."""
    start, column, value = level.matrix
    for i in range(last - 1, first - 1, -1):
        at = level.diagonal[i]
        inverse = level.inverse[i]
        end = start[i + 1]
        while column[end - 1] >= last:
            end -= 1
        combine_row(lanes, x, i, b, inverse, -inverse, value, column, start[i], at, old)
        combine_row(lanes, x, i, x, 1.0, -inverse, value, column, at + 1, end, x)
        if level.excess[i] > 0.0:
            beyond = start[i + 1]
            combine_row(lanes, x, i, x, 1.0, -inverse, value, column, end, beyond, old)
            for c in range(len(lanes)):
                x[i, c] += inverse * level.excess[i] * old[i, c]
