"""The head against the background, and the part of the image that is worth keeping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import QualityError
from tmsguide.head.grid import block_mean, boxed, fine_grid, regridded, upright
from tmsguide.model import Frame, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["brightest_brain", "crop_to_head", "head_mask", "largest"]

BELOW_VERTEX_MM = 190.0  # vertex to below the foramen magnum in large adult heads (about 160 mm)
MARGIN_MM = 10.0
WORK_MM = 2.0
CLOSING_MM = 8.0
OPENING_MM = 3.0  # parts ghosts and head phones from the head once it is solid
SPECK_MM3 = 2000.0
SKIN_MM = (1.0, 4.5)  # depth at which the brightness of the skin is read
NEAR_MM = 6.0
DEEP_MM = 28.0  # under scalp, skull and cortex
_NOWHERE = Frame("voxels")
UPPER_MM = 110.0  # from the vertex: brain only at that depth


def head_mask(image: Volume) -> NDArray[np.bool_]:
    """Give the closed region of the head in an upright T1w image whose background is dark.

    What stands out by a twelfth of the way from the background's noise to the bright tissue, low
    enough for the fat-suppressed scalp, is solid on 2 mm voxels, holes and clefts filled; the
    skin then lies half way between the background and its own brightness nearby.

    Raises
    ------
    QualityError
        Nothing stands out from the background.
    """
    voxel_mm = float(image.voxel_mm.mean())
    smooth = ndimage.gaussian_filter(np.asarray(image.data, dtype=np.float32), 0.8 / voxel_mm)
    background, bright = _background(smooth), float(np.percentile(smooth[::3, ::3, ::3], 99))
    if not bright > 2 * background:
        raise QualityError(
            f"no head stands out: background {background:.3g}, bright tissue {bright:.3g}. Check "
            "that this is a T1w image of a head that is not masked, empty or scaled to nothing"
        )
    fine = smooth > background + (bright - background) / 12
    factor = max(1, round(WORK_MM / voxel_mm))
    coarse = block_mean(Volume(fine, image.frame_from_voxel, image.frame), factor).data > 0.5
    step = factor * voxel_mm
    coarse = filled(_without_specks(coarse, SPECK_MM3 / step**3), CLOSING_MM / step)
    coarse = largest(_opened(coarse, OPENING_MM / step))
    outline = _spread(coarse, factor, fine.shape)
    # the coarse outline decides what is inside, the fine threshold where the skin lies
    fine &= smooth > _half_way(smooth, coarse, background, factor=factor, step_mm=step)
    return np.asarray((outline > 0.95) | (fine & (outline > 0.05)))


def _half_way(
    smooth: NDArray[np.float32],
    coarse: NDArray[np.bool_],
    background: float,
    *,
    factor: int,
    step_mm: float,
) -> NDArray[np.float32]:
    """Give the grey half way from the background to the skin nearby: there its border lies."""
    cube = Volume(smooth, np.eye(4), _NOWHERE)
    depth = ndimage.distance_transform_edt(coarse) * step_mm
    skin = ((depth > SKIN_MM[0]) & (depth < SKIN_MM[1])).astype(np.float32)
    near = NEAR_MM / step_mm
    weight = ndimage.gaussian_filter(skin, near) + 1e-6
    level = (
        ndimage.gaussian_filter(np.asarray(block_mean(cube, factor).data) * skin, near) / weight
    )
    level = np.where(weight > 1e-3, level, 0)
    return _spread(background + 0.5 * np.maximum(level - background, 0), factor, smooth.shape)


def _spread(
    coarse: NDArray[np.generic], factor: int, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Give a coarse grid on the fine one that it was the block mean of."""
    fine = ndimage.zoom(coarse.astype(np.float32), factor, order=1, grid_mode=True, mode="nearest")
    pad = [(0, n - m) for n, m in zip(shape, fine.shape, strict=True)]
    return np.asarray(np.pad(fine, pad, mode="edge"), dtype=np.float32)


