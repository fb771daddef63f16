"""Cubes of doubling size that fill a box, each at most twice as large as any it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

__all__ = ["Leaves", "balanced_leaves"]


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Per k = 0, 1, ... the cubes of side 2^k that are ``whole``, and those ``halved`` further.

    Both are lists of boolean grids; ``shape`` counts the finest cubes along each axis. A cube that
    is neither lies within a larger one.
    """

    whole: list[Bools]
    halved: list[Bools]

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many cubes of side 1 fill the box along each axis."""
        x, y, z = self.whole[0].shape
        return x, y, z


def balanced_leaves(coarseness: NDArray[np.int8]) -> Leaves:
    """Give the largest cubes such that none exceeds 2^coarseness anywhere within it.

    ``coarseness`` (X, Y, Z), whole numbers from 0, one per cube of side 1; the box is filled up
    with its last values to a multiple of the largest cube. Cubes that touch, be it at a corner,
    differ by a factor of two at most.
    """
    top = int(coarseness.max())
    least = np.pad(coarseness, [(0, -n % (1 << top)) for n in coarseness.shape], mode="edge")
    halved = [np.zeros(least.shape, dtype=np.bool_)]
    for k in range(1, top + 1):
        least = _pooled(least, np.minimum)
        finer_near = _pooled(_dilated(halved[-1]), np.maximum)
        halved.append((least < k) | finer_near)
    whole = []
    for k in range(top + 1):
        held = ~halved[k]
        if k < top:
            held &= halved[k + 1].repeat(2, 0).repeat(2, 1).repeat(2, 2)
        whole.append(held)
    return Leaves(whole, halved)


def _pooled(grid: NDArray[Any], join: np.ufunc) -> NDArray[Any]:
    """Join the eight values of each block of 2 x 2 x 2."""
    for axis in range(3):
        even, odd = [slice(None)] * 3, [slice(None)] * 3
        even[axis], odd[axis] = slice(0, None, 2), slice(1, None, 2)
        grid = join(grid[tuple(even)], grid[tuple(odd)])
    return grid


def _dilated(flag: Bools) -> Bools:
    """Grow by one cube over faces, edges and corners."""
    for axis in range(3):
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(0, -1), slice(1, None)
        grown = flag.copy()
        grown[tuple(low)] |= flag[tuple(high)]
        grown[tuple(high)] |= flag[tuple(low)]
        flag = grown
    return flag
