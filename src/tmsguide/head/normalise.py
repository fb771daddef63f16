"""From a person's T1w to MNI space and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.grid import block_mean, fine_grid, regridded
from tmsguide.head.tissues.nesting import swollen
from tmsguide.model import AnatomySettings, Volume

if TYPE_CHECKING:
    from tmsguide.model import Anatomy, DeformableRegistrar, LinearRegistrar, Warp

__all__ = ["normalise"]

RIM_MM = 2.0  # the template's own brain mask leaves about this much round the gyri
SOFT_EDGE_MM = 1.0


def normalise(
    anatomy: Anatomy,
    template_t1: Volume,
    *,
    linear: LinearRegistrar,
    deformable: DeformableRegistrar,
    settings: AnatomySettings = AnatomySettings(),  # noqa: B008
) -> tuple[Warp, Warp]:
    """Give smooth maps (mni_from_t1w, t1w_from_mni), each with its affine part inside.

    Only the brain steers them; beyond it the deformation fades to the affine, so that scalp
    points can be carried as well (to a few millimetres).

    Parameters
    ----------
    anatomy
        As `segment` gives it.
    template_t1
        Brain-only T1w template in the frame to normalise to.
    linear, deformable
        Engines (`tmsguide.engines`).

    Raises
    ------
    EngineError
        The registration failed.

    References
    ----------
    Yushkevich 2016, DOI 10.1016/j.jalz.2016.06.1435 (the engine).
    """
    step = settings.registration_mm
    factor = max(1, round(step / float(template_t1.voxel_mm.mean())))
    fixed = _unit(block_mean(template_t1, factor))
    moving = _brain_only(anatomy)
    moving = _unit(regridded(moving, *fine_grid(moving, step)))
    first = linear(fixed, moving, initial=None, dof=12)
    return deformable(fixed, moving, initial=first)


def _brain_only(anatomy: Anatomy) -> Volume:
    voxel_mm = float(anatomy.t1w.voxel_mm.mean())
    mask = swollen(np.asarray(anatomy.brain_mask.data), RIM_MM / voxel_mm)
    soft = ndimage.gaussian_filter(mask.astype(np.float32), SOFT_EDGE_MM / voxel_mm)
    grey = np.asarray(anatomy.t1w.data, dtype=np.float32)
    return Volume(grey * soft, anatomy.t1w.frame_from_voxel, anatomy.t1w.frame)


def _unit(volume: Volume) -> Volume:
    """Give the image scaled to 1 at its bright end, brighter voxels cut."""
    data = np.asarray(volume.data, dtype=np.float32)
    top = 1.05 * float(np.percentile(data[data > data.mean()], 98))
    return Volume(np.clip(data / top, 0, 1), volume.frame_from_voxel, volume.frame)
