"""Seed maps: how every place of one person's brain moves with a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import ConnectivityMap
from tmsguide.num.components import near
from tmsguide.num.seeds import mean_series, once, seed_z, weighted_series
from tmsguide.num.statistics import correlation_dof, varies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Points

    Singles = NDArray[np.float32]

__all__ = ["effective_dof", "seed_map", "weighted_seed_map"]


def seed_map(denoised: Denoised, seed: Points, *, radius_mm: float, name: str) -> ConnectivityMap:
    """Fisher z of every place with the mean series of a sphere round a native seed point (1, 3).

    Only places whose series vary count: in the sphere they are z-scored and averaged; elsewhere
    places without signal get z = 0.

    Raises
    ------
    FrameError
        If the seed is not in the frame of ``denoised.where``.
    QualityError
        If no place within the sphere has signal.

    References
    ----------
    Fox et al. 2012, 10.1016/j.biopsych.2012.04.028.
    """
    if seed.frame != denoised.where.frame:
        raise FrameError(
            f"the seed is in {seed.frame.name}, the series are in {denoised.where.frame.name}; "
            "map the seed with t1w_from_mni first"
        )
    alive = varies(denoised.series)
    sphere = near(denoised.where.xyz_mm, seed.xyz_mm, radius_mm) & alive
    if not sphere.any():
        raise QualityError(
            f"no place within {radius_mm:g} mm of seed {name} has signal; needed at least one. "
            "Check coverage and dropout there, and the MNI registration"
        )
    series = mean_series(once(len(denoised.series)), denoised.series[:, sphere])
    return _map(denoised, series, alive, name)


def weighted_seed_map(
    denoised: Denoised, weights: NDArray[np.floating], *, name: str
) -> ConnectivityMap:
    """Fisher z of every place with the whole brain's series weighted by a map ("seed map").

    The seed is T(t) = Σ w x(t) / Σ abs(w) over z-scored series, with signed ``weights`` (N,):
    a group map of the seed's connectivity, 0 wherever a target may be sought. It lends a noisy
    seed the signal of its whole network.

    Raises
    ------
    InputError
        If there is not one finite weight per place.
    QualityError
        If no place with weight has signal.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474).
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(denoised.where),) or not np.isfinite(weights).all():
        raise InputError(
            f"weights of shape {weights.shape} for {len(denoised.where)} places; needed one "
            "finite number per place (0 where it should not count)"
        )
    alive = varies(denoised.series)
    carries = alive & (weights != 0)
    if not carries.any():
        raise QualityError(
            f"no place with a weight of {name} has signal; check that the weight map overlaps "
            "the brain and is in the same frame"
        )
    counts = once(len(denoised.series))
    series = weighted_series(counts, denoised.series[:, carries], weights[None, carries])
    return _map(denoised, series, alive, name)


def effective_dof(seed_series: NDArray[np.floating], denoised: Denoised) -> float:
    """Degrees of freedom of correlations between a seed series (T,) and the cleaned series.

    The lower of two: what autocorrelation leaves (Bartlett's formula) and what censoring,
    regression and filtering left (``denoised.quality.dof``).

    References
    ----------
    Bartlett 1946, 10.2307/2983611; Pyper & Peterman 1998, 10.1139/f98-104.
    """
    return correlation_dof(seed_series, denoised.series, denoised.kept, most=denoised.quality.dof)


def _map(
    denoised: Denoised, series: Singles, alive: NDArray[np.bool_], name: str
) -> ConnectivityMap:
    z = seed_z(once(len(denoised.series)), series, denoised.series)[0]
    z[~alive] = 0.0
    return ConnectivityMap(
        z=z, where=denoised.where, seed=name, dof=effective_dof(series[0], denoised)
    )
