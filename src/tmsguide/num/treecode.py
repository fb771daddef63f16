"""Sums of charge / distance from many sources at many points, by clusters of sources."""

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

__all__ = ["ClusterTree", "build_cluster_tree", "coulomb_sum"]

_ORDER = 4
_LEAF = 64


def _monomials(order: int) -> tuple[Ints, Ints, Ints]:
    """Powers (T, 3) by degree, and for each term where the terms one and two powers lower stand.

    The slot after the last term stands for terms that do not exist.
    """
    powers = [
        (i, j, n - i - j)
        for n in range(order + 1)
        for i in range(n, -1, -1)
        for j in range(n - i, -1, -1)
    ]
    place = {power: at for at, power in enumerate(powers)}

    def lower(by: int) -> Ints:
        rows = [
            [
                place.get((p[0] - by * (d == 0), p[1] - by * (d == 1), p[2] - by * (d == 2)), -1)
                for d in range(3)
            ]
            for p in powers
        ]
        found = np.array(rows, dtype=np.int64)
        return np.where(found < 0, len(powers), found)

    return np.array(powers, dtype=np.int64), lower(1), lower(2)


_POWERS, _ONE_LOWER, _TWO_LOWER = _monomials(_ORDER)
_AXIS = np.argmax(_POWERS > 0, axis=1)  # each monomial is a lower one times this coordinate
_LOWER = _ONE_LOWER[np.arange(len(_POWERS)), _AXIS]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTree:
    """Sources in clusters, each with its centre, radius and the moments of its charges.

    ``position`` (S, 3) and ``charge`` (S, C) are sorted so that cluster k holds rows
    ``first[k]:last[k]``; its halves are clusters ``child[k]`` and ``child[k] + 1`` (-1: a leaf).
    """

    position: Floats
    charge: Floats
    first: Ints
    last: Ints
    child: Ints
    centre: Floats
    radius: Floats
    moment: Floats


def build_cluster_tree(position: Floats, charge: Floats) -> ClusterTree:
    """Give the cluster tree of sources at positions (S, 3) with charges (S, C).

    Halves boxes at the median of their longest side down to 64 sources.
    """
    order = np.arange(len(position))
    first, last, child = [0], [len(position)], [-1]
    k = 0
    while k < len(first):
        a, b = first[k], last[k]
        if b - a > _LEAF:
            part = order[a:b]
            box = position[part]
            axis = int(np.argmax(box.max(axis=0) - box.min(axis=0)))
            half = (b - a) // 2
            order[a:b] = part[np.argpartition(box[:, axis], half)]
            child[k] = len(first)
            first += [a, a + half]
            last += [a + half, b]
            child += [-1, -1]
        k += 1
    sources = np.ascontiguousarray(position[order])
    charges = np.ascontiguousarray(charge[order])
    starts, ends = np.array(first), np.array(last)
    n = len(starts)
    centre, radius = np.empty((n, 3)), np.empty(n)
    moment = np.zeros((n, len(_POWERS), charge.shape[1]))
    ordered_map(
        lambda k: _moments(sources, charges, starts, ends, centre, radius, moment, k), range(n)
    )
    return ClusterTree(sources, charges, starts, ends, np.array(child), centre, radius, moment)


def coulomb_sum(
    tree: ClusterTree, points: Floats, *, ball_radius: float, opening: float = 0.5
) -> Floats:
    """Give sums (N, C) over all sources of charge / distance at points (N, 3).

    Each source is a uniform ball of ``ball_radius``: exact 1/r outside it, finite inside. Clusters
    seen under a radius below ``opening`` times their distance act through their moments up to
    fourth order: at 0.5 the error is 1e-4 of the largest value for charges of random sign.

    References
    ----------
    Duan & Krasny 2001, J. Comput. Chem. 22:184 (Taylor coefficients of 1/r by recurrence);
    Barnes & Hut 1986, Nature 324:446, doi:10.1038/324446a0.
    """
    out = np.zeros((len(points), tree.charge.shape[1]))
    ordered_map(
        lambda part: _evaluate(
            points[part],
            tree.position,
            tree.charge,
            tree.first,
            tree.last,
            tree.child,
            tree.centre,
            tree.radius,
            tree.moment,
            ball_radius,
            opening,
            out[part],
        ),
        slices(len(points)),
    )
    return out


