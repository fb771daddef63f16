"""Which places lie in a search area or a seed, and how large the left DLPFC comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI_FRAMES
from tmsguide.num.components import near
from tmsguide.targeting.definitions.areas import left_dlpfc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.targeting.definitions.methods import Spheres

__all__ = ["mask_volume_and_centre", "search_mask"]


def search_mask(mni: Points, spheres: Spheres | None = None) -> NDArray[np.bool_]:
    """Tell which points lie inside the spheres, those of the left DLPFC if none are given, (N,).

    The caller narrows it to the brain or grey matter (points of those only, or ``&``).

    Raises
    ------
    FrameError
        If the points are in none of `MNI_FRAMES`.
    InputError
        If the area is an image: that is sampled at the points by whoever has read it.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474); Cash et al. 2021, 10.1002/hbm.25330.

    Examples
    --------
    >>> from tmsguide.model import MNI, Points
    >>> search_mask(Points([[-38.0, 44.0, 26.0], [38.0, 44.0, 26.0]], MNI)).tolist()
    [True, False]
    """
    if mni.frame not in MNI_FRAMES:
        raise FrameError(
            f"the search mask is defined in MNI 152 spaces, points are in {mni.frame.name}; "
            "map them with mni_from_t1w first"
        )
    area = left_dlpfc() if spheres is None else spheres
    if not area.mni_mm:
        what = f"the image {area.map_file}" if area.map_file else "empty"
        raise InputError(
            f"the area is {what}, needed at least one sphere; sample an image at the points"
        )
    return near(mni.xyz_mm, np.array(area.mni_mm), area.radius_mm)


def mask_volume_and_centre(
    mni: Points, step_mm: float, spheres: Spheres | None = None
) -> tuple[float, NDArray[np.float64]]:
    """Volume in cm3 and centre of mass (3,) in mm of the area within a brain.

    ``mni`` (N, 3) are the centres of all voxels of the brain, cubes of ``step_mm``. Published for
    the left DLPFC in FSL's 2 mm brain: 42.0 cm3 round -35.3 26 38.4.

    Raises
    ------
    FrameError, InputError
        As `search_mask`.
    QualityError
        If the area and the brain do not meet.
    """
    inside = search_mask(mni, spheres)
    if not inside.any():
        raise QualityError(
            f"none of {len(mni)} voxels lies in the area; check that they are those of a brain"
        )
    volume_cm3 = float(np.count_nonzero(inside)) * step_mm**3 / 1000
    return volume_cm3, np.asarray(mni.xyz_mm[inside].mean(axis=0))
