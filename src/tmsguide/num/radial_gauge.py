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

__all__ = ["LEAST_M", "dipole_radial_potential", "line_integrals", "wire_radial_potential"]

_TOUCH_M2 = 2.5e-7  # sources and points nearer than half a millimetre count as so far apart
LEAST_M = 1e-6  # nearer to the centre than this the closed form is 0/0 and A is nothing


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
    x: float, y: float, z: float, r: float, a: float, b: float, c: float, s: float
) -> tuple[float, float, float, float]:
    """Give 1/|r - s|, L, and alpha, beta of grad L = alpha r + beta s; r (x, y, z), s (a, b, c).

    ``r`` and ``s`` are their lengths; ``r`` above 0. L = ∫ dt / |t r - s| for t from 0 to 1 is the
    potential of a charged segment, 2/r artanh(u), u = r / (s + |r - s|). No branches or calls, so
    that loops go through SIMD; to 1e-9 at u = .87, a wire 1 cm off a head, to 1e-13 deep in it.
    """
    near = 1.0 / np.sqrt(max((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2, _TOUCH_M2))
    w = s + 1.0 / near
    u = r / w
    t = u / (1.0 + np.sqrt(1.0 - u * u))  # artanh u = 2 artanh t, and so once more
    t = t / (1.0 + np.sqrt(1.0 - t * t))
    v = t * t
    series = 1.0 / 15.0 + v / 17.0
    series = 1.0 / 11.0 + v * (1.0 / 13.0 + v * series)
    series = 1.0 / 7.0 + v * (1.0 / 9.0 + v * series)
    series = 1.0 + v * (1.0 / 3.0 + v * (1.0 / 5.0 + v * series))
    length = 8.0 * t * series / r
    change = 2.0 / (w * w - r * r)
    beta = change * near
    return near, length, (change * w - length) / (r * r) - beta, beta


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _wires(points: Any, position: Any, element: Any, out: Any) -> None:
    px, py, pz = position[:, 0].copy(), position[:, 1].copy(), position[:, 2].copy()
    ex, ey, ez = element[:, 0].copy(), element[:, 1].copy(), element[:, 2].copy()
    size = np.sqrt(px * px + py * py + pz * pz)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        r = max(np.sqrt(x * x + y * y + z * z), LEAST_M)
        ax = ay = az = 0.0
        for j in range(px.shape[0]):
            a, b, c, u, v, w = px[j], py[j], pz[j], ex[j], ey[j], ez[j]
            near, length, alpha, beta = line_integrals(x, y, z, r, a, b, c, size[j])
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
    d = np.sqrt(max((a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2, _TOUCH_M2))
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
