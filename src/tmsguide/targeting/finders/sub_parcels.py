"""Sub-parcels of the search area: groups of places that move together, ranked by the seed.

A published method in the manner of the SAINT protocol; the algorithm used with patients is
proprietary and not this one. Ranks over time are formed once over the whole scan; in a resample
the correlation of these ranks, weighted by how often each frame is drawn, stands for Spearman's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.seeds import once
from tmsguide.targeting.finders.parcel_picking import (
    ParcelPlaces,
    ParcelRules,
    pick_parcels,
    ranked,
    thin,
)
from tmsguide.targeting.finders.terrain import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

__all__ = ["GRID_MM", "LEAST_CM3", "RHO_CUT", "SubParcels", "sub_parcel_targets", "sub_parcels"]

#: Places of a parcel correlate by this on average (contarg's hierarchical targeting: cut 0.5).
RHO_CUT = 0.5

#: 50 voxels of 2 mm (contarg's hierarchical targeting).
LEAST_CM3 = 0.4

#: Places nearer than this hardly differ after the usual 4 to 6 mm of blur.
GRID_MM = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class SubParcels:
    """P sub-parcels of the M places of the search area.

    ``member`` (M,) holds 0..P-1; ``size_cm3``, ``concentration`` (cm³ per mm of mean distance
    between places) and ``relation`` (mean correlation with the seed's parcels, weighted by their
    size) are (P,). ``chosen`` is the parcel of the target, the place ``index`` nearest to its
    ``centroid_mm`` (3,). ``anticorrelated`` and ``large_enough`` are False where no parcel was,
    and the best of the others was taken.
    """

    member: Ints
    size_cm3: Floats
    concentration: Floats
    relation: Floats
    chosen: int
    index: int
    centroid_mm: Floats
    anticorrelated: bool
    large_enough: bool


def sub_parcels(
    search_series: NDArray[np.floating],
    seed_series: NDArray[np.floating],
    terrain: Terrain,
    *,
    rho_cut: float = RHO_CUT,
    least_cm3: float = LEAST_CM3,
    grid_mm: float = GRID_MM,
) -> SubParcels:
    """Cut the search area into parcels of one scan and choose the one to aim at.

    ``search_series`` (T, M) and ``seed_series`` (T, S); the rule and the errors are those of
    `sub_parcel_targets`.
    """
    rules = ParcelRules(rho_cut, least_cm3)
    places, search, seed = _prepare(search_series, seed_series, terrain, grid_mm)
    picked = pick_parcels(once(len(search)), search, seed, places, rules)[0]
    size, dense, relation = picked.scores
    enough = bool(size[picked.chosen] >= least_cm3)
    return SubParcels(
        member=picked.label[places.stands_for],
        size_cm3=size,
        concentration=dense,
        relation=relation,
        chosen=picked.chosen,
        index=picked.place,
        centroid_mm=picked.centroid_mm,
        anticorrelated=bool(relation[picked.chosen] < 0),
        large_enough=enough,
    )


def sub_parcel_targets(
    counts: Singles,
    search_series: NDArray[np.floating],
    seed_series: NDArray[np.floating],
    terrain: Terrain,
    *,
    rho_cut: float = RHO_CUT,
    least_cm3: float = LEAST_CM3,
    grid_mm: float = GRID_MM,
) -> Found:
    """Find the sub-parcel to aim at in each resample of time, parcels recomputed every time.

    ``counts`` (B, T) says how often each frame is drawn, ``search_series`` is (T, M) over the
    places of the terrain, ``seed_series`` (T, S). Places no nearer than ``grid_mm`` are kept; the
    others go with the nearest of them. Kept places, and places of the seed, are joined by average
    linkage of rank correlations, down to ``rho_cut``. The series of a parcel is the mean of its
    standardised ranks: unlike the median its correlations follow from those of its places, and
    the two differ little (see the tests). Parcels of ``least_cm3`` and anticorrelated with the
    seed's are ranked by size, concentration and relation; the smallest product of ranks wins and
    its centroid is moved to its nearest place (`choose_parcel` says what happens where there is
    no such parcel).

    Raises
    ------
    QualityError
        If series hold values that are not finite.
    InputError
        If series, counts and terrain do not fit each other.

    References
    ----------
    Cole et al. 2020, 10.1176/appi.ajp.2019.19070720 (SAINT, in outline); the steps as published
    in the contarg and SAINT-Protocol repositories, re-implemented. Zhou et al. 2026,
    10.1016/j.neurot.2026.e00884: less repeatable than seed maps.
    """
    places, search, seed = _prepare(search_series, seed_series, terrain, grid_mm)
    if counts.ndim != 2 or counts.shape[1] != len(search):
        raise InputError(f"counts of shape {counts.shape} given, needed (B, {len(search)})")
    picked = pick_parcels(counts, search, seed, places, ParcelRules(rho_cut, least_cm3))
    return Found(
        np.array([one.place for one in picked], dtype=np.int64),
        np.array([one.centroid_mm for one in picked]).reshape(-1, 3),
    )


def _prepare(
    search: NDArray[np.floating], seed: NDArray[np.floating], terrain: Terrain, grid_mm: float
) -> tuple[ParcelPlaces, Singles, Singles]:
    fits = search.ndim == seed.ndim == 2 and search.shape[1] == len(terrain.xyz_mm)
    if not fits or len(search) != len(seed) or seed.shape[1] == 0:
        raise InputError(
            f"series of shapes {search.shape} and {seed.shape} given, needed (T, "
            f"{len(terrain.xyz_mm)}) over the search area and (T, S) over the seed, of the same "
            "frames"
        )
    for name, series in (("search area", search), ("seed", seed)):
        bad = np.count_nonzero(~np.isfinite(series).all(axis=0))
        if bad:
            raise QualityError(
                f"{bad} of {series.shape[1]} places of the {name} hold values that are not "
                "finite; needed a number in every frame. Leave places without signal out"
            )
    places = thin(terrain, grid_mm)
    return places, ranked(search[:, places.kept]), ranked(seed)
