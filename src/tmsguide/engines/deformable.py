"""Smooth invertible registration by local correlation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.engines.greedy import warp_search
from tmsguide.engines.itk import displacements_from_itk, itk_from_volume
from tmsguide.errors import FrameError
from tmsguide.model import Warp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Affine, Volume

__all__ = ["register_deformable"]

ITERATIONS = (60, 40, 15)  # coarse to fine
RADIUS = 2  # voxels of the local correlation patch
SMOOTHING_VOX = (2.0, 0.7)  # of the update and of the whole field
MARGIN_MM = 60.0  # over this way the deformation fades to the affine outside the images
GRID_MM = 3.0


def register_deformable(fixed: Volume, moving: Volume, *, initial: Affine) -> tuple[Warp, Warp]:
    """Give smooth maps (fixed_from_moving, moving_from_fixed) that undo each other.

    The images set the resolution of the search: 2 to 2.5 mm voxels are enough and quick. Voxels
    of ``fixed`` that are not a number are left out of the comparison. Outside the images the
    deformation fades over 60 mm to ``initial``.

    Parameters
    ----------
    fixed, moving
        3-D images of like contrast, each in its own frame.
    initial
        fixed_from_moving, as `register_linear` gives it.

    Raises
    ------
    FrameError
        ``initial`` does not link the frames of the images.
    EngineError
        The engine failed.
    """
    if initial.source != moving.frame or initial.target != fixed.frame:
        raise FrameError(
            f"initial maps {initial.source.name} to {initial.target.name}; needed "
            f"{moving.frame.name} to {fixed.frame.name}"
        )
    moving_from_fixed = initial.inverse().matrix
    images = {"fixed": itk_from_volume(fixed), "moving": itk_from_volume(moving)}
    known = np.isfinite(fixed.data)
    if not known.all():
        images["mask"] = itk_from_volume(replace(fixed, data=known.astype(np.float32)))
    forward, inverse = warp_search(
        images,
        moving_from_fixed,
        iterations=ITERATIONS,
        radius=RADIUS,
        smoothing_vox=SMOOTHING_VOX,
        masked="mask" in images,
    )
    u, v = displacements_from_itk(forward), displacements_from_itk(inverse)
    to_moving = _spread(u, fixed, fixed)
    to_fixed = _spread(v, fixed, moving, initial.matrix)
    return (
        Warp(*to_fixed, source=moving.frame, target=fixed.frame),
        Warp(*_then(to_moving, moving_from_fixed), source=fixed.frame, target=moving.frame),
    )


def _spread(
    field: NDArray[np.float32],
    where: Volume,
    over: Volume,
    where_from_over: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Give the displacements x → A x + field(A x) − x on a wide grid round ``over``.

    ``field`` lies on the grid of ``where``; A is ``where_from_over`` (identity if None).
    """
    affine = np.eye(4) if where_from_over is None else where_from_over
    over_from_grid, shape = _wide_grid(over)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"))
    points = np.einsum("ij,j...->i...", over_from_grid[:3, :3], grid.astype(np.float32))
    points += over_from_grid[:3, 3, None, None, None]
    moved = np.einsum("ij,j...->i...", affine[:3, :3], points) + affine[:3, 3, None, None, None]
    voxel_from_where = np.linalg.inv(where.frame_from_voxel)
    at = np.einsum("ij,j...->i...", voxel_from_where[:3, :3], moved)
    at += voxel_from_where[:3, 3, None, None, None]
    outside = np.maximum(-at, at - (np.asarray(field.shape[:3]) - 1)[:, None, None, None])
    beyond_mm = np.linalg.norm(
        np.maximum(outside, 0) * where.voxel_mm[:, None, None, None], axis=0
    )
    fade = np.clip(1 - beyond_mm / MARGIN_MM, 0, 1)
    sampled = np.stack(
        [
            ndimage.map_coordinates(field[..., k], at, order=1, mode="nearest") * fade
            for k in range(3)
        ]
    )
    displacement = np.moveaxis(moved + sampled - points, 0, -1)
    return np.ascontiguousarray(displacement, dtype=np.float32), over_from_grid


def _then(
    spread: tuple[NDArray[np.float32], NDArray[np.float64]], affine: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Give the displacements of ``affine`` after those given, on the same grid."""
    displacement, frame_from_grid = spread
    grid = np.stack(
        np.meshgrid(*[np.arange(n) for n in displacement.shape[:3]], indexing="ij"), axis=-1
    )
    points = grid @ frame_from_grid[:3, :3].T + frame_from_grid[:3, 3]
    moved = (points + displacement) @ affine[:3, :3].T + affine[:3, 3]
    return (moved - points).astype(np.float32), frame_from_grid


def _wide_grid(volume: Volume) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Give (frame_from_grid, shape) of a world-aligned grid that reaches past the volume."""
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.asarray(volume.data.shape) - 1)
    world = corners @ volume.frame_from_voxel[:3, :3].T + volume.frame_from_voxel[:3, 3]
    low, high = world.min(0) - MARGIN_MM, world.max(0) + MARGIN_MM
    frame_from_grid = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    frame_from_grid[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / GRID_MM).astype(int) + 1)
    return frame_from_grid, shape
