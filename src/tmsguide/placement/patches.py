"""A scalp cut into compact patches, so that a question about one place skips nearly all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Patches", "mean_normals", "outermost_mm", "patches"]

#: Triangles per patch: fewer make more patches to look at, more make them larger than a search's
#: reach. The fastest of 8, 16, 32 and 64 on a scalp of 66,000 triangles.
PATCH = 32

#: Barycentric room for a line through an edge, so that no line slips between two triangles.
EDGE_ROOM = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Triangles in an order that keeps neighbours together, and balls round each run of them.

    ``corners`` (F, 3, 3) mm; ``start`` (C + 1,) first triangle of each patch; ``centre`` (C, 3)
    and ``radius_mm`` (C,) of a ball that holds all corners of the patch.
    """

    corners: Floats
    start: Ints
    centre: Floats
    radius_mm: Floats

    @property
    def arrays(self) -> tuple[Floats, Ints, Floats, Floats]:
        """All four, as compiled code takes them."""
        return self.corners, self.start, self.centre, self.radius_mm


def patches(corners: Floats, order: Ints) -> Patches:
    """Cut triangles (F, 3, 3) into patches along an order (F,) that keeps neighbours together."""
    sorted_corners = np.ascontiguousarray(corners[order], dtype=np.float64)
    start = np.append(np.arange(0, len(order), PATCH), len(order))
    low = np.minimum.reduceat(sorted_corners.min(axis=1), start[:-1], axis=0)
    high = np.maximum.reduceat(sorted_corners.max(axis=1), start[:-1], axis=0)
    centre = 0.5 * (low + high)
    owner = np.repeat(np.arange(len(centre)), np.diff(start))
    far = np.linalg.norm(sorted_corners - centre[owner][:, None], axis=2).max(axis=1)
    return Patches(sorted_corners, start, centre, np.maximum.reduceat(far, start[:-1]))


def outermost_mm(of: Patches, points: Floats, along: Floats, *, within_mm: float) -> Floats:
    """Give how far along unit ``along`` (N, 3) the last triangle lies from each point (N, 3).

    Returns (N,) mm, between -``within_mm`` and ``within_mm``; NaN where the line meets nothing
    there.
    """
    out = np.full(len(points), np.nan)
    points, along = np.ascontiguousarray(points), np.ascontiguousarray(along)
    ordered_map(
        lambda part: _outermost(of.arrays, points[part], along[part], within_mm, out[part]),
        slices(len(points)),
    )
    return out


def mean_normals(of: Patches, points: Floats, *, radius_mm: float) -> Floats:
    """Give the sums (N, 3) of area vectors round each point (N, 3), faded out at ``radius_mm``."""
    out = np.zeros((len(points), 3))
    points = np.ascontiguousarray(points)
    ordered_map(
        lambda part: _mean_normals(of.arrays, points[part], radius_mm, out[part]),
        slices(len(points)),
    )
    return out


@njit(cache=True, nogil=True)
def _outermost(net: Any, points: Any, along: Any, within: float, out: Any) -> None:
    corners, start, centre, radius = net
    for i in range(len(points)):
        p, d = points[i], along[i]
        best = -np.inf
        for c in range(len(centre)):
            x, y, z = centre[c, 0] - p[0], centre[c, 1] - p[1], centre[c, 2] - p[2]
            ahead = x * d[0] + y * d[1] + z * d[2]
            r = radius[c]
            if abs(ahead) - r > within or ahead + r <= best:
                continue
            if x * x + y * y + z * z - ahead * ahead > r * r:
                continue
            for t in range(start[c], start[c + 1]):
                far = _crossing(corners[t], p, d)
                if best < far and abs(far) <= within:
                    best = far
        if best > -np.inf:
            out[i] = best


@njit(cache=True, nogil=True)
def _crossing(corner: Any, p: Any, d: Any) -> Any:
    """Where the line p + t d crosses a triangle (Möller & Trumbore 1997), -inf where not."""
    ex, ey, ez = _edge(corner, 1)
    fx, fy, fz = _edge(corner, 2)
    q0, q1, q2 = d[1] * fz - d[2] * fy, d[2] * fx - d[0] * fz, d[0] * fy - d[1] * fx
    twice = ex * q0 + ey * q1 + ez * q2
    if abs(twice) < 1e-12:
        return -np.inf
    s0, s1, s2 = p[0] - corner[0, 0], p[1] - corner[0, 1], p[2] - corner[0, 2]
    u = (s0 * q0 + s1 * q1 + s2 * q2) / twice
    if u < -EDGE_ROOM or u > 1.0 + EDGE_ROOM:
        return -np.inf
    w0, w1, w2 = s1 * ez - s2 * ey, s2 * ex - s0 * ez, s0 * ey - s1 * ex
    v = (d[0] * w0 + d[1] * w1 + d[2] * w2) / twice
    if v < -EDGE_ROOM or u + v > 1.0 + EDGE_ROOM:
        return -np.inf
    return (fx * w0 + fy * w1 + fz * w2) / twice


@njit(cache=True, nogil=True)
def _edge(corner: Any, k: int) -> Any:
    """Give the edge from a triangle's first corner to its k-th: numbers, for arrays cost time."""
    return (
        corner[k, 0] - corner[0, 0],
        corner[k, 1] - corner[0, 1],
        corner[k, 2] - corner[0, 2],
    )


@njit(cache=True, nogil=True)
def _mean_normals(net: Any, points: Any, within: float, out: Any) -> None:
    corners, start, centre, radius = net
    for i in range(len(points)):
        p = points[i]
        for c in range(len(centre)):
            x, y, z = centre[c, 0] - p[0], centre[c, 1] - p[1], centre[c, 2] - p[2]
            if x * x + y * y + z * z > (within + radius[c]) ** 2:
                continue
            for t in range(start[c], start[c + 1]):
                far = 0.0
                for k in range(3):
                    middle = (corners[t, 0, k] + corners[t, 1, k] + corners[t, 2, k]) / 3.0
                    far += (middle - p[k]) ** 2
                if far >= within * within:
                    continue
                weight = 0.5 * (1.0 - far / (within * within)) ** 2
                ex, ey, ez = _edge(corners[t], 1)
                fx, fy, fz = _edge(corners[t], 2)
                out[i, 0] += weight * (ey * fz - ez * fy)
                out[i, 1] += weight * (ez * fx - ex * fz)
                out[i, 2] += weight * (ex * fy - ey * fx)
