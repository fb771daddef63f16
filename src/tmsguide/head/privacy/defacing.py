"""The face taken out of what leaves the house; brain and the scalp under any coil stay whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI, Points, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy

    Floats = NDArray[np.float64]

__all__ = ["deface_mask", "defaced", "defaced_anatomy"]

# Places on an average head, MNI mm. Inion as in the SimNIBS table of fiducials (verified there);
# glabella: 15 mm above its nasion (0, 82.9, -43) along the brow, by our own eye.
GLABELLA_MNI_MM = (0.0, 86.0, -28.0)
INION_MNI_MM = (0.0, -116.2, -30.5)
# The cut behind the face runs left to right through these two, chosen by us: behind the eyeballs
# just under the brow, and before the jaw's angle at the height of the chin.
BEHIND_EYES_MNI_MM = (0.0, 52.0, -28.0)
BEHIND_CHIN_MNI_MM = (0.0, 6.0, -105.0)
# Outer part of the ears (own choice): beyond this far from the middle, between these y.
EAR_X_MM, EAR_Y_MM = 76.0, (-60.0, 5.0)
KEEP_MM = 5.0


def deface_mask(
    anatomy: Anatomy,
    t1w_from_mni: Callable[[Points], Points],
    *,
    like: Volume | None = None,
    keep_mm: float = KEEP_MM,
    ears: bool = False,
) -> Volume:
    """Give which voxels to blank so that no face is left, bool, on the grid of ``like``.

    Blanked is what lies below the plane through glabella and inion and in front of a plane behind
    eyes and chin, the air there included, and with ``ears`` their outer part. Never blanked:
    anything within ``keep_mm`` of the brain mask, or above the plane through glabella and inion,
    where coils sit. Without ``like`` the grid is that of the anatomy.

    Raises
    ------
    FrameError
        ``t1w_from_mni`` or ``like`` does not belong to the anatomy's frame.
    """
    like = like or anatomy.t1w
    for frame in (like.frame, t1w_from_mni(Points(np.zeros((1, 3)), MNI)).frame):
        if frame != anatomy.t1w.frame:
            raise FrameError(
                f"the mask is wanted in {frame.name}, the anatomy lies in "
                f"{anatomy.t1w.frame.name}; give both of one person"
            )
    shape = like.data.shape[:3]
    mni_from_voxel = _mni_from_t1w(t1w_from_mni) @ like.frame_from_voxel
    below = _level(_plane(INION_MNI_MM, GLABELLA_MNI_MM), mni_from_voxel, shape) < 0
    face = _level(_plane(BEHIND_CHIN_MNI_MM, BEHIND_EYES_MNI_MM), mni_from_voxel, shape) < 0
    if ears:
        face |= _ears(mni_from_voxel, shape)
    return Volume(
        face & below & ~_near_brain(anatomy.brain_mask, like, keep_mm),
        np.array(like.frame_from_voxel),
        like.frame,
    )


def defaced(volume: Volume, mask: Volume, *, rng: np.random.Generator | None = None) -> Volume:
    """Give a 3-D image with the masked voxels blanked, of the same type.

    They become 0 or, with ``rng``, are drawn from the image's own background (its four darkest
    corners), which leaves no sharp black shape.

    Raises
    ------
    GeometryError
        Image and mask lie on different grids: make the mask with ``like=volume``.
    """
    same = volume.data.shape == mask.data.shape and np.allclose(
        volume.frame_from_voxel, mask.frame_from_voxel, atol=1e-4
    )
    if not same or volume.frame != mask.frame:
        raise GeometryError(
            f"the image has {volume.data.shape} voxels in {volume.frame.name}, the mask "
            f"{mask.data.shape} in {mask.frame.name}; make the mask with like= this image"
        )
    data = np.array(volume.data)
    blank = np.asarray(mask.data, dtype=np.bool_)
    if rng is None:
        data[blank] = 0
    else:
        data[blank] = rng.choice(_background(data, blank), size=int(blank.sum()))
    return Volume(data, volume.frame_from_voxel, volume.frame)


def defaced_anatomy(anatomy: Anatomy, mask: Volume) -> Anatomy:
    """Give the anatomy with T1w, labels and probabilities blanked: to be shown, not planned on."""
    probability = np.array(anatomy.probability.data)
    probability[np.asarray(mask.data, dtype=np.bool_)] = 0
    return replace(
        anatomy,
        t1w=defaced(anatomy.t1w, mask),
        labels=defaced(anatomy.labels, mask),
        probability=replace(anatomy.probability, data=probability),
    )


def _mni_from_t1w(t1w_from_mni: Callable[[Points], Points]) -> Floats:
    """Give the affine (4, 4) nearest to the map's inverse, over the lower front of the head.

    A plane stays a plane, and folds of the map near the face (which nothing steers) do no harm.
    """
    spans = (np.linspace(-70, 70, 5), np.linspace(-110, 90, 6), np.linspace(-90, 40, 5))
    mni = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    native = t1w_from_mni(Points(mni, MNI)).xyz_mm
    with_one = np.column_stack([native, np.ones(len(native))])
    matrix = np.eye(4)
    matrix[:3] = np.linalg.lstsq(with_one, mni, rcond=None)[0].T
    return matrix


def _plane(low: tuple[float, float, float], high: tuple[float, float, float]) -> Floats:
    """Give (4,) normal and offset of the plane through two places and the left-right axis.

    The level is negative below a plane that runs forward from ``low`` to ``high``, and in front
    of one that rises from ``low`` to ``high``.
    """
    normal = np.cross([1.0, 0.0, 0.0], np.asarray(high) - np.asarray(low))
    normal /= np.linalg.norm(normal)
    return np.append(normal, -normal @ np.asarray(low))


def _level(plane: Floats, mni_from_voxel: Floats, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Give the level of a plane at every voxel: linear in the index, so a sum of three rulers."""
    a, b, c, offset = plane @ mni_from_voxel
    i, j, k = (np.arange(n, dtype=np.float32) for n in shape)
    rulers = (a * i)[:, None, None] + (b * j)[None, :, None] + (c * k + offset)[None, None, :]
    return np.asarray(rulers, dtype=np.float32)


