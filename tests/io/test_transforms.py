"""Transforms of other programs: the right way round, in RAS, or refused in one line."""

import h5py
import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nitransforms.io.fsl import FSLLinearTransform
from nitransforms.io.itk import ITKLinearTransform
from nitransforms.io.lta import FSLinearTransform as Lta
from nitransforms.io.lta import VolumeGeometry
from nitransforms.manip import TransformChain

from tests.io.images import ORIENTATIONS, head, save
from tests.io.refusals import refused
from tests.io.transform_files import composite_h5, itk_text, smooth_shift
from tests.tolerance import EXACT, STORED, assert_close
from tmsguide.errors import FrameError
from tmsguide.io.transforms.reading import read_affine, read_transform
from tmsguide.model import Affine, Frame, Points, Warp

MNI, T1W = Frame("MNI152NLin2009cAsym"), Frame("sub-01/T1w")
AFFINE = np.array(
    [[1.08, 0.06, -0.02, 7.0], [-0.05, 0.93, 0.10, -11], [0.03, -0.08, 1.04, 5], [0, 0, 0, 1]]
)
GRID = (14, 16, 15)
MNI_FROM_VOXEL = np.array([[12.0, 0, 0, -78], [0, 12, 0, -96], [0, 0, 12, -72], [0, 0, 0, 1]])
OBLIQUE = ORIENTATIONS["oblique"] @ np.diag([2.0, 2.2, 2.1, 1])


def places(count=200, *, reach=60.0):
    return Points(np.random.default_rng(3).uniform(-reach, reach, (count, 3)), MNI)


def by_simpleitk(path, points):
    """What ITK itself makes of the points: an oracle that shares no line with the reader."""
    moved = sitk.ReadTransform(str(path))
    lps = points.xyz_mm * [-1, -1, 1]
    return np.array([moved.TransformPoint(p.tolist()) for p in lps]) * [-1, -1, 1]


def read(path, **kwargs):
    return read_transform(path, source=MNI, target=T1W, **kwargs)


def test_affine_text_is_the_map_of_points(tmp_path):
    path = itk_text(tmp_path / "sub-01_from-T1w_to-MNI_mode-image_xfm.txt", AFFINE)
    found = read(path)
    assert isinstance(found, Affine)
    assert_close(found.matrix, AFFINE, EXACT)
    at = places()
    assert found(at).frame == T1W
    assert_close(found(at).xyz_mm, by_simpleitk(path, at), EXACT)
    assert_close(ITKLinearTransform.from_filename(str(path)).to_ras(), found.matrix, STORED)
    with pytest.raises(FrameError):
        found(Points(np.zeros((1, 3)), T1W))


def rigid(kind):
    if kind == "euler zyx":
        made = sitk.Euler3DTransform()
        made.SetComputeZYX(True)
    elif kind == "versor":
        made = sitk.VersorRigid3DTransform()
        made.SetRotation([0.3, -0.5, 0.8], 0.4)
    elif kind == "translation":
        return sitk.TranslationTransform(3, [3.0, -4, 5])
    else:
        made = sitk.Euler3DTransform()
    if kind.startswith("euler"):
        made.SetRotation(0.2, -0.3, 0.4)
    made.SetTranslation([3.0, -4, 5])
    made.SetCenter([10.0, 20, -30])
    return made


@pytest.mark.parametrize("suffix", ["txt", "mat", "h5"])
@pytest.mark.parametrize("kind", ["euler", "euler zyx", "versor", "translation"])
def test_rigid_kinds_agree_with_itk(tmp_path, kind, suffix):
    path = tmp_path / f"rigid.{suffix}"
    sitk.WriteTransform(rigid(kind), str(path))
    assert_close(read(path)(places()).xyz_mm, by_simpleitk(path, places()), EXACT)


def test_identity(tmp_path):
    path = tmp_path / "i.txt"
    sitk.WriteTransform(sitk.Transform(3, sitk.sitkIdentity), str(path))
    assert_close(read(path)(places()).xyz_mm, places().xyz_mm, EXACT)


