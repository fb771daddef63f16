"""Neighbours and connected clusters of points that lie on a voxel lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: For so few centres distances are sooner worked out than a tree is asked.
_FEW = 16

__all__ = ["clusters", "lattice_step", "near", "neighbour_pairs"]


def lattice_step(xyz: Floats) -> float:
    """Distance between next neighbours of a lattice of points (N, 3): the median over points."""
    distance, _ = cKDTree(xyz).query(xyz, k=2)
    return float(np.median(distance[:, 1]))


def neighbour_pairs(xyz: Floats, step: float) -> NDArray[np.int64]:
    """Index pairs (P, 2) of points within one lattice cell: face, edge and corner neighbours.

    On a cubic lattice of any orientation these are the 26 neighbours: corners lie at √3 steps, the
    next shell at 2.
    """
    return np.asarray(cKDTree(xyz).query_pairs(1.85 * step, output_type="ndarray"), dtype=np.int64)


def clusters(chosen: NDArray[np.bool_], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label (N,) the connected clusters of chosen points from 0; -1 where not chosen."""
    both = pairs[chosen[pairs[:, 0]] & chosen[pairs[:, 1]]]
    n = len(chosen)
    graph = coo_array((np.ones(len(both), dtype=np.int8), (both[:, 0], both[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    out = np.full(n, -1, dtype=np.int64)
    _, out[chosen] = np.unique(label[chosen], return_inverse=True)
    return out


def near(xyz: Floats, centres: Floats, radius: float) -> NDArray[np.bool_]:
    """Tell which points (N, 3) lie closer than ``radius`` to any of the centres (C, 3)."""
    if len(centres) <= _FEW:
        away = np.full(len(xyz), np.inf)
        for centre in centres:
            np.minimum(away, np.sqrt(((xyz - centre) ** 2).sum(axis=1)), out=away)
        return np.asarray(away < radius)
    distance, _ = cKDTree(centres).query(xyz, distance_upper_bound=radius * (1 + 1e-12))
    return np.asarray(distance < radius)