def _ears(mni_from_voxel: Floats, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    x = _level(np.array([1.0, 0, 0, 0]), mni_from_voxel, shape)
    y = _level(np.array([0, 1.0, 0, 0]), mni_from_voxel, shape)
    return np.asarray((np.abs(x) > EAR_X_MM) & (y > EAR_Y_MM[0]) & (y < EAR_Y_MM[1]))


def _near_brain(brain: Volume, like: Volume, keep_mm: float) -> NDArray[np.bool_]:
    """Give the voxels of ``like`` within ``keep_mm`` of the brain mask, and a voxel more."""
    away = ndimage.distance_transform_edt(
        ~np.asarray(brain.data, dtype=np.bool_), sampling=brain.voxel_mm
    )
    spare = float(np.linalg.norm(brain.voxel_mm) + np.linalg.norm(like.voxel_mm)) / 2
    near = (away <= keep_mm + spare).astype(np.uint8)
    to = np.linalg.inv(brain.frame_from_voxel) @ like.frame_from_voxel
    there = ndimage.affine_transform(
        near,
        to[:3, :3],
        to[:3, 3],
        output_shape=like.data.shape[:3],
        order=0,
        mode="grid-constant",
    )
    return np.asarray(there > 0)


def _background(data: NDArray[np.generic], blank: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Give the values of the four darkest of eight corners, blanked voxels left out."""
    side = [max(2, n // 10) for n in data.shape]
    corners = []
    for ends in np.ndindex(2, 2, 2):
        box = tuple(
            slice(n - s, n) if end else slice(0, s)
            for end, n, s in zip(ends, data.shape, side, strict=True)
        )
        values = data[box][~blank[box]]
        if values.size:
            corners.append(values)
    if not corners:
        raise GeometryError("every corner of the image is to be blanked; blank with 0 instead")
    corners.sort(key=lambda values: float(np.mean(values.astype(np.float64))))
    return np.concatenate(corners[:4])
