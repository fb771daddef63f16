"""Grids: where the voxels of one image lie in another, and images moved between grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.model import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Warp

    Floats = NDArray[np.float64]

__all__ = ["block_mean", "boxed", "fine_grid", "regridded", "sampled", "upright", "warped_voxels"]


def upright(volume: Volume) -> Volume:
    """Give the same image with its axes reordered and flipped to run to right, front and up."""
    rotation = volume.frame_from_voxel[:3, :3] / volume.voxel_mm
    order = _axis_order(rotation)
    data = np.transpose(volume.data, order)
    matrix = volume.frame_from_voxel.copy()
    matrix[:, :3] = matrix[:, list(order)]
    for axis in range(3):
        if matrix[axis, axis] < 0:
            data = np.flip(data, axis)
            matrix[:3, 3] += matrix[:3, axis] * (data.shape[axis] - 1)
            matrix[:3, axis] *= -1
    return Volume(data, matrix, volume.frame)


def _axis_order(rotation: Floats) -> tuple[int, ...]:
    """Give the voxel axis closest to each world axis, each used once."""
    left = np.abs(rotation)
    order = [0, 0, 0]
    for _ in range(3):
        world, voxel = np.unravel_index(np.argmax(left), left.shape)
        order[int(world)] = int(voxel)
        left[world, :] = -1
        left[:, voxel] = -1
    return tuple(order)


def fine_grid(volume: Volume, voxel_mm: float) -> tuple[Floats, tuple[int, int, int]]:
    """Give (frame_from_voxel, shape) of cubic voxels over the same box, with the same axes."""
    axes = volume.frame_from_voxel[:3, :3] / volume.voxel_mm
    extent = np.asarray(volume.data.shape[:3]) * volume.voxel_mm
    shape = np.maximum(np.floor(extent / voxel_mm + 1e-6).astype(int), 1)
    start = (extent - shape * voxel_mm) / 2 + (voxel_mm - volume.voxel_mm) / 2
    matrix = np.eye(4)
    matrix[:3, :3] = axes * voxel_mm
    matrix[:3, 3] = volume.frame_from_voxel[:3, 3] + axes @ start
    return matrix, (int(shape[0]), int(shape[1]), int(shape[2]))


def regridded(volume: Volume, frame_from_voxel: Floats, shape: tuple[int, int, int]) -> Volume:
    """Give the image on another grid of the same frame, linear, 0 outside.

    Going coarser, the image is blurred first so that fine noise and edges do not alias.
    """
    old_from_new = np.linalg.inv(volume.frame_from_voxel) @ frame_from_voxel
    ratio = np.linalg.norm(old_from_new[:3, :3], axis=1)
    data = np.asarray(volume.data, dtype=np.float32)
    sigma = np.sqrt(np.maximum(ratio**2 - 1, 0)) * 0.42  # half the width of both voxels' boxes
    if sigma.max() > 0.1:
        data = ndimage.gaussian_filter(data, sigma, truncate=2.5)
    out = ndimage.affine_transform(
        data, old_from_new[:3, :3], old_from_new[:3, 3], output_shape=shape, order=1
    )
    return Volume(out, np.array(frame_from_voxel), volume.frame)


def boxed(volume: Volume, low: NDArray[np.int64], high: NDArray[np.int64]) -> Volume:
    """Give voxels ``low`` up to but not including ``high``, with 0 where the image has none."""
    shape = np.asarray(volume.data.shape)
    take = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, shape, strict=True))
    pad = [(max(-a, 0), max(b - n, 0)) for a, b, n in zip(low, high, shape, strict=True)]
    matrix = volume.frame_from_voxel.copy()
    matrix[:3, 3] += matrix[:3, :3] @ np.asarray(low)
    return Volume(np.pad(volume.data[take], pad), matrix, volume.frame)


def block_mean(volume: Volume, factor: int) -> Volume:
    """Give the image averaged over cubes of ``factor`` voxels; a remainder at the end is lost."""
    if factor == 1:
        return volume
    a, b, c = (n // factor for n in volume.data.shape)
    data = np.asarray(volume.data, dtype=np.float32)[: a * factor, : b * factor, : c * factor]
    data = data.reshape(a, factor, b, factor, c, factor).mean(axis=(1, 3, 5))
    matrix = volume.frame_from_voxel.copy()
    matrix[:3, 3] += matrix[:3, :3] @ np.full(3, (factor - 1) / 2)
    matrix[:3, :3] *= factor
    return Volume(data, matrix, volume.frame)


def warped_voxels(
    other_from_frame: Warp,
    frame_from_voxel: Floats,
    shape: tuple[int, int, int],
    other_voxel_from_other: Floats,
) -> NDArray[np.float32]:
    """Give where each voxel of a grid falls in another image, (3, X, Y, Z) in its voxels.

    The displacements are smooth, so they are brought to the grid by one linear resampling.
    """
    warp_from_voxel = np.linalg.inv(other_from_frame.source_from_voxel) @ frame_from_voxel
    out = np.empty((3, *shape), dtype=np.float32)
    for axis in range(3):
        out[axis] = ndimage.affine_transform(
            np.ascontiguousarray(other_from_frame.displacement_mm[..., axis]),
            warp_from_voxel[:3, :3],
            warp_from_voxel[:3, 3],
            output_shape=shape,
            order=1,
            mode="nearest",
        )
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    m = frame_from_voxel
    for axis in range(3):
        out[axis] += m[axis, 0] * i + m[axis, 1] * j + m[axis, 2] * k + m[axis, 3]
    moved = np.tensordot(other_voxel_from_other[:3, :3].astype(np.float32), out, axes=1)
    moved += other_voxel_from_other[:3, 3, None, None, None].astype(np.float32)
    return moved


def sampled(
    data: NDArray[np.float32], at: NDArray[np.float32], outside: float = 0.0
) -> NDArray[np.float32]:
    """Give linear samples of ``data`` at voxel places (3, ...)."""
    return np.asarray(
        ndimage.map_coordinates(data, at, order=1, mode="constant", cval=outside),
        dtype=np.float32,
    )
