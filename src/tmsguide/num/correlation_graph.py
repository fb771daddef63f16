"""Graph of the strongest correlations between series of places that lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from tmsguide.num.statistics import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Strongest", "graph_of", "strongest"]

#: Rows of the correlation matrix at a time: (256, 5000) float32 is 5 MB.
_ROWS = 256


class Strongest(NamedTuple):
    """For each of N places the ``most`` others it goes with best, falling: (N, most) each."""

    other: NDArray[np.int64]
    r: NDArray[np.float32]


def strongest(
    series: NDArray[np.floating], xyz_mm: Floats, *, most: int, apart_mm: float
) -> Strongest:
    """Find for each column of (T, N) those it correlates with best, ``apart_mm`` or more away.

    Distances are straight lines between ``xyz_mm`` (N, 3). Where fewer than ``most`` places lie
    apart, the rest of the row has r of 0.
    """
    scored = standardise(series).astype(np.float32)
    frames, n = scored.shape
    most = min(most, n - 1)
    other, r = np.empty((n, most), dtype=np.int64), np.empty((n, most), dtype=np.float32)
    for first in range(0, n, _ROWS):
        rows = slice(first, min(first + _ROWS, n))
        every = scored[:, rows].T @ scored / frames
        every[cdist(xyz_mm[rows], xyz_mm) < apart_mm] = 0.0
        every[np.arange(len(every)), np.arange(first, rows.stop)] = 0.0
        # of equal correlations the first place wins, whatever the partition does
        best = np.sort(np.argpartition(-every, most - 1, axis=1)[:, :most], axis=1)
        value = np.take_along_axis(every, best, axis=1)
        fall = np.argsort(-value, axis=1, kind="stable")
        other[rows] = np.take_along_axis(best, fall, axis=1)
        r[rows] = np.maximum(np.take_along_axis(value, fall, axis=1), 0.0)
    return Strongest(other, r)


def graph_of(links: Strongest, density: float) -> csr_array:
    """Join every place with its ⌈density N⌉ strongest others, weights r: symmetric (N, N).

    A link that only one of its ends counts among its strongest is kept (Lynch et al. 2023,
    10.1016/j.xpro.2023.102118). Correlations of 0 or less are no links.
    """
    n = len(links.r)
    each = min(int(np.ceil(density * n)), links.r.shape[1])
    row = np.repeat(np.arange(n), each)
    column, value = links.other[:, :each].ravel(), links.r[:, :each].ravel()
    kept = value > 0
    one_way = csr_array((value[kept].astype(np.float64), (row[kept], column[kept])), shape=(n, n))
    return csr_array(one_way.maximum(one_way.T))
