"""N4 bias correction by SimpleITK."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.engines.itk import coarsened, itk_from_volume
from tmsguide.errors import EngineError, QualityError

if TYPE_CHECKING:
    from tmsguide.model import Volume

__all__ = ["correct_bias"]

WORK_MM = 5.0  # the bias field is smooth over centimetres, so it is estimated on coarse voxels
ITERATIONS = (30, 25, 15)


def correct_bias(image: Volume, mask: Volume) -> Volume:
    """Give the image divided by its smooth receive bias (N4).

    Parameters
    ----------
    image
        3-D; values below zero are treated as zero.
    mask
        True where the field is estimated; same grid as ``image``.

    Returns
    -------
    Volume
        float32, same grid; the mean inside the mask is kept.

    Raises
    ------
    QualityError
        The mask is empty or lies on another grid.
    EngineError
        N4 failed; its words are in the message.

    References
    ----------
    Tustison 2010, N4ITK: improved N3 bias correction. DOI 10.1109/TMI.2010.2046908.
    """
    import SimpleITK as sitk  # noqa: N813

    if mask.data.shape != image.data.shape:
        raise QualityError(
            f"bias mask {mask.data.shape} and image {image.data.shape} differ; "
            "give both on one grid"
        )
    inside = np.asarray(mask.data) > 0
    if inside.sum() < 1000:
        raise QualityError(
            f"the bias mask holds {int(inside.sum())} voxels, too few for a bias field; "
            "check that the image shows a head"
        )
    positive = np.maximum(np.nan_to_num(np.asarray(image.data, dtype=np.float32)), 0)
    full = itk_from_volume(replace(image, data=positive))
    region = itk_from_volume(replace(mask, data=inside.astype(np.float32)))
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(list(ITERATIONS))
    n4.SetNumberOfThreads(2)
    try:
        small = coarsened(region, WORK_MM) > 0.5
        n4.Execute(coarsened(full, WORK_MM), sitk.Cast(small, sitk.sitkUInt8))
        log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(full)).T
    except RuntimeError as err:
        raise EngineError(f"N4 bias correction failed: {err}") from err
    corrected = positive * np.exp(-log_field)
    corrected *= positive[inside].mean() / max(float(corrected[inside].mean()), 1e-12)
    return replace(image, data=corrected.astype(np.float32))
