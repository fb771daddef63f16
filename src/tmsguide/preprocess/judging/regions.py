"""How well the scan sees a region: signal against noise in time, and the part with signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.preprocess.grids import BrainGrid

__all__ = ["region_figures", "seed_figures", "temporal_snr"]

#: Radius of the subgenual seed (Fox 2012, doi:10.1016/j.biopsych.2012.04.028).
SEED_RADIUS_MM = 10.0
#: A voxel counts as seen when its mean signal reaches this part of the brain's median.
SEEN_SIGNAL = 0.5


def temporal_snr(series: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give mean over deviation (N,) of the ``kept`` frames of ``series`` (T0, N).

    A straight line is taken out first; 0 where a voxel never changes.
    """
    data = series[kept]
    time = np.flatnonzero(kept) - np.flatnonzero(kept).mean()
    time = (time / np.linalg.norm(time)).astype(np.float32)
    mean = data.mean(axis=0, dtype=np.float64)
    variance = data.var(axis=0, dtype=np.float64) - (time @ data).astype(np.float64) ** 2 / len(
        data
    )
    sd = np.sqrt(np.maximum(variance, 0))
    return np.asarray(np.where(sd > 0, mean / np.where(sd > 0, sd, 1), 0), np.float32)


def region_figures(
    mean_signal: NDArray[np.float32], tsnr: NDArray[np.float32], region: NDArray[np.bool_]
) -> tuple[float, float]:
    """Give the coverage (0 to 1) and median tSNR of a ``region`` (N,) of the brain's voxels.

    Coverage is the part of the region whose mean signal is at least half of the brain's median;
    tSNR is over these. Both 0 when the region holds no brain or none of it has signal.

    Raises
    ------
    InputError
        The region has another number of voxels than the signal.
    """
    if region.shape != mean_signal.shape:
        raise InputError(
            f"the region marks {region.shape} voxels, the scan has {mean_signal.shape}; needed a "
            "mask over the voxels of the same grid"
        )
    bright = mean_signal[mean_signal > 0]
    if not region.any() or not bright.size:
        return 0.0, 0.0
    seen = region & (mean_signal >= SEEN_SIGNAL * np.median(bright))
    if not seen.any():
        return 0.0, 0.0
    return float(seen.sum() / region.sum()), float(np.median(tsnr[seen]))


def seed_figures(
    grid: BrainGrid,
    mean_signal: NDArray[np.float32],
    tsnr: NDArray[np.float32],
    seed: Points,
) -> tuple[float, float]:
    """Give `region_figures` of the 10 mm sphere at ``seed``."""
    away = np.linalg.norm(grid.places.xyz_mm - seed.xyz_mm[0], axis=1)
    return region_figures(mean_signal, tsnr, away <= SEED_RADIUS_MM)
