"""Whole-brain connectivity profiles of places, compared without forming them.

The profile of a place is its map of correlations with P parcels. How alike it is to a fixed map,
or to the profile of another series, is a covariance with one weighted series, so any number of
resamples of time (``counts`` (B, T), see `tmsguide.num.bootstrap`) is a few matrix products.
Within resamples series keep the scale that they have in the whole scan, unless said otherwise.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.bootstrap import column_blocks, moments
from tmsguide.num.parallel import ordered_map
from tmsguide.num.statistics import standardise, varies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = [
    "network_of",
    "network_series",
    "profile_norms",
    "profile_similarity",
    "seed_network_series",
]

#: Resamples per block: (64, 4096) float32 stays in the cache.
_ROWS = 64


def network_series(templates: NDArray[np.floating], parcels: NDArray[np.floating]) -> Singles:
    """Series (1, T, K) whose covariance with a place tells how alike its profile is to a template.

    ``templates`` (K, P), ``parcels`` (T, P). With profiles f_v(p) = r(v, p) and templates z-scored
    over parcels, Σ_p f_v(p) t_n(p) = cov(x_v, Σ_p t_n(p) y_p), and that is corr(f_v, t_n) times a
    spread that does not depend on n: the best template has the greatest covariance.
    """
    pattern = standardise(np.asarray(templates).T).astype(np.float32)
    scored = _scored(parcels)
    return np.asarray(scored @ pattern / pattern.shape[0])[None]


def seed_network_series(
    counts: Singles, seeds: NDArray[np.floating], parcels: NDArray[np.floating]
) -> Singles:
    """Series (B, T, K) as `network_series`, the templates being the seeds' own profiles.

    ``seeds`` (T, K), ``parcels`` (T, P). The templates are formed anew in each resample b, at the
    cost of one (T, T) product: with y centred over parcels at each time and the seed's series a
    within b, Σ_p t_n(p) y_p = Y Yᵀ (c_b a).
    """
    gram = _gram(parcels, centred=True)
    drawn = counts[:, :, None] * _within(counts, np.asarray(seeds, dtype=np.float32)[None])
    weighted = np.einsum("ts,bsk->btk", gram, drawn, optimize=True)
    spread = np.sqrt(np.maximum(np.sum(drawn * weighted, axis=1, keepdims=True), 0.0))
    return np.asarray(
        np.divide(weighted, spread, out=np.zeros_like(weighted), where=spread > 0),
        dtype=np.float32,
    )


def network_of(counts: Singles, series: Singles, networks: Singles) -> NDArray[np.int16]:
    """Which network's template each place is most alike in each resample, (B, M); -1 if none.

    ``series`` (T, M), ``networks`` (B, T, K) or (1, T, K) as `network_series` or
    `seed_network_series` give them. -1 where the place's series is constant or no covariance is
    above 0. Of networks exactly alike the first is taken.
    """
    winner = np.empty((len(counts), series.shape[1]), dtype=np.int16)
    for part in column_blocks(series.shape[1]):
        some = _scored(series[:, part])
        blocks = ordered_map(partial(_winners, counts, some, networks), _rows(len(counts)))
        winner[:, part] = np.concatenate(blocks)
    return winner


def profile_similarity(
    series: NDArray[np.floating], parcels: NDArray[np.floating], networks: Singles
) -> Floats:
    """Pearson r (M, K) over parcels of each place's profile with each template.

    ``series`` (T, M), ``parcels`` (T, P), ``networks`` (1, T, K) of the data as they are. 0 where
    a place is constant.
    """
    scored = _scored(series)
    frames = len(scored)
    covariance = scored.T @ networks[0] / frames
    square = np.sum(scored * (_gram(parcels, centred=True) @ scored), axis=0)
    spread = np.sqrt(np.maximum(square, 0.0))[:, None] / frames
    return np.asarray(
        np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 0),
        dtype=np.float64,
    )


def profile_norms(
    counts: Singles, series: Singles, parcels: NDArray[np.floating], *, rank: int
) -> Singles:
    """Length √(Σ_p r(v, p)²) of each place's profile in each resample, (B, M), approximately.

    ``series`` (T, M), ``parcels`` (T, P). The sum is a quadratic form of the parcels' Gram matrix
    (T, T) in c_b x_v. Its ``rank`` greatest components are taken exactly; of the rest R only that
    part in which both frames are drawn equally often, Σ_t c_t² x_t (R x)_t, which is exact where
    every count is 1. Parcels keep the spread of the whole scan, places take that of the resample.
    """
    gram = _gram(parcels, centred=False)
    value, vector = np.linalg.eigh(gram.astype(np.float64))
    basis = (vector[:, -rank:] * np.sqrt(np.maximum(value[-rank:], 0.0))).astype(np.float32)
    rest = gram - basis @ basis.T
    norms = np.empty((len(counts), series.shape[1]), dtype=np.float32)
    for part in column_blocks(series.shape[1]):
        some = _scored(series[:, part])
        local = some * (rest @ some)
        one = partial(_norms, counts, some, local, basis)
        norms[:, part] = np.concatenate(ordered_map(one, _rows(len(counts))))
    return norms * np.float32(np.sqrt(parcels.shape[1]))


def _rows(count: int) -> Iterator[slice]:
    for first in range(0, count, _ROWS):
        yield slice(first, min(first + _ROWS, count))


def _scored(series: NDArray[np.floating]) -> Singles:
    """Give series (T, N) with mean 0 and variance 1; constant ones are exactly 0."""
    return np.asarray(standardise(series) * varies(series), dtype=np.float32)


def _gram(parcels: NDArray[np.floating], *, centred: bool) -> Singles:
    """Σ_p y_p y_pᵀ / P of z-scored parcels, (T, T); centred over parcels at each time if asked."""
    scored = _scored(parcels)
    if centred:
        scored = scored - scored.mean(axis=1, keepdims=True)
    return np.asarray(scored @ scored.T / np.float32(scored.shape[1]))


def _within(counts: Singles, series: Singles) -> Singles:
    """Take the mean within each resample from series (B or 1, T, K): (B, T, K)."""
    total = counts.sum(axis=1)[:, None, None]
    return np.asarray(series - np.sum(counts[:, :, None] * series, axis=1, keepdims=True) / total)


def _winners(
    counts: Singles, series: Singles, networks: Singles, rows: slice
) -> NDArray[np.int16]:
    some = counts[rows]
    drawn = some[:, :, None] * _within(some, networks if len(networks) == 1 else networks[rows])
    best = np.zeros((len(some), series.shape[1]), dtype=np.float32)
    winner = np.full(best.shape, -1, dtype=np.int16)
    for n in range(drawn.shape[2]):
        alike = np.ascontiguousarray(drawn[:, :, n]) @ series
        higher = alike > best
        np.copyto(best, alike, where=higher)
        winner[higher] = n
    return winner


def _norms(
    counts: Singles, series: Singles, local: Singles, basis: Singles, rows: slice
) -> Singles:
    some = counts[rows]
    total = some.sum(axis=1, keepdims=True)
    within = moments(some, series)
    square = (some * some) @ local
    for component in basis.T:
        drawn = some * component
        along = drawn @ series - within.mean * drawn.sum(axis=1, keepdims=True)
        square += along * along
    length = np.sqrt(np.maximum(square, 0.0)) / total
    return np.asarray(
        np.divide(length, within.spread, out=np.zeros_like(length), where=within.spread > 0)
    )
