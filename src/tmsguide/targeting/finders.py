"""Finders: from a map over the search mask to one place, by rank so that any map has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from tmsguide.errors import QualityError
from tmsguide.num.components import clusters, lattice_step, neighbour_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "CONE_HALF_MM",
    "Cluster",
    "Terrain",
    "cone_weight",
    "find_cluster",
    "find_peak",
    "terrain",
]

#: Outer radii, mm, and weights of the nested spheres of a figure-8 coil's effect ("cone").
#: Fox et al. 2013, NeuroImage 66:151 (PMC3594474).
_CONE = ((2.0, 5.0), (4.0, 4.0), (7.0, 3.0), (9.0, 2.0), (12.0, 1.0))

#: Where the cone has fallen to half its weight: what `find_peak` cannot tell apart.
CONE_HALF_MM = 7.0

#: Lattice points on a shell's border fall inside, whatever way the lattice is turned.
_ROUNDING_MM = 1e-6

#: Fewer places than this cannot hold a cluster.
_LEAST = 30


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """The places among which a target is sought, with what every finder needs of their geometry.

    ``xyz_mm`` (M, 3); ``pairs`` (P, 2) lattice neighbours; ``cone`` (M, M) sparse, row i averages
    the places round i with the weights of `cone_weight`; ``step_mm`` the lattice spacing.
    """

    xyz_mm: Floats
    pairs: NDArray[np.int64]
    cone: csr_array
    step_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """What the cluster method found.

    ``index`` is the place chosen, the member nearest to ``centroid_mm`` (3,); ``members`` the
    places of its cluster; ``runner_up`` those of the second (empty if there is none);
    ``threshold`` the z below which places were kept.
    """

    index: int
    centroid_mm: Floats
    members: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    threshold: float


def cone_weight(distance_mm: Floats) -> Floats:
    """Weight of tissue at a distance from the coil's focus: 5, 4, 3, 2, 1 out to 12 mm, then 0.

    Examples
    --------
    >>> cone_weight(np.array([0.0, 3.0, 7.0, 8.5, 12.0, 13.0])).tolist()
    [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    """
    out = np.zeros(np.shape(distance_mm))
    for radius, weight in reversed(_CONE):
        out[distance_mm <= radius + _ROUNDING_MM] = weight
    return out


def terrain(xyz_mm: Floats) -> Terrain:
    """Prepare the places (M, 3) of a voxel lattice, of any orientation, for the finders.

    Raises
    ------
    QualityError
        If there are too few places to search among.
    """
    if len(xyz_mm) < _LEAST:
        raise QualityError(
            f"only {len(xyz_mm)} places of the search mask hold grey matter with signal; needed "
            f"at least {_LEAST}. Check coverage of the left frontal lobe, segmentation and the "
            "MNI registration"
        )
    step = lattice_step(xyz_mm)
    return Terrain(xyz_mm, neighbour_pairs(xyz_mm, step), _cone(xyz_mm), step)


def find_peak(z: Floats, places: Terrain) -> int:
    """Index of the place whose cone-weighted surroundings are most anticorrelated.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474).
    """
    return int(np.argmin(places.cone @ z))


def find_cluster(z: Floats, places: Terrain, *, percentile: float) -> Cluster:
    """Find the strongest cluster of the lowest places, and the place at its centre of mass.

    Kept are the lowest ``percentile`` % of the negative places, or of half the mask where fewer
    are negative: a choice by rank, so that a map without negative values has a target too.
    Clusters are 26-connected. The strongest has the largest sum of depth below the threshold;
    its depth-weighted centroid is moved to the nearest member, so that it lies on grey matter.

    References
    ----------
    Cash et al. 2021, 10.1002/hbm.25330. They take the cluster of most voxels and its unweighted
    centroid. With depth a broad shallow cluster does not beat a compact deep one; in simulated
    15-min pairs this found the same place again in the median case, size and peak 3 mm apart.
    """
    pool = max(int(np.count_nonzero(z < 0)), len(z) // 2)
    keep = int(np.ceil(percentile / 100 * pool))
    order = np.argsort(z, kind="stable")
    low = np.zeros(len(z), dtype=np.bool_)
    low[order[:keep]] = True
    threshold = float(z[order[min(keep, len(z) - 1)]])
    depth = threshold - z
    label = clusters(low, places.pairs)
    ranked = np.argsort(-np.bincount(label[low], depth[low]), kind="stable")
    members = np.flatnonzero(label == ranked[0])
    second = np.flatnonzero(label == ranked[1]) if len(ranked) > 1 else np.empty(0, dtype=np.int64)
    weight = depth[members] if depth[members].sum() > 0 else None
    centroid = np.average(places.xyz_mm[members], axis=0, weights=weight)
    nearest = np.argmin(np.linalg.norm(places.xyz_mm[members] - centroid, axis=1))
    return Cluster(int(members[nearest]), np.asarray(centroid), members, second, threshold)


def _cone(xyz: Floats) -> csr_array:
    reach = _CONE[-1][0] + _ROUNDING_MM
    pairs = cKDTree(xyz).query_pairs(reach, output_type="ndarray")
    weight = cone_weight(np.linalg.norm(xyz[pairs[:, 0]] - xyz[pairs[:, 1]], axis=1))
    own = np.arange(len(xyz))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    values = np.concatenate([weight, weight, np.full(len(xyz), _CONE[0][1])])
    graph = coo_array((values, (rows, columns)), shape=(len(xyz), len(xyz))).tocsr()
    return csr_array(graph.multiply(1 / graph.sum(axis=1)[:, None]))
