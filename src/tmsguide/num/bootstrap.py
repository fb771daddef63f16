"""Block resamples of time, as counts, so that resampled moments are matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

__all__ = [
    "Moments",
    "circular_block_counts",
    "column_blocks",
    "moments",
    "resampled_correlation",
    "stratified_block_counts",
]

#: Columns per block: (T, 4096) float32 stays near the cache and bounds the memory.
_COLUMNS = 4096


class Moments(NamedTuple):
    """Mean and standard deviation of each column in each resample, (B, N) each."""

    mean: Singles
    spread: Singles


def circular_block_counts(
    frames: int,
    block: int,
    resamples: int,
    *,
    rng: np.random.Generator,
    drawn: int | None = None,
) -> Singles:
    """How often each frame is drawn in each circular block resample, (B, T); rows sum to T.

    With ``drawn`` frames instead of T a resample stands for a shorter scan (m out of n; Bickel,
    Götze & van Zwet 1997, Statistica Sinica 7:1-31).

    References
    ----------
    Politis & Romano 1992, in Exploring the Limits of Bootstrap, Wiley, 263-270; Bellec et al.
    2010, 10.1016/j.neuroimage.2010.02.082 (for fMRI).

    Examples
    --------
    >>> circular_block_counts(10, 4, 3, rng=np.random.default_rng(0)).sum(axis=1).tolist()
    [10.0, 10.0, 10.0]
    """
    wanted = frames if drawn is None else drawn
    blocks = -(-wanted // block)
    start = rng.integers(0, frames, size=(resamples, blocks))
    at = (start[:, :, None] + np.arange(block)) % frames
    at = at.reshape(resamples, -1)[:, :wanted]
    flat = at + frames * np.arange(resamples)[:, None]
    counts = np.bincount(flat.ravel(), minlength=resamples * frames)
    return counts.reshape(resamples, frames).astype(np.float32)


def stratified_block_counts(
    run_frames: Sequence[int],
    block: int,
    resamples: int,
    *,
    rng: np.random.Generator,
    share: float = 1.0,
) -> Singles:
    """Circular block resamples drawn within each run, so that no block joins two runs, (B, T).

    Each run of ``run_frames`` gives ``share`` of its frames, rounded, at least one. A run shorter
    than two blocks is cut into blocks of half its length, at least one frame: with whole blocks
    its resamples would be little but rotations of itself.

    Examples
    --------
    >>> counts = stratified_block_counts((6, 4), 3, 2, rng=np.random.default_rng(0))
    >>> counts[:, :6].sum(axis=1).tolist(), counts[:, 6:].sum(axis=1).tolist()
    ([6.0, 6.0], [4.0, 4.0])
    """
    return np.hstack(
        [
            circular_block_counts(
                frames,
                max(1, min(block, frames // 2)),
                resamples,
                rng=rng,
                drawn=max(1, round(share * frames)),
            )
            for frames in run_frames
        ]
    )


def column_blocks(columns: int) -> Iterator[slice]:
    """Yield slices that cut ``columns`` columns into blocks of bounded memory."""
    for first in range(0, columns, _COLUMNS):
        yield slice(first, min(first + _COLUMNS, columns))


def moments(counts: Singles, series: Singles) -> Moments:
    """Give the moments of every column of (T, N) under the counts (B, T); spread 0 if constant."""
    total = counts.sum(axis=1, keepdims=True)
    mean = counts @ series / total
    square = counts @ (series * series) / total
    variance = square - mean * mean
    # below float32 cancellation the column is constant in that resample
    return Moments(mean, np.sqrt(np.where(variance > 1e-5 * square, variance, 0.0)))


def resampled_correlation(
    counts: Singles, seeds: NDArray[np.floating], series: Singles, of_series: Moments
) -> Singles:
    """Pearson r (B, N) of seed b with every column within resample b; 0 where one is constant.

    ``counts`` (B, T), ``seeds`` (B, T), ``series`` (T, N), ``of_series`` its `moments`.
    """
    total = counts.sum(axis=1, keepdims=True)
    seeds = seeds - np.sum(counts * seeds, axis=1, keepdims=True) / total
    spread = np.sqrt(np.sum(counts * seeds * seeds, axis=1, keepdims=True) / total)
    # the seed has mean 0 within the resample: the columns' means drop out
    product = (counts * seeds).astype(np.float32) @ series / total
    scale = (spread * of_series.spread).astype(np.float32)
    return np.asarray(np.divide(product, scale, out=np.zeros_like(product), where=scale > 0))
