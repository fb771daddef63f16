"""The region meant to hold the true place: a ball round the target, and a set of places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from tmsguide.model import Points, Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Frame
    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]

__all__ = ["ball_radius", "found_share", "missing_notes", "region", "spread"]

#: With fewer samples than this share, those that are left are a choice of the lucky resamples.
_LEAST_FOUND = 0.5

#: A width at half height in standard deviations of a Gaussian.
_FWHM = 2.3548


def found_share(samples: Floats) -> float:
    """Share of the samples (B, 3) in which the method found a place; the others are NaN."""
    return float(np.isfinite(samples).all(axis=1).mean()) if len(samples) else 0.0


def missing_notes(samples: Floats) -> tuple[str, ...]:
    """Say in how many resampled scans the method found nothing; empty if it always found one."""
    share = found_share(samples)
    if share == 1.0:
        return ()
    words = f"no target in {100 * (1 - share):.0f} % of resampled scans"
    if share < _LEAST_FOUND:
        return (f"{words}: too many for a region of confidence",)
    return (f"{words}: they are left out of the region",)


def spread(samples: Floats, point: Floats) -> float:
    """Root mean square distance in mm of the samples (B, 3) from ``point`` (3,), NaN left out.

    Examples
    --------
    >>> spread(np.array([[3.0, 0, 0], [0, 3.0, 0], [np.nan] * 3]), np.zeros(3))
    3.0
    """
    away = _found(samples) - point
    return float(np.sqrt(np.mean(np.sum(away**2, axis=1)))) if len(away) else float("nan")


def region(
    point: Floats,
    samples: Floats,
    places: Terrain,
    *,
    frame: Frame,
    confidence: float,
    resolution_mm: float,
    spread_mm: Mapping[str, float],
) -> Region | None:
    """Give where the true place may lie, from the places found on resampled scans.

    ``point`` (3,) is the target, ``samples`` (B, 3) the resampled targets, NaN where a resample
    had none. The ball is that of `ball_radius`. The set of places is the smallest that holds
    the confidence: each sample is spread over the search area by a Gaussian as wide as
    ``resolution_mm``, the least distance the image can tell apart, and places are taken from the
    densest on. On 15-min scans of 500 generated people ball and set each held the true place in
    94 to 95 %; the set had 2.4 cm³ in the median. None if more than half of the samples are
    missing (`missing_notes` says so).

    References
    ----------
    Hyndman 1996, 10.1080/00031305.1996.10474359 (regions of highest density).
    """
    if found_share(samples) < _LEAST_FOUND:
        return None
    found = _found(samples)
    inside = _densest(found, places, confidence=confidence, width_mm=resolution_mm)
    return Region(
        places=Points(places.xyz_mm[inside], frame),
        volume_cm3=float(places.size_cm3[inside].sum()),
        radius_mm=ball_radius(point, found, confidence=confidence, resolution_mm=resolution_mm),
        confidence=confidence,
        spread_mm=dict(spread_mm),
    )


def ball_radius(
    point: Floats, samples: Floats, *, confidence: float, resolution_mm: float
) -> float:
    """Radius in mm round ``point`` (3,) of the ball meant to hold the true place.

    To the scatter of the samples (B, 3), none NaN, comes at right angles (root of the sum of
    squares) what no amount of scan time can tell: places nearer than ``resolution_mm``.

    Examples
    --------
    >>> still = np.zeros((20, 3))
    >>> ball_radius(np.array([3.0, 0, 0]), still, confidence=0.95, resolution_mm=4.0)
    5.0
    """
    distance = np.linalg.norm(samples - point, axis=1)
    scatter = np.quantile(distance, confidence, method="higher")
    return float(np.hypot(scatter, resolution_mm))


def _densest(
    found: Floats, places: Terrain, *, confidence: float, width_mm: float
) -> NDArray[np.int64]:
    """Index of the densest places that together hold the confidence."""
    sd_mm = width_mm / _FWHM
    weight = np.exp(cdist(places.xyz_mm, found, "sqeuclidean") / (-2 * sd_mm**2))
    weight *= places.size_cm3[:, None]
    # Each sample counts once, however much grey matter lies round it. One so far from every place
    # that its weight vanishes drops out.
    total = weight.sum(axis=0)
    share = (weight / np.where(total > 0, total, 1.0)).sum(axis=1)
    order = np.argsort(-share / places.size_cm3, kind="stable")
    held = np.cumsum(share[order])
    count = int(np.searchsorted(held, confidence * held[-1] * (1 - 1e-12))) + 1
    return np.sort(order[:count])


def _found(samples: Floats) -> Floats:
    return np.asarray(samples[np.isfinite(samples).all(axis=1)])
