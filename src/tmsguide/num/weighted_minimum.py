"""Where a sparse weighted mean of a map is least, for many maps at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.parallel import ordered_map
from tmsguide.num.sparse_rows import combine_row

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["least_weighted"]

#: Maps per pass: 64 float32 sums fill eight vector registers, so each weight is read once for 64.
_LANES = tuple(range(64))

#: Rounding of one float32 sum of positive terms, per term.
_SINGLE = 6e-8

#: Means nearer than this share of the map's range are one value: rounding of the order of a sum.
_SAME = 1e-12


def least_weighted(mean: csr_array, maps: Floats, order: Ints) -> Ints:
    """Give the row (B,) at which ``mean @ map`` is least, for each of the maps (B, M).

    Rows of ``mean`` (M, M) hold weights above 0 that sum to 1. Equal values go to the row that
    comes first in ``order`` (M,). Every mean is formed in single precision; those that rounding
    cannot tell from the least are formed again in double, so that the answer is that of double.

    Examples
    --------
    >>> from scipy.sparse import eye_array
    >>> maps = np.array([[3.0, 1.0, 1.0], [0.0, 5.0, 2.0]])
    >>> least_weighted(eye_array(3).tocsr(), maps, np.array([2, 1, 0])).tolist()
    [2, 0]
    """
    rows = (mean.indptr.astype(np.int64), mean.indices.astype(np.int32), mean.data)
    single = mean.data.astype(np.float32)
    doubt = 2 * _SINGLE * float(np.diff(mean.indptr).max())
    parts = [slice(at, at + len(_LANES)) for at in range(0, len(maps), len(_LANES))]
    search = partial(_least_of_some, rows, single, doubt, order)
    found = ordered_map(lambda part: search(np.ascontiguousarray(maps[part])), parts)
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _least_of_some(
    rows: tuple[Any, ...], single: NDArray[np.float32], doubt: float, order: Ints, maps: Floats
) -> Ints:
    low = maps.min(axis=1, keepdims=True)
    span = maps.max(axis=1) - low[:, 0]
    columns = np.zeros((maps.shape[1], len(_LANES)), dtype=np.float32)
    # from 0 up: a shift of the map costs no single precision
    columns[:, : len(maps)] = (maps - low).T
    out = np.empty(len(maps), dtype=np.int64)
    _search(_LANES, *rows, single, columns, maps, span, doubt, order, out)
    return out


@njit(cache=True, nogil=True)
def _search(
    lanes: Any,
    first: Any,
    column: Any,
    value: Any,
    single: Any,
    x: Any,
    maps: Any,
    span: Any,
    doubt: float,
    order: Any,
    out: Any,
) -> None:
    places = maps.shape[1]
    one, none = np.float32(1.0), np.float32(0.0)
    near = np.empty_like(x)
    for i in range(places):
        combine_row(lanes, near, i, x, none, one, single, column, first[i], first[i + 1], x)
    least = np.full(len(maps), np.inf)
    for i in range(places):
        for b in range(len(maps)):
            if near[i, b] < least[b]:
                least[b] = near[i, b]
    exact = np.full(places, np.inf)
    for b in range(len(maps)):
        best = np.inf
        for i in range(places):
            exact[i] = np.inf
            if near[i, b] <= least[b] + doubt * span[b]:
                total = 0.0
                for k in range(first[i], first[i + 1]):
                    total += value[k] * maps[b, column[k]]
                exact[i] = total
                best = min(best, total)
        for i in order:
            if exact[i] <= best + _SAME * span[b]:
                out[b] = i
                break
