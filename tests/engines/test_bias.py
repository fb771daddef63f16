"""N4 on a planted bias field."""

import numpy as np
import pytest

from tmsguide.engines import correct_bias
from tmsguide.errors import QualityError
from tmsguide.model import Frame, Volume

FRAME = Frame("scan")


def planted():
    shape = (31, 36, 33)
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    inside = x**2 + y**2 + z**2 < 0.9
    tissue = np.where(np.sin(5 * x) * np.cos(4 * y) * np.sin(4.5 * z + 1) > 0, 100.0, 70.0)
    bias = np.exp(0.35 * x - 0.25 * y * z + 0.2 * z)
    rng = np.random.default_rng(1)
    image = np.where(inside, tissue * bias, 0) + rng.normal(0, 1.0, shape)
    matrix = np.diag([-6.0, 6.0, 6.0, 1.0])
    return Volume(image, matrix, FRAME), Volume(inside, matrix, FRAME), tissue


def spread(image, tissue, inside):
    return max(
        image[inside & (tissue == t)].std() / image[inside & (tissue == t)].mean()
        for t in (70.0, 100.0)
    )


def test_bias_is_removed_and_level_kept():
    image, mask, tissue = planted()
    out = correct_bias(image, mask)
    inside = np.asarray(mask.data)
    before, after = spread(image.data, tissue, inside), spread(out.data, tissue, inside)
    assert before > 0.15
    assert after < 0.4 * before
    assert abs(out.data[inside].mean() / image.data[inside].mean() - 1) < 0.01
    assert out.data.dtype == np.float32
    assert (out.frame_from_voxel == image.frame_from_voxel).all()


def test_empty_mask_is_refused():
    image, mask, _ = planted()
    with pytest.raises(QualityError, match="too few"):
        correct_bias(image, Volume(np.zeros_like(mask.data), mask.frame_from_voxel, FRAME))


def test_other_grid_is_refused():
    image, mask, _ = planted()
    with pytest.raises(QualityError, match="one grid"):
        correct_bias(image, Volume(mask.data[1:], mask.frame_from_voxel, FRAME))
