"""The analysis grid: the person's brain in the T1w space, as a list of places with tissue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from tmsguide.errors import InputError, QualityError
from tmsguide.model import Points, Tissue, Volume
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.rigid import inverted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Frame

__all__ = ["BrainGrid", "brain_grid"]


@dataclass(frozen=True, slots=True, eq=False)
class BrainGrid:
    """N brain voxels of a box in the T1w frame, its axes along the frame's x, y, z.

    ``mask`` (X, Y, Z) is True at the N voxels, in C order; ``tissue`` (N, 3) float32 holds the
    probabilities of WM, GM, CSF there.
    """

    mask: NDArray[np.bool_]
    frame_from_voxel: NDArray[np.float64]
    frame: Frame
    tissue: NDArray[np.float32]

    @property
    def places(self) -> Points:
        """Voxel centres, N points."""
        index = np.argwhere(self.mask)
        m = self.frame_from_voxel
        return Points(index @ m[:3, :3].T + m[:3, 3], self.frame)

    @property
    def grid_mm(self) -> float:
        """Edge of a voxel."""
        return float(self.frame_from_voxel[0, 0])

    def of_tissue(self, tissue: Tissue) -> NDArray[np.bool_]:
        """Give the voxels (N,) where WM, GM or CSF is the likeliest of the three."""
        return np.asarray(self.tissue.argmax(axis=1) == int(tissue) - int(Tissue.WM))

    def volume(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Give ``values`` (N,) as a box (X, Y, Z), 0 outside the brain."""
        out = np.zeros(self.mask.shape, np.float32)
        out[self.mask] = values
        return out

    def keep(self, chosen: NDArray[np.bool_]) -> BrainGrid:
        """Give the same box with only the ``chosen`` (N,) voxels."""
        mask = np.zeros_like(self.mask)
        mask[self.mask] = chosen
        return BrainGrid(mask, self.frame_from_voxel, self.frame, self.tissue[chosen])


def brain_grid(anatomy: Anatomy, *, grid_mm: float) -> BrainGrid:
    """Give the `BrainGrid` of ``anatomy``: voxel centres on multiples of ``grid_mm``.

    A voxel is brain where the brain mask, read trilinearly at its centre, is at least one half.

    Raises
    ------
    InputError
        ``grid_mm`` is not between 0.5 and 6 mm.
    QualityError
        The brain mask is empty.
    """
    if not 0.5 <= grid_mm <= 6:
        raise InputError(f"grid_mm is {grid_mm:g}; needed 0.5 to 6 mm (2 mm is usual)")
    brain = np.asarray(anatomy.brain_mask.data) > 0
    if not brain.any():
        raise QualityError("the brain mask is empty; check the anatomical segmentation")
    frame_from_voxel = np.asarray(anatomy.brain_mask.frame_from_voxel, np.float64)
    index = np.argwhere(brain & ~ndimage.binary_erosion(brain))
    world = index @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3]
    low = np.floor(world.min(axis=0) / grid_mm).astype(int) - 2
    high = np.ceil(world.max(axis=0) / grid_mm).astype(int) + 2
    frame_from_grid = np.diag([grid_mm, grid_mm, grid_mm, 1.0])
    frame_from_grid[:3, 3] = low * grid_mm
    shape = tuple(high - low + 1)
    voxel_from_grid = inverted(frame_from_voxel) @ frame_from_grid
    inside = _sampled(brain, voxel_from_grid, np.argwhere(np.ones(shape, bool))) >= 0.5
    mask = inside.reshape(shape)
    at = np.argwhere(mask)
    tissue = np.stack(
        [_sampled(anatomy.probability.data[..., k], voxel_from_grid, at) for k in range(3)], axis=1
    )
    return BrainGrid(mask, frame_from_grid, anatomy.t1w.frame, tissue.astype(np.float32))


def _sampled(
    data: NDArray[Any], voxel_from_point: NDArray[np.float64], at: NDArray[np.int64]
) -> NDArray[np.float64]:
    values = sample_linear(
        np.ascontiguousarray(data, np.float32), voxel_from_point, at.astype(np.float64)
    )
    return np.nan_to_num(values)


def grid_volume(grid: BrainGrid, values: NDArray[Any]) -> Volume:
    """Give ``values`` (N,) as a `Volume` in the T1w frame."""
    return Volume(grid.volume(values), grid.frame_from_voxel, grid.frame)
