"""The places among which a target is sought, with what every finder needs of their geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from tmsguide.errors import InputError, QualityError
from tmsguide.num.components import lattice_step, neighbour_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "CONE_HALF_MM",
    "Found",
    "Terrain",
    "cone_weight",
    "fixed_order",
    "lattice_terrain",
    "mesh_terrain",
    "outside_in",
]

#: Outer radii, mm, and weights of the nested spheres of a figure-8 coil's effect ("cone").
#: Fox et al. 2013, NeuroImage 66:151 (PMC3594474).
_CONE = ((2.0, 5.0), (4.0, 4.0), (7.0, 3.0), (9.0, 2.0), (12.0, 1.0))

#: Where the cone has fallen to half its weight: what a cone-weighted peak cannot tell apart.
CONE_HALF_MM = 7.0

#: Lattice points on a shell's border fall inside, whatever way the lattice is turned.
_ROUNDING_MM = 1e-6

#: Fewer places than this cannot hold a cluster.
_LEAST = 30


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """M places of a voxel lattice or of a surface mesh.

    ``xyz_mm`` (M, 3); the neighbours of place i are ``neighbour[first[i]:first[i + 1]]`` (26 on a
    lattice, one edge away on a mesh), in `fixed_order`; ``cone`` (M, M) sparse, row i averages the
    places round i with the weights of `cone_weight` times their size; ``size_cm3`` (M,) the grey
    matter each place stands for; ``step_mm`` the usual distance between neighbours.
    """

    xyz_mm: Floats
    first: Ints
    neighbour: Ints
    cone: csr_array
    size_cm3: Floats
    step_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a finder found on B maps: the place chosen (B,), the centroid behind it (B, 3)."""

    index: Ints
    centroid_mm: Floats


def cone_weight(distance_mm: Floats) -> Floats:
    """Weight of tissue at a distance from the coil's focus: 5, 4, 3, 2, 1 out to 12 mm, then 0.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474).

    Examples
    --------
    >>> cone_weight(np.array([0.0, 3.0, 7.0, 8.5, 12.0, 13.0])).tolist()
    [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    """
    out = np.zeros(np.shape(distance_mm))
    for radius, weight in reversed(_CONE):
        out[distance_mm <= radius + _ROUNDING_MM] = weight
    return out


def lattice_terrain(xyz_mm: Floats) -> Terrain:
    """Prepare the places (M, 3) of a voxel lattice, of any orientation, for the finders.

    Neighbours are the 26 of a cubic lattice, each place stands for one voxel.

    Raises
    ------
    QualityError
        If there are too few places to search among.
    """
    _need_enough(xyz_mm)
    step = lattice_step(xyz_mm)
    size = np.full(len(xyz_mm), step**3 / 1000)
    return _terrain(xyz_mm, neighbour_pairs(xyz_mm, step), size, step)


def mesh_terrain(
    xyz_mm: Floats, edges: Ints, area_mm2: Floats, *, thickness_mm: float = 2.5
) -> Terrain:
    """Prepare the places (M, 3) of a surface mesh for the finders.

    ``edges`` (E, 2) join these M places, in any order and direction; ``area_mm2`` (M,) is the
    cortex each stands for. ``thickness_mm`` makes a volume of it: 2.5 mm is the usual mean of
    adult cortex (Fischl & Dale 2000, 10.1073/pnas.200033797); one value for all, as regions of
    different methods are compared by size, not measured.

    Raises
    ------
    QualityError
        If there are too few places to search among.
    InputError
        If edges or areas do not fit the places.
    """
    _need_enough(xyz_mm)
    count = len(xyz_mm)
    edges = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    if edges.size == 0 or edges.min() < 0 or edges.max() >= count:
        raise InputError(
            f"given {len(edges)} edges of a mesh, needed some, each between two of the {count} "
            "places searched: number the vertices anew after cutting the mesh to the search area"
        )
    if area_mm2.shape != (count,) or not np.all(area_mm2 > 0):
        raise InputError(
            f"given areas of shape {area_mm2.shape}, needed {count} areas above 0 mm², one for "
            "each place searched"
        )
    pairs = np.unique(np.sort(edges, axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    step = float(np.median(np.linalg.norm(xyz_mm[pairs[:, 0]] - xyz_mm[pairs[:, 1]], axis=1)))
    return _terrain(xyz_mm, pairs, area_mm2 * thickness_mm / 1000, step)


def fixed_order(xyz_mm: Floats) -> Ints:
    """Order of places (M,) that depends on where they are, not on how they are listed.

    Sums and ties go by it, so that neither the order of the places nor the side of the brain
    changes a target: by height, then from back to front, then from the outside in.

    Examples
    --------
    >>> fixed_order(np.array([[-3.0, 0, 1], [-5.0, 0, 0], [-4.0, 0, 0]])).tolist()
    [1, 2, 0]
    >>> fixed_order(np.array([[3.0, 0, 1], [5.0, 0, 0], [4.0, 0, 0]])).tolist()
    [1, 2, 0]
    """
    return np.lexsort((outside_in(xyz_mm), xyz_mm[:, 1], xyz_mm[:, 2]))


def outside_in(xyz_mm: Floats) -> Floats:
    """Left-right coordinate (M,) that rises towards the middle, on whichever side places are."""
    return xyz_mm[:, 0] if xyz_mm[:, 0].mean() <= 0 else -xyz_mm[:, 0]


def _need_enough(xyz: Floats) -> None:
    if len(xyz) < _LEAST:
        raise QualityError(
            f"only {len(xyz)} places of the search mask hold grey matter with signal; needed "
            f"at least {_LEAST}. Check coverage of the left frontal lobe, segmentation and the "
            "MNI registration"
        )


def _terrain(xyz: Floats, pairs: Ints, size_cm3: Floats, step_mm: float) -> Terrain:
    rank = np.empty(len(xyz), dtype=np.int64)
    rank[fixed_order(xyz)] = np.arange(len(xyz))
    here = np.concatenate([pairs[:, 0], pairs[:, 1]])
    there = np.concatenate([pairs[:, 1], pairs[:, 0]])
    sorting = np.lexsort((rank[there], here))
    first = np.concatenate([[0], np.cumsum(np.bincount(here, minlength=len(xyz)))])
    return Terrain(
        xyz_mm=np.asarray(xyz, dtype=np.float64),
        first=first.astype(np.int64),
        neighbour=there[sorting],
        cone=_cone(xyz, size_cm3),
        size_cm3=size_cm3,
        step_mm=step_mm,
    )


def _cone(xyz: Floats, size: Floats) -> csr_array:
    reach = _CONE[-1][0] + _ROUNDING_MM
    pairs = cKDTree(xyz).query_pairs(reach, output_type="ndarray")
    weight = cone_weight(np.linalg.norm(xyz[pairs[:, 0]] - xyz[pairs[:, 1]], axis=1))
    own = np.arange(len(xyz))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    values = np.concatenate([weight, weight, np.full(len(xyz), _CONE[0][1])]) * size[columns]
    graph = coo_array((values, (rows, columns)), shape=(len(xyz), len(xyz))).tocsr()
    return csr_array(graph.multiply(1 / graph.sum(axis=1)[:, None]))
