"""The eyeballs: even spheres of about 24 mm with a border, near where the template has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["eyeballs"]

# middle of the orbits, template mm; found anew in each head, so a few mm do not matter
EYES_MNI_MM = ((-33.0, 60.0, -40.0), (33.0, 60.0, -40.0))
SEARCH_MM = 13.0
# axial length 22 to 27 mm in adults, 24.2 on average (Bekerman 2014, unverified)
RADII_MM = (10.5, 11.0, 11.5, 12.0, 12.5, 13.0)
STEP_MM = 2.0
EDGE_MM = 1.5
WAYS = 120
CLEAR = 2.0  # mean step at the border in SDs of the grey inside; noise alone gives 1.1
MOST_STEP = 0.6  # in parts of white matter; brighter fat counts no more
ALL_ROUND = 1.0  # step in SDs that three quarters of the border must have
IN_HEAD = 0.9  # of the border; the cornea may touch the air
BRIGHTEST = 0.6  # the vitreous in parts of white matter


def eyeballs(grey: Floats, head: Mask, *, mni: Floats, white_grey: float, voxel_mm: float) -> Mask:
    """Give the eyeballs that the image shows; none where the face was removed.

    Parameters
    ----------
    grey
        (X, Y, Z) bias-corrected image.
    head
        (X, Y, Z) region of the head.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    white_grey
        How bright white matter is.
    voxel_mm
        Edge of the cubic voxels.
    """
    out = np.zeros_like(head)
    for place in EYES_MNI_MM:
        start = _voxel_at(mni, place)
        if start is None:
            continue
        found = _sphere(grey / white_grey, head, start, voxel_mm)
        if found is not None:
            centre, radius = found
            i, j, k = (np.arange(n) - c for n, c in zip(head.shape, centre, strict=True))
            away = i[:, None, None] ** 2 + j[None, :, None] ** 2 + k[None, None, :] ** 2
            out |= away <= (radius / voxel_mm) ** 2
    return out & head


def _voxel_at(mni: Floats, place: tuple[float, float, float]) -> NDArray[np.float64] | None:
    """Give the voxel nearest to a template position; None where it lies off the image."""
    some = mni[:, ::3, ::3, ::3]
    away = ((some - np.asarray(place, dtype=np.float32)[:, None, None, None]) ** 2).sum(0)
    if away.min() > 10.0**2:
        return None
    return np.asarray(np.unravel_index(np.argmin(away), away.shape), dtype=np.float64) * 3


def _sphere(
    grey: Floats, head: Mask, start: NDArray[np.float64], voxel_mm: float
) -> tuple[NDArray[np.float64], float] | None:
    """Give centre (voxels) and radius (mm) of the clearest even sphere near a place."""
    reach = np.arange(-SEARCH_MM, SEARCH_MM + 0.1, STEP_MM)
    shift = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), -1).reshape(-1, 3)
    shift = shift[np.linalg.norm(shift, axis=1) <= SEARCH_MM]
    way = _ways()
    best, found = CLEAR, None
    for centre in start + shift / voxel_mm:
        inside = _read(grey, centre, way, np.arange(2.0, RADII_MM[0] - 1.0, 2.0), voxel_mm)
        level, spread = float(np.median(inside)), float(inside.std()) + 0.02
        if not 0.05 < level < BRIGHTEST or spread > 0.5 * level:
            continue
        if _read(head, centre, way, np.array(RADII_MM[-2:-1]), voxel_mm).mean() < IN_HEAD:
            continue
        for radius in RADII_MM:
            both = np.array([radius - EDGE_MM, radius + EDGE_MM])
            step = np.abs(np.diff(_read(grey, centre, way, both, voxel_mm), axis=1))
            clear = float(np.minimum(step, MOST_STEP).mean()) / spread
            if clear > best and np.percentile(step, 25) > ALL_ROUND * spread:
                best, found = clear, (centre, radius)
    return found


def _read(
    data: NDArray[np.generic],
    centre: NDArray[np.float64],
    way: NDArray[np.float64],
    radii_mm: NDArray[np.float64],
    voxel_mm: float,
) -> Floats:
    """Give what lies at some radii along each way, (N, R)."""
    at = centre + way[:, None, :] * radii_mm[:, None] / voxel_mm
    return np.asarray(
        ndimage.map_coordinates(
            data if data.dtype != np.bool_ else data.view(np.uint8),
            np.moveaxis(at, -1, 0),
            order=1,
        ),
        dtype=np.float32,
    )


def _ways() -> NDArray[np.float64]:
    k = np.arange(WAYS) + 0.5
    z = 1 - 2 * k / WAYS
    turn = np.pi * (1 + np.sqrt(5)) * k
    flat = np.sqrt(1 - z**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], -1)
