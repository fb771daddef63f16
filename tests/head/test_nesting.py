"""Laws of the labels, on ragged chances."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from tests.head.doubles import shells
from tmsguide.errors import QualityError
from tmsguide.head.tissues.nesting import inside_skull, nested_labels, shrunk, swollen
from tmsguide.model import Tissue

CORNERS = ndimage.generate_binary_structure(3, 1)


@pytest.fixture(scope="module")
def ragged():
    """Chances of balls with holes, specks and a skull that is missing on one side."""
    anatomy, _ = shells((38.0, 45.0, 48.0, 55.0, 63.0), voxel_mm=1.5, side=90)
    labels = np.asarray(anatomy.labels.data)
    rng = np.random.default_rng(0)
    chance = np.eye(6, dtype=np.float32)[(labels.astype(int) - 1) % 6]
    chance = 0.75 * chance + 0.25 * rng.dirichlet(np.ones(6), labels.shape).astype(np.float32)
    bone = ((labels == Tissue.BONE) * 1.0).astype(np.float32)
    bone[:30] = 0  # no skull seen on the right
    chance[60:63, 45, 80:] = np.eye(6)[0]  # a bright nerve that leaves the brain
    head = labels > 0
    head[:, 80:] &= labels[:, 80:] != Tissue.SCALP  # scalp cut away in front
    inside = inside_skull(chance, np.ones(labels.shape, np.float32), voxel_mm=1.5)
    return labels, inside, nested_labels(inside, bone, head, voxel_mm=1.5)


def test_brain_is_found(ragged):
    truth, _, nested = ragged
    for tissue in (Tissue.WM, Tissue.GM):
        a, b = nested.labels == tissue, truth == tissue
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.9
    assert ndimage.label(np.isin(nested.labels, [1, 2]))[1] == 1


def test_every_layer_is_closed(ragged):
    _, _, nested = ragged
    labels = nested.labels
    order = [(1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5)]
    for inner, outer in pairwise(order):
        grown = ndimage.binary_dilation(np.isin(labels, inner), CORNERS)
        assert np.isin(labels[grown], outer).all(), f"{inner} touches what lies outside {outer}"
        assert ndimage.label(np.isin(labels, outer))[1] == 1
        assert ndimage.label(~np.isin(labels, outer))[1] == 1  # no holes


def test_skull_and_scalp_have_their_least_thickness(ragged):
    _, _, nested = ragged
    inner, outer = np.isin(nested.labels, [1, 2, 3]), np.isin(nested.labels, [1, 2, 3, 4])
    to_outside = ndimage.distance_transform_edt(~inner)[~outer].min() * 1.5
    assert to_outside >= 2.0
    to_air = ndimage.distance_transform_edt(~outer)[nested.labels == 0].min() * 1.5
    assert to_air >= 2.0


def test_nerve_is_cut(ragged):
    _, _, nested = ragged
    assert not np.isin(nested.labels[60:63, 45, 86:], [1, 2]).any()


def test_no_brain_is_refused():
    chance = np.zeros((30, 31, 32, 6), np.float32)
    chance[..., 4] = 1
    with pytest.raises(QualityError, match="ml of brain"):
        inside_skull(chance, np.ones(chance.shape[:3], np.float32), voxel_mm=2.0)


def test_swollen_and_shrunk_are_near_balls():
    point = np.zeros((15, 16, 17), dtype=np.bool_)
    point[7, 8, 8] = True
    ball = swollen(point, 4)
    far = np.linalg.norm(np.argwhere(ball) - [7, 8, 8], axis=1).max()
    assert 4.0 <= far <= 5.0
    assert (shrunk(ball, 4) == point).all()
