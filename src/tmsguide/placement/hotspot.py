"""The strongest part of a field, counted by area: what it holds and where it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["hotspots"]

#: Bins that sort the points roughly, so that only the strong ones are sorted in full.
BINS = 512


def hotspots(
    strength: Floats, weight: Floats, member: Floats, shares: Floats
) -> tuple[Floats, Floats]:
    """Give what the strongest ``shares`` (S,) of all weight hold, and the strength they begin at.

    ``strength`` (K, P) above or at 0, ``weight`` (P,) above 0, ``member`` (P,) any number per
    point. The hotspot of a share is made of the strongest points that together have that share of
    the weight, those at its border in part, so that the answer depends on area and not on how
    finely a surface is cut or in which order its points come. Returns the weighted mean of
    ``member`` over each hotspot and the strength of its weakest point, both (K, S).
    """
    held = np.empty((len(strength), len(shares)))
    level = np.empty_like(held)
    rows = np.ascontiguousarray(strength, dtype=np.float64)
    order = np.argsort(shares, kind="stable")
    need = shares[order] * weight.sum()
    ordered_map(
        lambda part: _walk(rows[part], weight, member, need, order, held[part], level[part]),
        slices(len(rows)),
    )
    return held, level


@njit(cache=True, nogil=True)
def _walk(
    strength: Any, weight: Any, member: Any, need: Any, order: Any, held: Any, level: Any
) -> None:
    for i in range(len(strength)):
        near = _strongest(strength[i], weight, need[-1])
        ranked = near[np.argsort(-strength[i][near], kind="mergesort")]
        first, mass, total = 0, 0.0, 0.0
        for s in range(len(need)):
            last, more, held_more = _alike(strength[i], weight, member, ranked, first)
            while last < len(ranked) and mass + more < need[s]:
                first, mass, total = last, mass + more, total + held_more
                last, more, held_more = _alike(strength[i], weight, member, ranked, first)
            part = (need[s] - mass) / more  # of the points at the border
            held[i, order[s]] = (total + part * held_more) / need[s]
            level[i, order[s]] = strength[i, ranked[first]]


@njit(cache=True, nogil=True)
def _alike(row: Any, weight: Any, member: Any, ranked: Any, first: int) -> Any:
    """Give where the run of equal strengths from ``first`` ends, its weight and what it holds."""
    last, more, held = first, 0.0, 0.0
    while last < len(ranked) and row[ranked[last]] == row[ranked[first]]:
        more += weight[ranked[last]]
        held += weight[ranked[last]] * member[ranked[last]]
        last += 1
    return last, more, held


@njit(cache=True, nogil=True)
def _strongest(row: Any, weight: Any, need: float) -> Any:
    """Give the indices, ascending, of points that surely hold the strongest ``need`` of weight."""
    scale = (BINS - 1) / max(row.max(), 1e-300)
    mass = np.zeros(BINS)
    for p in range(len(row)):
        mass[int(row[p] * scale)] += weight[p]
    low, total = BINS - 1, mass[BINS - 1]
    while low > 0 and total < need * (1.0 + 1e-9):
        low -= 1
        total += mass[low]
    out = np.empty(len(row), np.int64)
    n = 0
    for p in range(len(row)):
        if int(row[p] * scale) >= low:
            out[n] = p
            n += 1
    return out[:n]
