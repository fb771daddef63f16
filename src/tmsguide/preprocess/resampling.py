"""One interpolation from the raw frames to the brain of the T1w space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.interpolation import sample_cubic, spline_coefficients
from tmsguide.num.parallel import ordered_map
from tmsguide.num.rigid import inverted
from tmsguide.preprocess.frames import frame_reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Scan
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["resample_once", "seen_throughout"]


def resample_once(
    scan: Scan, grid: BrainGrid, *, bold_from_t1w: Floats, frame_from_reference: Floats
) -> NDArray[np.float32]:
    """Give the series (T, N) float32 of ``scan`` at the voxels of ``grid``.

    Coregistration (``bold_from_t1w``, 4×4) and motion (``frame_from_reference``, T×4×4) are
    multiplied first and the raw frame is read once, by cubic B-spline; slice timing, where the
    metadata has it, is corrected in the frame before. Volume by volume: memory is one frame and
    the result. Places outside the field of view give 0 (see `seen_throughout`).
    """
    places = grid.places.xyz_mm
    voxel_from_world = inverted(np.asarray(scan.volume.frame_from_voxel, np.float64))
    read = frame_reader(scan)
    out = np.empty((scan.volume.data.shape[3], len(places)), np.float32)

    def one(index: int) -> None:
        chain = voxel_from_world @ frame_from_reference[index] @ bold_from_t1w
        out[index] = sample_cubic(spline_coefficients(read(index)), chain, places)

    ordered_map(one, range(len(out)))
    return out


def seen_throughout(series: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the voxels (N,) of `resample_once` that are in view in every ``kept`` (T0,) frame."""
    seen = np.ones(series.shape[1], bool)
    for index in np.flatnonzero(kept):
        seen &= series[index] != 0
    return seen
