"""Moves of nodes between modules that shorten the map equation, and the graph of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Flow", "merged", "moved", "summed"]

#: Bits below which a move is rounding, not a gain.
_LEAST_GAIN = 1e-12


class Flow(NamedTuple):
    """A random walk on N nodes at rest: who neighbours whom, and how often each step is taken.

    The links of node i go to ``other[first[i]:first[i + 1]]``, each walked with probability
    ``weight`` per step in that direction (no node links to itself); ``visits`` (N,) the
    probability of being at a node, ``leaves`` (N,) of walking out of it.
    """

    first: Ints
    other: Ints
    weight: Floats
    visits: Floats
    leaves: Floats


def moved(flow: Flow, module: Ints, order: Ints) -> tuple[Ints, float]:
    """Try every node once in ``order``: the modules (N,) after it, and the bits gained.

    Each node goes to the neighbouring module, or to an empty one, that shortens the code length
    most; modules carry numbers below N.
    """
    after = module.copy()
    gained = _sweep(*flow, after, order)
    return after, float(gained)


def merged(flow: Flow, module: Ints) -> Flow:
    """Give the walk between modules numbered 0 to K - 1 without gaps: each becomes one node."""
    count = int(module.max()) + 1
    order = np.argsort(module, kind="stable")
    first, other, weight = _merge(flow.first, flow.other, flow.weight, module, order, count)
    leaves = summed(np.repeat(np.arange(count), np.diff(first)), weight, count)
    return Flow(first, other, weight, summed(module, flow.visits, count), leaves)


def summed(group: Ints, value: Floats, count: int) -> Floats:
    """Sum the values of each of ``count`` groups."""
    return np.asarray(np.bincount(group, value, minlength=count), dtype=np.float64)


@njit(cache=True, nogil=True)
def _plogp(p: Any) -> Any:
    """Give p log2 p, 0 at p = 0."""
    return p * np.log2(p) if p > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _term(leaves: Any, visits: Any) -> Any:
    """Give what one module adds to the map equation beside its share of the index codebook."""
    return _plogp(leaves + visits) - 2.0 * _plogp(leaves)


@njit(cache=True, nogil=True)
def _stock(first: Any, other: Any, weight: Any, visits: Any, module: Any) -> Any:
    """Count nodes, visits and walks out of every module, and list the empty ones."""
    n = module.shape[0]
    held = np.zeros(n, np.int64)
    inside = np.zeros(n)
    out = np.zeros(n)
    for i in range(n):
        held[module[i]] += 1
        inside[module[i]] += visits[i]
        for k in range(first[i], first[i + 1]):
            if module[other[k]] != module[i]:
                out[module[i]] += weight[k]
    empty = np.empty(n, np.int64)
    free = 0
    for m in range(n - 1, -1, -1):
        if held[m] == 0:
            empty[free] = m
            free += 1
    return held, inside, out, empty, free


@njit(cache=True, nogil=True)
def _sweep(
    first: Any, other: Any, weight: Any, visits: Any, leaves: Any, module: Any, order: Any
) -> float:
    n = module.shape[0]
    held, inside, out, empty, free = _stock(first, other, weight, visits, module)
    term = np.empty(n)
    total = 0.0
    for m in range(n):
        term[m] = _term(out[m], inside[m])
        total += out[m]
    shared = np.zeros(n)  # links of the node at hand with each module
    touched = np.empty(n, np.int64)
    gained = 0.0
    for i in order:
        a = module[i]
        count = 0
        for k in range(first[i], first[i + 1]):
            m = module[other[k]]
            if shared[m] == 0.0 and weight[k] > 0.0:
                touched[count] = m
                count += 1
            shared[m] += weight[k]
        alone = held[a] == 1
        out_a = 0.0 if alone else max(0.0, out[a] - leaves[i] + 2.0 * shared[a])
        in_a = 0.0 if alone else max(0.0, inside[a] - visits[i])
        term_a = _term(out_a, in_a)
        if not alone and free > 0 and count > 0:
            touched[count] = empty[free - 1]  # nothing shared with it
            count += 1
        best, least = a, -_LEAST_GAIN
        for c in range(count):
            b = touched[c]
            if b == a:
                continue
            out_b = max(0.0, out[b] + leaves[i] - 2.0 * shared[b])
            change = _plogp(total - out[a] - out[b] + out_a + out_b) - _plogp(total)
            change += term_a - term[a] + _term(out_b, inside[b] + visits[i]) - term[b]
            if change < least:
                best, least = b, change
        if best != a:
            if held[best] == 0:
                free -= 1
            if alone:
                empty[free] = a
                free += 1
            out_b = max(0.0, out[best] + leaves[i] - 2.0 * shared[best])
            total += out_a + out_b - out[a] - out[best]
            out[a], inside[a], term[a] = out_a, in_a, term_a
            held[a] -= 1
            out[best] = out_b
            inside[best] += visits[i]
            term[best] = _term(out_b, inside[best])
            held[best] += 1
            module[i] = best
            gained -= least
        for c in range(count):
            shared[touched[c]] = 0.0
    return gained


@njit(cache=True, nogil=True)
def _merge(first: Any, other: Any, weight: Any, module: Any, order: Any, count: int) -> Any:
    begin = np.zeros(count + 1, np.int64)
    into = np.empty(other.shape[0], np.int64)
    value = np.empty(other.shape[0])
    shared = np.zeros(count)
    at = 0
    filled = 0
    for m in range(count):
        start = filled
        while at < order.shape[0] and module[order[at]] == m:
            i = order[at]
            for k in range(first[i], first[i + 1]):
                b = module[other[k]]
                if b != m and weight[k] > 0.0:
                    if shared[b] == 0.0:
                        into[filled] = b
                        filled += 1
                    shared[b] += weight[k]
            at += 1
        for k in range(start, filled):
            value[k] = shared[into[k]]
            shared[into[k]] = 0.0
        begin[m + 1] = filled
    return begin, into[:filled].copy(), value[:filled].copy()
