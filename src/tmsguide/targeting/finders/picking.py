"""Finders: from each of many maps over the search area to one place, the least value sought.

They go by rank or by comparison, so that any map has a target, with or without negative values.
Multiplying a map by a number above 0 never moves a target. Adding one moves no peak or cone; it
moves clusters and sweeps only through how many places are negative, and not at all where fewer
than half are negative before and after. Ties go by `fixed_order`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.cluster_votes import sweep_centroids
from tmsguide.num.graph_clusters import Graph, cluster_centroids, low_clusters
from tmsguide.num.weighted_minimum import least_weighted
from tmsguide.targeting.finders.terrain import Found, fixed_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]

__all__ = [
    "SWEEP_PERCENTILES",
    "Cluster",
    "cluster_at",
    "find_clusters",
    "find_cones",
    "find_peaks",
    "find_sweeps",
]

#: Thresholds of a sweep, %: 0.5 to 50 in twelve even ratios, so that small and large clusters
#: have as many votes. Cash 2021 swept thresholds (range as cited by others, unverified).
SWEEP_PERCENTILES = tuple(float(p) for p in np.geomspace(0.5, 50.0, 12))


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """What the cluster method found on one map.

    ``index`` is the place chosen, the member nearest to ``centroid_mm`` (3,); ``members`` the
    places of its cluster; ``runner_up`` those of the second (empty if there is none);
    ``threshold`` the value below which places were kept.
    """

    index: int
    centroid_mm: Floats
    members: NDArray[np.int64]
    runner_up: NDArray[np.int64]
    threshold: float


def find_peaks(z: NDArray[np.floating], terrain: Terrain) -> Found:
    """Find the place of least value in each of the maps (B, M).

    Raises
    ------
    QualityError
        If a map holds a value that is no finite number.

    References
    ----------
    Fox et al. 2012, 10.1016/j.biopsych.2012.04.028, for the most anticorrelated place; its
    repeatability is poor (see docs), `find_clusters` or `find_cones` are to be preferred.
    """
    maps = _maps(z, terrain)
    order = fixed_order(terrain.xyz_mm)
    return _found(order[np.argmin(maps[:, order], axis=1)], terrain)


def find_cones(z: NDArray[np.floating], terrain: Terrain) -> Found:
    """Find the place whose cone-weighted surroundings are least in each of the maps (B, M).

    Raises
    ------
    QualityError
        If a map holds a value that is no finite number.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474).
    """
    maps = _maps(z, terrain)
    return _found(least_weighted(terrain.cone, maps, fixed_order(terrain.xyz_mm)), terrain)


def find_clusters(z: NDArray[np.floating], terrain: Terrain, *, percentile: float) -> Found:
    """Find the strongest cluster of the lowest places in each of the maps (B, M).

    Kept are the lowest ``percentile`` % of the negative places, or of half of all places where
    fewer are negative: a choice by rank, so that a map without negative values has a target too.
    Neighbours as in the terrain. The strongest cluster has the largest sum of depth below the
    threshold (times the size of its places); its depth-weighted centroid is moved to the nearest
    member, so that it lies on grey matter.

    Raises
    ------
    QualityError
        If a map holds a value that is no finite number.

    References
    ----------
    Cash et al. 2021, 10.1002/hbm.25330. They take the cluster of most voxels and its unweighted
    centroid. With depth a broad shallow cluster does not beat a compact deep one; in simulated
    15-min pairs this found the same place again in the median case, size and peak 3 mm apart.
    """
    _need_percent(percentile)
    index, centroid = cluster_centroids(_maps(z, terrain), _graph(terrain), percentile)
    return Found(index, centroid)


def find_sweeps(
    z: NDArray[np.floating],
    terrain: Terrain,
    *,
    percentiles: tuple[float, ...] = SWEEP_PERCENTILES,
) -> Found:
    """Find the place on which clusters at a ladder of thresholds agree, in each map (B, M).

    At each threshold the strongest cluster, as in `find_clusters`, votes for its members; the
    vote is worth its part of the depth of all clusters. The core is joined to the place of most
    support and holds at least half of it; its support-weighted centroid is moved to the nearest
    place of the core. No single threshold decides, and one at which two clusters are nearly as
    strong counts less.

    Raises
    ------
    QualityError
        If a map holds a value that is no finite number.

    References
    ----------
    Motivated by the sweep of thresholds in Cash et al. 2021, 10.1002/hbm.25330; votes and core
    are ours.
    """
    for percentile in percentiles:
        _need_percent(percentile)
    index, centroid = sweep_centroids(_maps(z, terrain), _graph(terrain), np.array(percentiles))
    return Found(index, centroid)


def cluster_at(z: NDArray[np.floating], terrain: Terrain, percentile: float) -> Cluster:
    """Find the strongest cluster of one map (M,), with its members and the runner-up.

    The rule and the errors are those of `find_clusters`.
    """
    found = find_clusters(z[None], terrain, percentile=percentile)
    values = np.ascontiguousarray(z, dtype=np.float64)
    low = low_clusters(values, _graph(terrain), percentile)
    return Cluster(
        index=int(found.index[0]),
        centroid_mm=found.centroid_mm[0],
        members=np.sort(low.places[low.cluster == 0]),
        runner_up=np.sort(low.places[low.cluster == 1]),
        threshold=low.threshold,
    )


def _graph(terrain: Terrain) -> Graph:
    return Graph(
        terrain.first,
        terrain.neighbour,
        np.ascontiguousarray(terrain.size_cm3, dtype=np.float64),
        np.ascontiguousarray(terrain.xyz_mm, dtype=np.float64),
        fixed_order(terrain.xyz_mm),
    )


def _found(index: NDArray[np.int64], terrain: Terrain) -> Found:
    return Found(index, terrain.xyz_mm[index])


def _need_percent(percentile: float) -> None:
    if not 0 < percentile <= 100:
        raise InputError(f"percentile {percentile:g} given, needed above 0 and at most 100")


def _maps(z: NDArray[np.floating], terrain: Terrain) -> Floats:
    """Check the maps once, here; the kernels trust them."""
    places = len(terrain.xyz_mm)
    if z.ndim != 2 or z.shape[1] != places:
        raise InputError(
            f"maps of shape {z.shape} given, needed (B, {places}): one value for each place of "
            "the search area in every map"
        )
    finite = np.isfinite(z)
    if not finite.all():
        bad = np.flatnonzero(~finite.all(axis=1))
        raise QualityError(
            f"{len(bad)} of {len(z)} maps hold values that are not finite (map {bad[0]}: "
            f"{np.count_nonzero(~finite[bad[0]])} of {places} places); needed a number at every "
            "place. Check the seed's signal, or leave places without signal out of the search area"
        )
    return np.ascontiguousarray(z, dtype=np.float64)
