"""Air inside the head, planted in a ball of flesh and bone."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from tmsguide.head.tissues.air import air_spaces

SHAPE, VOXEL_MM = (90, 110, 100), 1.5


def scene(*, bone=0.08, background=0.02, seed=0):
    """Grey, inside of the skull, head and template places, right, front and up."""
    index = np.indices(SHAPE).astype(np.float32)
    mni = index * VOXEL_MM - np.array([66.0, 80.0, 90.0], dtype=np.float32)[:, None, None, None]
    x, y, z = mni
    head = (x / 60) ** 2 + ((y + 0) / 75) ** 2 + ((z + 20) / 75) ** 2 < 1
    inner = (x / 50) ** 2 + ((y + 10) / 60) ** 2 + ((z - 5) / 35) ** 2 < 1
    skull = ((x / 56) ** 2 + ((y + 10) / 66) ** 2 + ((z - 5) / 41) ** 2 < 1) & ~inner & head
    grey = np.where(head, 0.5, background)
    grey[inner] = 0.8
    grey[skull] = bone
    noise = 0.01 * np.random.default_rng(seed).standard_normal(SHAPE)
    return np.hypot(grey, 0.01) + noise, inner, head, mni


def ball(mni, place, radius_mm):
    return ((mni - np.array(place)[:, None, None, None]) ** 2).sum(0) < radius_mm**2


def found(grey, inner, head, mni):
    return air_spaces(
        grey.astype(np.float32), inner, head, mni=mni, bone_grey=0.09, voxel_mm=VOXEL_MM
    )


@pytest.mark.parametrize("place", [(0, 25, -50), (38, -30, -45), (-20, 35, -55)])
def test_air_space_is_found_and_nothing_else(place):
    grey, inner, head, mni = scene()
    planted = ball(mni, place, 9.0)
    grey[planted] = 0.02
    got = found(grey, inner, head, mni)
    assert (
        2 * (got & planted).sum() / (got.sum() + planted.sum()) > 0.85
    )  # measured .90 to .93, on voxels of 1.5 mm


def test_bone_without_air_stays_bone():
    assert not found(*scene()).any()


def test_dark_flesh_where_heads_hold_no_air_stays():
    grey, inner, head, mni = scene()
    grey[ball(mni, (0, -60, -30), 8.0)] = 0.02  # the nape
    grey[ball(mni, (0, -20, 50), 3.0)] = 0.02  # a gap in the skull
    assert not found(grey, inner, head, mni).any()


def test_air_keeps_from_brain_and_skin():
    grey, inner, head, mni = scene()
    open_nose = (np.abs(mni[0]) < 7) & (mni[1] > 20) & (mni[2] < -30) & (mni[2] > -60) & ~inner
    grey[open_nose] = 0.02
    got = found(grey, inner, head, mni)
    assert got.sum() * VOXEL_MM**3 > 3000
    assert distance_transform_edt(~inner)[got].min() * VOXEL_MM >= 1.0
    assert distance_transform_edt(head)[got].min() * VOXEL_MM >= 3.0


def test_image_without_dark_bone_tells_nothing():
    grey, inner, head, mni = scene(background=0.3)
    grey[ball(mni, (0, 25, -50), 9.0)] = 0.02
    assert not found(grey, inner, head, mni).any()
