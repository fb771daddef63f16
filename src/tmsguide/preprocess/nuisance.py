"""Signals that are not of the brain's doing: motion, white matter, CSF, the global mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.model import Tissue
from tmsguide.num.regression import cosines_outside, leading_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["GLOBAL_SIGNAL", "Confounds", "confounds", "dvars"]

GLOBAL_SIGNAL = "global_signal"
_MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_FEWEST_VOXELS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Confounds:
    """K nuisance time courses over all T0 frames: ``values`` (T0, K), named as in fMRIPrep."""

    values: Floats
    names: tuple[str, ...]

    def only(self, wanted: Callable[[str], bool]) -> Confounds:
        """Give the courses whose name is wanted."""
        chosen = [wanted(name) for name in self.names]
        return Confounds(
            self.values[:, chosen], tuple(n for n, c in zip(self.names, chosen, strict=True) if c)
        )


def confounds(
    series: NDArray[np.float32],
    grid: BrainGrid,
    *,
    motion: Floats,
    kept: NDArray[np.bool_],
    tr_s: float,
    low_hz: float,
    acompcor: int,
) -> Confounds:
    """Give 24 motion courses, ``acompcor`` components each of WM and CSF, and the global mean.

    ``series`` (T0, N) is unsmoothed; ``motion`` (T0, 6) in mm and rad. Components come from eroded
    tissue, after removing drifts below ``low_hz``, and only from the ``kept`` (T0,) frames. A
    tissue with fewer than 50 voxels left gives none.

    References
    ----------
    Friston 1996, doi:10.1002/mrm.1910350312, and Satterthwaite 2013,
    doi:10.1016/j.neuroimage.2012.08.052 (24 courses); Behzadi 2007,
    doi:10.1016/j.neuroimage.2007.04.042 (aCompCor).
    """
    values, names = _motion_24(motion)
    drift = cosines_outside(len(series), tr_s, low_hz=low_hz, high_hz=np.inf)
    for tissue, letter in ((Tissue.WM, "w"), (Tissue.CSF, "c")):
        core = tissue_core(grid, tissue)
        if acompcor == 0 or core.sum() < _FEWEST_VOXELS:
            continue
        found = leading_components(series[:, core], kept, drift, count=acompcor)
        values.append(found)
        names += [f"{letter}_comp_cor_{k:02d}" for k in range(found.shape[1])]
    values.append(series.mean(axis=1, dtype=np.float64)[:, None])
    return Confounds(np.column_stack(values), (*names, GLOBAL_SIGNAL))


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


def dvars(series: NDArray[np.float32]) -> Floats:
    """Give DVARS (T0,): root mean square frame-to-frame change over voxels; the first is 0.

    In thousandths of the median signal (10 is 1 %).

    References
    ----------
    Power et al. 2012, NeuroImage 59:2142, doi:10.1016/j.neuroimage.2011.10.018.
    """
    scale = 1000 / float(np.median(series.mean(axis=0)))
    out = np.zeros(len(series))
    for t in range(1, len(series)):
        out[t] = scale * np.sqrt(np.mean((series[t] - series[t - 1]) ** 2, dtype=np.float64))
    return out


def _motion_24(motion: Floats) -> tuple[list[Floats], list[str]]:
    """Give six parameters, their backward differences, and the squares of both."""
    change = np.vstack([np.zeros(6), np.diff(motion, axis=0)])
    sets = {"": motion, "_derivative1": change}
    values = list(sets.values()) + [v**2 for v in sets.values()]
    suffixes = [*sets, *(f"{s}_power2" for s in sets)]
    return values, [name + suffix for suffix in suffixes for name in _MOTION]
