"""What a generated resting scan holds beside its networks: noise in space, as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.phantom.rest_brain import RestBrain
    from tmsguide.phantom.rest_settings import RestSettings

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]

__all__ = ["local_noise", "remainder", "thermal_noise"]

_LOCAL_MM = 7.0  # lattice of the local neural noise: correlated over about a centimetre
_FWHM = 2.3548


def thermal_noise(brain: RestBrain, settings: RestSettings) -> csr_array:
    """Smooth white noise of the grid (N, N), scaled to what acquired voxels leave in the band."""
    xyz = brain.where_mni.xyz_mm
    sd_mm = settings.fwhm_mm / _FWHM
    pairs = cKDTree(xyz).query_pairs(3 * sd_mm, output_type="ndarray")
    weight = np.exp(-np.sum((xyz[pairs[:, 0]] - xyz[pairs[:, 1]]) ** 2, axis=1) / (2 * sd_mm**2))
    own = np.arange(len(xyz))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    values = np.concatenate([weight, weight, np.ones(len(xyz))])
    kernel = coo_array((values, (rows, columns)), shape=(len(xyz), len(xyz))).tocsr()
    norm = np.sqrt(np.asarray(kernel.multiply(kernel).sum(axis=1)).ravel())
    averaged = np.sqrt(min(1.0, settings.voxel_mm**3 / (2 * np.sqrt(np.pi) * sd_mm) ** 3))
    in_band = np.sqrt(min(1.0, 2 * (settings.high_hz - settings.low_hz) * settings.tr_s))
    size = 100 / brain.tsnr * averaged * in_band / norm
    return csr_array(kernel.multiply(size[:, None])).astype(np.float32)


def local_noise(xyz: Floats) -> csr_array:
    """Trilinear weights (N, L) of unit power on the nodes of a coarse lattice."""
    at = xyz / _LOCAL_MM
    low = np.floor(at).astype(np.int64)
    part, low = at - low, low - low.min(axis=0)
    size = tuple(low.max(axis=0) + 2)
    columns, weights = [], []
    for corner in np.ndindex(2, 2, 2):
        columns.append(np.ravel_multi_index(tuple((low + corner).T), size))
        weights.append(np.prod(np.where(corner, part, 1 - part), axis=1))
    share = np.stack(weights, axis=1)
    share /= np.linalg.norm(share, axis=1, keepdims=True)
    used, packed = np.unique(np.stack(columns, axis=1), return_inverse=True)
    starts = np.arange(len(xyz) + 1) * 8
    return csr_array(
        (share.astype(np.float32).ravel(), packed.ravel(), starts), shape=(len(xyz), len(used))
    )


def remainder(rng: np.random.Generator, xyz: Floats, settings: RestSettings) -> Grid:
    """Give smooth maps (N, 4) of what regression leaves of movement and pulse."""
    spots = xyz[rng.integers(len(xyz), size=(4, 10))]
    signs = rng.choice([-1.0, 1.0], (4, 10))
    away = ((xyz[:, None, None] - spots) ** 2).sum(axis=3)
    maps = (signs * np.exp(away / (-2 * 25.0**2))).sum(axis=2)
    maps *= settings.remainder_percent / 2 / np.sqrt(np.mean(maps**2, axis=0))
    return np.asarray(maps, dtype=np.float32)
