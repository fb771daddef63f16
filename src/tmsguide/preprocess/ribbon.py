"""Series from cortical surfaces onto the grey matter of the analysis grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.preprocess.grids import BrainGrid

__all__ = ["series_on_grid"]

#: Places that a voxel may draw on.
_NEIGHBOURS = 4
#: Width of the weight over the distance beyond the nearest place: the far bank of a sulcus, 1.5 mm
#: farther than a voxel's own, weighs a hundredth. Noise is for the smoothing to come.
_SIGMA_MM = 0.5
#: Fewer of the places in grey matter than this, or this much more after a shift of 4 mm: the
#: surface lies in another head or space. fsaverage in MNI has .73 (-.05 after the best shift);
#: moved by 2 to 30 mm it has .67 to .38 (+.03 to +.14).
_LEAST_LAID, _BETTER_BY, _SHIFT_MM = 0.4, 0.02, 4.0


def series_on_grid(
    series: NDArray[np.float32], where: Points, grid: BrainGrid, *, reach_mm: float = 3.0
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give (series (T, M), seen (M,)) of the M voxels of the grid from ``series`` (T, N).

    A grey-matter voxel takes the weighted mean of the up to four places within ``reach_mm``, the
    nearest weighing most. Voxels of other tissue, and grey matter that no place reaches, are
    ``seen`` False and zero.

    Raises
    ------
    FrameError
        The places are in another frame than the grid.
    InputError
        Not one column per place, or a reach that is no length.
    QualityError
        The places do not follow this grey matter: another person, or another space.
    """
    if where.frame != grid.frame:
        raise FrameError(
            f"the series lie in {where.frame.name}, the grid in {grid.frame.name}; bring them "
            "there first"
        )
    if series.ndim != 2 or series.shape[1] != len(where):
        raise InputError(
            f"series of shape {series.shape} for {len(where)} places; needed one column per place"
        )
    if not 0 < reach_mm <= 10:
        raise InputError(f"reach_mm is {reach_mm:g}; needed above 0, at most 10 mm")
    grey = grid.of_tissue(Tissue.GM)
    _check_laid(where, grid, grey)
    weights = _weights(where.xyz_mm, grid.places.xyz_mm[grey], reach_mm)
    reached = np.diff(weights.indptr) > 0
    seen = np.zeros(len(grey), np.bool_)
    seen[np.flatnonzero(grey)[reached]] = True
    out = np.zeros((len(series), len(grey)), np.float32)
    out[:, seen] = (weights[reached] @ series.T).T
    return out, seen


def _weights(
    places: NDArray[np.float64], voxels: NDArray[np.float64], reach_mm: float
) -> sparse.csr_matrix:
    """Give the (voxels, places) matrix whose rows sum to one, or are empty out of reach."""
    count = min(_NEIGHBOURS, len(places))
    tree = cKDTree(places)
    distance, index = tree.query(voxels, k=count, distance_upper_bound=reach_mm)
    distance, index = distance.reshape(len(voxels), count), index.reshape(len(voxels), count)
    near = np.isfinite(distance)
    beyond = np.where(near, distance, np.inf) - distance[:, :1].clip(max=reach_mm)
    weight = np.where(near, np.exp(-0.5 * np.where(near, beyond / _SIGMA_MM, 0) ** 2), 0)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    row = np.repeat(np.arange(len(voxels)), near.sum(axis=1))
    return sparse.csr_matrix(
        (weight[near].astype(np.float32), (row, index[near])), shape=(len(voxels), len(places))
    )


def _check_laid(where: Points, grid: BrainGrid, grey: NDArray[np.bool_]) -> None:
    """Refuse places that grey matter does not hold, or would hold better a little farther on."""
    box = grid.volume(grey) > 0
    laid = _share_inside(where.xyz_mm, grid, box)
    shifts = [sign * axis for axis in np.eye(3) * _SHIFT_MM for sign in (-1.0, 1.0)]
    shares = [_share_inside(where.xyz_mm + shift, grid, box) for shift in shifts]
    best = int(np.argmax(shares))
    if laid >= _LEAST_LAID and shares[best] - laid <= _BETTER_BY:
        return
    raise QualityError(
        f"{laid:.0%} of the surface lie in this person's grey matter, {shares[best]:.0%} after a "
        f"shift of ({', '.join(f'{s:g}' for s in shifts[best])}) mm: it is drawn in another "
        "space or of another person; check that surface and T1w belong together"
    )


def _share_inside(xyz_mm: NDArray[np.float64], grid: BrainGrid, box: NDArray[np.bool_]) -> float:
    voxel = np.linalg.inv(grid.frame_from_voxel)
    at = np.rint(xyz_mm @ voxel[:3, :3].T + voxel[:3, 3]).astype(np.int64)
    held = ((at >= 0) & (at < box.shape)).all(axis=1)
    return float(box[tuple(at[held].T)].sum() / len(at))
