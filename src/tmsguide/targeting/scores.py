"""From a method's definition to its map over the search area, for any number of resamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.num.seeds import mean_series, once, own_weight_series, weighted_series
from tmsguide.targeting.circuits import circuit_scores, predicted_outcome
from tmsguide.targeting.definitions import Compared
from tmsguide.targeting.scene import seed_places, supplied

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.definitions import TargetDefinition
    from tmsguide.targeting.ground import Ground
    from tmsguide.targeting.scene import Draw, Scene

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = ["MAPPED", "WITH_SERIES", "score_map", "seed_series"]

#: Kinds of comparison that come down to one seed series per resample.
WITH_SERIES = (Compared.SEED, Compared.OWN_WEIGHTS, Compared.WEIGHTED_MAP)

#: Kinds of comparison that give a figure for every place of the search area.
MAPPED = (*WITH_SERIES, Compared.CIRCUIT, Compared.REGRESSION)


def score_map(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Floats:
    """Give the map of a method over its search area in every resample, (B, M).

    Fisher z for seeds; the cosine with the map as supplied for circuits, of which the least is
    sought; the predicted outcome for regression.

    Raises
    ------
    InputError
        If a map that the method needs was not supplied, or nothing of it overlaps.
    """
    # what is picked from the map has no say in it, but for the intercept
    key = (
        method.compared,
        method.seed,
        method.map_file,
        method.parameters.get("intercept", 0.0),
    )
    known = draw.latest.get(key)
    if known is None:
        known = _score_map(ground, stage, draw, method)
        draw.latest.clear()
        draw.latest[key] = known
    return known


def _score_map(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Floats:
    if method.compared in WITH_SERIES:
        return draw.z(seed_series(ground, stage, draw, method), stage.inside)
    _, weights = _weights(ground, stage, method)
    outside = stage.thinned
    if method.compared is Compared.CIRCUIT:
        return circuit_scores(draw.counts, stage.inside, outside, weights)
    if method.compared is Compared.REGRESSION:
        intercept = float(method.parameters.get("intercept", 0.0))
        return predicted_outcome(draw.counts, stage.inside, outside, weights, intercept=intercept)
    raise InputError(f"{method.title} has no map over its search area")


def seed_series(ground: Ground, stage: Scene, draw: Draw, method: TargetDefinition) -> Singles:
    """Give the series that every place is compared with in each resample, (B, T)."""
    if method.compared is Compared.WEIGHTED_MAP:
        series = stage.weighted.get(method.map_file)
        if series is None:
            places, weights = _weights(ground, stage, method)
            series = weighted_series(
                once(len(stage.series)), stage.series[:, places], weights[None].astype(np.float32)
            )
            stage.weighted[method.map_file] = series
        return np.broadcast_to(series, draw.counts.shape)
    held, inside = seed_places(ground, method.seed, stage.alive, draw.shift_mm)
    sphere = stage.series[:, held]
    if (inside == 1).all():
        seeds = mean_series(draw.counts, sphere)
    else:
        seeds = weighted_series(draw.counts, sphere, inside)
    if method.compared is Compared.SEED:
        return seeds
    return own_weight_series(draw.counts, seeds, stage.thinned)


def _weights(
    ground: Ground, stage: Scene, method: TargetDefinition
) -> tuple[NDArray[np.int64], Floats]:
    """Give the grey places outside the area that the supplied map weighs, and their weights.

    Methods that need every place's own map see grey matter thinned to about the width of the blur.
    """
    values = supplied(ground, method.map_file)
    if method.compared is Compared.WEIGHTED_MAP:
        beyond = ground.grey & stage.alive & ~stage.search
        places = np.flatnonzero(beyond & (values != 0))
        scale = 1.0
    else:
        places = stage.outside
        scale = stage.thinned_by  # sums stay those over all grey matter
    weights = scale * values[places]
    if not np.any(weights):
        raise InputError(
            f"the map {method.map_file} is 0 in all grey matter outside the search area; check "
            "that it overlaps this brain"
        )
    return places, weights
