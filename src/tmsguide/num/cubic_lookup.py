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
    grid: NDArray[np.float32],
    origin: Floats,
    step: float,
    *,
    position: Floats,
    element: Floats,
    poses: Floats,
) -> Floats:
    """Give, for each pose, the sums (K, Q) over wire elements of field · element.

    ``grid`` (X, Y, Z, Q, 3) holds Q vector fields (field, component) at ``origin + step *
    index``. Elements at ``position`` (D, 3) with lengths ``element`` (D, 3) are moved by ``poses``
    (K, 3, 4). Four-point Lagrange interpolation, error fourth order in ``step``. NaN where an
    element leaves the grid or meets a NaN.
    """
    out = np.empty((len(poses), grid.shape[3]))
    for q in range(grid.shape[3]):
        # one field at a time: rows of twelve numbers stay in registers and near caches
        field = np.ascontiguousarray(grid[:, :, :, q])
        read = np.empty(len(poses))
        _read(field, origin, step, position, element, poses, read)
        out[:, q] = read
    return out


def _read(
    field: NDArray[np.float32],
    origin: Floats,
    step: float,
    position: Floats,
    element: Floats,
    poses: Floats,
    out: Floats,
) -> None:
    ordered_map(
        lambda part: _integrate(field, origin, step, position, element, poses[part], out[part]),
        slices(len(poses)),
    )


# The order of sums is free so that a row of four nodes goes through SIMD.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def _integrate(
    grid: Any, origin: Any, step: float, position: Any, element: Any, poses: Any, out: Any
) -> None:
    ny, nz = grid.shape[1], grid.shape[2]
    flat = grid.reshape(-1)
    weight = np.empty((3, 4), np.float32)
    row = np.empty(12, np.float32)
    base = np.empty(3, np.int64)
    length = np.empty(3)
    for i in range(poses.shape[0]):
        m = poses[i]
        total = 0.0
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
                total = np.nan
                break
            row[:] = 0.0
            for a in range(4):
                for b in range(4):
                    w = weight[0, a] * weight[1, b]
                    first = (((base[0] + a) * ny + base[1] + b) * nz + base[2]) * 3
                    for k in range(12):
                        row[k] += w * flat[first + k]
            for c in range(4):
                total += weight[2, c] * (
                    row[3 * c] * length[0]
                    + row[3 * c + 1] * length[1]
                    + row[3 * c + 2] * length[2]
                )
        out[i] = total
