"""From ranks over time to the chosen sub-parcel of every resample."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import rankdata

from tmsguide.num.blas_threads import one_blas_thread
from tmsguide.num.bootstrap import moments
from tmsguide.num.parallel import ordered_map
from tmsguide.num.statistics import standardise
from tmsguide.num.thinning import spread_out
from tmsguide.targeting.finders.parcel_ranking import choose_parcel, relate, score_parcels
from tmsguide.targeting.finders.terrain import fixed_order, outside_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

__all__ = ["ParcelPlaces", "ParcelRules", "PickedParcel", "pick_parcels", "ranked", "thin"]


class ParcelPlaces(NamedTuple):
    """The m places kept of M: ``stands_for`` (M,) says which of them each place goes with."""

    kept: Ints
    stands_for: Ints
    xyz_mm: Floats  # (M, 3)
    size_cm3: Floats  # (M,)
    own_xyz_mm: Floats  # (m, 3)
    own_size_cm3: Floats  # (m,): of all places it stands for
    step_mm: float


class ParcelRules(NamedTuple):
    """Least correlation within a parcel and least size of one to aim at."""

    rho_cut: float
    least_cm3: float


class PickedParcel(NamedTuple):
    """The parcels of one resample, the one chosen and its place among all M."""

    label: Ints  # (m,)
    scores: Floats  # (3, P): size, concentration, relation
    chosen: int
    place: int
    centroid_mm: Floats


def ranked(series: NDArray[np.floating]) -> Singles:
    """Ranks over time (T, N), mean 0 and variance 1; a constant series is 0."""
    return standardise(rankdata(series, axis=0)).astype(np.float32)


def thin(terrain: Terrain, grid_mm: float) -> ParcelPlaces:
    """Keep places no nearer to each other than ``grid_mm``, let each stand for those round it."""
    order = fixed_order(terrain.xyz_mm)
    # brought to one side, so that the mirrored brain keeps the mirrored places
    folded = terrain.xyz_mm.copy()
    folded[:, 0] = outside_in(terrain.xyz_mm)
    kept = order[spread_out(folded[order], np.ones((len(order), 3)), grid_mm)]
    stands_for = cKDTree(folded[kept]).query(folded)[1].astype(np.int64)
    return ParcelPlaces(
        kept=kept,
        stands_for=stands_for,
        xyz_mm=terrain.xyz_mm,
        size_cm3=terrain.size_cm3,
        own_xyz_mm=np.ascontiguousarray(terrain.xyz_mm[kept]),
        own_size_cm3=np.asarray(np.bincount(stands_for, terrain.size_cm3), dtype=np.float64),
        step_mm=terrain.step_mm,
    )


def pick_parcels(
    counts: Singles, search: Singles, seed: Singles, places: ParcelPlaces, rules: ParcelRules
) -> list[PickedParcel]:
    """Pick a parcel in each resample (B, T) of ranks over search area (T, m) and seed (T, s).

    Columns are standardised anew within every resample, so that products are correlations.
    """
    both = np.concatenate([search, seed], axis=1)
    mean, spread = moments(counts, both)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)

    def pick(b: int) -> PickedParcel:
        rows = np.flatnonzero(counts[b])
        share = np.sqrt(counts[b, rows] / counts[b].sum())[:, None]
        scored = (both[rows] - mean[b]) * (scale[b] * share)
        return _pick(scored, places, rules)

    with one_blas_thread():
        return ordered_map(pick, range(len(counts)))


def _pick(scored: Singles, places: ParcelPlaces, rules: ParcelRules) -> PickedParcel:
    """Pick from the columns of search area and seed (t, m + s), each of length 1."""
    m = len(places.kept)
    search, seed = np.ascontiguousarray(scored[:, :m]), np.ascontiguousarray(scored[:, m:])
    label, relation, scores = np.empty(m, dtype=np.int64), np.empty(m), np.empty((3, m))
    count = relate(
        search.T @ search, seed.T @ seed, search.T @ seed, rules.rho_cut, label, relation
    )
    score_parcels(
        label, count, relation, places.own_xyz_mm, places.own_size_cm3, places.step_mm, scores
    )
    chosen = int(choose_parcel(scores[:, :count], rules.least_cm3))
    member = np.flatnonzero(label[places.stands_for] == chosen)
    xyz = places.xyz_mm[member]
    centroid = np.average(xyz, axis=0, weights=places.size_cm3[member])
    nearest = int(np.argmin(np.square(xyz - centroid).sum(axis=1)))
    return PickedParcel(label, scores[:, :count], chosen, int(member[nearest]), centroid)
