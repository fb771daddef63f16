"""Magnetic vector potential of straight current elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MU0_OVER_4PI", "vector_potential"]

MU0_OVER_4PI = 1e-7  # H/m (CODATA 2018: within 6e-10 of this)


def vector_potential(points_m: Floats, position_m: Floats, element_m: Floats) -> Floats:
    """Give A (N, 3) in V s/m at points (N, 3) for 1 A through elements (D, 3) at positions (D, 3).

    Each element acts from its centre (midpoint rule), in the Coulomb gauge.
    """
    out = np.empty((len(points_m), 3))
    ordered_map(
        lambda part: _sum_elements(points_m[part], position_m, element_m, out[part]),
        slices(len(points_m)),
    )
    return out


# NaN and infinity stay as they are: only the order of sums is free, so that loops can use SIMD.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _sum_elements(points: Any, position: Any, element: Any, out: Any) -> None:
    px, py, pz = position[:, 0].copy(), position[:, 1].copy(), position[:, 2].copy()
    ex, ey, ez = element[:, 0].copy(), element[:, 1].copy(), element[:, 2].copy()
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        ax = ay = az = 0.0
        for j in range(px.shape[0]):
            dx, dy, dz = x - px[j], y - py[j], z - pz[j]
            w = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
            ax += w * ex[j]
            ay += w * ey[j]
            az += w * ez[j]
        out[i, 0] = MU0_OVER_4PI * ax
        out[i, 1] = MU0_OVER_4PI * ay
        out[i, 2] = MU0_OVER_4PI * az
