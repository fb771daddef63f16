"""Products and reorderings of sparse matrices, on threads, the same for any number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.sparse import csr_array

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

__all__ = ["product", "reordered", "transpose"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int32]


def product(left: csr_array, right: csr_array) -> csr_array:
    """Give ``left @ right`` with sorted 32-bit columns, each row summed in the order of ``left``.

    References
    ----------
    Gustavson 1978, ACM Trans. Math. Softw. 4:250, doi:10.1145/355791.355796.
    """
    pattern = left.indptr, left.indices, right.indptr, right.indices
    n, columns = left.shape[0], right.shape[1]
    start: Positions = np.zeros(n + 1, dtype=np.int32)
    parts = slices(n)
    ordered_map(lambda part: _count(*pattern, columns, start, part.start, part.stop), parts)
    np.cumsum(start, out=start)
    column = np.empty(start[-1], dtype=np.int32)
    value = np.empty(start[-1])
    data = left.data, right.data
    ordered_map(
        lambda part: _fill(*pattern, *data, columns, start, column, value, part.start, part.stop),
        parts,
    )
    return csr_array((value, column, start), shape=(n, columns))


def reordered(matrix: csr_array, order: Positions) -> csr_array:
    """Give ``matrix[order][:, order]`` with sorted 32-bit columns."""
    n = matrix.shape[0]
    start = np.zeros(n + 1, dtype=np.int32)
    np.cumsum(np.diff(matrix.indptr)[order], out=start[1:])
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    column = np.empty(matrix.nnz, dtype=np.int32)
    value = np.empty(matrix.nnz)
    rows = matrix.indptr, matrix.indices, matrix.data
    ordered_map(
        lambda part: _reorder(*rows, order, rank, start, column, value, part.start, part.stop),
        slices(n),
    )
    return csr_array((value, column, start), shape=matrix.shape)


def transpose(matrix: csr_array) -> csr_array:
    """Give the transpose, with sorted columns."""
    n, columns = matrix.shape
    start = np.zeros(columns + 1, dtype=np.int32)
    column = np.empty(matrix.nnz, dtype=np.int32)
    value = np.empty(matrix.nnz)
    _transpose(matrix.indptr, matrix.indices, matrix.data, start, column, value)
    return csr_array((value, column, start), shape=(columns, n))


@njit(cache=True, nogil=True)
def _count(
    left_start: Any,
    left_column: Any,
    right_start: Any,
    right_column: Any,
    columns: int,
    start: Any,
    first: int,
    last: int,
) -> None:
    seen = np.full(columns, -1, np.int32)
    for i in range(first, last):
        count = 0
        for k in range(left_start[i], left_start[i + 1]):
            j = left_column[k]
            for m in range(right_start[j], right_start[j + 1]):
                if seen[right_column[m]] != i:
                    seen[right_column[m]] = i
                    count += 1
        start[i + 1] = count


@njit(cache=True, nogil=True)
def _fill(
    left_start: Any,
    left_column: Any,
    right_start: Any,
    right_column: Any,
    left_value: Any,
    right_value: Any,
    columns: int,
    start: Any,
    column: Any,
    value: Any,
    first: int,
    last: int,
) -> None:
    total = np.zeros(columns)
    seen = np.full(columns, -1, np.int32)
    for i in range(first, last):
        end = start[i]
        for k in range(left_start[i], left_start[i + 1]):
            j = left_column[k]
            for m in range(right_start[j], right_start[j + 1]):
                c = right_column[m]
                if seen[c] != i:
                    seen[c] = i
                    total[c] = 0.0
                    column[end] = c
                    end += 1
                total[c] += left_value[k] * right_value[m]
        column[start[i] : end].sort()
        for k in range(start[i], end):
            value[k] = total[column[k]]


@njit(cache=True, nogil=True)
def _reorder(
    start: Any,
    column: Any,
    value: Any,
    order: Any,
    rank: Any,
    new_start: Any,
    new_column: Any,
    new_value: Any,
    first: int,
    last: int,
) -> None:
    for i in range(first, last):
        end = new_start[i]
        for k in range(start[order[i]], start[order[i] + 1]):
            c = rank[column[k]]
            at = end
            while at > new_start[i] and new_column[at - 1] > c:
                new_column[at] = new_column[at - 1]
                new_value[at] = new_value[at - 1]
                at -= 1
            new_column[at] = c
            new_value[at] = value[k]
            end += 1


@njit(cache=True, nogil=True)
def _transpose(
    start: Any, column: Any, value: Any, new_start: Any, new_column: Any, new_value: Any
) -> None:
    for k in range(column.shape[0]):
        new_start[column[k] + 1] += 1
    for c in range(new_start.shape[0] - 1):
        new_start[c + 1] += new_start[c]
    end = new_start[:-1].copy()
    for i in range(start.shape[0] - 1):
        for k in range(start[i], start[i + 1]):
            at = end[column[k]]
            new_column[at] = i
            new_value[at] = value[k]
            end[column[k]] = at + 1