@pytest.mark.parametrize("word", ["Transform", "Tranform"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("voxels", ["upright", "oblique"])
def test_forward_composite_warps_first_then_the_affine(tmp_path, voxels, dtype, word):
    """from-T1w_to-MNI as antsRegistration writes it: MNI point -> field -> affine -> T1w."""
    grid = MNI_FROM_VOXEL if voxels == "upright" else OBLIQUE
    shift = smooth_shift(GRID, grid)
    path = composite_h5(tmp_path / "x.h5", [(shift, grid), AFFINE], dtype=dtype, word=word)
    found = read(path)
    assert isinstance(found, Warp)
    # at the nodes of the field the truth is in closed form
    voxel = np.argwhere(np.ones(GRID))
    nodes = voxel @ grid[:3, :3].T + grid[:3, 3]
    truth = (nodes + shift.reshape(-1, 3)) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    assert_close(found(Points(nodes, MNI)).xyz_mm, truth, STORED)


@pytest.mark.parametrize("way", ["forward", "inverse", "two fields"])
def test_composite_agrees_with_itk_and_nitransforms(tmp_path, way):
    shift = smooth_shift(GRID, MNI_FROM_VOXEL)
    field = (shift, MNI_FROM_VOXEL)
    steps = {
        "forward": [field, AFFINE],
        "inverse": [np.linalg.inv(AFFINE), field],
        "two fields": [field, AFFINE, (0.5 * shift[::-1], MNI_FROM_VOXEL)],
    }[way]
    path = composite_h5(tmp_path / "x.h5", steps)
    at = places(reach=45.0)  # stays within the field's grid after the affine
    ours = read(path)(at).xyz_mm
    # two fields: linear between nodes of the first only, so second order in its 12 mm voxel
    within = 0.25 if way == "two fields" else 2e-5  # measured 0.085; 5e-7 mm
    assert np.abs(ours - by_simpleitk(path, at)).max() < within
    assert np.abs(ours - at.xyz_mm).max() > 5
    if way == "forward":
        theirs = TransformChain.from_filename(str(path), fmt="itk").map(at.xyz_mm)
        # nitransforms reads the field's 12 mm voxels by cubic splines: measured 0.22 mm apart
        assert np.abs(ours - theirs).max() < 0.33


def test_inverse_composite_undoes_the_forward(tmp_path):
    """An affine pair and a constant field: there and back again, within float32."""
    shift = np.broadcast_to([2.0, -3.0, 1.0], (*GRID, 3))
    there = read(composite_h5(tmp_path / "a.h5", [(shift, MNI_FROM_VOXEL), AFFINE]))
    back = read_transform(
        composite_h5(tmp_path / "b.h5", [np.linalg.inv(AFFINE), (-shift, MNI_FROM_VOXEL)]),
        source=T1W,
        target=MNI,
    )
    assert_close(back(there(places())).xyz_mm, places().xyz_mm, STORED)


def test_left_stays_left(tmp_path):
    """A shift of 5 mm to the left written in LPS is read as 5 mm to the left in RAS."""
    shift = np.broadcast_to([-5.0, 0, 0], (*GRID, 3))
    path = composite_h5(tmp_path / "x.h5", [(shift, MNI_FROM_VOXEL), np.eye(4)])
    with h5py.File(path) as file:
        assert file["TransformGroup/2/TransformParameters"][0] == 5.0  # LPS: left is positive
    start = Points(np.array([[-40.0, 30, 20]]), MNI)
    assert_close(read(path)(start).xyz_mm, [[-45.0, 30, 20]], STORED)


def test_freesurfer_registration(tmp_path):
    """An .lta maps source to destination; ours maps points of the destination back."""
    source = nib.Nifti1Image(np.zeros((10, 11, 12)), ORIENTATIONS["LPS"])
    target = nib.Nifti1Image(np.zeros((9, 8, 7)), ORIENTATIONS["oblique"])
    made = Lta()
    made["type"], made["m_L"] = 1, AFFINE
    made["src"] = np.asanyarray(VolumeGeometry.from_image(source))
    made["dst"] = np.asanyarray(VolumeGeometry.from_image(target))
    path = tmp_path / "reg.lta"
    path.write_text(made.to_string())
    found = read_affine(path, source=MNI, target=T1W)
    assert_close(found.inverse().matrix, AFFINE, STORED)
    path.write_text(path.read_text().replace("1 4 4", "2 4 4"))
    refused(read, path, words=["FreeSurfer"])


def test_talairach_xfm(tmp_path):
    rows = "\n".join(" ".join(map(str, row)) for row in AFFINE[:3])
    path = tmp_path / "talairach.xfm"
    path.write_text(
        f"MNI Transform File\n\nTransform_Type = Linear;\nLinear_Transform =\n{rows};\n"
    )
    assert_close(read_affine(path, source=MNI, target=T1W).inverse().matrix, AFFINE, EXACT)
    path.write_text("MNI Transform File\n")
    refused(read, path, words=["Linear_Transform"])


@pytest.mark.parametrize("one", ["RAS", "LAS", "oblique"])
@pytest.mark.parametrize("other", ["LPS", "PSR"])
def test_fsl_matrix_agrees_with_nitransforms(tmp_path, one, other):
    moving = save(tmp_path / "m.nii", head((10, 11, 12)), ORIENTATIONS[one])
    still = save(tmp_path / "r.nii", head((9, 8, 7)), ORIENTATIONS[other])
    made = FSLLinearTransform.from_ras(AFFINE, moving=str(moving), reference=str(still))
    path = tmp_path / "flirt.mat"
    path.write_text(made.to_string())
    refused(read, path, words=["two images"])
    found = read(path, source_image=still, target_image=moving)
    assert_close(found.matrix, AFFINE, STORED)


def test_a_field_is_no_affine(tmp_path):
    shift = smooth_shift(GRID, MNI_FROM_VOXEL)
    path = composite_h5(tmp_path / "x.h5", [(shift, MNI_FROM_VOXEL)])
    refused(read_affine, path, source=MNI, target=T1W, words=["displacement field"])


def test_motion_of_every_volume_is_refused(tmp_path):
    path = itk_text(tmp_path / "hmc.txt", np.eye(4))
    one = path.read_text()
    path.write_text(one + one.split("\n", 1)[1].replace("#Transform 0", "#Transform 1"))
    refused(read, path, words=["one per volume", "2 transforms"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda g: g["2"].pop("TransformParameters"), "damaged"),
        (lambda g: g["2/TransformFixedParameters"].__setitem__(0, 13.0), "displacements for"),
        (lambda g: g["2/TransformFixedParameters"].__setitem__(0, 1e9), "million"),
        (lambda g: g["2/TransformFixedParameters"].__setitem__(6, np.nan), "grid"),
        (lambda g: g["2/TransformParameters"].__setitem__(5, np.inf), "NaN"),
        (lambda g: g["1/TransformParameters"].__setitem__(slice(0, 9), 0.0), "flat"),
        (lambda g: g["1/TransformType"].__setitem__(0, b"BSplineTransform_double_3_3"), "BSpline"),
        (lambda g: [g.pop(k) for k in list(g)], "no transform"),
    ],
)
def test_damaged_composite(tmp_path, change, word):
    shift = smooth_shift(GRID, MNI_FROM_VOXEL)
    path = composite_h5(tmp_path / "x.h5", [(shift, MNI_FROM_VOXEL), AFFINE])
    with h5py.File(path, "r+") as file:
        change(file["TransformGroup"])
    refused(read, path, words=["x.h5", word])


@pytest.mark.parametrize("end", [0, 7, 100, 2000])
def test_cut_composite(tmp_path, end):
    path = composite_h5(tmp_path / "x.h5", [AFFINE])
    path.write_bytes(path.read_bytes()[:end])
    refused(read, path, words=["x.h5"])


def test_missing_file(tmp_path):
    refused(read, tmp_path / "none.h5", words=["does not exist"])


@pytest.mark.parametrize("suffix", ["txt", "mat", "h5", "lta", "xfm"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.binary(max_size=200), start=st.sampled_from([b"", b"#Insight Transform File V1.0\n"])
)
def test_noise_is_refused(tmp_path, suffix, data, start):
    path = tmp_path / f"noise.{suffix}"
    path.write_bytes(start + data)
    refused(read, path)


def test_numbers_that_are_none(tmp_path):
    path = itk_text(tmp_path / "a.txt", AFFINE)
    path.write_text(path.read_text().replace("Parameters: ", "Parameters: x "))
    refused(read, path, words=["damaged"])
