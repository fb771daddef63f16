"""Which tetrahedron holds a point, and the nearest one where none does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from tmsguide.num.cell_lattice import SLACK, corner_weights, keep_positive
from tmsguide.num.linear_fem import slices
from tmsguide.num.parallel import ordered_map
from tmsguide.num.tetrahedra import barycentres, volumes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["CellGrid", "cell_grid", "containing_cells", "nearest_cells"]

_STEP = 0.8  # bins per mean edge: fewer candidates per bin against fewer bins per cell
_MOST_BINS = 4  # per cell
_NEIGHBOURS = (
    12  # nearest barycentres tried for a point outside: more change no distance by .05 mm
)


@dataclass(frozen=True, slots=True, eq=False)
class CellGrid:
    """Tetrahedra (M, 4) sorted into cubic bins: ``cell[start[b]:start[b + 1]]`` meet bin b."""

    nodes: Floats
    cells: Ints
    low: Floats
    step: float
    shape: tuple[int, int, int]
    start: Ints
    cell: NDArray[np.int32]


def cell_grid(nodes: Floats, cells: Ints) -> CellGrid:
    """Give the bins of tetrahedra ``cells`` (M, 4), at least one, among ``nodes`` (N, 3)."""
    used = nodes[cells.ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    room = high - low
    # a regular tetrahedron of edge h has volume h^3 / 8.49
    edge = float(np.cbrt(8.49 * np.abs(volumes(nodes, cells)).mean()))
    fewest = np.cbrt(max(float(room.prod()), 1e-300) / (_MOST_BINS * len(cells)))
    step = max(_STEP * edge, float(fewest), 1e-3 * float(room.max()), 1e-300)
    nx, ny, nz = (int(n) + 1 for n in room / step)
    count = np.zeros(nx * ny * nz + 1, dtype=np.int64)
    _count_bins(nodes, cells, low, step, (nx, ny, nz), count)
    start = np.cumsum(count)
    cell = np.empty(start[-1], dtype=np.int32)
    _fill_bins(nodes, cells, low, step, (nx, ny, nz), start[:-1].copy(), cell)
    return CellGrid(nodes, cells, low, step, (nx, ny, nz), start, cell)


def containing_cells(grid: CellGrid, points: Floats) -> tuple[Ints, Floats]:
    """Give the cell (P,) that holds each point (P, 3), -1 where none, and its weights (P, 4).

    Weights are barycentric: positive, of sum one, for the corners in the cell's order; zero where
    no cell holds the point. A point on a face belongs to one of its cells, always the same.
    """
    cell = np.full(len(points), -1, dtype=np.int64)
    weight = np.zeros((len(points), 4))
    at = np.ascontiguousarray(points)
    bins = grid.low, grid.step, grid.shape, grid.start, grid.cell
    ordered_map(
        lambda part: _locate(
            grid.nodes, grid.cells, *bins, at, cell, weight, part.start, part.stop
        ),
        slices(len(at)),
    )
    return cell, weight


def nearest_cells(grid: CellGrid, points: Floats) -> tuple[Ints, Floats, Floats]:
    """Give the nearest cell (P,), the weights (P, 4) of the place in it, and how far that is (P,).

    Among the cells of the nearest barycentres; the place is the point with its negative weights
    set to zero, so the distance is never less than the true one.
    """
    centre = barycentres(grid.nodes, grid.cells)
    k = min(_NEIGHBOURS, len(centre))
    _, near = cKDTree(centre).query(points, k=k)
    near = np.asarray(near, dtype=np.int64).reshape(len(points), k)
    cell = np.empty(len(points), dtype=np.int64)
    weight = np.empty((len(points), 4))
    away = np.empty(len(points))
    _clamp(grid.nodes, grid.cells, np.ascontiguousarray(points), near, cell, weight, away)
    return cell, weight, away


@njit(cache=True, nogil=True)
def _span(
    nodes: Any, cells: Any, t: int, low: Any, step: float, shape: Any, first: Any, last: Any
) -> None:
    """First and last bin along each axis that the box of cell t meets."""
    for k in range(3):
        least = most = nodes[cells[t, 0], k]
        for c in range(1, 4):
            least = min(least, nodes[cells[t, c], k])
            most = max(most, nodes[cells[t, c], k])
        slack = SLACK * (most - least)
        first[k] = max(0, int(np.floor((least - slack - low[k]) / step)))
        last[k] = min(shape[k] - 1, int(np.floor((most + slack - low[k]) / step)))


@njit(cache=True, nogil=True)
def _count_bins(nodes: Any, cells: Any, low: Any, step: float, shape: Any, count: Any) -> None:
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for t in range(cells.shape[0]):
        _span(nodes, cells, t, low, step, shape, first, last)
        for i in range(first[0], last[0] + 1):
            for j in range(first[1], last[1] + 1):
                for k in range(first[2], last[2] + 1):
                    count[(i * shape[1] + j) * shape[2] + k + 1] += 1


@njit(cache=True, nogil=True)
def _fill_bins(
    nodes: Any, cells: Any, low: Any, step: float, shape: Any, end: Any, cell: Any
) -> None:
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for t in range(cells.shape[0]):
        _span(nodes, cells, t, low, step, shape, first, last)
        for i in range(first[0], last[0] + 1):
            for j in range(first[1], last[1] + 1):
                for k in range(first[2], last[2] + 1):
                    b = (i * shape[1] + j) * shape[2] + k
                    cell[end[b]] = t
                    end[b] += 1


@njit(cache=True, nogil=True)
def _locate(
    nodes: Any,
    cells: Any,
    low: Any,
    step: float,
    shape: Any,
    start: Any,
    members: Any,
    points: Any,
    cell: Any,
    weight: Any,
    begin: int,
    stop: int,
) -> None:
    trial = np.empty(4)
    for p in range(begin, stop):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        i = int(np.floor((x - low[0]) / step))
        j = int(np.floor((y - low[1]) / step))
        k = int(np.floor((z - low[2]) / step))
        if i < -1 or j < -1 or k < -1 or i > shape[0] or j > shape[1] or k > shape[2]:
            continue
        i = min(max(i, 0), shape[0] - 1)
        j = min(max(j, 0), shape[1] - 1)
        k = min(max(k, 0), shape[2] - 1)
        b = (i * shape[1] + j) * shape[2] + k
        best = -SLACK
        for m in range(start[b], start[b + 1]):
            least = corner_weights(nodes, cells, members[m], x, y, z, trial)
            if least > best:
                best = least
                cell[p] = members[m]
                weight[p] = trial
                if least >= 0.0:
                    break
        if cell[p] >= 0:
            keep_positive(weight[p])


@njit(cache=True, nogil=True)
def _clamp(
    nodes: Any, cells: Any, points: Any, near: Any, cell: Any, weight: Any, away: Any
) -> None:
    trial = np.empty(4)
    for p in range(points.shape[0]):
        away[p] = np.inf
        for m in range(near.shape[1]):
            t = near[p, m]
            x, y, z = points[p, 0], points[p, 1], points[p, 2]
            if corner_weights(nodes, cells, t, x, y, z, trial) == -1e300:
                trial[:] = 0.25
            keep_positive(trial)
            square = 0.0
            for k in range(3):
                at = 0.0
                for c in range(4):
                    at += trial[c] * nodes[cells[t, c], k]
                square += (points[p, k] - at) ** 2
            if np.sqrt(square) < away[p]:
                away[p] = np.sqrt(square)
                cell[p] = t
                weight[p] = trial
