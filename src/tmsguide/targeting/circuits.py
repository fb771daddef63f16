"""Score maps from a whole-brain map that the user supplies: circuit similarity, outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.num.bootstrap import moments, resampled_correlation
from tmsguide.num.profiles import profile_norms
from tmsguide.num.seeds import weighted_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = ["circuit_scores", "predicted_outcome"]

#: Components of the Gram matrix that carry the length of a profile. In a generated 15-min scan
#: with nine networks (T = 450) the score of resamples then errs by a root mean square of 0.005,
#: while it varies by 0.13 between places and resamples (12 components: 0.005, 6: 0.03).
_RANK = 24


def circuit_scores(
    counts: Singles,
    search: Singles,
    outside: Singles,
    weights: NDArray[np.floating],
    *,
    rank: int = _RANK,
) -> Floats:
    """Cosine similarity of each place's whole-brain map with a circuit, (B, M); the least is best.

    ``counts`` (B, T); ``search`` (T, M) places sought among, ``outside`` (T, P) the places where
    the map is compared, ``weights`` (P,) the circuit there. The score is the cosine over P places
    of r(v, p) with ``weights`` as given, minus the similarity with -weights: the site sought is
    the one most like the reverse of the circuit, as stimulation of a site is thought to act
    against a circuit of symptoms. Supply -weights for a map whose positive side is therapeutic.

    The numerator is exact; the length of each map is exact for the data as they are (every count
    1) and approximate in resamples (`profile_norms`). 0 where a series is constant.

    Raises
    ------
    InputError
        If the weights do not match the places, or are all 0 or not finite.

    References
    ----------
    Siddiqi et al. 2021, 10.1038/s41562-021-01161-1 (the convergent circuit).
    """
    product = _sum_of_r(counts, search, outside, weights)
    length = profile_norms(counts, search, outside, rank=rank) * np.linalg.norm(weights)
    return np.asarray(np.divide(product, length, out=np.zeros_like(product), where=length > 0))


def predicted_outcome(
    counts: Singles,
    search: Singles,
    outside: Singles,
    coefficients: NDArray[np.floating],
    *,
    intercept: float = 0.0,
) -> Floats:
    """Outcome that a linear model of connectivity predicts for each place, (B, M).

    intercept + Σ_p β_p r(v, p), with ``coefficients`` (P,) β for correlations r, not Fisher z, of
    ``search`` (T, M) with ``outside`` (T, P). Exact in every resample: the sum is r(v, s) times
    the spread of the series s = Σ_p β_p y_p of z-scored places. In the units of the outcome; the
    least is best where a lower outcome is better.

    Raises
    ------
    InputError
        If the coefficients do not match the places, or are all 0 or not finite.
    """
    return np.asarray(intercept + _sum_of_r(counts, search, outside, coefficients))


def _sum_of_r(
    counts: Singles, search: Singles, outside: Singles, weights: NDArray[np.floating]
) -> Floats:
    """Σ_p w_p r(v, p) within each resample, (B, M)."""
    if np.shape(weights) != (outside.shape[1],):
        raise InputError(
            f"{np.shape(weights)} weights for {outside.shape[1]} places; needed one per place. "
            "Sample the supplied map at the places of the scan"
        )
    if not np.isfinite(weights).all() or not np.any(weights):
        raise InputError(
            "the supplied map is 0 everywhere in the scan's grey matter, or not finite somewhere; "
            "needed a finite value at each place. Check that it is in MNI space and covers "
            "the brain"
        )
    size = float(np.abs(weights).sum())
    series = weighted_series(counts, outside, np.asarray(weights)[None])
    total = counts.sum(axis=1, keepdims=True)
    centred = series - np.sum(counts * series, axis=1, keepdims=True) / total
    spread = np.sqrt(np.sum(counts * centred * centred, axis=1, keepdims=True) / total)
    r = resampled_correlation(counts, series, search, moments(counts, search))
    return np.asarray(r * (spread * size), dtype=np.float64)
