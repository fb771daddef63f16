"""How coarse a head's mesh may be where: fine from scalp to cortex, coarse far from the brain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Labels = NDArray[np.uint8]
    Doublings = NDArray[np.int8]

__all__ = ["Box", "Focus", "allowed_doublings", "lattice_box"]

_OVER_BRAIN_MM = 28.0  # scalp, skull and CSF over the brain together; more lies under its base
_POOL = 2  # voxels: distances are taken on a grid so much coarser, which is eight times quicker


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """Where alone a mesh is to be as fine as it can be: within ``radius_mm`` of points (N, 3)."""

    points_mm: Floats
    radius_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """``shape`` cubes of side ``step_mm`` from ``origin_mm`` (3,), along the frame's axes."""

    origin_mm: Floats
    step_mm: float
    shape: tuple[int, int, int]

    def centres_mm(self) -> Floats:
        """Centres of the cubes (C, 3), last axis fastest."""
        index = np.indices(self.shape).reshape(3, -1).T
        return np.asarray(self.origin_mm + self.step_mm * (index + 0.5))

    def sampled(
        self, grid: NDArray[Any], frame_from_grid: Floats, *, outside: int
    ) -> NDArray[Any]:
        """Give the nearest value of a grid at each cube's centre."""
        grid_from_frame = np.linalg.inv(frame_from_grid)
        matrix = self.step_mm * grid_from_frame[:3, :3]
        first = self.origin_mm + 0.5 * self.step_mm
        offset = grid_from_frame[:3, :3] @ first + grid_from_frame[:3, 3]
        out: NDArray[Any] = ndimage.affine_transform(
            grid, matrix, offset, output_shape=self.shape, order=0, mode="constant", cval=outside
        )
        return out


def lattice_box(shape: tuple[int, ...], frame_from_voxel: Floats, step_mm: float, top: int) -> Box:
    """Give the cubes that cover a voxel grid with a rim of one cube of side step times 2^top.

    Corners lie on whole multiples of that largest side, so air added round a head changes nothing.
    """
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in shape]), axis=-1).reshape(-1, 3)
    at = corners @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3]
    largest = step_mm * (1 << top)
    first = np.floor(at.min(axis=0) / largest).astype(np.int64) - 1
    last = np.ceil(at.max(axis=0) / largest).astype(np.int64) + 1
    x, y, z = ((last - first) << top).tolist()
    return Box(first * largest, step_mm, (x, y, z))


def allowed_doublings(
    tissue: Labels, frame_from_voxel: Floats, box: Box, *, top: int, focus: Focus | None
) -> Doublings:
    """Give, for each cube of ``box``, how often its side may be doubled, 0 to ``top``.

    Not at all where CSF is one voxel thin; once in the rest of the cortex, at every border of
    white matter, grey matter and CSF, round the eyes, and from the cortex to the skin over it;
    twice at the other borders; ``top`` times in deep white matter and within face and neck.
    Beyond a ``focus`` twice at least, everywhere.
    """
    low, high = _pooled(tissue, np.minimum), _pooled(tissue, np.maximum)
    pooled_mm = _POOL * np.linalg.norm(frame_from_voxel[:3, :3], axis=0)
    wide = [2 * int(np.ceil(2 * box.step_mm / mm)) + 1 for mm in pooled_mm]
    border = low != high
    grey = _pooled(tissue == Tissue.GM, np.maximum)
    within_brain = border & (low >= Tissue.WM) & (high <= Tissue.CSF)
    eyes = border & _pooled(tissue == Tissue.EYE, np.maximum)
    fine = grey | within_brain | eyes | _over_brain(grey, high > 0, pooled_mm)
    allowed = np.where(ndimage.maximum_filter(border, wide), min(2, top), top).astype(np.int8)
    allowed[ndimage.maximum_filter(fine, wide)] = 1
    frame_from_pooled = frame_from_voxel @ np.diag([_POOL, _POOL, _POOL, 1.0])
    frame_from_pooled[:3, 3] += frame_from_voxel[:3, :3] @ np.full(3, (_POOL - 1) / 2)
    out: Doublings = box.sampled(allowed, frame_from_pooled, outside=top)
    if focus is not None:
        away, _ = cKDTree(focus.points_mm).query(
            box.centres_mm(), distance_upper_bound=focus.radius_mm
        )
        far = np.isinf(away).reshape(box.shape)
        out[far] = np.maximum(out[far], min(2, top))
    thin_here = box.sampled(_thin(tissue), frame_from_voxel, outside=0) > 0
    out[thin_here & (out <= 1)] = 0
    return out


def _thin(tissue: Labels) -> NDArray[np.uint8]:
    """Mark CSF that is one voxel thin along some axis."""
    out = np.zeros(tissue.shape, dtype=np.uint8)
    for axis in range(3):
        label, mark = np.moveaxis(tissue, axis, 0), np.moveaxis(out, axis, 0)
        here = label[1:-1]
        mark[1:-1] |= (here == Tissue.CSF) & (label[:-2] != here) & (label[2:] != here)
    return out


def _over_brain(grey: Bools, head: Bools, voxel_mm: Floats) -> Bools:
    """Tell what lies on a short way from grey matter to the air outside the head."""
    air, _ = ndimage.label(~head)
    outside = air == air[0, 0, 0]
    to_grey, to_air = (
        ndimage.distance_transform_edt(~place, sampling=voxel_mm) for place in (grey, outside)
    )
    return np.asarray(head & (to_grey + to_air < _OVER_BRAIN_MM))


def _pooled(grid: NDArray[Any], join: np.ufunc) -> NDArray[Any]:
    """Join the values of each block of ``_POOL`` voxels a side."""
    padded = np.pad(grid, [(0, -n % _POOL) for n in grid.shape])
    blocks = padded.reshape([v for n in padded.shape for v in (n // _POOL, _POOL)])
    return np.asarray(join.reduce(blocks, axis=(1, 3, 5)))
