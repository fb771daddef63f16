import numpy as np
import pytest

from tmsguide.errors import QualityError
from tmsguide.head.tissues.foreground import crop_to_head
from tmsguide.head.tissues.problems import (
    age_problems,
    bone_problems,
    contrast_problems,
    coverage_problems,
    face_problems,
    volume_problems,
)
from tmsguide.model import Frame, Volume


def box():
    """Template positions round the face, and a head that fills them."""
    index = np.stack(np.meshgrid(*[np.arange(-60, 100, 4.0)] * 3, indexing="ij"))
    return np.ones(index.shape[1:], dtype=np.bool_), index.astype(np.float32)


def test_whole_face_is_no_problem():
    head, mni = box()
    assert face_problems(head, mni, np.zeros_like(head), voxel_mm=4.0) == ()


def test_cut_face_and_scalp_are_named():
    head, mni = box()
    head[(mni[1] > 70) & (mni[2] < 10)] = False
    back = (mni[1] < -40) & (mni[2] > 80)
    words = face_problems(head, mni, back, voxel_mm=4.0)
    assert "defacing" in words[0]
    assert f"{back.sum() * 0.064:.0f} ml of scalp" in words[1]
    assert len(words) == 2


def test_missing_scalp_under_the_coil_is_named():
    head, mni = box()
    left = (mni[0] < -40) & (np.abs(mni[1] - 40) < 9) & (np.abs(mni[2] - 40) < 9)
    words = face_problems(head, mni, left, voxel_mm=4.0)
    assert any("left prefrontal" in w for w in words)
    right = left[::-1] & (mni[0] > 40)
    assert not any("left prefrontal" in w for w in face_problems(head, mni, right, voxel_mm=4.0))


def test_adult_prior_on_a_minor_is_named():
    assert "adult prior on a person of 14 years" in age_problems(14.0, adult_prior=True)[0]
    assert "14.5 years" in age_problems(14.5, adult_prior=True)[0]
    for age, adult in ((18.0, True), (None, True), (14.0, False)):
        assert age_problems(age, adult_prior=adult) == ()


def test_cut_brain_is_named_then_refused():
    assert coverage_problems(0.0, vault_cut=False) == ()
    assert "1.0 %" in coverage_problems(0.01, vault_cut=False)[0]
    assert "edge" in coverage_problems(0.0, vault_cut=True)[0]
    with pytest.raises(QualityError, match="field of view"):
        coverage_problems(0.2, vault_cut=False)


def test_low_contrast_is_named_then_refused():
    assert contrast_problems(4.0) == ()
    assert "uncertain" in contrast_problems(1.5)[0]
    with pytest.raises(QualityError, match="less noise"):
        contrast_problems(0.5)


def test_odd_volumes_are_named():
    labels = np.zeros(2_000_000, dtype=np.uint8)
    labels[:700_000], labels[700_000:1_200_000] = 2, 1
    assert volume_problems(labels, 1.0) == ()
    labels[:1_150_000] = 2
    words = volume_problems(labels, 1.0)
    assert len(words) == 1
    assert "grey to white" in words[0]
    assert "ml" in volume_problems(labels, 2.0)[0]


def test_bright_skull_or_fluid_is_named():
    labels = np.repeat(np.array([1, 2, 3, 4, 5], dtype=np.uint8), 100)
    grey = np.repeat(np.array([100.0, 60, 20, 15, 80], dtype=np.float32), 100)
    assert bone_problems(grey, labels) == ()
    grey[labels == 4] = 50
    assert "skull is 0.8 times" in bone_problems(grey, labels)[0]
    grey[labels == 4], grey[labels == 3] = 15, 52
    assert "fluid is 0.9 times" in bone_problems(grey, labels)[0]


def test_empty_image_is_refused():
    rng = np.random.default_rng(0)
    noise = Volume(rng.random((40, 42, 44)), np.diag([4.0, 4.0, 4.0, 1.0]), Frame("scan"))
    with pytest.raises(QualityError, match="no head stands out"):
        crop_to_head(noise, 4.0)
