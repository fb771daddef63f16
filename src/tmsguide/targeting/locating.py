"""One method's target on one person: its place, and the places found on resampled data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.num.seeds import mean_series, once
from tmsguide.targeting.definitions import Compared, Pick
from tmsguide.targeting.patches import patch_targets
from tmsguide.targeting.personal_networks import network_of, network_series, own_templates
from tmsguide.targeting.picking import find_clusters, find_cones, find_peaks, find_sweeps
from tmsguide.targeting.scene import seed_places
from tmsguide.targeting.scores import score_map
from tmsguide.targeting.sub_parcels import sub_parcel_targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Parcels
    from tmsguide.targeting.definitions import TargetDefinition
    from tmsguide.targeting.ground import Ground
    from tmsguide.targeting.scene import Draw, Scene
    from tmsguide.targeting.terrain import Found, Terrain

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

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
        return _by_network(ground, stage, draw, method)
    z = score_map(ground, stage, draw, method)
    return picked(-z if method.positive else z, stage.places, method)


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
    return sub_parcel_targets(
        draw.counts,
        stage.inside,
        stage.series[:, held],
        stage.places,
        **_known(method, "rho_cut", "least_cm3", "grid_mm"),
    )


def _by_network(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Found:
    """Pick the largest patch of one network, places named anew in every resample."""
    parcels = ground.networks
    if parcels is None:
        raise InputError(
            f"{method.title} needs parcels with known networks; give a coordinate set or a label "
            "image with network names"
        )
    names = tuple(dict.fromkeys(parcels.networks))
    if method.network not in names:
        raise InputError(
            f"{method.title} looks for the network {method.network!r}; the parcels know "
            f"{', '.join(names)}"
        )
    courses, of = _parcel_courses(stage, parcels)
    templates = own_templates(courses, np.array([names.index(n) for n in of]), len(names))
    winner = network_of(draw.counts, stage.inside, network_series(templates, courses))
    return patch_targets(winner, names.index(method.network), stage.places)


def _parcel_courses(stage: Scene, parcels: Parcels) -> tuple[Singles, list[str]]:
    """Mean course (T, P) and network of every parcel outside the search area that has signal."""
    member = np.where(stage.alive & ~stage.search, parcels.member, 0)
    ones, courses, networks = once(len(stage.series)), [], []
    for k, network in enumerate(parcels.networks, start=1):
        places = np.flatnonzero(member == k)
        if len(places):
            courses.append(mean_series(ones, stage.series[:, places])[0])
            networks.append(network)
    return np.stack(courses, axis=1), networks


def _ladder(parameters: Mapping[str, float]) -> tuple[float, ...]:
    """Give the thresholds of a sweep, in even ratios."""
    low, high = parameters["low_percent"], parameters["high_percent"]
    return tuple(float(p) for p in np.geomspace(low, high, int(parameters["steps"])))


def _known(method: TargetDefinition, *names: str) -> dict[str, float]:
    return {name: method.parameters[name] for name in names if name in method.parameters}