def crop_to_head(t1w: Volume, label_mm: float) -> tuple[Volume, NDArray[np.bool_], bool]:
    """Give the T1w on its label grid, cut below the skull base; the head; whether it is cut.

    The grid keeps the axes of the image (reordered to right, front, up) with cubic voxels of
    ``label_mm``; an image that has such voxels already is not resampled. The last value tells
    whether the vault touches the edge of the image.
    """
    image = upright(t1w)
    if np.abs(image.voxel_mm - label_mm).max() > 0.02 * label_mm:
        image = regridded(image, *fine_grid(image, label_mm))
    data = np.maximum(np.nan_to_num(np.asarray(image.data, dtype=np.float32)), 0)
    image = Volume(data, image.frame_from_voxel, image.frame)
    mask = head_mask(image)
    low, high = _box(mask, label_mm)
    edge = max(1, round(2.0 / label_mm))
    upper = mask[:, :, high[2] - round((MARGIN_MM + 90.0) / label_mm) :]
    touches = bool(mask[:, :, -edge:].any() or upper[:, :edge].any() or upper[:, -edge:].any())
    inside = boxed(Volume(mask, image.frame_from_voxel, image.frame), low, high)
    return boxed(image, low, high), np.asarray(inside.data), touches


def brightest_brain(image: Volume, head: NDArray[np.bool_]) -> float:
    """Give the grey value of white matter, guessed from what lies deep under the vertex."""
    voxel_mm = float(image.voxel_mm.mean())
    step = max(1, round(4.0 / voxel_mm))
    some = (slice(None, None, step),) * 3
    deep = ndimage.distance_transform_edt(np.pad(head[some], ((1, 1), (1, 1), (0, 1))))
    deep = deep[1:-1, 1:-1, :-1] * step * voxel_mm > DEEP_MM
    top = int(np.flatnonzero(head.any((0, 1)))[-1])
    deep[:, :, : max(0, round((top - UPPER_MM / voxel_mm) / step))] = False
    values = np.asarray(image.data[some])[deep]
    return float(np.percentile(values if len(values) > 100 else image.data[head], 95))


def largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the largest face-connected part of a mask."""
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def filled(mask: NDArray[np.bool_], radius_vox: float) -> NDArray[np.bool_]:
    """Give the mask closed with a ball and without holes; its foot counts as closed below."""
    room = int(np.ceil(radius_vox)) + 1
    wide = np.pad(mask, room, mode="constant")
    wide[:, :, :room] = wide[:, :, room : room + 1]
    grown = ndimage.distance_transform_edt(~wide) < radius_vox
    closed = ndimage.distance_transform_edt(grown) > radius_vox
    closed |= wide
    closed = closed[room:-room, room:-room, room:-room]
    for k in range(closed.shape[2]):
        closed[:, :, k] = ndimage.binary_fill_holes(closed[:, :, k])
    return np.asarray(ndimage.binary_fill_holes(closed))


def _opened(mask: NDArray[np.bool_], radius_vox: float) -> NDArray[np.bool_]:
    core = ndimage.distance_transform_edt(mask) > radius_vox
    return np.asarray(mask & (ndimage.distance_transform_edt(~core) < radius_vox + 1))


def _without_specks(mask: NDArray[np.bool_], least_vox: float) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(mask)
    keep = np.bincount(parts.ravel()) >= least_vox
    keep[0] = False
    return np.asarray(keep[parts])


def _background(data: NDArray[np.float32]) -> float:
    """Give the upper end of the background's noise: the corner blocks without the brightest."""
    edge = [max(2, n // 8) for n in data.shape]
    ends = [(slice(0, e), slice(-e, None)) for e in edge]
    corners = [
        float(np.percentile(data[x, y, z], 95)) for x in ends[0] for y in ends[1] for z in ends[2]
    ]
    return float(np.sort(corners)[: len(corners) // 2 + 1].max())


def _box(mask: NDArray[np.bool_], voxel_mm: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the voxel box of the head from its vertex to below the skull base, with a margin."""
    area = mask.sum((0, 1)) * voxel_mm**2
    top = int(np.flatnonzero(area > 100.0)[-1])  # 1 cm2: not a wisp of hair or a pad
    bottom = max(0, top - round(BELOW_VERTEX_MM / voxel_mm))
    kept = np.argwhere(mask[:, :, bottom : top + 1].any(2))
    margin = round(MARGIN_MM / voxel_mm)
    low = np.array([kept[0].min(), 0, bottom + margin])
    low[:2] = kept.min(0)
    high = np.array([0, 0, top + 1])
    high[:2] = kept.max(0) + 1
    return low - margin, high + margin
