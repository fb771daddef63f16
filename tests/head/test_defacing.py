"""The face goes; brain, brow and the scalp above stay as they are."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from tests.head.templates import template
from tmsguide.errors import FrameError, GeometryError
from tmsguide.head.privacy.defacing import deface_mask, defaced, defaced_anatomy
from tmsguide.head.privacy.faceless import faceless
from tmsguide.head.surfaces import scalp_surface
from tmsguide.model import MNI, Anatomy, Points, Tissue, Volume, native_frame
from tmsguide.phantom import PhantomSettings, person

NASION_TO_CHIN = -33.0  # MNI z below which the generated face has its nose, lips and cheeks


@pytest.fixture(scope="module")
def someone():
    """A generated head of 2.5 mm with a nose, stored LAS or RAS and oblique."""
    settings = replace(PhantomSettings.small(), t1w_mm=2.5, bold_mm=6.0, n_volumes=48, jerks=1)
    return person(*template(2), label="face", rng=np.random.default_rng(3), settings=settings)


@pytest.fixture(scope="module")
def anatomy(someone):
    labels = someone.labels
    brain = np.isin(labels.data, (Tissue.WM, Tissue.GM))
    brain = ndimage.binary_closing(brain, iterations=2)
    share = np.stack([labels.data == t for t in range(1, 6)], axis=-1).astype(np.float32)
    place = labels.frame_from_voxel, labels.frame
    return Anatomy(someone.t1w, labels, Volume(share, *place), Volume(brain, *place))


@pytest.fixture(scope="module")
def mask(someone, anatomy):
    return deface_mask(anatomy, someone.native_from_mni)


def mni_of(volume, someone):
    index = np.indices(volume.data.shape[:3]).reshape(3, -1).T
    m = volume.frame_from_voxel
    at = Points(index @ m[:3, :3].T + m[:3, 3], volume.frame)
    return someone.mni_from_native(at).xyz_mm.reshape(*volume.data.shape[:3], 3)


def test_no_voxel_near_the_brain_is_touched(anatomy, mask):
    brain = np.asarray(anatomy.brain_mask.data)
    away = ndimage.distance_transform_edt(~brain, sampling=anatomy.brain_mask.voxel_mm)
    assert mask.data.sum() > 1000
    assert away[mask.data].min() > 5.0
    wider = deface_mask(anatomy, lambda p: Points(p.xyz_mm, anatomy.t1w.frame), keep_mm=30.0)
    assert not (away[wider.data] <= 30.0).any()


def test_the_scalp_above_brow_and_inion_stays(anatomy, mask, someone):
    at = mni_of(anatomy.labels, someone)
    slope = (-28.0 + 30.5) / (86.0 + 116.2)  # glabella and inion
    above = at[..., 2] - (-30.5 + slope * (at[..., 1] + 116.2))
    scalp = anatomy.labels.data == Tissue.SCALP
    # planes are carried by the best affine; this head's own warp departs from it by up to 8 mm
    assert not (mask.data & scalp & (above > 8.0)).any()
    assert (scalp & (above > 8.0)).sum() > 1000
    assert not (mask.data & (at[..., 1] < -10)).any()  # nor behind the jaw


def test_nose_lips_eyes_and_cheeks_go(anatomy, mask, someone):
    at = mni_of(anatomy.labels, someone)
    head = anatomy.labels.data > 0
    face = head & (at[..., 1] > 58) & (at[..., 2] < NASION_TO_CHIN - 5) & (at[..., 2] > -105)
    assert face.sum() > 1000
    assert mask.data[face].mean() > 0.999  # measured 1.0


def test_the_surface_loses_its_face_and_stays_closed(anatomy, mask, someone):
    scalp = scalp_surface(anatomy)
    flat = faceless(scalp, mask)
    before = someone.mni_from_native(scalp.vertices).xyz_mm
    moved_mm = np.linalg.norm(flat.vertices.xyz_mm - scalp.vertices.xyz_mm, axis=1)
    face = (before[:, 1] > 60) & (before[:, 2] < NASION_TO_CHIN - 5) & (before[:, 2] > -105)
    assert (moved_mm[face] > 3.0).mean() > 0.99  # measured 1.0
    coil_side = before[:, 2] > -20
    assert coil_side.sum() > 1000
    assert moved_mm[coil_side].max() == 0.0
    assert flat.triangles is scalp.triangles  # closed as before
    after = someone.mni_from_native(flat.vertices).xyz_mm
    # what stood out of the cut by up to 60 mm now lies on two planes
    assert after[face][:, 1].max() < before[face][:, 1].max() - 10


def test_nothing_of_the_surface_is_left_in_the_removed_part(anatomy, mask, someone):
    scalp = scalp_surface(anatomy)
    back = np.linalg.inv(mask.frame_from_voxel)
    deep = ndimage.distance_transform_edt(mask.data, sampling=mask.voxel_mm)

    def depth_mm(surface):
        at = surface.vertices.xyz_mm @ back[:3, :3].T + back[:3, 3]
        return ndimage.map_coordinates(deep, at.T, order=1, mode="nearest")

    assert depth_mm(scalp).max() > 25.0
    assert depth_mm(faceless(scalp, mask)).max() < 4.0  # measured 2.4: about a voxel


def test_blanked_voxels_hold_nothing_and_the_others_all(anatomy, mask):
    blank = defaced(anatomy.t1w, mask)
    assert (blank.data[mask.data] == 0).all()
    assert np.array_equal(blank.data[~mask.data], anatomy.t1w.data[~mask.data])
    assert blank.data.dtype == anatomy.t1w.data.dtype
    noisy = defaced(anatomy.t1w, mask, rng=np.random.default_rng(0)).data[mask.data]
    bright = np.percentile(anatomy.t1w.data, 95)
    assert 0 < noisy.std() < 0.2 * bright
    assert noisy.max() < bright
    whole = defaced_anatomy(anatomy, mask)
    assert (whole.labels.data[mask.data] == 0).all()
    assert (whole.probability.data[mask.data] == 0).all()
    assert anatomy.labels.data[mask.data].any()  # the one to plan on is as it was


def test_the_same_face_goes_on_another_grid(anatomy, mask, someone):
    finer = np.array(anatomy.t1w.frame_from_voxel)
    finer[:3, :3] /= 1.25
    shape = tuple(round(1.25 * n) + 8 for n in anatomy.t1w.data.shape)  # reaches below the labels
    like = Volume(np.zeros(shape, np.int16), finer, anatomy.t1w.frame)
    other = deface_mask(anatomy, someone.native_from_mni, like=like)
    assert other.data.shape == shape
    at = np.argwhere(other.data) / 1.25
    inside = np.all(np.rint(at) < mask.data.shape, axis=1)
    at = np.rint(at[inside]).astype(int)
    assert mask.data[tuple(at.T)].mean() > 0.95  # the rest lies on the border
    assert not inside.all()


def test_ears_go_where_wanted(anatomy, mask, someone):
    both = deface_mask(anatomy, someone.native_from_mni, ears=True)
    at = mni_of(both, someone)
    more = both.data & ~mask.data & (anatomy.labels.data > 0)
    assert (more & (at[..., 0] > 70)).sum() > 10
    assert (more & (at[..., 0] < -70)).sum() > 10
    assert not (more & (np.abs(at[..., 0]) < 65)).any()
    assert not (mask.data & ~both.data).any()


def test_strangers_are_refused(anatomy, mask, someone):
    other = native_frame("other")
    with pytest.raises(FrameError, match="both of one person"):
        deface_mask(anatomy, lambda p: Points(p.xyz_mm, other))
    with pytest.raises(GeometryError, match="like= this image"):
        defaced(replace(anatomy.t1w, data=anatomy.t1w.data[:-1]), mask)
    stray = replace(mask, frame=MNI)
    with pytest.raises(FrameError, match="both of one person"):
        faceless(scalp_surface(anatomy), stray)
    all_of_it = replace(mask, data=np.ones_like(mask.data))
    with pytest.raises(GeometryError, match="map to MNI"):
        faceless(scalp_surface(anatomy), all_of_it)
