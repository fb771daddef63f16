"""Modules of a graph among which a random walk stays long: the two-level map equation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tmsguide.errors import InputError
from tmsguide.num.map_moves import Flow, merged, moved, summed
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Modules", "code_length", "find_modules", "walk"]

#: Bits per step below which another round of refinement is not worth its time.
_SETTLED = 1e-7

#: Most sweeps at one level; a bound for safety, the gain of a sweep ends it long before.
_SWEEPS = 100


class Modules(NamedTuple):
    """A partition: ``module`` (N,), 0 the most visited, -1 for nodes without links; ``bits``."""

    module: Ints
    bits: float


def code_length(graph: csr_array, module: Ints) -> float:
    """Bits per step that describe a random walk with one codebook per module: L(M).

    ``graph`` (N, N) symmetric, weights of at least 0, its diagonal ignored; ``module`` (N,) any
    numbers of at least 0.

    References
    ----------
    Rosvall & Bergstrom 2008, 10.1073/pnas.0706851105, eq. 1; Rosvall et al. 2009,
    10.1140/epjst/e2010-01179-1, eq. 4.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> pair = csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    >>> code_length(pair, np.array([0, 0]))
    1.0
    """
    return _bits(walk(graph), np.unique(module, return_inverse=True)[1])


def find_modules(graph: csr_array, *, trials: int, rng: np.random.Generator) -> Modules:
    """Partition a graph so that the map equation is short: the best of several greedy trials.

    ``graph`` (N, N) symmetric sparse, weights of at least 0, its diagonal ignored. A trial moves
    single nodes while that shortens the code, then whole modules as nodes of a smaller graph, and
    is refined by starting both again from the modules found, and from parts of them, until nothing
    is gained. Never worse than one module, or one per connected component. Same generator state,
    same answer, for any number of threads.

    Raises
    ------
    InputError
        If the graph is not symmetric or a weight is negative or not finite.

    References
    ----------
    Rosvall & Bergstrom 2008, 10.1073/pnas.0706851105; Rosvall et al. 2009,
    10.1140/epjst/e2010-01179-1 (greedy search, aggregation as in Blondel et al. 2008,
    10.1088/1742-5468/2008/10/P10008, and refinement).
    """
    flow = walk(graph)
    everyone = np.zeros(len(flow.visits), dtype=np.int64)
    _, component = connected_components(graph, directed=False)
    found = [everyone, component.astype(np.int64)]
    if len(flow.other):
        found += ordered_map(partial(_trial, flow), rng.spawn(trials))
    best = min(found, key=partial(_bits, flow))
    return Modules(_by_size(flow, best), _bits(flow, best))


def walk(graph: csr_array) -> Flow:
    """Give the walk of an undirected graph at rest, whose visits go with a node's strength.

    Raises
    ------
    InputError
        If the graph is not symmetric or a weight is negative or not finite.
    """
    links = coo_array(graph, dtype=np.float64)
    off = (links.row != links.col) & (links.data != 0)
    n = links.shape[0]
    plain = coo_array((links.data[off], (links.row[off], links.col[off])), links.shape).tocsr()
    plain.sum_duplicates()
    if not np.isfinite(plain.data).all() or (plain.data < 0).any():
        raise InputError(
            "the graph has weights that are negative or not finite; the map equation needs "
            "weights of at least 0. Drop negative correlations before building the graph"
        )
    apart = abs(plain - plain.T)
    if apart.nnz and apart.max() > 1e-6 * plain.data.max():
        raise InputError(
            "the graph is not symmetric; an undirected one was needed. Give (graph + graph.T) / 2"
        )
    weight = plain.data / max(float(plain.data.sum()), np.finfo(float).tiny)
    row = np.repeat(np.arange(n), np.diff(plain.indptr))
    visits = summed(row, weight, n)
    first, other = plain.indptr.astype(np.int64), plain.indices.astype(np.int64)
    return Flow(first, other, weight, visits, visits.copy())


def _bits(flow: Flow, module: Ints) -> float:
    count = int(module.max(initial=0)) + 1
    row = np.repeat(np.arange(len(module)), np.diff(flow.first))
    crossing = module[row] != module[flow.other]
    leaves = summed(module[row[crossing]], flow.weight[crossing], count)
    inside = summed(module, flow.visits, count)
    bits = _plogp(leaves.sum(keepdims=True))[0] - 2 * _plogp(leaves).sum()
    return float(bits + _plogp(leaves + inside).sum() - _plogp(flow.visits).sum())


def _plogp(p: Floats) -> Floats:
    return np.asarray(p * np.log2(np.where(p > 0, p, 1.0)))


def _trial(flow: Flow, rng: np.random.Generator) -> Ints:
    module = _climb(flow, np.arange(len(flow.visits)), rng)
    bits = _bits(flow, module)
    while True:
        before = bits
        for refine in (_climb, _by_parts):
            tried = refine(flow, module, rng)
            tried_bits = _bits(flow, tried)
            if tried_bits < bits:
                module, bits = tried, tried_bits
        if before - bits < _SETTLED:
            return module


def _climb(flow: Flow, module: Ints, rng: np.random.Generator) -> Ints:
    """Move nodes, then modules as nodes of a smaller graph, until no move is left."""
    module = _settle(flow, module, rng)
    while True:
        small = merged(flow, module)
        of_small = _settle(small, np.arange(len(small.visits)), rng)
        if of_small.max() + 1 == len(of_small):
            return module
        module = of_small[module]


def _by_parts(flow: Flow, module: Ints, rng: np.random.Generator) -> Ints:
    """Move parts of modules: the modules that each module would have if it stood alone."""
    row = np.repeat(np.arange(len(module)), np.diff(flow.first))
    kept = module[row] == module[flow.other]
    if not kept.any():
        return module
    first = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(module)))])
    weight = flow.weight[kept] / flow.weight[kept].sum()
    visits = summed(row[kept], weight, len(module))
    alone = Flow(first, flow.other[kept], weight, visits, visits)
    part = _climb(alone, np.arange(len(module)), rng)
    small = merged(flow, part)
    of_part = np.empty(len(small.visits), dtype=np.int64)
    of_part[part] = module
    return _climb(small, _renumbered(of_part), rng)[part]


def _settle(flow: Flow, module: Ints, rng: np.random.Generator) -> Ints:
    for _ in range(_SWEEPS):
        module, gained = moved(flow, module, rng.permutation(len(module)))
        if gained < _SETTLED:
            break
    return _renumbered(module)


def _renumbered(module: Ints) -> Ints:
    return np.unique(module, return_inverse=True)[1].astype(np.int64)


def _by_size(flow: Flow, module: Ints) -> Ints:
    """Renumber modules from the most visited on; nodes that are never visited get -1."""
    seen = flow.visits > 0
    out = np.full(len(module), -1, dtype=np.int64)
    if not seen.any():
        return out
    compact = _renumbered(module[seen])
    order = np.argsort(-np.bincount(compact, flow.visits[seen]), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    out[seen] = rank[compact]
    return out
