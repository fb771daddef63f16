"""Values at places made images, in the person's space and carried to the MNI space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import Points, Volume
from tmsguide.num.interpolation import sample_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Warp

__all__ = ["filled", "in_mni"]

STEP_MM = 2.0
#: the usual box of the MNI brain at 2 mm (91 x 109 x 91 voxels)
LOW_MM, SHAPE = (-90.0, -126.0, -72.0), (91, 109, 91)


def in_mni(volume: Volume, t1w_from_mni: Warp) -> Volume:
    """Give a 3-D volume of the T1w frame on 2 mm voxels of the map's source frame, 0 outside it.

    Read linearly at the places that the map leads to.
    """
    frame_from_voxel = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    frame_from_voxel[:3, 3] = LOW_MM
    index = np.indices(SHAPE).reshape(3, -1).T
    at = Points(index * STEP_MM + np.array(LOW_MM), t1w_from_mni.source)
    there = t1w_from_mni(at).xyz_mm
    data = np.ascontiguousarray(volume.data, np.float32)
    values = sample_linear(data, np.asarray(np.linalg.inv(volume.frame_from_voxel)), there)
    boxed = np.nan_to_num(values).astype(np.float32).reshape(SHAPE)
    return Volume(boxed, frame_from_voxel, t1w_from_mni.source)


def filled(like: Volume, where: Points, values: NDArray[Any]) -> Volume:
    """Put values at points of the grid of ``like``; 0 elsewhere."""
    voxel_from_frame = np.linalg.inv(like.frame_from_voxel)
    at = np.rint(where.xyz_mm @ voxel_from_frame[:3, :3].T + voxel_from_frame[:3, 3]).astype(int)
    data = np.zeros(like.data.shape[:3], dtype=np.float32)
    data[tuple(at.T)] = values
    return Volume(data, like.frame_from_voxel, like.frame)
