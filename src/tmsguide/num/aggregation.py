"""Coarse variables for multigrid: aggregates of strongly linked rows, and their prolongator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.sparse import csr_array

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["aggregates", "smoothed_prolongator"]


def aggregates(matrix: csr_array, strength: float) -> NDArray[np.int32]:
    """Give each row's aggregate (N,), numbered from 0, or -1 for rows without a strong link.

    Rows i and j are strongly linked where |a_ij| >= strength · sqrt(a_ii a_jj).

    References
    ----------
    Vanek, Mandel & Brezina 1996, Computing 56:179, doi:10.1007/BF02238511, algorithm 5.1.
    """
    root = np.sqrt(matrix.diagonal())
    out = np.full(matrix.shape[0], -1, dtype=np.int32)
    _aggregate(matrix.indptr, matrix.indices, matrix.data, strength * root, root, out)
    return out


def smoothed_prolongator(matrix: csr_array, aggregate: NDArray[np.int32]) -> csr_array:
    """Give the (N, C) map from aggregates to rows: constants, smoothed by one Jacobi step.

    The step is 4/3 over each row's sum of |a_ij|, a bound of the scaled matrix's largest
    eigenvalue that needs no estimate. Where rows of the matrix sum to nothing and every row has
    an aggregate, rows of the prolongator sum to one.
    """
    n, coarse = matrix.shape[0], int(aggregate.max()) + 1
    start = np.zeros(n + 1, dtype=np.int32)
    parts = slices(n)
    pattern = matrix.indptr, matrix.indices
    ordered_map(
        lambda part: _count(*pattern, aggregate, coarse, start, part.start, part.stop), parts
    )
    np.cumsum(start, out=start)
    column = np.empty(start[-1], dtype=np.int32)
    value = np.empty(start[-1])
    rows = start, column, value
    ordered_map(
        lambda part: _smooth(
            *pattern, matrix.data, aggregate, coarse, *rows, part.start, part.stop
        ),
        parts,
    )
    return csr_array((value, column, start), shape=(n, coarse))


@njit(cache=True, nogil=True)
def _aggregate(start: Any, column: Any, value: Any, least: Any, root: Any, out: Any) -> None:
    """Whole free neighbourhoods first; then leftovers join their strongest link's aggregate."""
    n = out.shape[0]
    count = 0
    for i in range(n):
        free = out[i] == -1
        links = 0
        for k in range(start[i], start[i + 1]):
            j = column[k]
            if free and j != i and abs(value[k]) >= least[i] * root[j]:
                links += 1
                free = out[j] == -1
        if free and links > 0:
            for k in range(start[i], start[i + 1]):
                j = column[k]
                if j == i or abs(value[k]) >= least[i] * root[j]:
                    out[j] = count
            count += 1
    whole = out.copy()
    for i in range(n):
        best = 0.0
        for k in range(start[i], start[i + 1]):
            j = column[k]
            size = abs(value[k]) / root[j]
            if whole[i] == -1 and whole[j] != -1 and size >= least[i] and size > best:
                best = size
                out[i] = whole[j]
    for i in range(n):
        links = 0
        for k in range(start[i], start[i + 1]):
            j = column[k]
            if out[i] == -1 and j != i and abs(value[k]) >= least[i] * root[j]:
                links += 1
        if links > 0:
            for k in range(start[i], start[i + 1]):
                j = column[k]
                if out[j] == -1 and (j == i or abs(value[k]) >= least[i] * root[j]):
                    out[j] = count
            count += 1


@njit(cache=True, nogil=True)
def _count(
    start: Any, column: Any, aggregate: Any, coarse: int, out: Any, first: int, last: int
) -> None:
    seen = np.full(coarse, -1, np.int32)
    for i in range(first, last):
        count = 0
        for k in range(start[i], start[i + 1]):
            c = aggregate[column[k]]
            if c >= 0 and seen[c] != i:
                seen[c] = i
                count += 1
        out[i + 1] = count


@njit(cache=True, nogil=True)
def _smooth(
    start: Any,
    column: Any,
    value: Any,
    aggregate: Any,
    coarse: int,
    new_start: Any,
    new_column: Any,
    new_value: Any,
    first: int,
    last: int,
) -> None:
    total = np.zeros(coarse)
    seen = np.full(coarse, -1, np.int32)
    for i in range(first, last):
        size = 0.0
        for k in range(start[i], start[i + 1]):
            size += abs(value[k])
        end = new_start[i]
        for k in range(start[i], start[i + 1]):
            c = aggregate[column[k]]
            if c < 0:
                continue
            if seen[c] != i:
                seen[c] = i
                total[c] = 0.0
                new_column[end] = c
                end += 1
            total[c] -= 4.0 / 3.0 * value[k] / size
            if column[k] == i:
                total[c] += 1.0
        new_column[new_start[i] : end].sort()
        for k in range(new_start[i], end):
            new_value[k] = total[new_column[k]]
