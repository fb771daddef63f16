"""Air inside the head: paranasal sinuses, nose, throat, mastoid cells and ear canals.

Compact bone is nearly as dark as air, but it is thin: what is as dark as the background and
thicker than a bone plate, at a place where heads hold air, is air.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.tissues.nesting import shrunk, swollen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["air_spaces"]

# boxes (low, high) in template mm that hold the air spaces of adults, |x| for both sides: nose and
# paranasal sinuses; mastoid cells and ear canals; throat
PLACES_MNI_MM = (
    ((0.0, -8.0, -95.0), (52.0, 90.0, 5.0)),
    ((26.0, -75.0, -80.0), (84.0, 5.0, -18.0)),
    ((0.0, -35.0, -110.0), (25.0, 40.0, -55.0)),
)
SMOOTH_MM = 0.8
DARK = 0.4  # on the way from background to the vault's thin tables, which share voxels with marrow
PLATE_MM = 1.5  # half the thickness of what is taken for air; plates of the skull base are thinner
SHARED_MM = 1.5  # from what is surely air to the wall, over voxels that hold both
LEAST_MM3 = 150.0
BRAIN_MM = 1.0  # bone that stays over the brain
WALL_MM = 2.0  # within which the wall of an air space is at its brightest
SKIN_MM, FOOT_MM = 3.0, 12.0  # walls that stay closed in a head mesh, coarse at its foot


def air_spaces(
    grey: Floats,
    inner: Mask,
    head: Mask,
    *,
    mni: Floats,
    bone_grey: float,
    voxel_mm: float,
) -> Mask:
    """Give the air inside the head, closed off from the outside by at least 3 mm.

    Parameters
    ----------
    grey
        (X, Y, Z) bias-corrected image.
    inner, head
        (X, Y, Z) inside of the skull and whole head.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    bone_grey
        How bright compact bone comes out in this image.
    voxel_mm
        Edge of the cubic voxels.
    """
    place = _places(mni) & head & ~swollen(inner, max(1, BRAIN_MM / voxel_mm))
    smooth = ndimage.gaussian_filter(grey, SMOOTH_MM / voxel_mm)
    background = _background(smooth, head)
    if not bone_grey > background:
        return np.zeros_like(head)
    dark = smooth < background + DARK * (bone_grey - background)
    # air outside the head may go on through nostrils and ear canals
    core = shrunk(dark & (place | ~head), PLATE_MM / voxel_mm) & place
    wall = ndimage.maximum_filter(smooth, 2 * int(np.ceil(WALL_MM / voxel_mm)) + 1)
    near = dark | (smooth < background + 0.5 * (wall - background))  # half way up the wall
    found = swollen(core, (PLATE_MM + SHARED_MM) / voxel_mm) & near & place
    found &= shrunk(head, SKIN_MM / voxel_mm)
    found[:, :, : int(np.ceil(FOOT_MM / voxel_mm))] = False
    parts, _ = ndimage.label(found)
    keep = np.bincount(parts.ravel()) * voxel_mm**3 >= LEAST_MM3
    keep[0] = False
    return np.asarray(keep[parts])


def _places(mni: Floats) -> Mask:
    out = np.zeros(mni.shape[1:], dtype=np.bool_)
    for low, high in PLACES_MNI_MM:
        box = np.ones_like(out)
        for axis in range(3):
            at = np.abs(mni[0]) if axis == 0 else mni[axis]
            box &= (at >= low[axis]) & (at <= high[axis])
        out |= box
    return out


def _background(smooth: Floats, head: Mask) -> float:
    """Give the grey of air, from well outside the head."""
    outside = ndimage.distance_transform_edt(~head[::3, ::3, ::3]) > 2
    values = smooth[::3, ::3, ::3][outside]
    return float(np.median(values)) if len(values) else 0.0
