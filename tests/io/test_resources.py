"""Templates and tables that ship with us or with nilearn say what we think they say."""

import numpy as np
import pytest

from tests.io.images import save
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.io import (
    conductivities,
    mni_maps,
    mni_surfaces,
    read_prior,
    read_toml_resource,
)
from tmsguide.model import MNI, Tissue


@pytest.fixture(scope="module")
def maps():
    return mni_maps()


def sample(volume, xyz_mm):
    """Nearest voxel."""
    inverse = np.linalg.inv(volume.frame_from_voxel)
    at = np.rint(xyz_mm @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    return volume.data[tuple(at.T)]


def test_maps(maps):
    for volume in maps:
        assert volume.data.shape == (197, 233, 189)
        assert volume.data.dtype == np.float32
        assert (volume.data.min(), volume.data.max()) == (0, 1)
        assert volume.frame == MNI
        np.testing.assert_array_equal(volume.frame_from_voxel[:3, 3], [-98, -134, -72])
        np.testing.assert_array_equal(volume.frame_from_voxel[:3, :3], np.eye(3))
    t1, gm, wm = maps
    assert (gm.data + wm.data).max() <= 1 + 1e-6
    deep_white = np.array([[-25.0, -20, 30], [25.0, -20, 30]])
    assert (sample(wm, deep_white) > 0.9).all()
    assert (sample(gm, deep_white) < 0.1).all()
    assert sample(t1, deep_white).min() > 0.7, "white matter is bright in T1w"
    caudate = np.array([[-13.0, 12, 10]])
    assert sample(gm, caudate)[0] > 0.8


def test_surfaces_lie_in_the_maps(maps):
    _, gm, _ = maps
    surfaces = mni_surfaces()
    assert list(surfaces) == ["left", "right"]
    for side, sign in (("left", -1), ("right", 1)):
        got = surfaces[side]
        xyz = got.pial.vertices.xyz_mm
        assert xyz.shape == (10242, 3)
        assert got.sulc.shape == (10242,)
        assert got.pial.vertices.frame == got.white.vertices.frame == MNI
        assert got.inflated.vertices.frame != MNI
        assert np.sign(np.median(xyz[:, 0])) == sign
        a, b, c = xyz[got.pial.triangles].transpose(1, 0, 2)
        volume_ml = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000
        assert 450 < volume_ml < 550, "normals point outward (measured 498)"
        middle = (xyz + got.white.vertices.xyz_mm) / 2
        # measured .66 and .65; without the map from MNI305 .63 and .65, with its inverse .58 .60
        assert sample(gm, middle).mean() > 0.63
        depth = got.sulc
        outer = xyz[depth < np.quantile(depth, 0.1)] - xyz.mean(axis=0)
        inner = xyz[depth > np.quantile(depth, 0.9)] - xyz.mean(axis=0)
        radius = [np.linalg.norm(p, axis=1).mean() for p in (outer, inner)]
        assert radius[0] > radius[1], "sulcal depth is positive in sulci"


def test_conductivities():
    got = conductivities()
    assert set(got) == set(Tissue) - {Tissue.AIR}
    expected = {
        Tissue.WM: 0.126,
        Tissue.GM: 0.275,
        Tissue.CSF: 1.654,
        Tissue.BONE: 0.010,
        Tissue.SCALP: 0.465,
        Tissue.EYE: 0.5,
        Tissue.COMPACT_BONE: 0.008,
        Tissue.SPONGY_BONE: 0.025,
        Tissue.BLOOD: 0.6,
        Tissue.MUSCLE: 0.16,
    }
    assert {t: c.sigma_s_per_m for t, c in got.items()} == expected
    for tissue, row in got.items():
        assert row.low_s_per_m < row.sigma_s_per_m < row.high_s_per_m
        assert ("Wagner" in row.source) == (tissue <= Tissue.SCALP)


def test_resource_that_is_not_there():
    refused(read_toml_resource, "tmsguide.io.data", "absent.toml", words=["absent.toml"])
    refused(read_toml_resource, "tmsguide.absent", "x.toml", words=["tmsguide.absent"])


def tissue_maps(count=6):
    maps = np.random.default_rng(2).uniform(0.01, 1, (7, 8, 9, count)).astype(np.float32)
    return maps / maps.sum(axis=3, keepdims=True)


@pytest.mark.parametrize("count", [5, 6])
def test_prior_comes_in_our_order(tmp_path, count):
    maps = tissue_maps(count)
    prior = read_prior(save(tmp_path / "TPM.nii", maps, np.diag([-1.5, 1.5, 1.5, 1])))
    assert prior.frame == MNI
    assert prior.data.shape == (7, 8, 9, 5)
    for ours, spm in enumerate([1, 0, 2, 3, 4]):  # WM GM CSF BONE SCALP of GM WM CSF bone soft
        assert_close(prior.data[..., ours], maps[..., spm], STORED)


def test_bad_prior(tmp_path):
    refused(read_prior, save(tmp_path / "a.nii", tissue_maps(4)), words=["4 maps", "5 or 6"])
    refused(read_prior, save(tmp_path / "b.nii", tissue_maps()[..., 0]), words=["1 maps"])
    refused(read_prior, save(tmp_path / "c.nii", tissue_maps() * 255), words=["sums", "255"])
