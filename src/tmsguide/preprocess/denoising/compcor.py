"""Principal components of voxels that carry noise: sure white matter and fluid, unsteady ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.model import Tissue
from tmsguide.num.regression import leading_components, span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["components_reaching", "tissue_components", "tissue_core", "unsteady_components"]

#: Part of the brain's voxels taken for tCompCor (Behzadi 2007; fMRIPrep's default).
_UNSTEADY_PART = 0.02
_BLOCK = 8192


def tissue_core(grid: BrainGrid, tissue: Tissue) -> NDArray[np.bool_]:
    """Give voxels (N,) deep in WM or CSF: surely that tissue, with no grey matter as neighbour.

    White matter loses two voxel layers where at least 500 voxels remain, else one.
    """
    sure = grid.tissue[:, int(tissue) - int(Tissue.WM)] > 0.9
    gray = grid.volume(grid.tissue[:, 1]) > 0.5
    away = sure & ~ndimage.binary_dilation(gray)[grid.mask]
    if tissue is not Tissue.WM:
        return np.asarray(away)
    box = grid.volume(away) > 0
    deep = ndimage.binary_erosion(box)[grid.mask]
    return np.asarray(deep if deep.sum() >= 500 else away)


def tissue_components(
    inside: NDArray[np.float32],
    kept: NDArray[np.bool_],
    drift: Floats,
    *,
    count: int,
    variance: float,
) -> Floats:
    """Give aCompCor courses (T0, K) of a tissue's series ``inside`` (T0, M): ``count`` of them.

    Or, with ``variance`` above 0, as many as make up that part of the variance.

    References
    ----------
    Behzadi 2007, doi:10.1016/j.neuroimage.2007.04.042; Muschelli 2014,
    doi:10.1016/j.neuroimage.2014.03.028 (50 % of the variance).
    """
    if variance:
        count = components_reaching(variance, inside, kept, drift)
    return leading_components(inside, kept, drift, count=count)


def components_reaching(
    variance: float, series: NDArray[np.float32], kept: NDArray[np.bool_], drift: Floats
) -> int:
    """Give how many principal components make up the part ``variance`` of drift-free columns."""
    basis = span(drift[kept])
    data = series[kept].astype(np.float64)
    data -= basis @ (basis.T @ data)
    sd = data.std(axis=0)
    data = data[:, sd > 0] / sd[sd > 0]
    value = np.maximum(np.linalg.eigvalsh(data @ data.T)[::-1], 0)
    return int(np.searchsorted(np.cumsum(value), variance * value.sum()) + 1)


def unsteady_components(
    series: NDArray[np.float32], kept: NDArray[np.bool_], drift: Floats, *, count: int
) -> Floats:
    """Give tCompCor courses (T0, ``count``): of the 2 % of voxels that vary most without drift.

    References
    ----------
    Behzadi 2007, doi:10.1016/j.neuroimage.2007.04.042.
    """
    power = _drift_free_power(series, kept, drift)
    most = int(np.ceil(_UNSTEADY_PART * series.shape[1]))
    # Sorted by place, so that equal voxels come in the same order on every machine.
    chosen = np.sort(np.argsort(power, kind="stable")[-most:])
    return leading_components(series[:, chosen], kept, drift, count=count)


def _drift_free_power(
    series: NDArray[np.float32], kept: NDArray[np.bool_], drift: Floats
) -> Floats:
    """Give the sum of squares (N,) over kept frames of what drift leaves of each column."""
    basis = span(drift[kept])
    out = np.empty(series.shape[1])
    for start in range(0, series.shape[1], _BLOCK):
        block = series[kept, start : start + _BLOCK].astype(np.float64)
        block -= basis @ (basis.T @ block)
        out[start : start + _BLOCK] = (block**2).sum(axis=0)
    return out