@njit(cache=True, nogil=True)
def _moments(
    position: Any,
    charge: Any,
    first: Any,
    last: Any,
    centre: Any,
    radius: Any,
    moment: Any,
    k: int,
) -> None:
    a, b = first[k], last[k]
    monomial = np.ones(_POWERS.shape[0])
    offset = np.empty(3)
    for d in range(3):
        low = high = position[a, d]
        for s in range(a, b):
            low = min(low, position[s, d])
            high = max(high, position[s, d])
        centre[k, d] = 0.5 * (low + high)
    far = 0.0
    for s in range(a, b):
        square = 0.0
        for d in range(3):
            offset[d] = position[s, d] - centre[k, d]
            square += offset[d] * offset[d]
        far = max(far, square)
        for m in range(_POWERS.shape[0]):
            if m > 0:
                monomial[m] = monomial[_LOWER[m]] * offset[_AXIS[m]]
            for c in range(charge.shape[1]):
                moment[k, m, c] += monomial[m] * charge[s, c]
    radius[k] = np.sqrt(far)


@njit(cache=True, nogil=True)
def _evaluate(
    points: Any,
    position: Any,
    charge: Any,
    first: Any,
    last: Any,
    child: Any,
    centre: Any,
    radius: Any,
    moment: Any,
    ball: float,
    opening: float,
    out: Any,
) -> None:
    terms = _POWERS.shape[0]
    taylor = np.zeros(terms + 1)
    stack = np.empty(128, np.int64)
    n_charge = charge.shape[1]
    for i in range(points.shape[0]):
        stack[0] = 0
        depth = 1
        while depth > 0:
            depth -= 1
            k = stack[depth]
            x = points[i, 0] - centre[k, 0]
            y = points[i, 1] - centre[k, 1]
            z = points[i, 2] - centre[k, 2]
            square = x * x + y * y + z * z
            away = np.sqrt(square)
            if radius[k] < opening * away and away > radius[k] + ball:
                taylor[0] = 1.0 / away
                for m in range(1, terms):
                    degree = _POWERS[m, 0] + _POWERS[m, 1] + _POWERS[m, 2]
                    one = (
                        x * taylor[_ONE_LOWER[m, 0]]
                        + y * taylor[_ONE_LOWER[m, 1]]
                        + z * taylor[_ONE_LOWER[m, 2]]
                    )
                    two = (
                        taylor[_TWO_LOWER[m, 0]]
                        + taylor[_TWO_LOWER[m, 1]]
                        + taylor[_TWO_LOWER[m, 2]]
                    )
                    taylor[m] = ((2 * degree - 1) * one - (degree - 1) * two) / (degree * square)
                for m in range(terms):
                    for c in range(n_charge):
                        out[i, c] += taylor[m] * moment[k, m, c]
            elif child[k] >= 0:
                stack[depth] = child[k]
                stack[depth + 1] = child[k] + 1
                depth += 2
            else:
                for s in range(first[k], last[k]):
                    x = points[i, 0] - position[s, 0]
                    y = points[i, 1] - position[s, 1]
                    z = points[i, 2] - position[s, 2]
                    square = x * x + y * y + z * z
                    if square >= ball * ball:
                        w = 1.0 / np.sqrt(square)
                    else:  # inside a uniformly charged ball
                        w = (1.5 - 0.5 * square / (ball * ball)) / ball
                    for c in range(n_charge):
                        out[i, c] += w * charge[s, c]
