"""How well a functional volume is explained as a mixture of the T1w's tissues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.num.interpolation import sample_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy

    Floats = NDArray[np.float64]

__all__ = ["TissueMixture", "mixture_cost", "tissue_mixture"]

_STEP_MM = 4.0
#: A rim outside the brain, so that sliding off it costs.
_RIM_MM = 8.0
#: With less of the brain in view the fit may be good by chance.
_LEAST_IN_VIEW = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class TissueMixture:
    """Places (N, 3) in and round the brain, T1w mm, with the parts (N, 4) of WM, GM, CSF, rest."""

    places_mm: Floats
    parts: Floats

    def thinned(self, count: int) -> TissueMixture:
        """Give about ``count`` of the places, evenly chosen."""
        every = max(1, len(self.places_mm) // count)
        return TissueMixture(self.places_mm[::every], self.parts[::every])


def tissue_mixture(anatomy: Anatomy) -> TissueMixture:
    """Give the `TissueMixture` of ``anatomy`` on a lattice of about 4 mm."""
    m = np.asarray(anatomy.probability.frame_from_voxel, np.float64)
    voxel_mm = np.linalg.norm(m[:3, :3], axis=0)
    every = np.maximum(1, np.round(_STEP_MM / voxel_mm)).astype(int)
    brain = np.asarray(anatomy.brain_mask.data) > 0
    thin = (slice(None, None, every[0]), slice(None, None, every[1]), slice(None, None, every[2]))
    coarse = brain[thin]
    near = ndimage.distance_transform_edt(~coarse, sampling=voxel_mm * every) <= _RIM_MM
    index = np.argwhere(near) * every
    parts = np.zeros((len(index), 4))
    inside = coarse[near]
    for tissue in range(3):
        # A mean over the lattice cell, so that each place stands for its surroundings.
        mean = ndimage.uniform_filter(
            np.asarray(anatomy.probability.data[..., tissue], np.float32), tuple(every)
        )
        parts[:, tissue] = np.where(inside, mean[thin][near], 0)
    parts[:, 3] = np.clip(1 - parts[:, :3].sum(axis=1), 0, 1)
    return TissueMixture(index @ m[:3, :3].T + m[:3, 3], parts)


def mixture_cost(
    epi: NDArray[np.float32], voxel_from_t1w: Floats, mixture: TissueMixture
) -> float:
    """Give the variance of ``epi`` (X, Y, Z) that tissue does not explain, 0 to 1.

    The signal at the places is fitted by one mean per tissue, whatever the contrast: a linear
    correlation ratio. Too little of the brain in view costs 1.

    References
    ----------
    Roche et al. 1998, MICCAI, LNCS 1496:1115, doi:10.1007/BFb0056301 (correlation ratio).
    """
    values = sample_linear(epi, voxel_from_t1w, mixture.places_mm)
    seen = np.isfinite(values)
    if seen.mean() < _LEAST_IN_VIEW:
        return 1.0
    values, parts = values[seen], mixture.parts[seen]
    total = float(((values - values.mean()) ** 2).sum())
    means = np.linalg.lstsq(parts.T @ parts, parts.T @ values, rcond=None)[0]
    rest = float(((values - parts @ means) ** 2).sum())
    return rest / total if total > 0 else 1.0
