"""Which voxels a mesh touches: a quick no to the question whether a point lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Occupancy", "occupancy"]


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """Voxels (X, Y, Z) of ``step``, the first with its lower corner at ``origin`` (3,)."""

    touched: Bools
    origin: Floats
    step: float

    def near(self, points: Floats) -> Bools:
        """Tell which points (P, 3) lie in a voxel that the box of some cell touches."""
        index = np.floor((points - self.origin) / self.step).astype(np.int64)
        within = np.asarray(((index >= 0) & (index < self.touched.shape)).all(axis=1))
        out = np.zeros(len(points), dtype=np.bool_)
        out[within] = self.touched[tuple(index[within].T)]
        return out


def occupancy(nodes: Floats, cells: Ints, step: float) -> Occupancy:
    """Give the voxels that the bounding boxes of cells (M, 4) of nodes (N, 3) touch."""
    origin = nodes.min(axis=0) - step
    shape = np.ceil((nodes.max(axis=0) - origin) / step).astype(int) + 1
    touched = np.zeros(tuple(shape), dtype=np.bool_)
    _mark(nodes, cells, origin, step, touched)
    return Occupancy(touched, origin, step)


@njit(cache=True, nogil=True)
def _mark(nodes: Any, cells: Any, origin: Any, step: float, touched: Any) -> None:
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    for t in range(cells.shape[0]):
        for d in range(3):
            small = big = nodes[cells[t, 0], d]
            for q in range(1, 4):
                v = nodes[cells[t, q], d]
                small, big = min(small, v), max(big, v)
            low[d] = int((small - origin[d]) / step)
            high[d] = int((big - origin[d]) / step)
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                for k in range(low[2], high[2] + 1):
                    touched[i, j, k] = True
