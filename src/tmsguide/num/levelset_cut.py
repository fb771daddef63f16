"""Cut tetrahedra along the zero level of a function, so that faces follow the surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.cell_splitting import split_cells
from tmsguide.num.tetrahedra import volumes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Partition", "cut"]

_FROM = np.array([0, 0, 0, 1, 1, 2])
_TO = np.array([1, 2, 3, 2, 3, 3])

_SNAP = 0.3  # nodes nearer to the surface than this part of an edge move onto it
_LEAST_VOLUME = 0.15  # of its volume before, that a cell must keep when its nodes move
_ROOT_STEPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Tetrahedra with a label each; ``fixed`` (N,) marks nodes that lie on a surface already."""

    nodes: Floats
    cells: Ints
    label: NDArray[np.uint8]
    fixed: Bools


def cut(
    mesh: Partition, level: Callable[[Floats], Floats], *, parent: int, child: int
) -> Partition:
    """Give the mesh with cells of label ``parent`` cut where ``level`` changes sign.

    Cells on the positive side become ``child``. Nodes close to the surface first move onto it
    (fixed ones stay and count as on it); the edges that still cross are then split, longest first
    in one global order, so cells that share a face split it alike and the mesh stays conforming.
    ``level`` maps points (N, 3) to values (N,). Volumes stay positive.

    References
    ----------
    Labelle & Shewchuk 2007, doi:10.1145/1276377.1276448 (snapping);
    Bronson, Levine & Whitaker 2014, doi:10.1109/TVCG.2013.115 (several materials).
    """
    value = level(mesh.nodes)
    value[np.abs(value) < 1e-9] = 1e-9
    nodes, value = _snap(mesh, level, value, parent)
    edges = _Crossing.find(mesh.cells, mesh.label == parent, value)
    t = np.clip(_roots(nodes, edges, value, level), 0.05, 0.95)
    a, b = edges.ends.T
    added = nodes[a] + t[:, None] * (nodes[b] - nodes[a])
    length = np.linalg.norm(nodes[a] - nodes[b], axis=1)
    rank = np.empty(len(t), dtype=np.int64)
    rank[np.lexsort((edges.key, -np.round(length, 6)))] = np.arange(len(t))
    pieces, origin = split_cells(mesh.cells[edges.cell], edges.number, rank, len(nodes))
    whole = np.ones(len(mesh.cells), dtype=np.bool_)
    whole[edges.cell] = False
    cells = np.concatenate([mesh.cells[whole], pieces])
    label = np.concatenate([mesh.label[whole], mesh.label[edges.cell][origin]])
    nodes = np.concatenate([nodes, added])
    value = np.concatenate([value, np.zeros(len(added))])
    return _relabel(nodes, cells, label, mesh.fixed, value, level, parent=parent, child=child)


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Edges (E) of active cells that cross the surface, and every cell (C) that holds any.

    A cell beside the active ones may share such an edge; it must be split with them.
    """

    cell: Ints  # (C,) cell numbers
    number: Ints  # (C, 6) edge number of each of a cell's six edges, -1 where it does not cross
    ends: Ints  # (E, 2) nodes
    key: Ints  # (E,) ascending

    @staticmethod
    def find(cells: Ints, active: Bools, value: Floats) -> _Crossing:
        positive, negative = (value > 0)[cells], (value < 0)[cells]
        mixed = np.flatnonzero(active & _any_corner(positive) & _any_corner(negative))
        positive, negative, chosen = positive[mixed], negative[mixed], cells[mixed]
        crosses = positive[:, _FROM] & negative[:, _TO] | negative[:, _FROM] & positive[:, _TO]
        key = np.sort(_edge_keys(chosen)[crosses])
        key = key[np.append(True, key[1:] != key[:-1])[: len(key)]]
        ends = np.stack([key >> 32, key & 0xFFFFFFFF], axis=1)
        touched = np.zeros(len(value), dtype=np.int8)
        touched[ends.ravel()] = 1
        a, b, c, d = touched[cells].T
        near = np.flatnonzero(a + b + c + d >= 2)
        keys = _edge_keys(cells[near])
        at = np.minimum(np.searchsorted(key, keys), max(len(key) - 1, 0))
        number = np.where(key[at] == keys, at, -1) if len(key) else np.full(keys.shape, -1)
        held = (number >= 0).any(axis=1)
        return _Crossing(near[held], number[held], ends, key)


def _any_corner(flags: Bools) -> Bools:
    """Tell which rows (M, 4) hold any True; quicker than a reduction over so short an axis."""
    return np.asarray(flags[:, 0] | flags[:, 1] | flags[:, 2] | flags[:, 3])


def _edge_keys(cells: Ints) -> Ints:
    """Give one number per edge (M, 6), the same in every cell that shares it."""
    a, b = cells[:, _FROM], cells[:, _TO]
    return np.asarray((np.minimum(a, b) << 32) | np.maximum(a, b))


def _roots(
    nodes: Floats, edges: _Crossing, value: Floats, level: Callable[[Floats], Floats]
) -> Floats:
    """Where (E,) along each edge, from 0 to 1, the level is zero: guarded false position."""
    a, b = edges.ends.T
    start, step = nodes[a], nodes[b] - nodes[a]
    low, high = np.zeros(len(a)), np.ones(len(a))
    at_low, at_high = value[a].copy(), value[b].copy()
    for _ in range(_ROOT_STEPS):
        part = np.clip(at_low / (at_low - at_high), 0.05, 0.95)
        middle = low + (high - low) * part
        found = level(start + middle[:, None] * step)
        left = found * at_low > 0
        low, at_low = np.where(left, middle, low), np.where(left, found, at_low)
        high, at_high = np.where(left, high, middle), np.where(left, at_high, found)
    gap = at_low - at_high
    return np.asarray(low + (high - low) * at_low / np.where(gap == 0, 1.0, gap))


def _snap(
    mesh: Partition, level: Callable[[Floats], Floats], value: Floats, parent: int
) -> tuple[Floats, Floats]:
    """Move free nodes near the surface onto it; ``value`` becomes 0 at every node on it."""
    edges = _Crossing.find(mesh.cells, mesh.label == parent, value)
    t = _roots(mesh.nodes, edges, value, level)
    a, b = edges.ends.T
    length = np.linalg.norm(mesh.nodes[a] - mesh.nodes[b], axis=1)
    node = np.concatenate([a, b])
    part = np.concatenate([t, 1 - t])
    edge = np.tile(np.arange(len(t)), 2)
    near = part < _SNAP
    node, edge, away = node[near], edge[near], (part * np.tile(length, 2))[near]
    order = np.lexsort((edge, away))[::-1]  # nearest written last, so it stays
    best = np.full(len(mesh.nodes), -1, dtype=np.int64)
    best[node[order]] = edge[order]
    on = np.flatnonzero(best >= 0)
    value = value.copy()
    value[on] = 0.0
    moved = on[~mesh.fixed[on]]
    e = best[moved]
    target = mesh.nodes.copy()
    target[moved] = mesh.nodes[a[e]] + t[e, None] * (mesh.nodes[b[e]] - mesh.nodes[a[e]])
    return _keep_shape(mesh, target, moved), value


def _keep_shape(mesh: Partition, target: Floats, moved: Ints) -> Floats:
    """Take moves back, at first by halves, wherever they would flatten a cell."""
    free = np.zeros(len(target), dtype=np.bool_)
    free[moved] = True
    touched = mesh.cells[_any_corner(free[mesh.cells])]
    least = _LEAST_VOLUME * volumes(mesh.nodes, touched)
    for attempt in range(12):
        flat = touched[volumes(target, touched) < least]
        back = np.unique(flat)
        back = back[free[back]]
        if len(back) == 0:
            return target
        if attempt < 4:
            target[back] = 0.5 * (target[back] + mesh.nodes[back])
        else:
            target[back] = mesh.nodes[back]
            free[back] = False
    return mesh.nodes.copy()


def _relabel(
    nodes: Floats,
    cells: Ints,
    label: NDArray[np.uint8],
    fixed: Bools,
    value: Floats,
    level: Callable[[Floats], Floats],
    *,
    parent: int,
    child: int,
) -> Partition:
    """Give the cut cells their side, and mark the nodes of the new surface as fixed."""
    label = label.copy()
    inside = np.zeros(len(nodes), dtype=np.bool_)
    flat = np.zeros(len(cells), dtype=np.bool_)
    _take_side(cells, value, label, parent, child, flat, inside)
    odd = np.flatnonzero(flat)
    label[odd[level(nodes[cells[odd]].mean(axis=1)) > 0]] = child
    held = np.zeros(len(nodes), dtype=np.bool_)
    held[: len(fixed)] = fixed
    return Partition(nodes, cells, label, held | (inside & (value == 0)))


@njit(cache=True, nogil=True)
def _take_side(
    cells: Any, value: Any, label: Any, parent: int, child: int, flat: Any, inside: Any
) -> None:
    # cells with a corner well inside become the child; flat ones lie wholly on the surface
    for t in range(len(cells)):
        if label[t] == parent:
            high, low = -np.inf, np.inf
            for q in range(4):
                at = value[cells[t, q]]
                high, low = max(high, at), min(low, at)
                inside[cells[t, q]] = True
            flat[t] = high == 0.0 and low == 0.0
            if high > -low:
                label[t] = child
