"""The signals a target rests on, and the seeds that can be drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.num.components import near
from tmsguide.num.seeds import mean_series, own_weight_series, weighted_series
from tmsguide.num.statistics import varies
from tmsguide.targeting.mask import search_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Points

    Singles = NDArray[np.float32]

__all__ = ["Evidence", "Seed", "gather", "seed_series"]


class Seed(Enum):
    """Whose time series the prefrontal cortex is compared with."""

    SPHERE = "subgenual seed"
    OWN_WEIGHTS = "network of the subgenual seed, own weights"
    GROUP_WEIGHTS = "network of the subgenual seed, group weights"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Cleaned series split by the part they play.

    ``seed`` (T, S) the subgenual sphere; ``outside`` (T, G) grey matter outside the search mask;
    ``inside`` (T, M) grey matter of the search mask; ``search`` (N,) marks those M places among
    the N of the scan; ``group_weights`` (G,) or None.
    """

    seed: Singles
    outside: Singles
    inside: Singles
    search: NDArray[np.bool_]
    group_weights: NDArray[np.float64] | None


def gather(
    denoised: Denoised,
    where_mni: Points,
    gm: NDArray[np.bool_],
    *,
    seed: Points,
    radius_mm: float,
    group_weights: NDArray[np.floating] | None,
) -> Evidence:
    """Split the cleaned series into seed, search mask and the rest of the grey matter.

    Raises
    ------
    FrameError
        If the seed is not in the frame of the series, or ``where_mni`` is not in MNI.
    InputError
        If places, MNI positions, grey-matter marks and weights differ in number.
    QualityError
        If the seed has no signal.
    """
    if seed.frame != denoised.where.frame:
        raise FrameError(
            f"the seed is in {seed.frame.name}, the series are in {denoised.where.frame.name}; "
            "map the seed with t1w_from_mni first"
        )
    places = len(denoised.where)
    weights = np.zeros(places) if group_weights is None else np.asarray(group_weights, np.float64)
    if not places == denoised.series.shape[1] == len(where_mni) == len(gm) == len(weights):
        raise InputError(
            f"{denoised.series.shape[1]} series, {places} places, {len(where_mni)} MNI positions, "
            f"{len(gm)} grey-matter marks, {len(weights)} weights; needed one of each per place"
        )
    if not np.isfinite(weights).all():
        raise InputError("group weights hold NaN or infinity; give 0 where they are not known")
    alive = varies(denoised.series)
    sphere = near(denoised.where.xyz_mm, seed.xyz_mm, radius_mm) & alive
    if not sphere.any():
        raise QualityError(
            f"no place within {radius_mm:g} mm of the subgenual seed has signal; an individual "
            "target needs it. Check coverage and dropout below the genu, or use a group target"
        )
    mask = search_mask(where_mni)
    search, outside = mask & gm & alive, ~mask & gm & alive
    return Evidence(
        seed=denoised.series[:, sphere],
        outside=denoised.series[:, outside],
        inside=denoised.series[:, search],
        search=search,
        group_weights=None if group_weights is None else weights[outside],
    )


def seed_series(seed: Seed, evidence: Evidence, counts: Singles) -> Singles:
    """Time series of a seed in every resample of ``counts`` (B, T), (B, T).

    ``OWN_WEIGHTS`` recomputes the person's weights within each resample.
    """
    if seed is Seed.GROUP_WEIGHTS:
        if evidence.group_weights is None or not evidence.group_weights.any():
            raise InputError(
                "the group weights are 0 in all grey matter outside the search mask; check that "
                "the map overlaps this brain"
            )
        return weighted_series(counts, evidence.outside, evidence.group_weights[None])
    sphere = mean_series(counts, evidence.seed)
    if seed is Seed.SPHERE:
        return sphere
    return own_weight_series(counts, sphere, evidence.outside)
