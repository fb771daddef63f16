"""What a ladder of thresholds agrees on: clusters vote for their places."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.graph_clusters import attach, best_root, centre, find_root, is_low, lowest
from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.num.graph_clusters import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["sweep_centroids"]

#: Of the greatest support, what a place of the core needs.
_CORE = 0.5


def sweep_centroids(maps: Floats, graph: Graph, percentiles: Floats) -> tuple[Ints, Floats]:
    """Give the place (B,) and centroid (B, 3) that a ladder of thresholds agrees on.

    At each of the ``percentiles`` (K,) the best cluster, as `low_clusters` ranks them, casts a
    vote for its members, worth its part of the depth of all clusters at that threshold. The core
    are the places with at least half of the greatest support, joined to the place of greatest
    support (the lowest such); its centroid is weighted by support and moved to the nearest place
    of the core.
    """
    index, centroid = np.empty(len(maps), dtype=np.int64), np.empty((len(maps), 3))
    search = partial(_search, maps, graph, np.sort(percentiles), index, centroid)
    ordered_map(lambda part: search(part.start, part.stop), slices(len(maps)))
    return index, centroid


@njit(cache=True, nogil=True)
def _search(
    maps: Any, graph: Any, percentiles: Any, index: Any, centroid: Any, begin: int, end: int
) -> None:
    where = np.full(maps.shape[1], -1, np.int64)
    for b in range(begin, end):
        places, bounds = lowest(maps[b], graph.order, percentiles)
        support = _support(maps[b], places, bounds, graph, where)
        weight = _core(places, support, graph, where)
        where[places] = -1
        index[b] = centre(places, weight, graph, centroid[b])


@njit(cache=True, nogil=True)
def _support(values: Any, places: Any, bounds: Any, graph: Any, where: Any) -> Any:
    """Votes (n,) of all thresholds for each kept place."""
    count = len(places)
    parent = np.empty(count, np.int64)
    support = np.zeros(count)
    least = values[places[0]]
    size, depth = np.empty(count), np.empty(count)
    joined = 0
    for bound in bounds:
        while joined < count and is_low(values[places[joined]], bound, least):
            attach(parent, places[joined], joined, where, graph)
            joined += 1
        depth[:joined] = 0.0
        size[:joined] = 0.0
        total = 0.0
        for n in range(joined):
            fall = (bound - values[places[n]]) * graph.size[places[n]]
            root = find_root(parent, n)
            depth[root] += fall
            size[root] += graph.size[places[n]]
            total += fall
        best = best_root(depth, size, joined)
        vote = depth[best] / total if total > 0 else 1.0
        for n in range(joined):
            if find_root(parent, n) == best:
                support[n] += vote
    return support


@njit(cache=True, nogil=True)
def _core(places: Any, support: Any, graph: Any, where: Any) -> Any:
    """Weight (n,) of each kept place: support times size in the core, 0 outside."""
    count = len(places)
    top = 0
    for n in range(1, count):
        if support[n] > support[top]:
            top = n
    least = _CORE * support[top]
    weight = np.zeros(count)
    queue = np.empty(count, np.int64)
    queue[0] = top
    weight[top] = support[top] * graph.size[places[top]]
    done, waiting = 0, 1
    while done < waiting:
        i = places[queue[done]]
        done += 1
        for k in range(graph.first[i], graph.first[i + 1]):
            n = where[graph.neighbour[k]]
            if n >= 0 and weight[n] == 0.0 and support[n] >= least:
                weight[n] = support[n] * graph.size[places[n]]
                queue[waiting] = n
                waiting += 1
    return weight
