"""Seed series and the correlation maps they give, for many resamples of time at once.

Every function takes ``counts`` (B, T): how often each frame is in each resample. The map of the
data as they are is the case of one resample with every count 1 (`once`), so that what is reported
and what is resampled run through the same arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.bootstrap import column_blocks, moments, resampled_correlation
from tmsguide.num.statistics import fisher_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

__all__ = ["mean_series", "once", "own_weight_series", "seed_z", "weighted_series"]

#: Keeps a resample in which every weight is 0 at a series of 0.
_TINY = 1e-30


def once(frames: int) -> Singles:
    """Give the counts (1, T) of the data as they are."""
    return np.ones((1, frames), dtype=np.float32)


def mean_series(counts: Singles, series: Singles) -> Singles:
    """Mean over columns of (T, N), each z-scored within its resample first: (B, T)."""
    return weighted_series(counts, series, np.ones((1, series.shape[1]), dtype=np.float32))


def weighted_series(counts: Singles, series: Singles, weights: NDArray[np.floating]) -> Singles:
    """Weighted mean Σ w x / Σ abs(w) of z-scored columns, (B, T); weights (B, N) or (1, N).

    Signed weights can cancel, so the sum of their sizes divides; the scale has no bearing on
    correlations.
    """
    total = np.zeros((len(counts), len(series)), dtype=np.float32)
    size = np.zeros((len(counts), 1), dtype=np.float32)
    for part in column_blocks(series.shape[1]):
        total += _scored(counts, series[:, part], np.asarray(weights[:, part], dtype=np.float32))
        size += np.abs(weights[:, part]).sum(axis=1, keepdims=True).astype(np.float32)
    return np.asarray(total / np.maximum(size, _TINY), dtype=np.float32)


def own_weight_series(counts: Singles, seeds: Singles, series: Singles) -> Singles:
    """Series weighted by the data's own Fisher z with the seeds (B, T), recomputed per resample.

    ``series`` (T, N) holds the places that may carry weight. Returns (B, T).
    """
    total = np.zeros((len(counts), len(series)), dtype=np.float32)
    size = np.zeros((len(counts), 1), dtype=np.float32)
    for part in column_blocks(series.shape[1]):
        some = np.ascontiguousarray(series[:, part])
        within = moments(counts, some)
        weight = fisher_z(resampled_correlation(counts, seeds, some, within)).astype(np.float32)
        total += _project(some, weight, within.mean, within.spread)
        size += np.abs(weight).sum(axis=1, keepdims=True)
    return np.asarray(total / np.maximum(size, _TINY), dtype=np.float32)


def seed_z(counts: Singles, seeds: Singles, series: Singles) -> NDArray[np.float64]:
    """Fisher z (B, N) of each seed (B, T) with the columns of (T, N) within its resample."""
    z = np.empty((len(counts), series.shape[1]))
    for part in column_blocks(series.shape[1]):
        some = np.ascontiguousarray(series[:, part])
        z[:, part] = fisher_z(resampled_correlation(counts, seeds, some, moments(counts, some)))
    return z


def _scored(counts: Singles, series: Singles, weights: Singles) -> Singles:
    mean, spread = moments(counts, series)
    return _project(series, np.broadcast_to(weights, mean.shape), mean, spread)


def _project(series: Singles, weights: Singles, mean: Singles, spread: Singles) -> Singles:
    """Σ_v w_v (x_v - mean_v) / spread_v, (B, T), without forming the z-scores of each resample."""
    scaled = np.divide(weights, spread, out=np.zeros_like(mean), where=spread > 0)
    return np.asarray(scaled @ series.T - np.sum(scaled * mean, axis=1, keepdims=True))
