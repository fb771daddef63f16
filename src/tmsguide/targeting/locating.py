"""One method's target on one person: its place, and the places found on resampled data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.targeting.definitions import Compared, Pick
from tmsguide.targeting.finders.picking import find_clusters, find_cones, find_peaks, find_sweeps
from tmsguide.targeting.finders.sub_parcels import sub_parcel_targets
from tmsguide.targeting.finders.terrain import Found
from tmsguide.targeting.network_finding import patches_found
from tmsguide.targeting.scene import seed_places
from tmsguide.targeting.scores import score_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.targeting.definitions import TargetDefinition
    from tmsguide.targeting.finders.terrain import Terrain
    from tmsguide.targeting.ground import Ground
    from tmsguide.targeting.scene import Draw, Scene

    Floats = NDArray[np.float64]

__all__ = ["located", "picked"]


def located(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Found:
    """Find a method's place in every resample.

    Raises
    ------
    InputError
        If the method needs a map or networks that were not supplied.
    QualityError
        If its seed holds no signal.
    """
    if method.compared is Compared.PARCELS:
        return _by_parcels(ground, stage, draw, method)
    if method.compared is Compared.NETWORK:
        return patches_found(ground, stage, draw, method)
    z = score_map(ground, stage, draw, method)
    found = picked(-z if method.positive else z, stage.places, method)
    if method.compared is not Compared.CIRCUIT:
        return found
    unlike = z.min(axis=1) > -method.parameters["least_similarity"]
    return Found(
        np.where(unlike, -1, found.index), np.where(unlike[:, None], np.nan, found.centroid_mm)
    )


def picked(z: Floats, places: Terrain, method: TargetDefinition) -> Found:
    """Pick the least place of every map (B, M) by the method's rule."""
    if method.pick is Pick.PEAK:
        return find_peaks(z, places)
    if method.pick is Pick.CONE:
        return find_cones(z, places)
    if method.pick is Pick.SWEEP:
        return find_sweeps(z, places, percentiles=_ladder(method.parameters))
    return find_clusters(z, places, percentile=method.parameters["percentile"])


def _by_parcels(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Found:
    """Pick the best sub-parcel; the seed stays where it is, its parcels move it enough."""
    held, _ = seed_places(ground, method.seed, stage.alive, np.zeros((1, 3)))
    seed = stage.series[:, held]
    return sub_parcel_targets(
        draw.counts,
        stage.inside,
        -seed if method.positive else seed,
        stage.places,
        **_known(method, "rho_cut", "least_cm3", "grid_mm"),
    )


def _ladder(parameters: Mapping[str, float]) -> tuple[float, ...]:
    """Give the thresholds of a sweep, in even ratios."""
    low, high = parameters["low_percent"], parameters["high_percent"]
    return tuple(float(p) for p in np.geomspace(low, high, int(parameters["steps"])))


def _known(method: TargetDefinition, *names: str) -> dict[str, float]:
    return {name: method.parameters[name] for name in names if name in method.parameters}
