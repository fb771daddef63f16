"""The edge between white matter and cortex, and how well an EPI agrees with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import QualityError
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.rigid import inverted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy

    Floats = NDArray[np.float64]

__all__ = ["Boundary", "boundary_cost", "pair_costs", "white_boundary"]

#: Where the EPI is read on both sides of the edge (Greve & Fischl 2009: 2 mm in; half of cortex).
_INWARD_MM, _OUTWARD_MM = 2.0, 1.5
_MOST_POINTS = 20_000
_FEWEST_POINTS = 500
#: Either side darker than this part of the edge's mean signal is dropout and says nothing.
_DROPOUT = 0.3
#: Smoothing of the white-matter probability: below a voxel, takes the stair steps off its edge.
_BLUR_MM = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """Pairs of places across the white-matter edge, T1w millimetres: (M, 3) in WM and in GM."""

    white_mm: Floats
    gray_mm: Floats

    @property
    def middle_mm(self) -> Floats:
        """Mean of all places, (3,)."""
        return np.asarray((self.white_mm + self.gray_mm).mean(axis=0) / 2)

    def thinned(self, count: int) -> Boundary:
        """Give about ``count`` of the pairs, evenly chosen."""
        every = max(1, len(self.white_mm) // count)
        return Boundary(self.white_mm[::every], self.gray_mm[::every])

    def chosen(self, which: NDArray[np.bool_]) -> Boundary:
        """Give the pairs where ``which`` (M,) is True."""
        return Boundary(self.white_mm[which], self.gray_mm[which])


def white_boundary(anatomy: Anatomy) -> Boundary:
    """Give the `Boundary` where white-matter probability crosses one half with cortex outside.

    Raises
    ------
    QualityError
        The segmentation shows hardly any edge between white and grey matter.
    """
    white, gray, m = _cropped(anatomy)
    sigma = _BLUR_MM / np.linalg.norm(m[:3, :3], axis=0)
    white = ndimage.gaussian_filter(white, sigma, output=np.float32)
    at = _crossings(white)
    normal = _outward(white, m, at)
    place = at @ m[:3, :3].T + m[:3, 3]
    inner, outer = place - _INWARD_MM * normal, place + _OUTWARD_MM * normal
    voxel_from_world = inverted(m)
    good = (sample_linear(white, voxel_from_world, inner) > 0.8) & (
        sample_linear(gray, voxel_from_world, outer) > 0.7
    )
    if good.sum() < _FEWEST_POINTS:
        raise QualityError(
            f"only {int(good.sum())} places on the edge of white matter and cortex, needed "
            f"{_FEWEST_POINTS}; check the tissue segmentation of the T1w"
        )
    every = max(1, int(good.sum()) // _MOST_POINTS)
    return Boundary(inner[good][::every], outer[good][::every])


def boundary_cost(
    epi: NDArray[np.float32],
    voxel_from_t1w: Floats,
    boundary: Boundary,
    *,
    slope: float = 0.5,
) -> tuple[float, float]:
    """Give the boundary cost of ``epi`` (X, Y, Z), 0 best and 1 chance, and the part in view.

    Mean of the `pair_costs` of the pairs in view. None in view costs 1.

    References
    ----------
    Greve & Fischl 2009, NeuroImage 48:63, doi:10.1016/j.neuroimage.2009.06.060, eq. 1-2
    (slope 0.5 per percent).
    """
    costs = pair_costs(epi, voxel_from_t1w, boundary, slope=slope)
    costs = costs[np.isfinite(costs)]
    if len(costs) == 0:
        return 1.0, 0.0
    return float(costs.mean()), len(costs) / len(boundary.white_mm)


def pair_costs(
    epi: NDArray[np.float32],
    voxel_from_t1w: Floats,
    boundary: Boundary,
    *,
    slope: float = 0.5,
) -> Floats:
    """Give ``1 + tanh(-slope * q)`` of each pair (M,), not-a-number where it says nothing.

    q is the percent by which the grey side is brighter (T2*-weighted contrast). Pairs outside the
    scan or in dropout say nothing: counting them would pull a slab over more of the edge.
    """
    white = sample_linear(epi, voxel_from_t1w, boundary.white_mm)
    gray = sample_linear(epi, voxel_from_t1w, boundary.gray_mm)
    seen = np.isfinite(white) & np.isfinite(gray)
    out = np.full(len(white), np.nan)
    if not seen.any():
        return out
    floor = max(_DROPOUT * float(white[seen].mean()), 0.0)
    seen &= (white > floor) & (gray > floor)
    white, gray = white[seen], gray[seen]
    out[seen] = 1.0 - np.tanh(slope * 200 * (gray - white) / (gray + white))
    return out


def _cropped(anatomy: Anatomy) -> tuple[NDArray[np.float32], NDArray[np.float32], Floats]:
    """Give WM and GM probability in the brain's box, with the box's (4, 4) frame from voxel."""
    brain = np.asarray(anatomy.brain_mask.data) > 0
    if not brain.any():
        raise QualityError("the brain mask is empty; check the anatomical segmentation")
    box = tuple(
        slice(max(0, s.start - 4), s.stop + 4)
        for s in ndimage.find_objects(brain.astype(np.uint8))[0]
    )
    inside = brain[box]
    white = np.where(inside, anatomy.probability.data[..., 0][box], 0).astype(np.float32)
    gray = np.where(inside, anatomy.probability.data[..., 1][box], 0).astype(np.float32)
    shift = np.eye(4)
    shift[:3, 3] = [s.start for s in box]
    return white, gray, np.asarray(anatomy.probability.frame_from_voxel, np.float64) @ shift


def _crossings(white: NDArray[np.float32]) -> Floats:
    """Give voxel positions (M, 3), between neighbours, where ``white`` crosses one half."""
    found = []
    for axis in range(3):
        low = np.moveaxis(white, axis, 0)[:-1]
        high = np.moveaxis(white, axis, 0)[1:]
        index = np.argwhere((low > 0.5) != (high > 0.5))
        a, b = low[tuple(index.T)], high[tuple(index.T)]
        at = np.empty((len(index), 3))
        at[:, [axis, *(other for other in range(3) if other != axis)]] = index
        at[:, axis] += (0.5 - a) / (b - a)
        found.append(at)
    return np.concatenate(found)


def _outward(white: NDArray[np.float32], frame_from_voxel: Floats, at: Floats) -> Floats:
    """Give unit vectors (M, 3), in mm axes, down the slope of ``white``."""
    voxel = np.eye(4)
    steps = np.eye(3) * 0.7
    slope = np.stack(
        [sample_linear(white, voxel, at + s) - sample_linear(white, voxel, at - s) for s in steps],
        axis=1,
    )
    normal = -np.nan_to_num(slope) @ np.linalg.inv(frame_from_voxel[:3, :3])
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12))
