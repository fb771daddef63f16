"""Vector potential and magnetic field of straight current elements and of magnetic dipoles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.errors import GeometryError
from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "MU0_OVER_4PI",
    "dipole_field",
    "dipole_potential",
    "magnetic_field",
    "vector_potential",
]

MU0_OVER_4PI = 1e-7  # H/m (CODATA 2018: within 6e-10 of this)

# NaN and infinity stay as they are: only the order of sums is free, so that loops can use SIMD.
# Without numpy's error model a check for division by zero sits in the loop and forbids SIMD: 8
# times slower.
_SIMD = {"reassoc", "contract", "nsz"}


def vector_potential(points_m: Floats, position_m: Floats, element_m: Floats) -> Floats:
    """Give A (N, 3) in V s/m at points (N, 3) for 1 A through elements (D, 3) at positions (D, 3).

    Each element acts from its centre (midpoint rule), in the Coulomb gauge.

    Raises
    ------
    GeometryError
        A point lies on an element's centre, or something given is not finite.
    """
    return _summed(_wire_potential, points_m, position_m, element_m)


def magnetic_field(points_m: Floats, position_m: Floats, element_m: Floats) -> Floats:
    """Give B (N, 3) in T at points (N, 3) for 1 A through elements (D, 3) at positions (D, 3).

    The curl of `vector_potential` (Biot and Savart); raises as it does.
    """
    return _summed(_wire_field, points_m, position_m, element_m)


def dipole_potential(points_m: Floats, position_m: Floats, moment_a_m2: Floats) -> Floats:
    """Give A (N, 3) in V s/m at points (N, 3) of magnetic dipoles, moments (P, 3) at (P, 3).

    ``A = mu0/4pi m x r / r^3``, in the Coulomb gauge. Raises as `vector_potential` does.
    """
    return _summed(_dipole_potential, points_m, position_m, moment_a_m2)


def dipole_field(points_m: Floats, position_m: Floats, moment_a_m2: Floats) -> Floats:
    """Give B (N, 3) in T at points (N, 3) of magnetic dipoles, moments (P, 3) at (P, 3).

    ``B = mu0/4pi (3 (m . r) r / r^5 - m / r^3)``. Raises as `vector_potential` does.
    """
    return _summed(_dipole_field, points_m, position_m, moment_a_m2)


def _summed(
    kernel: Callable[[Any, Any, Any, Any], None], points: Floats, position: Floats, source: Floats
) -> Floats:
    at = np.ascontiguousarray(points, dtype=np.float64)
    place = np.ascontiguousarray(position.T, dtype=np.float64)
    strength = MU0_OVER_4PI * np.ascontiguousarray(source.T, dtype=np.float64)
    out = np.empty((len(at), 3))
    ordered_map(lambda part: kernel(at[part], place, strength, out[part]), slices(len(at)))
    if not np.isfinite(out).all():
        wrong = int(np.flatnonzero(~np.isfinite(out).all(axis=1))[0])
        raise GeometryError(
            f"no finite field at point {wrong}, {at[wrong]} m: it lies on the coil's conductor, "
            "or coil or points are not finite; move the coil off the point"
        )
    return out


@njit(cache=True, nogil=True, fastmath=_SIMD, error_model="numpy")
def _wire_potential(points: Any, place: Any, element: Any, out: Any) -> None:
    px, py, pz = place[0], place[1], place[2]
    ex, ey, ez = element[0], element[1], element[2]
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        ax = ay = az = 0.0
        for j in range(px.shape[0]):
            dx, dy, dz = x - px[j], y - py[j], z - pz[j]
            w = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
            ax += w * ex[j]
            ay += w * ey[j]
            az += w * ez[j]
        out[i, 0], out[i, 1], out[i, 2] = ax, ay, az


@njit(cache=True, nogil=True, fastmath=_SIMD, error_model="numpy")
def _wire_field(points: Any, place: Any, element: Any, out: Any) -> None:
    px, py, pz = place[0], place[1], place[2]
    ex, ey, ez = element[0], element[1], element[2]
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        bx = by = bz = 0.0
        for j in range(px.shape[0]):
            dx, dy, dz = x - px[j], y - py[j], z - pz[j]
            w = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
            w = w * w * w
            bx += w * (ey[j] * dz - ez[j] * dy)
            by += w * (ez[j] * dx - ex[j] * dz)
            bz += w * (ex[j] * dy - ey[j] * dx)
        out[i, 0], out[i, 1], out[i, 2] = bx, by, bz


# m x r / r^3 has the form of Biot and Savart's law with the moment in the element's place.
_dipole_potential = _wire_field


@njit(cache=True, nogil=True, fastmath=_SIMD, error_model="numpy")
def _dipole_field(points: Any, place: Any, moment: Any, out: Any) -> None:
    px, py, pz = place[0], place[1], place[2]
    mx, my, mz = moment[0], moment[1], moment[2]
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        bx = by = bz = 0.0
        for j in range(px.shape[0]):
            dx, dy, dz = x - px[j], y - py[j], z - pz[j]
            w = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz)
            w3 = w * w * w
            along = 3.0 * w * w * (mx[j] * dx + my[j] * dy + mz[j] * dz)
            bx += w3 * (along * dx - mx[j])
            by += w3 * (along * dy - my[j])
            bz += w3 * (along * dz - mz[j])
        out[i, 0], out[i, 1], out[i, 2] = bx, by, bz
