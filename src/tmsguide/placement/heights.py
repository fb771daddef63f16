"""How high the scalp stands over a bent casing, given as points: a height map per place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.placement.patches import Patches

    Floats = NDArray[np.float64]

__all__ = ["highest_over_points"]

#: Width of the height map's squares. Between its nodes a scalp of 80 mm radius departs from the
#: bilinear surface by at most 2 · 1²/(8·80) = 0.003 mm.
SQUARE_MM = 1.0

#: Scalp so far below the casing's lowest point is still drawn, so that no square that matters has
#: an empty corner.
MARGIN_MM = 3.0


def highest_over_points(
    of: Patches,
    centres: Floats,
    axes: Floats,
    *,
    angles_rad: Floats,
    casing_mm: Floats,
    floor_mm: float = -np.inf,
) -> Floats:
    """Give the most (P, A) by which a surface stands over casing points, at least ``floor_mm``.

    As `casing.highest_over_face`, for points ``casing_mm`` (V, 3) of right, ahead and up in place
    of a rectangle: the height of the outermost surface in each point's column, less the point's
    own. Heights come from an exact map on squares of 1 mm, bilinear between; at the rim of an
    overhang, the higher side counts.
    """
    out = np.empty(angles_rad.shape)
    centres, axes = np.ascontiguousarray(centres), np.ascontiguousarray(axes)
    angles, casing = np.ascontiguousarray(angles_rad), np.ascontiguousarray(casing_mm)
    ordered_map(
        lambda part: _highest(
            of.arrays, centres[part], axes[part], angles[part], casing, floor_mm, out[part]
        ),
        slices(len(centres)),
    )
    return out


@njit(cache=True, nogil=True)
def _highest(
    net: Any, centres: Any, axes: Any, angles: Any, casing: Any, floor: float, out: Any
) -> None:
    reach = np.sqrt((casing[:, 0] ** 2 + casing[:, 1] ** 2).max())
    half = int(np.ceil(reach / SQUARE_MM)) + 1
    above = floor + casing[:, 2].min() - MARGIN_MM
    tall = np.empty((2 * half + 1, 2 * half + 1))
    for i in range(len(centres)):
        tall[:] = -np.inf
        _draw(net, centres[i], axes[i], reach + 2 * SQUARE_MM, above, tall)
        for j in range(angles.shape[1]):
            cosine, sine = np.cos(angles[i, j]), np.sin(angles[i, j])
            best = floor
            for v in range(len(casing)):
                right = cosine * casing[v, 0] - sine * casing[v, 1]
                ahead = sine * casing[v, 0] + cosine * casing[v, 1]
                height = _height(tall, right / SQUARE_MM + half, ahead / SQUARE_MM + half)
                best = max(best, height - casing[v, 2])
            out[i, j] = best


@njit(cache=True, nogil=True)
def _height(tall: Any, right: float, ahead: float) -> Any:
    a, b = int(right), int(ahead)
    s, t = right - a, ahead - b
    p, q, r, u = tall[a, b], tall[a + 1, b], tall[a, b + 1], tall[a + 1, b + 1]
    if min(p, q, r, u) == -np.inf:
        return max(p, q, r, u)
    return (1 - t) * ((1 - s) * p + s * q) + t * ((1 - s) * r + s * u)


@njit(cache=True, nogil=True)
def _draw(net: Any, centre: Any, axes: Any, reach: float, above: float, tall: Any) -> None:
    """Write the greatest height at each node of the map, from triangles that face up."""
    corners, start, balls, radius = net
    seen = np.empty((3, 3))
    for c in range(len(balls)):
        x, y, z = balls[c, 0] - centre[0], balls[c, 1] - centre[1], balls[c, 2] - centre[2]
        height = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
        aside = x * x + y * y + z * z - height * height
        if height + radius[c] <= above or aside > (reach + radius[c]) ** 2:
            continue
        for t in range(start[c], start[c + 1]):
            for k in range(3):
                x, y = corners[t, k, 0] - centre[0], corners[t, k, 1] - centre[1]
                z = corners[t, k, 2] - centre[2]
                for a in range(3):
                    seen[k, a] = axes[a, 0] * x + axes[a, 1] * y + axes[a, 2] * z
            _draw_one(seen, tall)


@njit(cache=True, nogil=True)
def _draw_one(seen: Any, tall: Any) -> None:
    half = (len(tall) - 1) // 2
    u0, u1 = seen[1, 0] - seen[0, 0], seen[1, 1] - seen[0, 1]
    v0, v1 = seen[2, 0] - seen[0, 0], seen[2, 1] - seen[0, 1]
    twice = u0 * v1 - u1 * v0
    if twice < 1e-12:  # faces down or stands on edge: never the outermost of a closed surface
        return
    low0, high0 = _between(seen[0, 0], seen[1, 0], seen[2, 0], half)
    low1, high1 = _between(seen[0, 1], seen[1, 1], seen[2, 1], half)
    for a in range(low0, high0 + 1):
        p0 = (a - half) * SQUARE_MM - seen[0, 0]
        for b in range(low1, high1 + 1):
            p1 = (b - half) * SQUARE_MM - seen[0, 1]
            s, t = (p0 * v1 - p1 * v0) / twice, (u0 * p1 - u1 * p0) / twice
            if s < -1e-9 or t < -1e-9 or s + t > 1.0 + 1e-9:
                continue
            height = seen[0, 2] + s * (seen[1, 2] - seen[0, 2]) + t * (seen[2, 2] - seen[0, 2])
            if height > tall[a, b]:
                tall[a, b] = height


@njit(cache=True, nogil=True)
def _between(a: float, b: float, c: float, half: int) -> Any:
    """Give the first and last node of the map between three coordinates, both within the map."""
    low = int(np.ceil(min(a, b, c) / SQUARE_MM)) + half
    high = int(np.floor(max(a, b, c) / SQUARE_MM)) + half
    return max(low, 0), min(high, 2 * half)
