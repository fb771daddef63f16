"""Boxes of nodes with Chebyshev points: smooth fields at many nodes from few evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["NodeTree", "Sampling", "build_node_tree", "gather", "sampling"]

ORDER = 5  # Chebyshev points per axis of a box
CUBE = ORDER**3
_LEAF = 256
OPENING = 0.4  # half diagonal of a box over its distance from the sources: error near 1e-4

_CHEBYSHEV = np.cos((2 * np.arange(ORDER) + 1) * np.pi / (2 * ORDER))
_WEIGHT = (-1.0) ** np.arange(ORDER) * np.sin((2 * np.arange(ORDER) + 1) * np.pi / (2 * ORDER))


@dataclass(frozen=True, slots=True, eq=False)
class NodeTree:
    """Nodes in nested boxes.

    ``order`` (N,) numbers the nodes so that box k holds ``order[first[k]:last[k]]``; its halves
    are boxes ``child[k]`` and ``child[k] + 1`` (-1: a leaf); ``middle`` and ``half`` (K, 3) its
    middle and half widths. ``position`` (N, 3) are the nodes in that order.
    """

    order: Ints
    position: Floats
    first: Ints
    last: Ints
    child: Ints
    middle: Floats
    half: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """Where to evaluate a field of given sources, and how to spread it to all nodes.

    ``points`` (P, 3): Chebyshev points of far boxes, 125 each, then the nodes of near leaves.
    """

    tree: NodeTree
    box: Ints
    near: Ints
    points: Floats

    def spread(self, values: Floats) -> Floats:
        """Give vectors (N, 3) at the nodes, in their own order, of values (P, 3) at ``points``."""
        out = np.empty((len(self.tree.order), 3))
        t = self.tree
        boxes = len(self.box)
        ordered_map(
            lambda part: _spread(
                t.order, t.position, t.first, t.last, t.middle, t.half, self.box, values, out, part
            ),
            np.array_split(np.arange(boxes), 8),
        )
        out[self.near] = values[CUBE * boxes :]
        return out


def build_node_tree(nodes: Floats) -> NodeTree:
    """Give the tree of nodes (N, 3): boxes halved at the median of their longest side."""
    order = np.arange(len(nodes))
    first, last, child = [0], [len(nodes)], [-1]
    low, high = [], []
    k = 0
    while k < len(first):
        a, b = first[k], last[k]
        part = order[a:b]
        box = nodes[part]
        low.append(box.min(axis=0))
        high.append(box.max(axis=0))
        if b - a > _LEAF:
            axis = int(np.argmax(high[k] - low[k]))
            half = (b - a) // 2
            order[a:b] = part[np.argpartition(box[:, axis], half)]
            child[k] = len(first)
            first += [a, a + half]
            last += [a + half, b]
            child += [-1, -1]
        k += 1
    lower, upper = np.array(low), np.array(high)
    return NodeTree(
        order,
        np.ascontiguousarray(nodes[order]),
        np.array(first),
        np.array(last),
        np.array(child),
        0.5 * (lower + upper),
        np.maximum(0.5 * (upper - lower), 1e-9),
    )


def sampling(tree: NodeTree, sources: Floats) -> Sampling:
    """Give where a field of sources at (D, 3) must be known.

    A box whose half diagonal is below half its distance from the nearest source is sampled at its
    125 Chebyshev points; nodes of leaves nearer than that are sampled themselves.

    References
    ----------
    Wang, Tlupova & Krasny 2020, arXiv:1811.12498 (barycentric Lagrange treecode).
    """
    away, _ = cKDTree(sources).query(tree.middle)
    far = np.linalg.norm(tree.half, axis=1) <= OPENING * away
    box, near, todo = [], [np.empty(0, dtype=np.int64)], [0]
    while todo:
        k = todo.pop()
        if far[k]:
            box.append(k)
        elif tree.child[k] >= 0:
            todo += [int(tree.child[k]) + 1, int(tree.child[k])]
        else:
            near.append(tree.order[tree.first[k] : tree.last[k]])
    boxes, nodes = np.array(box, dtype=np.int64), np.concatenate(near)
    own = np.empty((len(tree.order), 3)) if len(nodes) else tree.position[:0]
    if len(nodes):
        own[tree.order] = tree.position
        own = own[nodes]
    return Sampling(tree, boxes, nodes, np.concatenate([chebyshev_points(tree, boxes), own]))


def chebyshev_points(tree: NodeTree, boxes: Ints) -> Floats:
    """Give the Chebyshev points (125 K, 3) of boxes (K,), last axis fastest."""
    unit = np.stack(np.meshgrid(*[_CHEBYSHEV] * 3, indexing="ij"), axis=-1).reshape(1, -1, 3)
    return np.asarray((tree.middle[boxes, None] + tree.half[boxes, None] * unit).reshape(-1, 3))


def gather(tree: NodeTree, weights: Floats) -> Floats:
    """Give weights (K, 125, C) at all boxes' Chebyshev points that act as those (N, C) at nodes.

    The transpose of interpolation: sums of weight times a field agree as far as the field is a
    polynomial of fourth degree per axis in the box.
    """
    out = np.zeros((len(tree.first), CUBE, weights.shape[1]))
    leaves = np.flatnonzero(tree.child < 0)
    sorted_weights = np.ascontiguousarray(weights[tree.order])
    ordered_map(
        lambda part: _collect(
            tree.position, sorted_weights, tree.first, tree.last, tree.middle, tree.half, out, part
        ),
        np.array_split(leaves, 8),
    )
    for k in np.flatnonzero(tree.child >= 0)[::-1]:
        for half in (int(tree.child[k]), int(tree.child[k]) + 1):
            points = chebyshev_points(tree, np.array([half]))
            _collect_one(points, out[half], 0, CUBE, tree.middle[k], tree.half[k], out[k])
    return out


@njit(cache=True, nogil=True)
def _lagrange(t: float, out: Any) -> None:
    """Write the values at ``t`` of the polynomials that are 1 at one Chebyshev point each."""
    total = 0.0
    for i in range(ORDER):
        d = t - _CHEBYSHEV[i]
        if abs(d) < 1e-13:
            out[:] = 0.0
            out[i] = 1.0
            return
        out[i] = _WEIGHT[i] / d
        total += out[i]
    for i in range(ORDER):
        out[i] /= total


@njit(cache=True, nogil=True)
def _spread(
    order: Any,
    position: Any,
    first: Any,
    last: Any,
    middle: Any,
    half: Any,
    box: Any,
    values: Any,
    out: Any,
    part: Any,
) -> None:
    wx, wy, wz = np.empty(ORDER), np.empty(ORDER), np.empty(ORDER)
    for b in part:
        k = box[b]
        at = b * CUBE
        for n in range(first[k], last[k]):
            _lagrange((position[n, 0] - middle[k, 0]) / half[k, 0], wx)
            _lagrange((position[n, 1] - middle[k, 1]) / half[k, 1], wy)
            _lagrange((position[n, 2] - middle[k, 2]) / half[k, 2], wz)
            sx = sy = sz = 0.0
            m = at
            for i in range(ORDER):
                for j in range(ORDER):
                    w = wx[i] * wy[j]
                    for h in range(ORDER):
                        u = w * wz[h]
                        sx += u * values[m, 0]
                        sy += u * values[m, 1]
                        sz += u * values[m, 2]
                        m += 1
            v = order[n]
            out[v, 0], out[v, 1], out[v, 2] = sx, sy, sz


@njit(cache=True, nogil=True)
def _collect(
    position: Any, weights: Any, first: Any, last: Any, middle: Any, half: Any, out: Any, part: Any
) -> None:
    for k in part:
        _collect_one(position, weights, first[k], last[k], middle[k], half[k], out[k])


@njit(cache=True, nogil=True)
def _collect_one(
    position: Any, weights: Any, first: int, last: int, middle: Any, half: Any, out: Any
) -> None:
    wx, wy, wz = np.empty(ORDER), np.empty(ORDER), np.empty(ORDER)
    for n in range(first, last):
        _lagrange((position[n, 0] - middle[0]) / half[0], wx)
        _lagrange((position[n, 1] - middle[1]) / half[1], wy)
        _lagrange((position[n, 2] - middle[2]) / half[2], wz)
        m = 0
        for i in range(ORDER):
            for j in range(ORDER):
                w = wx[i] * wy[j]
                for h in range(ORDER):
                    u = w * wz[h]
                    for c in range(weights.shape[1]):
                        out[m, c] += u * weights[n, c]
                    m += 1
