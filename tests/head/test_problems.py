import numpy as np
import pytest

from tmsguide.errors import QualityError
from tmsguide.head.foreground import crop_to_head
from tmsguide.head.problems import (
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
    assert face_problems(head, mni, 0.0) == ()


def test_cut_face_and_scalp_are_named():
    head, mni = box()
    head[(mni[1] > 70) & (mni[2] < 10)] = False
    words = face_problems(head, mni, 12.4)
    assert "defacing" in words[0]
    assert "12 ml of scalp" in words[1]


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


def test_bright_skull_is_named():
    labels = np.repeat(np.array([1, 2, 3, 4, 5], dtype=np.uint8), 100)
    grey = np.repeat(np.array([100.0, 60, 20, 15, 80], dtype=np.float32), 100)
    assert bone_problems(grey, labels) == ()
    grey[labels == 4] = 50
    assert "0.8 times" in bone_problems(grey, labels)[0]


def test_empty_image_is_refused():
    rng = np.random.default_rng(0)
    noise = Volume(rng.random((40, 42, 44)), np.diag([4.0, 4.0, 4.0, 1.0]), Frame("scan"))
    with pytest.raises(QualityError, match="no head stands out"):
        crop_to_head(noise, 4.0)
