"""Evenly spread points chosen from many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.tetrahedra import walk_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["spread_out"]

_LEAST_BIN = 0.005  # of the cloud's size: no more than 8 million bins whatever the spacing


def spread_out(points: Floats, normals: Floats, spacing: float) -> NDArray[np.int64]:
    """Choose indices (K,) of points (P, 3) no nearer to each other than ``spacing``.

    Points whose ``normals`` (P, 3) oppose each other, as on the banks of a fold, do not count as
    near. No point is left that could still be added; the same points give the same choice.

    Examples
    --------
    >>> line = np.arange(10.0)[:, None] * [1.0, 0, 0]
    >>> spread_out(line, np.ones((10, 3)), 2.5).tolist()
    [0, 3, 6, 9]
    """
    if len(points) == 0:
        return np.empty(0, dtype=np.int64)
    low = points.min(axis=0)
    room = points.max(axis=0) - low
    step = max(spacing, _LEAST_BIN * float(room.max()), 1e-300)
    shape = tuple(int(n) + 1 for n in room / step)
    order = walk_order(points)
    kept = np.zeros(len(points), dtype=np.bool_)
    _choose(points, normals, order, low, step, shape, spacing**2, kept)
    return np.flatnonzero(kept)


@njit(cache=True, nogil=True)
def _choose(
    points: Any,
    normals: Any,
    order: Any,
    low: Any,
    step: float,
    shape: Any,
    least: float,
    kept: Any,
) -> None:
    first = np.full(shape[0] * shape[1] * shape[2], -1, np.int64)  # newest kept point of a bin
    before = np.full(points.shape[0], -1, np.int64)  # the one kept before it
    at = np.empty(3, np.int64)
    for p in order:
        for k in range(3):
            at[k] = min(shape[k] - 1, int((points[p, k] - low[k]) / step))
        free = True
        for i in range(max(0, at[0] - 1), min(shape[0], at[0] + 2)):
            for j in range(max(0, at[1] - 1), min(shape[1], at[1] + 2)):
                for k in range(max(0, at[2] - 1), min(shape[2], at[2] + 2)):
                    q = first[(i * shape[1] + j) * shape[2] + k]
                    while free and q >= 0:
                        square = agree = 0.0
                        for d in range(3):
                            square += (points[p, d] - points[q, d]) ** 2
                            agree += normals[p, d] * normals[q, d]
                        free = square >= least or agree <= 0.0
                        q = before[q]
        if free:
            b = (at[0] * shape[1] + at[1]) * shape[2] + at[2]
            before[p] = first[b]
            first[b] = p
            kept[p] = True
