"""Any map of points as the dense smooth map that the chain stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Points, Warp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Frame, Volume

__all__ = ["as_warp", "box_of", "mni_box"]

STEP_MM = 2.5
MARGIN_MM = 30.0  # scalp and coil lie beyond the image of a tightly cropped brain
#: holds the MNI 152 brain with the scalp, mm
MNI_BOX_MM = ((-110.0, -145.0, -95.0), (110.0, 110.0, 125.0))

Box = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


def as_warp(there: Callable[[Points], Points], source: Frame, target: Frame, box: Box) -> Warp:
    """Sample ``there`` every 2.5 mm in the box (low, high) of the source frame.

    Between the samples the map is read linearly: registrations are smooth over 5 mm and more.
    """
    low, high = box
    shape = tuple(int(n) for n in np.ceil((high - low) / STEP_MM).astype(int) + 1)
    source_from_voxel = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    source_from_voxel[:3, 3] = low
    index = np.indices(shape).reshape(3, -1).T
    at = index * STEP_MM + low
    moved = there(Points(at, source)).xyz_mm
    shift = (moved - at).reshape(*shape, 3).astype(np.float32)
    return Warp(shift, source_from_voxel, source, target)


def box_of(volume: Volume) -> Box:
    """Give the box of an image in its frame, with a margin."""
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(volume.data.shape[:3]) - 1)
    at = corners @ volume.frame_from_voxel[:3, :3].T + volume.frame_from_voxel[:3, 3]
    return at.min(axis=0) - MARGIN_MM, at.max(axis=0) + MARGIN_MM


def mni_box() -> Box:
    """Give the box that holds an MNI head."""
    low, high = MNI_BOX_MM
    return np.array(low), np.array(high)
