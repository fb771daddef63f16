from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from tests.phantom import recover as known
from tmsguide.errors import FrameError
from tmsguide.model import MNI, Frame, Points, Tissue, Volume
from tmsguide.phantom import person


def voxels(volume, xyz_mm):
    back = np.linalg.inv(volume.frame_from_voxel)
    return np.rint(xyz_mm @ back[:3, :3].T + back[:3, 3]).astype(int)


def mni_of_labels(someone):
    index = np.indices(someone.labels.data.shape).reshape(3, -1).T
    a = someone.labels.frame_from_voxel
    native = Points(index @ a[:3, :3].T + a[:3, 3], someone.t1w.frame)
    return someone.mni_from_native(native).xyz_mm.reshape(*someone.labels.data.shape, 3)


def touching(mask):
    return ndimage.binary_dilation(mask) & ~mask


def test_left_stays_left(someone):
    target = someone.target.xyz_mm
    mni = someone.mni_from_native(someone.target).xyz_mm[0]
    assert mni[0] < -25
    assert mni[1] > 25
    assert mni[2] > 10
    midline = known.native_of(someone, np.array([[0.0, mni[1], mni[2]]]))
    mirror = known.native_of(someone, mni[None] * [-1, 1, 1])
    assert target[0, 0] < midline[0, 0] - 20 < mirror[0, 0]
    index = voxels(someone.labels, target)[0]
    assert someone.labels.data[tuple(index)] == Tissue.GM
    brain = np.isin(someone.labels.data, (Tissue.GM, Tissue.WM))
    middle = np.argwhere(brain)[:, 0].mean()
    stored_right_to_left = someone.labels.frame_from_voxel[0, 0] < 0
    assert (index[0] > middle + 8) if stored_right_to_left else (index[0] < middle - 8)


def test_both_storage_orders_occur(people):
    codes = {"".join(nib.aff2axcodes(p.t1w.frame_from_voxel)) for p in people}
    assert codes == {"RAS", "LAS"}


def test_headers_are_valid_and_oblique(someone):
    for volume in (someone.t1w, someone.bold.volume):
        sides = volume.data.shape[:3]
        assert len(set(sides)) == 3
        image = nib.Nifti1Image(volume.data, volume.frame_from_voxel)
        assert np.abs(image.get_sform() - volume.frame_from_voxel).max() < 1e-5
        # a NIfTI quaternion near half a turn (LAS) keeps only half of single precision: .004
        assert np.abs(image.get_qform() - volume.frame_from_voxel).max() < 0.01
        unit = volume.frame_from_voxel[:3, :3] / volume.voxel_mm
        assert np.abs(unit.T @ unit - np.eye(3)).max() < 1e-9
        assert 0.5 < np.degrees(np.arccos(np.abs(unit).max(axis=0))).max() < 9
    origin = someone.native_from_mni(Points(np.zeros((1, 3)), MNI)).xyz_mm
    assert np.linalg.norm(origin) > 3
    assert someone.bold.volume.frame == Frame(f"sub-{someone.t1w.frame.name[4:5]}/bold")


def test_tissues_are_nested(someone):
    t = someone.labels.data
    brain = np.isin(t, (Tissue.WM, Tissue.GM))
    within = brain | (t == Tissue.CSF)
    skull = within | (t == Tissue.BONE)
    assert set(np.unique(t[touching(brain)])) == {Tissue.CSF}
    assert set(np.unique(t[touching(within)])) == {Tissue.BONE}
    vault = mni_of_labels(someone)[..., 2] > -10
    assert set(np.unique(t[touching(skull) & vault])) == {Tissue.SCALP}
    edge = np.ones(t.shape, bool)
    edge[1:-1, 1:-1, 1:-1] = False
    edge[:, :, 0] = False  # the neck leaves through the floor
    assert (t[edge] == Tissue.AIR).all()


def test_volumes_are_those_of_an_adult(someone):
    ml = np.prod(someone.labels.voxel_mm) / 1000
    volume = {k: (someone.labels.data == k).sum() * ml for k in list(Tissue)[:6]}
    assert 1100 < volume[Tissue.GM] + volume[Tissue.WM] < 1700
    assert 1.1 < volume[Tissue.GM] / volume[Tissue.WM] < 1.6
    assert 150 < volume[Tissue.CSF] < 600
    assert 350 < volume[Tissue.BONE] < 800


