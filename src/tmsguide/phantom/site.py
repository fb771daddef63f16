"""Where the stimulation target is planted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.model import MNI, Points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume, Warp

__all__ = ["ANCHORS_MNI", "Site", "draw_site"]

#: Weigand 2018 peak anticorrelation, Fox 2012 group optimum, Brodmann area 46.
ANCHORS_MNI = ((-42.0, 44.0, 30.0), (-38.0, 44.0, 26.0), (-44.0, 40.0, 29.0))
_JITTER_MM = 6.0
_LOOK_MM = 40.0


class Site(NamedTuple):
    """``centre`` (1, 3) of the planted Gaussian, its ``target`` on cortex and its ``patch``."""

    centre: Points
    target: Points
    patch: Points


def draw_site(
    rng: np.random.Generator,
    cortex: NDArray[np.bool_],
    depth_mm: NDArray[np.float32],
    *,
    grid: Volume,
    native_from_mni: Warp,
    half_width_mm: float,
) -> Site:
    """Give a site in the left DLPFC, near the crown of a gyrus.

    One of `ANCHORS_MNI` is moved by up to 6 mm per axis, carried to the person and snapped to the
    cortex voxel that is near and shallow (a millimetre of depth counts as one of distance). The
    Gaussian is planted there; as the cortex lies to one side of a crown, ``target`` is the cortex
    voxel nearest to the mean of what was planted, which is what an unbiased method finds.

    Raises
    ------
    GeometryError
        When there is no cortex near the drawn place.
    """
    anchor = np.array([ANCHORS_MNI[int(rng.integers(len(ANCHORS_MNI)))]])
    aim = native_from_mni(Points(anchor + rng.uniform(-_JITTER_MM, _JITTER_MM, (1, 3)), MNI))
    index = np.argwhere(cortex)
    at = index @ grid.frame_from_voxel[:3, :3].T + grid.frame_from_voxel[:3, 3]
    away = np.linalg.norm(at - aim.xyz_mm, axis=1)
    near = away < _LOOK_MM
    if not near.any():
        raise GeometryError("the generated head has no left prefrontal cortex; draw another seed")
    index, at, away = index[near], at[near], away[near]
    crown = -depth_mm[tuple(index.T)]
    centre = at[np.argmin(away + crown)]
    sd_mm = half_width_mm / np.sqrt(2 * np.log(2))
    strength = np.exp(-((at - centre) ** 2).sum(axis=1) / (2 * sd_mm**2))
    held = strength >= 0.5
    mean = np.average(at[held], axis=0, weights=strength[held])
    target = at[np.argmin(np.linalg.norm(at - mean, axis=1))]
    frame = grid.frame
    return Site(Points(centre[None], frame), Points(target[None], frame), Points(at[held], frame))
