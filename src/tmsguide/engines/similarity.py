"""How much two placed images tell about each other, whatever their contrasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Affine, Volume

__all__ = ["shared_information"]

BINS = 32
SAMPLES = 60_000


def shared_information(fixed: Volume, moving: Volume, fixed_from_moving: Affine) -> float:
    """Give the normalised mutual information of two placed images, less one.

    0 means that they tell nothing about each other, 1 that either tells all about the other.
    Places outside the moving image count as its lowest value, so a start that slides the
    images apart scores low. Not-a-number voxels of ``fixed`` are left out.

    References
    ----------
    Studholme 1999, An overlap invariant entropy measure. DOI 10.1016/S0031-3203(98)00091-0.
    """
    step = max(1, round((fixed.data.size / SAMPLES) ** (1 / 3)))
    index = np.stack(
        np.meshgrid(*[np.arange(step // 2, n, step) for n in fixed.data.shape], indexing="ij"), -1
    ).reshape(-1, 3)
    a = np.asarray(fixed.data[tuple(index.T)], dtype=np.float64)
    index, a = index[np.isfinite(a)], a[np.isfinite(a)]
    moving_voxel_from_fixed_voxel = (
        np.linalg.inv(moving.frame_from_voxel)
        @ fixed_from_moving.inverse().matrix
        @ fixed.frame_from_voxel
    )
    at = index @ moving_voxel_from_fixed_voxel[:3, :3].T + moving_voxel_from_fixed_voxel[:3, 3]
    data = np.nan_to_num(np.asarray(moving.data, dtype=np.float32))
    b = ndimage.map_coordinates(data, at.T, order=1, mode="constant", cval=float(data.min()))
    joint = np.histogram2d(_binned(a), _binned(b), bins=BINS, range=[[0, BINS]] * 2)[0]
    joint /= joint.sum()
    return float((_entropy(joint.sum(0)) + _entropy(joint.sum(1))) / _entropy(joint) - 1)


def _binned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(values, [0.5, 99.5])
    return np.asarray(np.clip((values - low) / max(high - low, 1e-12) * BINS, 0, BINS - 1e-6))


def _entropy(p: NDArray[np.float64]) -> float:
    p = p[p > 0]
    return max(float(-(p * np.log(p)).sum()), 1e-12)