def test_cortex_and_skull_have_the_thickness_of_people(someone):
    t, mm = someone.labels.data, someone.labels.voxel_mm[0]
    mni = mni_of_labels(someone)
    convex = (mni[..., 2] > 5) & (np.abs(mni[..., 0]) > 25)
    to_white = ndimage.distance_transform_edt(t != Tissue.WM, sampling=mm)
    pial = (t == Tissue.GM) & convex & ndimage.binary_dilation(t == Tissue.CSF)
    assert 1.9 < np.median(to_white[pial]) < 4  # six seeds: 2.83 on 2 mm voxels; 3.0 at 1 mm
    to_csf = ndimage.distance_transform_edt(~np.isin(t, (1, 2, 3)), sampling=mm)
    outer = (t == Tissue.SCALP) & ndimage.binary_dilation(t == Tissue.BONE)
    occiput = outer & (mni[..., 1] < -80) & (mni[..., 2] > 0)
    temple = outer & (np.abs(mni[..., 0]) > 60) & (np.abs(mni[..., 2] + 5) < 12)
    temple &= np.abs(mni[..., 1] - 5) < 25
    assert 4.5 < np.median(to_csf[outer & (mni[..., 2] > 20)]) < 9
    assert np.median(to_csf[occiput]) > np.median(to_csf[temple]) + 2


def test_t1w_has_the_contrast_of_a_t1w(someone):
    image, t = someone.t1w.data.astype(float), someone.labels.data
    core = {k: ndimage.binary_erosion(t == k) for k in (Tissue.WM, Tissue.GM)}
    wm, gm = (np.median(image[core[k]]) for k in (Tissue.WM, Tissue.GM))
    csf, bone = (np.median(image[t == k]) for k in (Tissue.CSF, Tissue.BONE))
    assert wm > 1.2 * gm > 1.8 * csf
    assert bone < 0.75 * gm
    assert np.percentile(image[t == Tissue.SCALP], 95) > wm
    gain = image[core[Tissue.WM]]
    assert 0.03 < gain.std() / gain.mean() < 0.25


def test_air_is_rayleigh_with_the_planted_noise(someone):
    far = ndimage.distance_transform_edt(someone.labels.data == Tissue.AIR) > 4
    air = someone.t1w.data[far].astype(float)
    # Rayleigh: mean sigma sqrt(pi/2), mean over sd sqrt(pi / (4 - pi)) = 1.913
    assert abs(air.mean() / air.std() - 1.913) < 0.03
    assert abs(air.mean() / np.sqrt(np.pi / 2) - 1000 / 28) < 1.0


def test_patch_is_a_neighbourhood_of_the_target_on_grey_matter(someone):
    away = np.linalg.norm(someone.patch.xyz_mm - someone.target.xyz_mm, axis=1)
    assert away.min() == 0
    assert away.max() < 14
    assert (known.labels_at(someone, someone.patch.xyz_mm) == Tissue.GM).all()


def test_bold_world_is_a_small_rigid_away(someone):
    m = someone.bold_from_t1w.matrix
    assert np.abs(m[:3, :3].T @ m[:3, :3] - np.eye(3)).max() < 1e-12
    angle = np.degrees(np.arccos((np.trace(m[:3, :3]) - 1) / 2))
    centre = known.native_of(someone, np.array([[0.0, -17.0, 6.0]]))
    shift = np.linalg.norm(known.bold_of(someone, centre) - centre)
    assert 0.9 < angle < 2.3
    assert 0.9 < shift < 2.3


def test_same_seed_same_person_and_other_seed_another(maps, tiny):
    before = [m.data.copy() for m in maps]
    one, two, other = (
        person(*maps, label="a", rng=np.random.default_rng(s), settings=tiny) for s in (4, 4, 5)
    )
    for pick in (
        lambda p: p.t1w.data,
        lambda p: p.bold.volume.data,
        lambda p: p.labels.data,
        lambda p: p.target.xyz_mm,
        lambda p: p.motion_params,
        lambda p: p.bold_from_t1w.matrix,
        lambda p: p.native_from_mni.displacement_mm,
    ):
        assert np.array_equal(pick(one), pick(two))
        assert not np.array_equal(pick(one), pick(other))
    assert all(np.array_equal(a, m.data) for a, m in zip(before, maps, strict=True))


def test_maps_of_another_frame_are_refused(maps, tiny):
    t1, gm, wm = maps
    stray = Volume(wm.data, wm.frame_from_voxel, Frame("sub-01/T1w"))
    with pytest.raises(FrameError, match="sub-01/T1w"):
        person(t1, gm, stray, label="a", rng=np.random.default_rng(0), settings=tiny)


@pytest.mark.slow
def test_full_resolution_is_nested_too(maps):
    settings = replace(known.FULL, n_volumes=48, jerks=1)
    someone = person(*maps, label="f", rng=np.random.default_rng(1), settings=settings)
    test_tissues_are_nested(someone)
    test_volumes_are_those_of_an_adult(someone)
