"""Eyeballs planted in a head."""

import numpy as np
import pytest
from scipy import ndimage

from tmsguide.head.tissues.eyes import eyeballs

VOXEL_MM = 1.5
EYES = ((-30.0, 56.0, -43.0), (33.0, 54.0, -38.0))


def scene(*, eyes=EYES, radius_mm=12.0, noise=0.04, fat=0.9, vitreous=0.25):
    """Grey in parts of white matter, head and template places; truth of the eyes."""
    index = np.indices((96, 60, 70)).astype(np.float32)
    mni = index * VOXEL_MM - np.array([72.0, 5.0, 90.0], dtype=np.float32)[:, None, None, None]
    head = (mni[0] / 75) ** 2 + (mni[1] / 82) ** 2 + ((mni[2] + 30) / 75) ** 2 < 1
    grey, truth = np.where(head, 0.5, 0.02), np.zeros(head.shape, dtype=np.bool_)
    for eye in eyes:
        away = np.linalg.norm(mni - np.array(eye)[:, None, None, None], axis=0)
        grey[(away < 18) & head] = fat
        truth |= (away < radius_mm) & head
    grey[truth] = vitreous
    grey = ndimage.gaussian_filter(grey, 0.5)
    rng = np.random.default_rng(0)
    grey = np.hypot(grey + noise * rng.standard_normal(grey.shape), noise)
    return grey.astype(np.float32), head, mni, truth


def found(grey, head, mni):
    return eyeballs(grey, head, mni=mni, white_grey=1.0, voxel_mm=VOXEL_MM)


@pytest.mark.parametrize("radius_mm", [11.0, 12.0, 13.0])
@pytest.mark.parametrize("fat", [0.9, 0.02])
def test_eyes_are_found(radius_mm, fat):
    grey, head, mni, truth = scene(radius_mm=radius_mm, fat=fat)
    got = found(grey, head, mni)
    assert ndimage.label(got)[1] == 2
    assert 2 * (got & truth).sum() / (got.sum() + truth.sum()) > 0.85


def test_even_flesh_holds_no_eyes():
    grey, head, mni, _ = scene(eyes=())
    assert not found(grey, head, mni).any()


def test_removed_face_has_no_eyes():
    grey, head, mni, _ = scene()
    cut = mni[1] > 55
    assert not found(np.where(cut, 0, grey), head & ~cut, mni).any()


def test_one_eye_may_be_missing():
    grey, head, mni, truth = scene(eyes=EYES[:1])
    got = found(grey, head, mni)
    assert got.any()
    assert not (got & (mni[0] > 0)).any()
    assert (got & truth).sum() > 0.8 * got.sum()


def test_image_that_ends_above_the_eyes_has_none():
    grey, head, mni, _ = scene()
    upper = (slice(None), slice(None), slice(56, None))
    assert not found(grey[upper], head[upper], mni[(slice(None), *upper)]).any()
