"""Readings of a radial-gauge potential at many nodes, as fields that sources outside meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.node_tree import CUBE, chebyshev_points, gather
from tmsguide.num.parallel import ordered_map
from tmsguide.num.radial_gauge import LEAST_M, line_integrals, radial_dyad

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.num.node_tree import NodeTree

    Floats = NDArray[np.float64]

__all__ = ["dipole_readings", "wire_readings"]

_OPENING = 0.55  # half diagonal of a box over its distance: readings within 3e-5 of their largest
_CHUNKS = 64


def wire_readings(tree: NodeTree, weights: Floats, points: Floats, centre: Floats) -> Floats:
    """Give (T, Q, 3): at points (T, 3), the readings of 1 A per metre of wire along each axis.

    A reading is a sum over nodes of ``weights`` (N, 3, Q) times the potential that
    `tmsguide.num.radial_gauge.wire_radial_potential` gives about ``centre``; that of a closed wire
    is the sum of its elements times what stands here at their places.

    References
    ----------
    Wang, Tlupova & Krasny 2020, arXiv:1811.12498 (barycentric Lagrange treecode).
    """
    return _summed(tree, weights, points, centre, dipole=False)


def dipole_readings(tree: NodeTree, weights: Floats, points: Floats, centre: Floats) -> Floats:
    """Give (T, Q, 3): the readings of a magnetic dipole of 1 A m² along each axis at (T, 3)."""
    return _summed(tree, weights, points, centre, dipole=True)


def _summed(
    tree: NodeTree, weights: Floats, points: Floats, centre: Floats, *, dipole: bool
) -> Floats:
    n, _, q = weights.shape
    flat = np.ascontiguousarray(weights.transpose(0, 2, 1)).reshape(n, 3 * q)
    boxes = gather(tree, flat)
    proxies = chebyshev_points(tree, np.arange(len(tree.first))) - centre
    own = np.ascontiguousarray(flat[tree.order])
    out = np.zeros((len(points), q, 3))
    middle, size = tree.middle - centre, np.linalg.norm(tree.half, axis=1)
    position, places = tree.position - centre, np.ascontiguousarray(points - centre)
    edges = np.linspace(0, len(points), _CHUNKS + 1).astype(int)
    ordered_map(
        lambda k: _walk(
            dipole,
            places[edges[k] : edges[k + 1]],
            middle,
            size,
            tree.first,
            tree.last,
            tree.child,
            position,
            own,
            proxies,
            boxes,
            out[edges[k] : edges[k + 1]],
        ),
        range(_CHUNKS),
    )
    return 1e-7 * out


@njit(cache=True, nogil=True, error_model="numpy")
def _walk(
    dipole: bool,  # noqa: FBT001  (numba has no keyword-only arguments)
    places: Any,
    middle: Any,
    size: Any,
    first: Any,
    last: Any,
    child: Any,
    position: Any,
    own: Any,
    proxies: Any,
    boxes: Any,
    out: Any,
) -> None:
    stack = np.empty(128, np.int64)
    for i in range(places.shape[0]):
        stack[0], depth = 0, 1
        while depth > 0:
            depth -= 1
            k = stack[depth]
            state = _visit(places[i], middle[k], size[k], child[k])
            if state == 0:
                stack[depth], stack[depth + 1] = child[k], child[k] + 1
                depth += 2
                continue
            if state == 1:
                at = k * CUBE
                points, weights = proxies[at : at + CUBE], boxes[k]
            else:
                points, weights = position[first[k] : last[k]], own[first[k] : last[k]]
            if dipole:
                _add_dipoles(places[i], points, weights, out[i])
            else:
                _add_wires(places[i], points, weights, out[i])


@njit(cache=True, nogil=True, inline="always")
def _visit(place: Any, middle: Any, size: float, child: int) -> int:
    """0: open the box, 1: use its Chebyshev points, 2: use its nodes."""
    u, v, w = place[0] - middle[0], place[1] - middle[1], place[2] - middle[2]
    if size <= _OPENING * np.sqrt(u * u + v * v + w * w):
        return 1
    return 0 if child >= 0 else 2


# Sums in their own order: with more freedom a source that touches a point came out as NaN.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _add_wires(place: Any, points: Any, weights: Any, out: Any) -> None:
    a, b, c = place[0], place[1], place[2]
    s = np.sqrt(a * a + b * b + c * c)
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        r = max(np.sqrt(x * x + y * y + z * z), LEAST_M)
        near, length, alpha, beta = line_integrals(x, y, z, r, a, b, c, s)
        direct = near - length
        u, v, w = alpha * x + beta * a, alpha * y + beta * b, alpha * z + beta * c
        for q in range(out.shape[0]):
            i, j, k = weights[n, 3 * q], weights[n, 3 * q + 1], weights[n, 3 * q + 2]
            along = u * i + v * j + w * k
            out[q, 0] += direct * i - along * x
            out[q, 1] += direct * j - along * y
            out[q, 2] += direct * k - along * z


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _add_dipoles(place: Any, points: Any, weights: Any, out: Any) -> None:
    a, b, c = place[0], place[1], place[2]
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        f, g, h = radial_dyad(x, y, z, a, b, c)
        for q in range(out.shape[0]):
            i, j, k = weights[n, 3 * q], weights[n, 3 * q + 1], weights[n, 3 * q + 2]
            across = i * (y * c - z * b) + j * (z * a - x * c) + k * (x * b - y * a)
            out[q, 0] += f * (j * z - k * y) - (g * a - h * x) * across
            out[q, 1] += f * (k * x - i * z) - (g * b - h * y) * across
            out[q, 2] += f * (i * y - j * x) - (g * c - h * z) * across
