"""Cubic interpolation of a gridded vector potential along many placed wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["integrate_along_wires"]


def integrate_along_wires(
    grid: Floats, origin: Floats, step: float, *, position: Floats, element: Floats, poses: Floats
) -> Floats:
    """Give, for each pose, the sums (K, 3) over wire elements of field · element.

    ``grid`` (X, Y, Z, 3, 3) holds three vector fields (field, component) at ``origin + step *
    index``. Elements at ``position`` (D, 3) with lengths ``element`` (D, 3) are moved by ``poses``
    (K, 3, 4). Four-point Lagrange interpolation, error fourth order in ``step``. NaN where an
    element leaves the grid or meets a NaN.
    """
    out = np.empty((len(poses), 3))
    flat = grid.reshape(*grid.shape[:3], 9)
    ordered_map(
        lambda part: _integrate(flat, origin, step, position, element, poses[part], out[part]),
        slices(len(poses)),
    )
    return out


@njit(cache=True, nogil=True)
def _integrate(
    grid: Any, origin: Any, step: float, position: Any, element: Any, poses: Any, out: Any
) -> None:
    weight = np.empty((3, 4))
    base = np.empty(3, np.int64)
    total = np.empty(9)
    length = np.empty(3)
    for i in range(poses.shape[0]):
        m = poses[i]
        result = np.zeros(3)
        for j in range(position.shape[0]):
            outside = False
            for d in range(3):
                at = m[d, 3] - origin[d]
                length[d] = 0.0
                for e in range(3):
                    at += m[d, e] * position[j, e]
                    length[d] += m[d, e] * element[j, e]
                at /= step
                base[d] = int(np.floor(at)) - 1
                outside = outside or base[d] < 0 or base[d] + 4 > grid.shape[d]
                t = at - base[d]  # between 1 and 2
                weight[d, 0] = -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0
                weight[d, 1] = t * (t - 2.0) * (t - 3.0) / 2.0
                weight[d, 2] = -t * (t - 1.0) * (t - 3.0) / 2.0
                weight[d, 3] = t * (t - 1.0) * (t - 2.0) / 6.0
            if outside:
                result[:] = np.nan
                break
            total[:] = 0.0
            for a in range(4):
                for b in range(4):
                    w = weight[0, a] * weight[1, b]
                    for c in range(4):
                        u = w * weight[2, c]
                        cell = grid[base[0] + a, base[1] + b, base[2] + c]
                        for k in range(9):
                            total[k] += u * cell[k]
            for k in range(3):
                for d in range(3):
                    result[k] += total[3 * k + d] * length[d]
        for k in range(3):
            out[i, k] = result[k]
