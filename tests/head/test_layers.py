"""The borders of the skull over the vault, on balls whose radii are known."""

import numpy as np
import pytest
from scipy import ndimage

from tests.head.doubles import shells
from tmsguide.head.tissues.layers import vault_bone, vault_borders
from tmsguide.head.tissues.rays import blur, radius_at, rays_from, seen

# brain, fluid, skull and scalp of an adult's vault; 6.5 mm each of skull and scalp at the vertex
RADII_MM = (50.0, 57.0, 60.5, 67.0, 73.5)


def ball(*, fat, marrow=0.1, noise=0.0, radii_mm=RADII_MM):
    """Grey, inside of the skull, brain, head and template places of nested balls, 1.5 mm."""
    anatomy, centre = shells(radii_mm, voxel_mm=1.5, side=108)
    labels = np.asarray(anatomy.labels.data)[::-1]  # axes to the right, front and up
    m = anatomy.labels.frame_from_voxel
    index = np.moveaxis(np.indices(labels.shape), 0, -1)[::-1]
    away = index @ m[:3, :3].T + m[:3, 3] - centre
    grey = np.array([0, 1, 0.68, 0.22, 0.08, fat])[labels]
    radius = np.linalg.norm(away, axis=-1)
    core = (radius > radii_mm[2] + 1.5) & (radius < radii_mm[3] - 1.5)
    grey = ndimage.gaussian_filter(np.where(core, marrow, grey), 0.4)
    rng = np.random.default_rng(0)
    grey = np.hypot(grey + noise * rng.standard_normal(grey.shape), noise)
    mni = np.moveaxis(away + np.array([0, -20, 10]), -1, 0).astype(np.float32)
    inside = (labels > 0) & (labels <= 3)
    return grey.astype(np.float32), inside, (labels > 0) & (labels <= 2), labels > 0, mni


def borders(grey, inner, tissue, head, mni, missing=None):
    missing = np.zeros_like(head) if missing is None else missing
    return vault_borders(
        grey, inner, tissue, head, missing=missing, fluid_grey=(0.22, 0.04), mni=mni, voxel_mm=1.5
    )


def radii(vault, mni):
    """Distance (N, 2) of both borders from the middle of the balls."""
    voxel = np.rint(vault.rays.centre / 1.5).astype(int)
    off = mni[(slice(None), *voxel)] - [0, -20, 10]  # the rays start at a voxel near the middle
    at = vault.rays.way[:, None, :] * vault.border_mm[..., None] + off
    return np.linalg.norm(at, axis=-1)


def high(vault):
    """Rays that climb steeply, so that neither face nor nape matters."""
    return vault.sure & (vault.rays.way[:, 2] > 0.3)


@pytest.mark.parametrize("marrow", [0.1, 0.5])
def test_skull_is_found_whatever_its_marrow(marrow):
    scene = ball(fat=0.8, marrow=marrow, noise=0.04)
    vault = borders(*scene)
    error = radii(vault, scene[-1])[high(vault)] - RADII_MM[2:4]
    assert np.abs(error.mean(0)).max() < 0.75  # measured .57, on voxels of 1.5 mm
    assert np.abs(error).mean() < 0.75


def test_wrong_first_border_is_mended():
    """Dark fluid taken for bone: the inner border starts 2 mm too deep."""
    grey, inner, tissue, head, mni = ball(fat=0.8, noise=0.02)
    less = ndimage.binary_erosion(inner, iterations=1) | tissue
    before = ndimage.distance_transform_edt(~less)[inner & ~less].max() * 1.5
    assert before >= 1.5
    vault = borders(grey, less, tissue, head, mni)
    assert np.abs((radii(vault, mni)[high(vault), 0] - RADII_MM[2]).mean()) < 0.6


def test_thickness_decides_where_fat_is_as_dark_as_bone():
    """Fat suppression: bone and fat look alike, so the published share decides."""
    vault = borders(*ball(fat=0.08, marrow=0.08))
    at = vault.rays.way[:, 2] > 0.97  # to the vertex
    thickness = np.diff(vault.border_mm[at], axis=1)
    assert 5.0 <= thickness.min() <= thickness.max() <= 9.0


def test_unseen_scalp_is_no_evidence():
    grey, inner, tissue, head, mni = ball(fat=0.8, noise=0.02)
    cut = head & (mni[2] > 60) & (mni[1] > -20)  # erased down to the bone
    cut &= ~inner
    vault = borders(np.where(cut, 0, grey), inner, tissue, head, mni, missing=cut)
    gone = (vault.rays.way[:, 2] > 0.85) & (vault.rays.way[:, 1] > 0.2)
    thickness = np.diff(vault.border_mm[gone], axis=1)
    assert gone.sum() > 200
    assert 4.0 <= thickness.min() <= thickness.max() <= 9.0


def test_depths_match_the_borders():
    grey, inner, tissue, head, mni = ball(fat=0.8)
    vault = borders(grey, inner, tissue, head, mni)
    where = head & (mni[2] > 40)
    under_inner, under_outer = vault_bone(vault, where)
    assert np.isnan(under_inner[~where]).all()
    radius = np.linalg.norm(np.moveaxis(mni, 0, -1) - [0, -20, 10], axis=-1)
    error = under_outer[where] - (RADII_MM[3] - radius[where])
    assert np.abs(error).max() < 1.5
    assert (under_outer[where] > under_inner[where] + 2).all()


def test_rays_see_and_interpolate():
    rays = rays_from(np.array([30.0, 31.0, 32.0]), 2.0)
    index = np.indices((60, 61, 62)).astype(np.float32)
    ramp = index[2] * 2
    got = seen(rays, ramp)
    inside = rays.radius_mm < 55
    expected = 64 + rays.way[:, 2:] * rays.radius_mm
    assert np.abs(got - expected)[:, inside].max() < 1e-3
    assert np.abs(np.asarray(blur(rays, 80.0, 3.0).sum(axis=1)) - 1).max() < 1e-5
    voxels = np.array([[30, 31, 52], [10, 31, 32]])
    radius, border = radius_at(rays, voxels, 70 + 5 * rays.way[:, 2:])
    assert np.abs(radius - 40).max() < 1e-4
    assert np.abs(border[:, 0] - [75, 70]).max() < 0.15
