"""Barycentric weights in tetrahedra, and which tetrahedron holds each point of a lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["SLACK", "corner_weights", "keep_positive", "lattice_cells"]

SLACK = 1e-6  # of a cell's height: points on a face belong to it in spite of rounding


def lattice_cells(
    nodes: Floats, cells: Ints, shape: tuple[int, int, int]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Give the cell (X, Y, Z) that holds each whole-numbered point of a lattice, and its weights.

    ``nodes`` are in lattice units; -1 and zero weights (X, Y, Z, 4) where no cell lies. Visits
    cells, not points, so a million cells onto ten million points take about a second.
    """
    cell = np.full(shape, -1, dtype=np.int32)
    weight = np.zeros((*shape, 4), dtype=np.float32)
    _scan(nodes, cells, cell, weight)
    return cell, weight


@njit(cache=True, nogil=True)
def corner_weights(
    nodes: Any, cells: Any, t: int, x: float, y: float, z: float, out: Any
) -> float:
    """Barycentric weights of a point in cell t, and the least of them."""
    a, b, c, d = cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3]
    ux, uy, uz = nodes[b, 0] - nodes[a, 0], nodes[b, 1] - nodes[a, 1], nodes[b, 2] - nodes[a, 2]
    vx, vy, vz = nodes[c, 0] - nodes[a, 0], nodes[c, 1] - nodes[a, 1], nodes[c, 2] - nodes[a, 2]
    wx, wy, wz = nodes[d, 0] - nodes[a, 0], nodes[d, 1] - nodes[a, 1], nodes[d, 2] - nodes[a, 2]
    px, py, pz = x - nodes[a, 0], y - nodes[a, 1], z - nodes[a, 2]
    kx, ky, kz = vy * wz - vz * wy, vz * wx - vx * wz, vx * wy - vy * wx
    six = ux * kx + uy * ky + uz * kz
    if six == 0.0:
        return -1e300
    out[1] = (px * kx + py * ky + pz * kz) / six
    kx, ky, kz = wy * uz - wz * uy, wz * ux - wx * uz, wx * uy - wy * ux
    out[2] = (px * kx + py * ky + pz * kz) / six
    kx, ky, kz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    out[3] = (px * kx + py * ky + pz * kz) / six
    out[0] = 1.0 - out[1] - out[2] - out[3]
    return float(out.min())


@njit(cache=True, nogil=True)
def keep_positive(weight: Any) -> None:
    """Set negative weights to zero and scale the others to a sum of one, in place."""
    total = 0.0
    for j in range(4):
        weight[j] = max(weight[j], 0.0)
        total += weight[j]
    for j in range(4):
        weight[j] /= total


@njit(cache=True, nogil=True)
def _scan(nodes: Any, cells: Any, cell: Any, weight: Any) -> None:
    trial = np.empty(4)
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for t in range(cells.shape[0]):
        for k in range(3):
            least = nodes[cells[t, 0], k]
            most = least
            for c in range(1, 4):
                least = min(least, nodes[cells[t, c], k])
                most = max(most, nodes[cells[t, c], k])
            slack = SLACK * (most - least)
            first[k] = max(0, int(np.ceil(least - slack)))
            last[k] = min(cell.shape[k] - 1, int(np.floor(most + slack)))
        for i in range(first[0], last[0] + 1):
            for j in range(first[1], last[1] + 1):
                for k in range(first[2], last[2] + 1):
                    if cell[i, j, k] >= 0:
                        continue
                    if corner_weights(nodes, cells, t, i, j, k, trial) >= -SLACK:
                        keep_positive(trial)
                        cell[i, j, k] = t
                        for c in range(4):
                            weight[i, j, k, c] = trial[c]
