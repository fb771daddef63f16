"""Vector potentials without a radial part about a centre: a field that depends on B alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["dipole_radial_potential", "line_integrals", "wire_radial_potential"]


def wire_radial_potential(points: Floats, position: Floats, element: Floats) -> Floats:
    """Give A (N, 3), V s/m, at points (N, 3) of 1 A through elements (D, 3) at positions (D, 3).

    Metres from the centre of the gauge, where A is 0. ``r · A = 0`` and ``curl A = B`` for closed
    wires, and ``div A = 0``: for a conductor of spherical layers about the centre ``-dA/dt`` is
    the whole electric field already. The Coulomb potential ``a`` of each element is taken along
    the ray from the centre, ``A = a + grad(chi)`` with ``chi(r) = -∫ r · a(s r) ds``, s from 0 to
    1, in closed form. No element may lie on a ray between the centre and a point.

    References
    ----------
    Sarvas 1987, Phys. Med. Biol. 32:11, doi:10.1088/0031-9155/32/1/004;
    Heller & van Hulsteyn 1992, doi:10.1016/S0006-3495(92)81587-4 (no radial part in a sphere).
    """
    out = np.empty((len(points), 3))
    ordered_map(
        lambda part: _wires(points[part], position, element, out[part]), slices(len(points))
    )
    return out


def dipole_radial_potential(points: Floats, position: Floats, moment: Floats) -> Floats:
    """Give the same A (N, 3) for magnetic dipoles of ``moment`` (D, 3), m² per ampere.

    References
    ----------
    Sarvas 1987, eq. 25, by reciprocity (Heller & van Hulsteyn 1992).
    """
    out = np.empty((len(points), 3))
    ordered_map(
        lambda part: _dipoles(points[part], position, moment, out[part]), slices(len(points))
    )
    return out


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def line_integrals(
    x: float, y: float, z: float, a: float, b: float, c: float
) -> tuple[float, float, float, float]:
    """Give 1/|r - s|, L, and alpha, beta of grad L = alpha r + beta s; r (x, y, z), s (a, b, c).

    L = ∫ dt / |t r - s| for t from 0 to 1, with every difference of near numbers taken apart.
    """
    rr = x * x + y * y + z * z
    ss = a * a + b * b + c * c
    r, s = np.sqrt(rr), np.sqrt(ss)
    if r < 1e-7 * s:
        return 1.0 / s, 1.0 / s, 0.0, 0.5 / (ss * s)
    p = (x * a + y * b + z * c) / r  # s along the ray
    q = np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2)
    ratio = (s + p) / (q + p - r) if p > 0.0 else (q + r - p) / (s - p)
    length = np.log(ratio) / r
    if 0.0 < p < r:
        tt = max(ss - p * p, 1e-12 * ss)
        cube = ((r - p) / q + p / s) / (tt * r)
    else:
        cube = (2.0 * p - r) / (s * q * (p * q + (p - r) * s))
    beta = (r * p * cube - 1.0 / q + 1.0 / s) / rr  # ∫ t / |t r - s|^3 dt
    alpha = (1.0 / q - length - beta * r * p) / rr  # from r · grad L = 1/q - L
    return 1.0 / q, length, alpha, beta


@njit(cache=True, nogil=True, error_model="numpy")
def _wires(points: Any, position: Any, element: Any, out: Any) -> None:
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        ax = ay = az = 0.0
        for j in range(position.shape[0]):
            a, b, c = position[j, 0], position[j, 1], position[j, 2]
            u, v, w = element[j, 0], element[j, 1], element[j, 2]
            near, length, alpha, beta = line_integrals(x, y, z, a, b, c)
            along = x * u + y * v + z * w
            direct = near - length
            ax += direct * u - along * (alpha * x + beta * a)
            ay += direct * v - along * (alpha * y + beta * b)
            az += direct * w - along * (alpha * z + beta * c)
        out[i, 0], out[i, 1], out[i, 2] = 1e-7 * ax, 1e-7 * ay, 1e-7 * az


@njit(cache=True, nogil=True, error_model="numpy")
def _dipoles(points: Any, position: Any, moment: Any, out: Any) -> None:
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        ax = ay = az = 0.0
        for j in range(position.shape[0]):
            a, b, c = position[j, 0], position[j, 1], position[j, 2]
            u, v, w = moment[j, 0], moment[j, 1], moment[j, 2]
            f, g, h = radial_dyad(x, y, z, a, b, c)
            along = g * (a * u + b * v + c * w) - h * (x * u + y * v + z * w)
            ax += f * (y * w - z * v) - along * (y * c - z * b)
            ay += f * (z * u - x * w) - along * (z * a - x * c)
            az += f * (x * v - y * u) - along * (x * b - y * a)
        out[i, 0], out[i, 1], out[i, 2] = 1e-7 * ax, 1e-7 * ay, 1e-7 * az


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def radial_dyad(
    x: float, y: float, z: float, a: float, b: float, c: float
) -> tuple[float, float, float]:
    """Give f, g, h of A = f r × m - (g s · m - h r · m) r × s for a dipole m at s.

    Sarvas 1987, eq. 25.
    """
    ss = a * a + b * b + c * c
    s = np.sqrt(ss)
    d = np.sqrt((a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2)
    rs = a * x + b * y + c * z
    ds = ss - rs  # (s - r) · s
    big = d * (s * d + ds)
    f = 1.0 / big
    scale = f * f
    return (
        f,
        scale * (d * d / s + ds / d + 2.0 * d + 2.0 * s),
        scale * (d + 2.0 * s + ds / d),
    )
