"""Connected clusters of the lowest places of a map on a graph, for one map or for many."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "Graph",
    "LowClusters",
    "attach",
    "best_root",
    "centre",
    "cluster_centroids",
    "find_root",
    "is_low",
    "join",
    "low_clusters",
    "lowest",
]


class Graph(NamedTuple):
    """M places: neighbours of i are ``neighbour[first[i]:first[i + 1]]``.

    ``size`` (M,) weighs them, ``xyz`` (M, 3) is where they are, ``order`` (M,) in which order
    sums and ties go.
    """

    first: Ints
    neighbour: Ints
    size: Floats
    xyz: Floats
    order: Ints


class LowClusters(NamedTuple):
    """Places kept (n,), from the lowest up, the cluster of each (n,), best first from 0.

    ``threshold`` is the value below which they were kept.
    """

    places: Ints
    cluster: Ints
    threshold: float


def low_clusters(values: Floats, graph: Graph, percentile: float) -> LowClusters:
    """Cut a map (M,) into the clusters of its lowest places, ranked by summed depth.

    Kept are the places below the value at ``percentile`` % of the negative places, or of half of
    all where fewer are negative. Depth is the distance below that threshold times the size.
    """
    places, bounds = lowest(values, graph.order, np.array([percentile]))
    root = join(places, graph, np.full(len(values), -1, dtype=np.int64))
    depth = (bounds[0] - values[places]) * graph.size[places]
    _, at, cluster = np.unique(root, return_index=True, return_inverse=True)
    # a tie in depth goes to the larger, then to the one that holds the lower place
    total, size = np.bincount(cluster, depth), np.bincount(cluster, graph.size[places])
    rank = np.empty(len(at), dtype=np.int64)
    rank[np.lexsort((at, -size, -total))] = np.arange(len(at))
    return LowClusters(places, rank[cluster], float(bounds[0]))


def cluster_centroids(maps: Floats, graph: Graph, percentile: float) -> tuple[Ints, Floats]:
    """Give the member nearest to the centroid (B,) and the centroid (B, 3) of the best cluster.

    ``maps`` (B, M); clusters as `low_clusters` makes them, the centroid weighted by depth.
    """
    index, centroid = np.empty(len(maps), dtype=np.int64), np.empty((len(maps), 3))
    search = partial(_search, maps, graph, np.array([percentile]), index, centroid)
    ordered_map(lambda part: search(part.start, part.stop), slices(len(maps)))
    return index, centroid


@njit(cache=True, nogil=True)
def _search(
    maps: Any, graph: Any, percentiles: Any, index: Any, centroid: Any, begin: int, end: int
) -> None:
    where = np.full(maps.shape[1], -1, np.int64)
    for b in range(begin, end):
        places, bounds = lowest(maps[b], graph.order, percentiles)
        root = join(places, graph, where)
        weight = _best_depth(maps[b], places, bounds[0], root, graph)
        where[places] = -1
        index[b] = centre(places, weight, graph, centroid[b])


@njit(cache=True, nogil=True)
def lowest(values: Any, order: Any, percentiles: Any) -> Any:
    """Places (n,) below the highest threshold, from the lowest up, and all thresholds (K,)."""
    negative = 0
    least = values[0]
    for v in values:
        negative += v < 0
        least = min(least, v)
    pool = max(negative, len(values) // 2)
    keep = np.empty(len(percentiles), np.int64)
    for k in range(len(percentiles)):
        keep[k] = min(int(np.ceil(percentiles[k] / 100 * pool)), len(values) - 1)
    top = _ordered(values, keep[-1])
    some = np.empty(len(values), np.int64)
    count = 0
    for i in order:
        if is_low(values[i], top, least):
            some[count] = i
            count += 1
    some = some[:count]
    some = some[np.argsort(values[some], kind="mergesort")]
    bounds = np.empty(len(percentiles))
    for k in range(len(percentiles)):
        bounds[k] = values[some[keep[k]]] if keep[k] < count else top
    return some, bounds


@njit(cache=True, nogil=True)
def _ordered(values: Any, k: int) -> float:
    """Give the k-th smallest from 0 (Hoare 1961, 10.1145/366622.366647)."""
    # numba's own partition takes five seconds to compile
    some = values.copy()
    low, high = 0, len(some) - 1
    while low < high:
        pivot, i, j = some[k], low, high
        while i <= j:
            while some[i] < pivot:
                i += 1
            while pivot < some[j]:
                j -= 1
            if i <= j:
                some[i], some[j] = some[j], some[i]
                i += 1
                j -= 1
        if j < k:
            low = i
        if k < i:
            high = j
    return float(some[k])


@njit(cache=True, nogil=True)
def is_low(value: float, bound: float, least: float) -> bool:
    """Where the lowest value is itself the threshold, the places that share it are kept."""
    return value < bound or value == least


@njit(cache=True, nogil=True)
def find_root(parent: Any, i: int) -> int:
    """Root of the tree that ``i`` hangs in; shortens the way to it."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def attach(parent: Any, place: int, at: int, where: Any, graph: Any) -> None:
    """Add the ``at``-th kept place to the clusters of the earlier ones; the lowest is the root."""
    where[place] = at
    parent[at] = at
    for k in range(graph.first[place], graph.first[place + 1]):
        other = where[graph.neighbour[k]]
        if other >= 0:
            a, b = find_root(parent, other), find_root(parent, at)
            parent[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def join(places: Any, graph: Any, where: Any) -> Any:
    """Root (n,) of each kept place's cluster: the position of its lowest place."""
    parent = np.empty(len(places), np.int64)
    for n in range(len(places)):
        attach(parent, places[n], n, where, graph)
    for n in range(len(places)):
        parent[n] = find_root(parent, n)
    return parent


@njit(cache=True, nogil=True)
def best_root(depth: Any, size: Any, count: int) -> int:
    """First of the deepest (n,), the larger of equals."""
    best = 0
    for n in range(1, count):
        if depth[n] > depth[best] or (depth[n] == depth[best] and size[n] > size[best]):
            best = n
    return best


@njit(cache=True, nogil=True)
def _best_depth(values: Any, places: Any, bound: float, root: Any, graph: Any) -> Any:
    """Weight (n,) of each kept place: its depth in the best cluster, 0 in any other."""
    count = len(places)
    depth, size = np.zeros(count), np.zeros(count)
    for n in range(count):
        i = places[n]
        depth[root[n]] += (bound - values[i]) * graph.size[i]
        size[root[n]] += graph.size[i]
    best = best_root(depth, size, count)
    weight = np.zeros(count)
    for n in range(count):
        if root[n] == best:
            i = places[n]
            # a flat cluster has no depth: every member counts by its size
            fall = bound - values[i] if depth[best] > 0 else 1.0
            weight[n] = fall * graph.size[i]
    return weight


@njit(cache=True, nogil=True)
def centre(places: Any, weight: Any, graph: Any, centroid: Any) -> int:
    """Write the weighted centroid (3,) and give the place with weight that is nearest to it."""
    total = 0.0
    centroid[:] = 0.0
    for n in range(len(places)):
        total += weight[n]
        for d in range(3):
            centroid[d] += weight[n] * graph.xyz[places[n], d]
    centroid /= total
    nearest, chosen = np.inf, -1
    for n in range(len(places)):
        if weight[n] > 0.0:
            square = 0.0
            for d in range(3):
                square += (graph.xyz[places[n], d] - centroid[d]) ** 2
            if square < nearest:
                nearest, chosen = square, places[n]
    return chosen
