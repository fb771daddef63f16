"""fMRIPrep's output in its real layout: read, or the missing piece named."""

import numpy as np
import pytest

from tests.io.images import ORIENTATIONS, SHAPE, head, save, series, write
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.io import (
    is_derivative,
    read_confounds,
    read_t1w,
    select_fmriprep,
    write_tsv,
)
from tmsguide.io.prepared.prepared_volumes import read_prepared
from tmsguide.model import native_frame

T = 80
GRID = (7, 8, 9)
SPACES = ("T1w", "MNI152NLin2009cAsym")


def confounds(rows=T):
    rng = np.random.default_rng(1)
    fd = [None, *rng.uniform(0, 0.3, rows - 1)]
    return {"trans_x": rng.normal(size=rows), "framewise_displacement": fd}


def fmriprep(root, *, session=None, tasks=("rest",), spaces=SPACES, runs=(None,)):
    """Write what fMRIPrep 23 leaves: anat, func per space, confounds without space."""
    write(
        root / "dataset_description.json",
        {"Name": "fMRIPrep - fMRI PREProcessing workflow", "DatasetType": "derivative"},
    )
    stem = "sub-01" + (f"_ses-{session}" if session else "")
    home = root / "sub-01" / (f"ses-{session}" if session else "")
    for space in ("", "space-MNI152NLin2009cAsym_res-2_"):
        save(home / "anat" / f"{stem}_{space}desc-preproc_T1w.nii.gz", head())
        mask = (head() > 300).astype(np.uint8)
        save(home / "anat" / f"{stem}_{space}desc-brain_mask.nii.gz", mask)
    for task in tasks:
        for run in runs:
            own = f"{stem}_task-{task}" + (f"_run-{run}" if run else "")
            write_tsv(confounds(), home / "func" / f"{own}_desc-confounds_timeseries.tsv")
            for space in spaces:
                base = home / "func" / f"{own}_space-{space}"
                data, mask = series(T), (head(GRID) > 300).astype(np.uint8)
                affine = ORIENTATIONS["oblique"]
                save(base.with_name(base.name + "_desc-preproc_bold.nii.gz"), data, affine, tr=2.0)
                save(base.with_name(base.name + "_desc-brain_mask.nii.gz"), mask, affine)
                write(
                    base.with_name(base.name + "_desc-preproc_bold.json"),
                    {"RepetitionTime": 2.0, "SkullStripped": False},
                )
    return root


def test_whole_output_is_read(tmp_path):
    got = select_fmriprep(fmriprep(tmp_path), "sub-01")
    assert is_derivative(tmp_path)
    assert got.t1w.name == "sub-01_desc-preproc_T1w.nii.gz"
    assert got.brain_mask.name == "sub-01_desc-brain_mask.nii.gz"
    (run,) = got.runs
    assert run.bold.name == "sub-01_task-rest_space-T1w_desc-preproc_bold.nii.gz"
    here = native_frame("01")
    prepared = read_prepared(run, t1w_frame=here)
    volume = prepared.scan.volume
    np.testing.assert_array_equal(volume.data, series(T))
    assert_close(volume.frame_from_voxel, ORIENTATIONS["oblique"], STORED)
    assert volume.frame == here
    assert prepared.tr_s == prepared.scan.tr_s == 2.0
    np.testing.assert_array_equal(prepared.confounds["trans_x"], confounds()["trans_x"])
    fd = prepared.confounds["framewise_displacement"]
    assert np.isnan(fd[0])
    assert np.isfinite(fd[1:]).all()
    assert read_t1w(got.t1w, frame=here).volume.data.shape == SHAPE


def test_sessions_runs_and_tasks(tmp_path):
    fmriprep(tmp_path, session="b", tasks=("rest", "nback"), runs=("2", "10"))
    got = select_fmriprep(tmp_path, "01")
    assert [(r.session, r.task, r.run) for r in got.runs] == [
        ("b", "rest", "2"),
        ("b", "rest", "10"),
    ]
    assert [r.confounds.name for r in got.runs] == [
        f"sub-01_ses-b_task-rest_run-{n}_desc-confounds_timeseries.tsv" for n in ("2", "10")
    ]
    assert len(got.notes) == 2


def test_old_confounds_name(tmp_path):
    fmriprep(tmp_path)
    (old,) = tmp_path.rglob("*confounds_timeseries.tsv")
    renamed = old.rename(old.with_name(old.name.replace("timeseries", "regressors")))
    assert select_fmriprep(tmp_path, "01").runs[0].confounds == renamed


@pytest.mark.parametrize(
    ("remove", "words"),
    [
        ("anat/sub-01_desc-preproc_T1w.nii.gz", ["desc-preproc_T1w", "native"]),
        ("func/sub-01_task-rest_desc-confounds_timeseries.tsv", ["confounds", "timeseries.tsv"]),
        ("func/*T1w_desc-preproc_bold.nii.gz", ["MNI152NLin2009cAsym", "--output-spaces T1w"]),
        ("func/*_bold.nii.gz", ["no preprocessed BOLD", "--output-spaces T1w"]),
    ],
)
def test_missing_piece_is_named(tmp_path, remove, words):
    found = list((fmriprep(tmp_path) / "sub-01").glob(remove))
    assert found
    for path in found:
        path.unlink()
    refused(select_fmriprep, tmp_path, "01", words=words)


def test_pieces_that_do_not_belong_together(tmp_path):
    (run,) = select_fmriprep(fmriprep(tmp_path), "01").runs
    write_tsv(confounds(T - 1), run.confounds)
    refused(read_prepared, run, t1w_frame=native_frame("01"), words=["79 rows", "80 volumes"])
    write_tsv(confounds(), run.confounds)
    save(run.mask, (head(GRID) > 300).astype(np.uint8), ORIENTATIONS["RAS"])
    refused(read_prepared, run, t1w_frame=native_frame("01"), words=["different grids"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a\tb\n", "no rows"),
        ("a\n1\nx\n", "'a'"),
        ("a\ninf\n", "infinity"),
        ("a\tb\n1\n", "row 2"),
    ],
)
def test_bad_confounds(tmp_path, text, word):
    path = tmp_path / "c.tsv"
    path.write_text(text)
    refused(read_confounds, path, words=["c.tsv", word])
