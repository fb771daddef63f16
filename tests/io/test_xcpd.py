"""XCP-D's output with fMRIPrep's beside it: denoised runs, what was censored, the way home."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.io import fmriprep_tree as tree
from tests.io.images import save, write
from tests.io.refusals import refused
from tests.io.test_fmriprep_spaces import HERE, MNI6, MNI2009, found_on_the_left
from tmsguide.errors import InputError
from tmsguide.io import write_tsv
from tmsguide.io.prepared.derivative_files import WrittenBy, written_by
from tmsguide.io.prepared.prepared_volumes import read_prepared, scan_from_t1w
from tmsguide.io.prepared.xcpd import is_xcpd, select_xcpd
from tmsguide.io.prepared.xcpd_reading import XcpdRun, read_censoring
from tmsguide.model import Frame

#: Frames that XCP-D found to move too much.
BAD = np.isin(np.arange(tree.T), [5, 6, 20])


def motion(rows=tree.T):
    rng = np.random.default_rng(4)
    table = {name: rng.normal(size=rows) for name in ("trans_x", "trans_y", "trans_z")}
    table |= {name: rng.normal(size=rows) / 100 for name in ("rot_x", "rot_y", "rot_z")}
    table["framewise_displacement"] = np.where(BAD[:rows], 0.6, 0.1) + np.arange(rows) / 1e3
    return table


def outliers(bad=BAD, *, more=None):
    return {"framewise_displacement": bad.astype(int)} | (more or {})


def xcpd_tree(
    root,
    *,
    space=MNI6,
    desc="denoised",
    session=None,
    scan="task-rest",
    censored=False,
    table="motion",
    flagged=None,
    beside="fmriprep",
    templates=(MNI2009, MNI6),
):
    """XCP-D's folder ``root/xcp_d``, and fMRIPrep's ``root/fmriprep`` that it was made from."""
    if beside:
        tree.fmriprep_tree(root / beside, session=session, templates=templates)
    folder = root / "xcp_d"
    stem = "sub-01" + (f"_ses-{session}" if session else "") + f"_{scan}"
    func = folder / "sub-01" / (f"ses-{session}" if session else "") / "func"
    tree.described(folder, name="xcp_d", version="0.10.6")
    data, affine = tree.series_in(space)
    data = (data - 1000)[..., ~BAD if censored else slice(None)]
    data += np.arange(data.shape[-1]) / 1e4  # no volume all one value
    name = f"{stem}_space-{space}_desc-{desc}_bold"
    save(func / f"{name}.nii.gz", data, affine, tr=tree.TR)
    sidecar = {"RepetitionTime": tree.TR, "NuisanceParameters": "36P"}
    write(func / f"{name}.json", sidecar | {"SliceTiming": [0.0] * 40})
    write_tsv(motion(), func / f"{stem}_{table}.tsv")
    write_tsv(outliers() if flagged is None else flagged, func / f"{stem}_outliers.tsv")
    return folder


@pytest.mark.parametrize("desc", ["denoised", "residual", "denoisedSmoothed"])
@pytest.mark.parametrize("space", [MNI2009, MNI6, "T1w"])
def test_denoised_run_comes_home(tmp_path, space, desc):
    folder = xcpd_tree(tmp_path, space=space, desc=desc)
    assert is_xcpd(folder)
    assert not is_xcpd(tmp_path / "fmriprep")
    inputs = select_xcpd(folder, "sub-01")
    assert (
        inputs.t1w == tmp_path / "fmriprep" / "sub-01" / "anat" / "sub-01_desc-preproc_T1w.nii.gz"
    )
    (run,) = inputs.runs
    prepared = found_on_the_left(run)
    assert prepared.denoised
    assert prepared.origin == "xcp_d 0.10.6"
    assert prepared.scan.volume.frame == (HERE if space == "T1w" else Frame(space))
    assert any("fMRIPrep's inverse warp" in note for note in inputs.notes) == (space != "T1w")
    assert any("smoothed" in note for note in inputs.notes) == desc.endswith("Smoothed")
    assert all(path.exists() for path in run.files)


@pytest.mark.parametrize("table", ["motion", "desc-filtered_motion"])
def test_interpolated_frames_are_not_kept(tmp_path, table):
    (run,) = select_xcpd(xcpd_tree(tmp_path, table=table), "01").runs
    prepared = read_prepared(run, t1w_frame=HERE)
    np.testing.assert_array_equal(prepared.kept, ~BAD)
    np.testing.assert_allclose(
        prepared.confounds["framewise_displacement"], motion()["framewise_displacement"]
    )


def test_removed_frames_are_counted(tmp_path):
    (run,) = select_xcpd(xcpd_tree(tmp_path, censored=True), "01").runs
    prepared = read_prepared(run, t1w_frame=HERE)
    left = tree.T - BAD.sum()
    assert prepared.kept.all()
    assert prepared.scan.volume.data.shape[3] == len(prepared.kept) == left
    assert prepared.confounds["framewise_displacement"].max() < 0.2
    assert f"removed 3 of {tree.T} frames" in prepared.notes[-1]


def test_newer_outlier_columns(tmp_path):
    """Neighbours may be censored too: the column that makes the count is taken."""
    wider = BAD | np.roll(BAD, 1)
    flagged = outliers(more={"denoising": BAD.astype(int), "interpolation": wider.astype(int)})
    (run,) = select_xcpd(xcpd_tree(tmp_path, flagged=flagged), "01").runs
    np.testing.assert_array_equal(read_prepared(run, t1w_frame=HERE).kept, ~wider)
    assert read_censoring(run, int((~BAD).sum())).kept.all()
    assert read_censoring(run, int((~wider).sum())).kept.all()
    refused(read_censoring, run, 50, words=["50 volumes", "outliers.tsv", "64 rows"])


def test_without_tables(tmp_path):
    folder = xcpd_tree(tmp_path)
    for path in folder.rglob("*.tsv"):
        path.unlink()
    inputs = select_xcpd(folder, "01")
    assert any("censoring is not known" in note for note in inputs.notes)
    prepared = read_prepared(inputs.runs[0], t1w_frame=HERE)
    assert prepared.kept is None
    assert prepared.confounds == {}


def test_joined_runs_are_not_read_twice(tmp_path):
    for scan in ("task-rest_run-1", "task-rest_run-2", "task-rest", "task-nback"):
        folder = xcpd_tree(tmp_path, scan=scan)
    inputs = select_xcpd(folder, "01")
    assert [run.run for run in inputs.runs] == ["1", "2"]
    assert any("joined runs not used" in note for note in inputs.notes)
    assert any("task run not used" in note and "nback" in note for note in inputs.notes)


def test_unsmoothed_is_preferred(tmp_path):
    for desc in ("denoisedSmoothed", "denoised"):
        folder = xcpd_tree(tmp_path, desc=desc)
    (run,) = select_xcpd(folder, "01").runs
    assert "Smoothed" not in run.bold.name


def test_no_way_home_in_fmriprep_says_so(tmp_path):
    folder = xcpd_tree(tmp_path, templates=(MNI2009,))
    inputs = select_xcpd(folder, "01")
    assert inputs.runs[0].transforms == ()
    assert any("own registration" in note for note in inputs.notes)
    refused(scan_from_t1w, inputs.runs[0], t1w_frame=HERE, words=[f"from-{MNI6}_to-T1w"])


@pytest.mark.parametrize("where", ["beside", "linked", "given", "above"])
def test_fmriprep_is_found(tmp_path, where):
    folder = xcpd_tree(tmp_path, beside={"above": ".", "beside": "nibabies"}.get(where, "old/f"))
    if where == "beside":
        tree.described(tmp_path / "nibabies", name="NiBabies")
    if where == "linked":
        tree.described(
            folder, name="XCP-D", DatasetLinks={"t": "https://x.org", "preprocessed": "../old/f"}
        )
    given_folder = tmp_path / "old" / "f" if where == "given" else None
    inputs = select_xcpd(folder, "01", fmriprep=given_folder)
    assert inputs.t1w.name == "sub-01_desc-preproc_T1w.nii.gz"
    found_on_the_left(inputs.runs[0])


def test_without_fmriprep(tmp_path):
    folder = xcpd_tree(tmp_path, beside=None)
    refused(select_xcpd, folder, "01", words=["no fMRIPrep output", "beside"])
    refused(select_xcpd, folder, "01", fmriprep=tmp_path / "no", words=["no fMRIPrep output"])
    scan = save(tmp_path / "sub-01_T1w.nii.gz", np.ones((5, 5, 5), np.uint8))
    inputs = select_xcpd(folder, "01", t1w=scan)
    assert inputs.t1w == scan
    assert any("registered to MNI anew" in note for note in inputs.notes)


def test_dense_series_are_recognised(tmp_path):
    folder = xcpd_tree(tmp_path)
    func = folder / "sub-01" / "func"
    (path,) = func.glob("*_bold.nii.gz")
    path.unlink()
    dense = func / "sub-01_task-rest_space-fsLR_den-91k_desc-denoised_bold.dtseries.nii"
    dense.touch()
    inputs = select_xcpd(folder, "01")
    assert inputs.runs == ()
    (run,) = inputs.dense
    assert (run.bold, run.space) == (dense, "fsLR")
    np.testing.assert_array_equal(read_censoring(run, tree.T).kept, ~BAD)
    dense.unlink()
    refused(select_xcpd, folder, "01", words=["nothing denoised"])


def test_sessions_with_their_own_t1w(tmp_path):
    for session in ("a", "b"):
        folder = xcpd_tree(tmp_path, session=session)
    inputs = select_xcpd(folder, "01")
    assert [run.session for run in inputs.runs] == ["a"]
    assert "ses-a" in inputs.t1w.name


def test_who_wrote_it(tmp_path):
    assert written_by(tmp_path) == WrittenBy()
    write(tmp_path / "dataset_description.json", {"PipelineDescription": {"Name": "fMRIPrep"}})
    assert str(written_by(tmp_path)) == "fMRIPrep"
    write(tmp_path / "dataset_description.json", {"GeneratedBy": ["odd"]})
    assert written_by(tmp_path) == WrittenBy()


CELLS = st.sampled_from(["0", "1", "n/a", "", "x", "inf", "0.5", "1\t2", "\x00"])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(CELLS, max_size=8))
def test_any_outlier_table_reads_or_is_refused(tmp_path_factory, cells):
    func = tmp_path_factory.mktemp("x") / "func"
    func.mkdir()
    path = func / "sub-01_task-rest_outliers.tsv"
    path.write_text("\n".join(["framewise_displacement", *cells]))
    run = XcpdRun(func / "sub-01_bold.nii.gz", {}, "rest", outliers=path)
    frames = 4
    try:
        found = read_censoring(run, frames)
    except InputError as error:
        line = str(error)
    else:
        line = " ".join(found.notes)
        assert len(found.kept) == frames
    assert "\n" not in line
