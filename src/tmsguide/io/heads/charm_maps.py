"""The maps between a head and MNI that SimNIBS stores as one target position per voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti import read_volume
from tmsguide.io.images.nifti_header import read_header
from tmsguide.model import Points, Warp

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = ["check_round_trip", "read_position_map"]

#: Median of there and back within the brain. charm's two maps are inverses of each other up to
#: their voxels of 1 mm; a pair of two heads, or maps swapped, miss by centimetres.
_ROUND_TRIP_MM = 3.0


def read_position_map(path: Path, *, source: Frame, target: Frame) -> Warp:
    """Read ``Conform2MNI_nonl.nii.gz`` or ``MNI2Conform_nonl.nii.gz`` as a map of points.

    The file lies on a grid of ``source`` and holds at each voxel the position in ``target``, mm
    RAS+. Voxels beyond the atlas hold zeros; there the nearest displacement is taken.

    Raises
    ------
    InputError
        No such file, or not three components per voxel.
    """
    header = read_header(path)
    if header.shape[3:] != (3,):
        raise InputError(
            f"{one_line(path)} has shape {header.shape}; needed three coordinates per voxel, as "
            "SimNIBS writes to toMNI/"
        )
    volume = read_volume(path, frame=source)
    positions = volume.data
    known = (positions != 0).any(axis=3)
    if known.mean() < 0.01:
        raise InputError(f"{one_line(path)} is empty almost everywhere; run charm again")
    displacement = positions - _grid_positions(volume.frame_from_voxel, known.shape)
    if not known.all():
        nearest = ndimage.distance_transform_edt(
            ~known, return_distances=False, return_indices=True
        )
        displacement = displacement[tuple(nearest)]
    return Warp(
        np.ascontiguousarray(displacement, np.float32), volume.frame_from_voxel, source, target
    )


def _grid_positions(
    frame_from_voxel: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    m = frame_from_voxel.astype(np.float32)
    i, j, k = (np.arange(n, dtype=np.float32) for n in shape)
    out = np.empty((*shape, 3), np.float32)
    for axis in range(3):
        along = m[axis, 0] * i[:, None, None] + m[axis, 1] * j[:, None] + m[axis, 2] * k
        out[..., axis] = along + m[axis, 3]
    return out


def check_round_trip(there: Warp, back: Warp, brain: Points, name: str) -> None:
    """Refuse two maps of which one does not undo the other within the brain.

    Raises
    ------
    InputError
        The maps are swapped, or of different heads.
    """
    gap_mm = np.linalg.norm(back(there(brain)).xyz_mm - brain.xyz_mm, axis=1)
    typical_mm = float(np.median(gap_mm))
    if typical_mm > _ROUND_TRIP_MM:
        raise InputError(
            f"{name}: to MNI and back misses by {typical_mm:.0f} mm within the brain; needed maps "
            "of one charm run (Conform2MNI on the T1's grid, MNI2Conform on the template's)"
        )
