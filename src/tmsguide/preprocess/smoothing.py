"""Spatial smoothing that never mixes brain with what lies outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import InputError
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.preprocess.grids import BrainGrid

__all__ = ["smooth"]

_SIGMA_FROM_FWHM = 1 / np.sqrt(8 * np.log(2))


def smooth(series: NDArray[np.float32], grid: BrainGrid, *, fwhm_mm: float) -> NDArray[np.float32]:
    """Give ``series`` (T, N) smoothed in space by a Gaussian within the grid's mask.

    Each value is the Gaussian average over brain voxels only (weights renormalised at the edge),
    so a constant stays that constant. ``fwhm_mm`` 0 gives an unchanged copy.
    """
    if fwhm_mm < 0:
        raise InputError(f"fwhm_mm is {fwhm_mm:g}; needed 0 or more")
    if fwhm_mm == 0:
        return series.copy()
    sigma = fwhm_mm * _SIGMA_FROM_FWHM / grid.grid_mm
    weight = _blurred(grid, np.ones(series.shape[1], np.float32), sigma)
    out = np.empty_like(series)

    def one(index: int) -> None:
        out[index] = _blurred(grid, series[index], sigma) / weight

    ordered_map(one, range(len(series)))
    return out


def _blurred(grid: BrainGrid, values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    box = ndimage.gaussian_filter(
        grid.volume(values), sigma, output=np.float32, mode="constant", truncate=3.0
    )
    return np.asarray(box[grid.mask])
