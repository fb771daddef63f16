"""The other way in: a folder as fMRIPrep leaves it, with motion removed and BOLD on the T1w."""

import shutil

import numpy as np
import pytest
from scipy import ndimage

from tests.end_to_end.runs import FRAME, LABEL, SMALL, Heard, step_folder
from tests.io.images import save, write
from tests.phantom.reference_analysis import framewise_displacement, rigid
from tmsguide.cli import main
from tmsguide.io import mni_maps, write_tsv
from tmsguide.model import Tissue
from tmsguide.phantom import PhantomSettings, person
from tmsguide.pipeline import check_request, run_participant

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]

STEP_MM = 4.0
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def grid_round(points, margin_mm=8.0):
    """An upright grid that holds the points: (4, 4) world from voxel, and its shape."""
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = low
    return affine, tuple(np.ceil((high - low) / STEP_MM).astype(int) + 1)


def at_rest_in_t1w(truth, affine, shape):
    """Each volume read at the T1w grid through the planted coregistration and motion."""
    data, bold_from_voxel = truth.bold.volume.data, truth.bold.volume.frame_from_voxel
    middle = (np.asarray(data.shape[:3]) - 1) / 2
    centre = bold_from_voxel[:3, :3] @ middle + bold_from_voxel[:3, 3]
    voxel = np.stack(np.indices(shape), axis=-1).reshape(-1, 3)
    still = (voxel @ affine[:3, :3].T + affine[:3, 3]) @ truth.bold_from_t1w.matrix[:3, :3].T
    still = still + truth.bold_from_t1w.matrix[:3, 3]
    out = np.empty((*shape, data.shape[3]), np.float32)
    back = np.linalg.inv(bold_from_voxel)
    for t, row in enumerate(truth.motion_params):
        m = back @ rigid(row, centre)
        at = (still @ m[:3, :3].T + m[:3, 3]).T
        out[..., t] = ndimage.map_coordinates(
            data[..., t].astype(np.float32), at, order=3, mode="nearest"
        ).reshape(shape)
    return out


@pytest.fixture(scope="module")
def truth():
    """The very person of the small demonstration, with all that was planted."""
    return person(
        *mni_maps(), label=LABEL, rng=np.random.default_rng(1), settings=PhantomSettings.small()
    )


@pytest.fixture(scope="module")
def derivative(truth, demo, tmp_path_factory):
    root = tmp_path_factory.mktemp("fmriprep")
    write(
        root / "dataset_description.json",
        {
            "Name": "as fMRIPrep leaves it",
            "BIDSVersion": "1.6.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "fMRIPrep", "Version": "24.1.0"}],
        },
    )
    shutil.copy(demo.bids / "participants.tsv", root)  # its age decides limits of motion
    stem = f"sub-{LABEL}"
    anat, func = root / stem / "anat", root / stem / "func"
    anat.mkdir(parents=True)
    raw = demo.bids / stem / "anat" / f"{stem}_T1w.nii.gz"
    shutil.copy(raw, anat / f"{stem}_desc-preproc_T1w.nii.gz")
    labels = truth.labels
    brain = np.isin(labels.data, [Tissue.WM, Tissue.GM, Tissue.CSF])
    save(anat / f"{stem}_desc-brain_mask.nii.gz", brain.astype(np.uint8), labels.frame_from_voxel)
    inside = (
        np.argwhere(brain) @ labels.frame_from_voxel[:3, :3].T + labels.frame_from_voxel[:3, 3]
    )
    affine, shape = grid_round(inside)
    series = at_rest_in_t1w(truth, affine, shape)
    name = f"{stem}_task-rest_space-T1w_desc-"
    save(func / f"{name}preproc_bold.nii.gz", series, affine, tr=truth.bold.tr_s)
    write(
        func / f"{name}preproc_bold.json",
        {"RepetitionTime": truth.bold.tr_s, "TaskName": "rest", "SkullStripped": False},
    )
    mask = (series.mean(axis=-1) > 0.2 * series.mean(axis=-1).max()).astype(np.uint8)
    save(func / f"{name}brain_mask.nii.gz", mask, affine)
    fd = framewise_displacement(truth.motion_params)
    columns = {m: list(v) for m, v in zip(MOTION, truth.motion_params.T, strict=True)}
    columns["framewise_displacement"] = ["n/a", *fd[1:]]
    columns["csf"] = list(series.mean(axis=(0, 1, 2)))
    write_tsv(columns, func / f"{stem}_task-rest_desc-confounds_timeseries.tsv")
    return root


def test_fmriprep_output_gives_the_planted_target(truth, derivative, demo, tmp_path):
    (request,) = check_request(
        derivative,
        tmp_path / "out",
        labels=None,
        work_dir=None,
        settings=SMALL,
        truth=truth.target,
    )
    assert request.label == LABEL
    # the T1w is the demonstration's own, so what was made from it alone need not be made again
    work = tmp_path / "out" / "work" / f"sub-{LABEL}"
    shared_steps = ("anatomy", "registration to MNI", "surfaces", "landmarks", "head mesh")
    for step in shared_steps:
        folder = step_folder(demo.work, step)
        shutil.copytree(folder, work / folder.name)
    heard = Heard()
    done = run_participant(request, listener=heard).content
    assert {s for s, reused in heard.reused.items() if reused} == set(shared_steps)
    found = np.array(done["target_native_mm"])
    assert done["planted_error_mm"] < 12  # measured 4.2 mm; 8.0 mm from the raw scan
    assert found[0] < 0
    assert np.array(done["placement"])[0, 3] < found[0]
    # raw and preprocessed data of one person: the same place but for two grids and interpolations
    assert np.linalg.norm(found - demo.summary["target_native_mm"]) < 9
    assert done["usable_minutes"] == pytest.approx(demo.summary["usable_minutes"], abs=0.4)
    page = (tmp_path / "out" / f"sub-{LABEL}.html").read_text(encoding="utf-8")
    assert "Research use only" in page
    assert truth.target.frame == FRAME


def test_fmriprep_output_without_t1w_space_is_refused(derivative, tmp_path, capsys):
    root = shutil.copytree(derivative, tmp_path / "fmriprep")
    for path in list((root / f"sub-{LABEL}" / "func").iterdir()):
        path.rename(path.with_name(path.name.replace("space-T1w", "space-MNI152NLin2009cAsym")))
    assert main([str(root), str(tmp_path / "out"), "participant"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tmsguide: ")
    assert "--output-spaces T1w" in line
    assert not (tmp_path / "out").exists()
