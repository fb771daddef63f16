"""Volumes as ITK images and back: ITK counts x to the left and y to the back, we do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume

__all__ = ["coarsened", "displacements_from_itk", "itk_from_volume", "matrix_from_itk"]

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def itk_from_volume(volume: Volume) -> Any:
    """Give the volume as a float32 ITK image in the same place of the world.

    Not-a-number voxels become 0; `register_linear` and `register_deformable` mask them beforehand.

    Raises
    ------
    InputError
        The volume is not 3-D or its axes are sheared, which an ITK image cannot hold.
    """
    import SimpleITK as sitk  # noqa: N813

    if volume.data.ndim != 3:
        raise InputError(f"one 3-D image is needed, given shape {volume.data.shape}")
    lps_from_voxel = LPS_FROM_RAS @ volume.frame_from_voxel
    spacing = np.linalg.norm(lps_from_voxel[:3, :3], axis=0)
    direction = lps_from_voxel[:3, :3] / spacing
    if not np.allclose(direction.T @ direction, np.eye(3), atol=2e-3):
        raise InputError(
            "the voxel axes of the image are not at right angles; resample it on a "
            "rectangular grid first"
        )
    left, _, right = np.linalg.svd(direction)
    data = np.nan_to_num(np.asarray(volume.data, dtype=np.float32))
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    image.SetSpacing(spacing.tolist())
    image.SetDirection((left @ right).ravel().tolist())
    image.SetOrigin(lps_from_voxel[:3, 3].tolist())
    return image


def matrix_from_itk(image: Any) -> NDArray[np.float64]:
    """Give the (4, 4) RAS millimetres from voxel index of an ITK image."""
    lps_from_voxel = np.eye(4)
    lps_from_voxel[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    lps_from_voxel[:3, 3] = image.GetOrigin()
    return LPS_FROM_RAS @ lps_from_voxel


def displacements_from_itk(image: Any) -> NDArray[np.float32]:
    """Give an ITK displacement image as (X, Y, Z, 3) RAS millimetres."""
    import SimpleITK as sitk  # noqa: N813

    lps = sitk.GetArrayFromImage(image).transpose(2, 1, 0, 3)
    return np.ascontiguousarray(lps * np.array([-1, -1, 1], dtype=np.float32), dtype=np.float32)


def coarsened(image: Any, voxel_mm: float) -> Any:
    """Give the image averaged over whole blocks of voxels, at most ``voxel_mm`` wide."""
    import SimpleITK as sitk  # noqa: N813

    factors = [max(1, int(voxel_mm / s + 0.1)) for s in image.GetSpacing()]
    return image if max(factors) == 1 else sitk.BinShrink(image, factors)
