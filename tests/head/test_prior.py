import numpy as np
import pytest

from tests.head.templates import template
from tests.tolerance import STORED, assert_close
from tmsguide.errors import InputError
from tmsguide.head import head_prior, prior_from_maps
from tmsguide.head.tissues.shells import scalp_mm, skull_mm
from tmsguide.model import MNI, Volume


@pytest.fixture(scope="module")
def prior():
    return head_prior(*template(3))


def along(prior, start, direction, length_mm=160):
    """Most likely tissue every half millimetre along a ray."""
    steps = np.arange(0, length_mm, 0.5)[:, None] * (
        np.array(direction) / np.linalg.norm(direction)
    )
    voxel_from_mni = np.linalg.inv(prior.probability.frame_from_voxel)
    at = np.rint((np.array(start) + steps) @ voxel_from_mni[:3, :3].T + voxel_from_mni[:3, 3])
    at = np.clip(at.astype(int), 0, np.array(prior.probability.data.shape[:3]) - 1)
    return prior.probability.data[tuple(at.T)].argmax(-1)


def test_chances_sum_to_one(prior):
    total = prior.probability.data.sum(-1)
    assert_close(total, np.ones_like(total), STORED)
    assert prior.probability.frame == MNI


@pytest.mark.parametrize(
    "direction", [(0, 1, 0.5), (0, -1, 0.3), (1, 0, 0.4), (0, 0, 1), (-1, 1, 1)]
)
def test_layers_follow_in_order_over_the_vault(prior, direction):
    tissue = along(prior, (0, -20, 15), direction)
    first = [int(np.flatnonzero(tissue == k)[0]) for k in (3, 4, 5)]  # bone, scalp, air
    assert first[0] < first[1] < first[2]
    assert not np.isin(tissue[first[0] :], (0, 1, 2)).any()
    bone_mm, soft_mm = (first[1] - first[0]) / 2, (first[2] - first[1]) / 2
    assert 2.5 <= bone_mm <= 12
    assert 2.5 <= soft_mm <= 15


def test_ventricles_are_csf_and_deep_white_is_white(prior):
    voxel_from_mni = np.linalg.inv(prior.probability.frame_from_voxel)

    def chance(xyz):
        index = np.rint(voxel_from_mni[:3, :3] @ xyz + voxel_from_mni[:3, 3]).astype(int)
        return prior.probability.data[tuple(index)]

    assert chance(np.array([-5.0, 5, 18])).argmax() == 2  # lateral ventricle
    assert chance(np.array([-27.0, 0, 28])).argmax() == 0  # corona radiata
    assert chance(np.array([-27.0, 2, -2])).argmax() == 1  # putamen


def test_face_is_left_unknown(prior):
    pseudo = prior.pseudo_t1.data
    brain = prior.probability.data[..., :2].sum(-1) > 0.9
    assert np.isnan(pseudo).mean() > 0.1
    assert np.isfinite(pseudo[brain]).all()


def test_thickness_stays_within_what_was_published():
    rng = np.random.default_rng(0)
    places = rng.normal(size=(500, 3)) * 80
    assert 4.0 <= skull_mm(places).min() <= skull_mm(places).max() <= 8.0
    assert 5.5 <= scalp_mm(places).min() <= scalp_mm(places).max() <= 25.0
    assert skull_mm(np.array([[0, -130.0, 15]]))[0] > skull_mm(np.array([[90.0, 5, 0]]))[0] + 2


def test_thickness_is_the_same_on_both_sides():
    places = np.random.default_rng(0).normal(size=(50, 3)) * 80
    assert_close(skull_mm(places), skull_mm(places * [-1, 1, 1]), STORED)


def test_a_users_map_gives_the_same_prior_back(prior):
    tissues = prior.probability.data[..., :5]
    again = prior_from_maps(Volume(tissues, prior.probability.frame_from_voxel, MNI))
    assert_close(again.probability.data, prior.probability.data, STORED)
    white, grey = prior.probability.data[..., 0] > 0.95, prior.probability.data[..., 1] > 0.95
    assert np.nanmedian(again.pseudo_t1.data[white]) > np.nanmedian(again.pseudo_t1.data[grey])


def test_wrong_maps_are_refused():
    t1, gm, wm = template(3)
    with pytest.raises(InputError, match="one grid"):
        head_prior(t1, Volume(gm.data[1:], gm.frame_from_voxel, MNI), wm)
    with pytest.raises(InputError, match="five volumes"):
        prior_from_maps(t1)
