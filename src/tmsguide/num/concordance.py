"""How well neighbouring series agree in their ranks: Kendall's W over neighbourhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["concordance", "neighbour_lists", "ranks"]

_BLOCK = 4096


def ranks(series: NDArray[np.floating]) -> tuple[NDArray[np.float32], Floats]:
    """Rank of each frame in its column of (T, N), 1..T, ties shared: (N, T), and Σ(t³ - t), (N,).

    The sum runs over groups of t equal values and is Kendall's correction for ties.
    """
    frames, places = series.shape
    rank = np.empty((places, frames), dtype=np.float32)
    tied = np.zeros(places)

    def block(part: slice) -> None:
        some = np.ascontiguousarray(series[:, part].T)
        _ranks(some, np.argsort(some, axis=1), rank[part], tied[part])

    ordered_map(block, _parts(places))
    return rank, tied


def neighbour_lists(pairs: Ints, places: int) -> tuple[Ints, Ints]:
    """Turn pairs (E, 2) into lists: the neighbours of i are ``of[first[i]:first[i + 1]]``."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    first = np.zeros(places + 1, dtype=np.int64)
    np.cumsum(np.bincount(both[:, 0], minlength=places), out=first[1:])
    return first, np.ascontiguousarray(both[:, 1])


def concordance(
    rank: NDArray[np.float32], tied: Floats, first: Ints, neighbour: Ints
) -> tuple[Floats, Ints]:
    """Kendall's W of each place and its neighbours, (N,), and how many series that are, (N,).

    W = 12 S / (K² (T³ - T) - K Σ(t³ - t)), S the sum of squared deviations of the K series' summed
    ranks. NaN for a place without neighbours.

    References
    ----------
    Kendall & Babington Smith 1939, 10.1214/aoms/1177732186.
    """
    places = len(rank)
    w = np.full(places, np.nan)
    size = np.diff(first) + 1
    ordered_map(
        lambda part: _concordance(rank, tied, first, neighbour, w, part.start, part.stop),
        _parts(places),
    )
    return w, size


def _parts(places: int) -> Iterator[slice]:
    for start in range(0, places, _BLOCK):
        yield slice(start, min(start + _BLOCK, places))


@njit(cache=True, nogil=True)
def _ranks(series: Any, order: Any, rank: Any, tied: Any) -> None:
    places, frames = series.shape
    for i in range(places):
        start = 0
        while start < frames:
            stop = start + 1
            while stop < frames and series[i, order[i, stop]] == series[i, order[i, start]]:
                stop += 1
            shared = 0.5 * (start + stop + 1)
            for k in range(start, stop):
                rank[i, order[i, k]] = shared
            equal = stop - start
            tied[i] += float(equal) ** 3 - equal
            start = stop


@njit(cache=True, nogil=True)
def _concordance(
    rank: Any, tied: Any, first: Any, neighbour: Any, w: Any, start: int, stop: int
) -> None:
    frames = rank.shape[1]
    total = np.empty(frames, np.float32)
    for i in range(start, stop):
        size = first[i + 1] - first[i] + 1
        if size == 1:
            continue
        total[:] = rank[i]
        ties = tied[i]
        for k in range(first[i], first[i + 1]):
            j = neighbour[k]
            ties += tied[j]
            for t in range(frames):
                total[t] += rank[j, t]
        middle = 0.5 * size * (frames + 1)
        squares = 0.0
        for t in range(frames):
            squares += (total[t] - middle) ** 2
        whole = float(size) ** 2 * (float(frames) ** 3 - frames) - size * ties
        w[i] = 12.0 * squares / whole
