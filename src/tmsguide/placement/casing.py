"""How high the scalp stands over a flat casing: exact, for many poses at once."""

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

__all__ = ["highest_over_face"]


def highest_over_face(
    of: Patches,
    centres: Floats,
    axes: Floats,
    *,
    angles_rad: Floats,
    half_mm: tuple[float, float],
    floor_mm: float = -np.inf,
) -> Floats:
    """Give the greatest height (P, A) of a surface over a flat rectangle, at least ``floor_mm``.

    ``centres`` (P, 3) are the rectangle's centre, ``axes`` (P, 3, 3) rows right, ahead and up;
    ``angles_rad`` (P, A) turn it about up, from ahead towards the left. Heights count along up,
    from the centre, everywhere in the column over the rectangle, whose sides run ``half_mm``
    (right, ahead) to either side. Exact for the triangles given.
    """
    out = np.empty(angles_rad.shape)
    centres, axes = np.ascontiguousarray(centres), np.ascontiguousarray(axes)
    angles = np.ascontiguousarray(angles_rad)
    half = np.array(half_mm)
    ordered_map(
        lambda part: _highest(
            of.arrays, centres[part], axes[part], angles[part], half, floor_mm, out[part]
        ),
        slices(len(centres)),
    )
    return out


@njit(cache=True, nogil=True)
def _highest(
    net: Any, centres: Any, axes: Any, angles: Any, half: Any, floor: float, out: Any
) -> None:
    corners = net[0]
    index = np.empty(len(corners), np.int64)
    top = np.empty(len(corners))
    local = np.empty((3, 3))
    flat = np.empty((3, 2))
    for i in range(len(centres)):
        # what stands in the rectangle's inner circle counts at every angle; the rest must beat it
        least = _inner_top(net, centres[i], axes[i], min(half[0], half[1]), floor)
        n = _risers(net, centres[i], axes[i], np.hypot(half[0], half[1]), least, index, top)
        order = np.argsort(-top[:n])
        for j in range(angles.shape[1]):
            cosine, sine = np.cos(angles[i, j]), np.sin(angles[i, j])
            best = least
            for k in order:
                if top[k] <= best:
                    break  # all others lie lower still
                _seen(corners[index[k]], centres[i], axes[i], local)
                for c in range(3):
                    flat[c, 0] = cosine * local[c, 0] + sine * local[c, 1]
                    flat[c, 1] = cosine * local[c, 1] - sine * local[c, 0]
                best = max(best, _top_over(flat, local[:, 2], half))
            out[i, j] = best


@njit(cache=True, nogil=True)
def _seen(corner: Any, centre: Any, axes: Any, out: Any) -> None:
    """Corners (3, 3) as right, ahead, up from the centre."""
    for c in range(3):
        x = corner[c, 0] - centre[0]
        y = corner[c, 1] - centre[1]
        z = corner[c, 2] - centre[2]
        for a in range(3):
            out[c, a] = axes[a, 0] * x + axes[a, 1] * y + axes[a, 2] * z


@njit(cache=True, nogil=True)
def _apart(ball: Any, centre: Any, up: Any) -> tuple[float, float]:
    """Height of a patch's ball centre and its squared distance from the axis."""
    x, y, z = ball[0] - centre[0], ball[1] - centre[1], ball[2] - centre[2]
    height = up[0] * x + up[1] * y + up[2] * z
    return height, x * x + y * y + z * z - height * height


@njit(cache=True, nogil=True)
def _inner_top(net: Any, centre: Any, axes: Any, inner: float, floor: float) -> float:
    """Greatest height of corners within ``inner`` of the axis."""
    corners, start, balls, radius = net
    best = floor
    seen = np.empty((3, 3))
    # the highest patch first: it rules out most of the others
    first, tallest = 0, -np.inf
    for c in range(len(balls)):
        height, aside = _apart(balls[c], centre, axes[2])
        if height > tallest and aside < inner * inner:
            first, tallest = c, height
    for k in range(-1, len(balls)):
        c = first if k < 0 else k
        height, aside = _apart(balls[c], centre, axes[2])
        if height + radius[c] <= best or aside > (inner + radius[c]) ** 2:
            continue
        for t in range(start[c], start[c + 1]):
            _seen(corners[t], centre, axes, seen)
            for v in range(3):
                if seen[v, 2] > best and seen[v, 0] ** 2 + seen[v, 1] ** 2 <= inner * inner:
                    best = seen[v, 2]
    return best


@njit(cache=True, nogil=True)
def _risers(
    net: Any, centre: Any, axes: Any, reach: float, least: float, index: Any, top: Any
) -> int:
    """Note the triangles within reach of the axis that rise above ``least``, and their tops."""
    corners, start, balls, radius = net
    n = 0
    seen = np.empty((3, 3))
    for c in range(len(balls)):
        height, aside = _apart(balls[c], centre, axes[2])
        if height + radius[c] <= least or aside > (reach + radius[c]) ** 2:
            continue
        for t in range(start[c], start[c + 1]):
            _seen(corners[t], centre, axes, seen)
            highest = max(seen[0, 2], seen[1, 2], seen[2, 2])
            if highest > least:
                index[n] = t
                top[n] = highest
                n += 1
    return n


@njit(cache=True, nogil=True)
def _top_over(flat: Any, tall: Any, half: Any) -> Any:
    """Greatest height of one triangle over the rectangle, -inf if it lies beside it.

    A plane piece is highest at a corner of its outline: where an edge enters or leaves the
    rectangle, or over a corner of the rectangle.
    """
    for a in range(2):
        if min(flat[0, a], flat[1, a], flat[2, a]) > half[a]:
            return -np.inf
        if max(flat[0, a], flat[1, a], flat[2, a]) < -half[a]:
            return -np.inf
    best = -np.inf
    for c in range(3):
        d = (c + 1) % 3
        enter, leave = 0.0, 1.0
        for a in range(2):
            step = flat[d, a] - flat[c, a]
            if abs(step) < 1e-12:
                if abs(flat[c, a]) > half[a]:
                    enter, leave = 1.0, 0.0
                continue
            one, two = (-half[a] - flat[c, a]) / step, (half[a] - flat[c, a]) / step
            enter, leave = max(enter, min(one, two)), min(leave, max(one, two))
        if enter <= leave:
            rise = tall[d] - tall[c]
            best = max(best, tall[c] + enter * rise, tall[c] + leave * rise)
    return max(best, _top_over_corners(flat, tall, half))


@njit(cache=True, nogil=True)
def _top_over_corners(flat: Any, tall: Any, half: Any) -> Any:
    """Greatest height of one triangle over the rectangle's corners, -inf if over none."""
    u0, u1 = flat[1, 0] - flat[0, 0], flat[1, 1] - flat[0, 1]
    v0, v1 = flat[2, 0] - flat[0, 0], flat[2, 1] - flat[0, 1]
    twice = u0 * v1 - u1 * v0
    best = -np.inf
    if abs(twice) < 1e-12:
        return best
    for c in range(4):
        p0 = (half[0] if c % 2 else -half[0]) - flat[0, 0]
        p1 = (half[1] if c // 2 else -half[1]) - flat[0, 1]
        s, t = (p0 * v1 - p1 * v0) / twice, (u0 * p1 - u1 * p0) / twice
        if s >= 0.0 and t >= 0.0 and s + t <= 1.0:
            best = max(best, tall[0] + s * (tall[1] - tall[0]) + t * (tall[2] - tall[0]))
    return best
