"""HCP pipeline folders: FSL's warps by closed form, motion in radians, series in this head."""

import numpy as np
import pytest

from tests.io import foreign
from tests.io.damage import survives
from tests.io.images import save
from tests.io.refusals import refused
from tests.tolerance import STORED, Tol, assert_close
from tmsguide.io.prepared.hcp import is_hcp, select_hcp
from tmsguide.io.prepared.hcp_reading import (
    HCP_MNI,
    read_hcp_anatomy,
    read_hcp_movement,
    read_hcp_surface_run,
    read_hcp_volume_run,
    read_hcp_warps,
)
from tmsguide.io.transforms.fsl_warps import FslGrid, fsl_grid, read_fsl_warp
from tmsguide.model import Points, Tissue, native_frame

FRAME = native_frame("100307")
SHAPE = (9, 10, 11)
LAS = np.array([[-3.0, 0, 0, 12], [0, 3, 0, -15], [0, 0, 3, -14], [0, 0, 0, 1]])
RAS = np.array([[3.0, 0, 0, -12], [0, 3, 0, -15], [0, 0, 3, -14], [0, 0, 0, 1]])
OTHER = foreign.turned(2.5, (13, 12, 10), centre=(1.0, 2, 3))  # determinant above zero


def some(n=40, half=8.0):
    return Points(np.random.default_rng(0).uniform(-half, half, (n, 3)), FRAME)


def warp(path, moving):
    return read_fsl_warp(path, moving=moving, source=FRAME, target=HCP_MNI)


@pytest.mark.parametrize("affine", [LAS, RAS])
def test_stored_shift_moves_x_to_the_left_in_any_storage(tmp_path, affine):
    """FSL counts x from the right of the head: +5 stored is 5 mm to the left, y and z as is."""
    field = np.zeros((*SHAPE, 3), np.float32) + np.float32([5, 2, -1])
    field += np.random.default_rng(0).uniform(-1e-4, 1e-4, field.shape).astype(np.float32)
    path = save(tmp_path / "w.nii.gz", field, affine)
    got = warp(path, fsl_grid(path))(some())
    shift = got.xyz_mm - some().xyz_mm
    expected = np.broadcast_to([-5.0, 2.0, -1.0], shift.shape)
    assert_close(shift, expected, Tol(1e-4, "noise of the field, that it be no empty image"))
    assert got.frame == HCP_MNI


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(
    ("reference", "moving"),
    [((LAS, SHAPE), (OTHER, (13, 12, 10))), ((OTHER, (13, 12, 10)), (RAS, SHAPE))],
    ids=["LAS to oblique", "oblique to RAS"],
)
def test_affine_between_two_storages_is_read_back(tmp_path, reference, moving, absolute):
    path = foreign.fsl_warp(
        tmp_path / "w.nii.gz", foreign.MNI_FROM_T1W, reference, moving, absolute=absolute
    )
    got = warp(path, FslGrid(*moving))(some())
    m = foreign.MNI_FROM_T1W
    assert_close(got.xyz_mm, some().xyz_mm @ m[:3, :3].T + m[:3, 3], STORED)


def test_coefficients_and_other_files_are_refused(tmp_path):
    grid = (LAS, SHAPE)
    path = foreign.fsl_warp(tmp_path / "w.nii", foreign.MNI_FROM_T1W, grid, grid)
    data = bytearray(path.read_bytes())
    data[68:70] = (2007).to_bytes(2, "little")
    path.write_bytes(bytes(data))
    refused(warp, path, FslGrid(*grid), words=["spline coefficients", "fout"])
    flat = save(tmp_path / "flat.nii", np.ones((*SHAPE, 2), np.float32), LAS)
    refused(warp, flat, FslGrid(*grid), words=["three components"])
    survives(path, lambda: warp(path, FslGrid(*grid)), head=352)


def test_folder_is_read_whole(tmp_path):
    foreign.hcp(tmp_path)
    assert is_hcp(tmp_path)
    got = select_hcp(tmp_path, "100307")
    assert [run.name for run in got.runs] == ["rfMRI_REST1_LR", "rfMRI_REST1_RL"]
    assert got.notes == ("task run not used: tfMRI_WM_LR",)
    assert all(run.dense_cleaned and run.volume_cleaned for run in got.runs)
    assert {run.sheet for run in got.runs} == {"MSMAll"}
    assert set(got.sheets) == {"", "MSMAll"}
    assert select_hcp(tmp_path / "100307", "100307").t1w == got.t1w


def test_maps_lead_there_and_back(tmp_path):
    """standard2acpc_dc leads points from T1w to MNI, against what its name says of images."""
    foreign.hcp(tmp_path)
    there, back = read_hcp_warps(select_hcp(tmp_path, "100307"), frame=FRAME)
    m = foreign.MNI_FROM_T1W
    expected = some().xyz_mm @ m[:3, :3].T + m[:3, 3]
    assert_close(there(some()).xyz_mm, expected, STORED)
    assert_close(back(there(some())).xyz_mm, some().xyz_mm, Tol(1e-4, "two float32 fields"))
    assert (there.source, there.target) == (FRAME, HCP_MNI)


def test_anatomy_has_tissues_of_wmparc(tmp_path):
    foreign.hcp(tmp_path)
    got = read_hcp_anatomy(select_hcp(tmp_path, "100307"), frame=FRAME)
    truth = foreign.shells(foreign.MNI_LAS, foreign.MNI_SHAPE)
    inside = (truth > 0) & (truth <= 3)
    assert (got.brain_labels.data[inside] == truth[inside]).all()
    assert not got.brain_labels.data[~inside].any()
    assert set(np.unique(got.brain_labels.data)) == {0, Tissue.WM, Tissue.GM, Tissue.CSF}


def test_surface_run_lies_on_the_persons_cortex(tmp_path):
    foreign.hcp(tmp_path)
    inputs = select_hcp(tmp_path, "100307")
    got = read_hcp_surface_run(inputs, inputs.runs[0], frame=FRAME)
    axis = foreign.brain_axis()
    assert got.tr_s == pytest.approx(0.72)
    assert got.series.shape == (170, 142 + 71)
    assert_close(got.where.xyz_mm[:142], foreign.hemisphere("left")[0][axis.vertex[:142]], STORED)
    assert not got.denoised
    assert "ICA-FIX" in " ".join(got.notes)
    assert "AC-PC" in " ".join(got.notes)
    _, back = read_hcp_warps(inputs, frame=FRAME)
    whole = read_hcp_surface_run(inputs, inputs.runs[0], frame=FRAME, t1w_from_mni=back)
    assert whole.series.shape[1] == len(axis) == len(whole.where)
    deep = whole.where.xyz_mm[-4:]
    m = np.linalg.inv(foreign.MNI_FROM_T1W)
    at = axis.voxel[-4:] @ axis.affine[:3, :3].T + axis.affine[:3, 3]
    assert_close(deep, at @ m[:3, :3].T + m[:3, 3], Tol(1e-4, "float32 field"))


def test_volume_run_is_in_mni(tmp_path):
    foreign.hcp(tmp_path, cleaned=False)
    run = select_hcp(tmp_path, "100307").runs[1]
    got = read_hcp_volume_run(run)
    assert got.scan.volume.frame == HCP_MNI
    assert got.scan.volume.data.shape == (8, 9, 7, 170)
    assert got.tr_s == pytest.approx(0.72)
    assert "ICA-FIX" not in " ".join(got.notes)


def test_motion_is_in_millimetres_and_radians(tmp_path):
    table = foreign.movement(tmp_path / "Movement_Regressors.txt", 30)
    got = read_hcp_movement(tmp_path / "Movement_Regressors.txt", 30)
    assert list(got) == ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    assert_close(got["trans_y"], table[:, 1], STORED)
    assert_close(got["rot_z"], table[:, 5] * np.pi / 180, STORED)
    path = tmp_path / "m.txt"
    refused(read_hcp_movement, tmp_path / "Movement_Regressors.txt", 29, words=["30 rows", "29"])
    for text, word in (("", "table"), ("1 2 3\n", "table"), ("1 2 3 4 5 x\n", "number")):
        path.write_text(text)
        refused(read_hcp_movement, path, 1, words=[word])
    path.write_text("1 2 3 4 5 nan\n")
    refused(read_hcp_movement, path, 1, words=["NaN"])


def test_registrations_are_not_mixed(tmp_path):
    """A series on the MSMSulc mesh goes to MSMSulc surfaces, or nowhere."""
    home = foreign.hcp(tmp_path, sheet="")
    for path in (home / "T1w" / "fsaverage_LR32k").glob("*midthickness.32k*"):
        path.unlink()
    inputs = select_hcp(tmp_path, "100307")
    assert inputs.runs[0].sheet == ""
    refused(
        read_hcp_surface_run,
        inputs,
        inputs.runs[0],
        frame=FRAME,
        words=["midthickness.32k", "own"],
    )


def test_missing_pieces_are_named(tmp_path):
    home = foreign.hcp(tmp_path)
    refused(select_hcp, tmp_path, "100408", words=["100408", "100307"])
    for piece in ("T1w/wmparc.nii.gz", "MNINonLinear/xfms/acpc_dc2standard.nii.gz"):
        held = (home / piece).read_bytes()
        (home / piece).unlink()
        refused(select_hcp, tmp_path, "100307", words=[piece.rsplit("/", 1)[1]])
        (home / piece).write_bytes(held)
    for path in home.glob("MNINonLinear/Results/*/Movement_Regressors.txt"):
        path.unlink()
    refused(select_hcp, tmp_path, "100307", words=["Movement_Regressors.txt"])
