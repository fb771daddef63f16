"""Every space and name that fMRIPrep writes: the planted spot is found on the left of the T1w."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.io import fmriprep_tree as tree
from tests.io.images import save, write
from tests.io.refusals import refused
from tests.io.transform_files import itk_text
from tests.tolerance import STORED, assert_close
from tmsguide.errors import InputError
from tmsguide.io import write_tsv
from tmsguide.io.prepared.derivative_files import derivative_home
from tmsguide.io.prepared.fmriprep import select_fmriprep, select_fmriprep_surfaces
from tmsguide.io.prepared.fmriprep_anatomy import template_named
from tmsguide.io.prepared.prepared_volumes import read_prepared, scan_from_t1w
from tmsguide.model import Frame, Points, native_frame
from tmsguide.preprocess import resample_mapped

HERE = native_frame("01")
MNI2009, MNI6 = "MNI152NLin2009cAsym", "MNI152NLin6Asym"
ALL = ("T1w", None, (MNI2009, "2"), MNI2009, (MNI6, "2"))

#: fMRIPrep's releases differ in the name of the coregistration and of the confounds table.
RELEASES = {
    "20.0.7": {"end": "scanner", "table": "regressors"},
    "20.2.7": {"end": "scanner"},
    "21.0.4": {"end": "scanner"},
    "22.1.1": {"end": "scanner"},
    "23.2.3": {"end": "boldref"},
    "24.1.1": {"end": "boldref"},
    "25.1.4": {"end": "boldref"},
    "26.0.0": {"end": "run"},
}
WAYS = {
    "T1w": ("T1w", "T1w"),
    "own": (None, "boldref"),
    "own, named": ("run", "boldref"),
    "2009c": (MNI2009, MNI2009),
    "2009c res-2": ((MNI2009, "2"), MNI2009),
    "2009c res-native": ((MNI2009, "native"), MNI2009),
    "2009c res-1": ((MNI2009, "1"), MNI2009),
    "6Asym": (MNI6, MNI6),
    "6Asym res-2": ((MNI6, "2"), MNI6),
    "paediatric cohort": ("MNIPediatricAsym+5", "MNIPediatricAsym+5"),
}


def courses(run):
    """Correlation with the planted course on the left and on the right, of one run."""
    prepared = read_prepared(run, t1w_frame=HERE)
    places = Points(np.array([tree.LEFT, tree.RIGHT]), HERE)
    got = resample_mapped(prepared.scan, scan_from_t1w(run, t1w_frame=HERE)(places))
    swing = got - got.mean(axis=0)
    return prepared, swing.T @ tree.course() / (tree.course() @ tree.course())


def found_on_the_left(run):
    prepared, (left, right) = courses(run)
    assert 97 < left < 102  # 100 planted; measured 98.9 to 99.9 (9.5 mm voxels, spot of 13 mm)
    assert abs(right) < 0.1
    return prepared


@pytest.mark.parametrize("version", RELEASES)
@pytest.mark.parametrize("way", ["T1w", "own", "2009c res-2"])
def test_releases(tmp_path, version, way):
    given_space, space = WAYS[way]
    tree.fmriprep_tree(tmp_path, spaces=(given_space,), version=version, **RELEASES[version])
    inputs = select_fmriprep(tmp_path, "01")
    (run,) = inputs.runs
    assert run.space == space
    assert found_on_the_left(run).origin == f"fMRIPrep {version}"


@pytest.mark.parametrize("way", WAYS)
def test_every_space(tmp_path, way):
    given_space, space = WAYS[way]
    tree.fmriprep_tree(tmp_path, spaces=(given_space,), templates=tuple(tree.SHIFTS_MM))
    inputs = select_fmriprep(tmp_path, "sub-01")
    (run,) = inputs.runs
    assert run.space == space
    prepared = found_on_the_left(run)
    in_person = space in ("T1w", "boldref")
    assert prepared.scan.volume.frame == (HERE if in_person else Frame(space))
    assert any("second time" in note for note in inputs.notes) != in_person
    assert any("children" in note for note in inputs.notes) == space.startswith("MNIPed")
    assert set(run.files) >= {run.bold, run.confounds, run.mask, *run.transforms}
    assert all(path.exists() for path in run.files)
    assert bool(run.transforms) == (space != "T1w")


def test_cohort_within_the_name_of_the_space(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=(), templates=("MNIPediatricAsym+5",))
    tree.run(tmp_path / "sub-01" / "func", "sub-01_task-rest", "MNIPediatricAsym+5", plus=True)
    inputs = select_fmriprep(tmp_path, "01")
    found_on_the_left(inputs.runs[0])


def test_best_space_wins_until_it_is_gone(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=ALL, templates=(MNI2009, MNI6))
    func, anat = tmp_path / "sub-01" / "func", tmp_path / "sub-01" / "anat"
    for space, bold, gone in (
        ("T1w", "space-T1w_desc", func.glob("*space-T1w*_bold.nii.gz")),
        ("boldref", "task-rest_desc", func.glob("*to-T1w*.txt")),
        (MNI2009, f"{MNI2009}_res-2_desc", func.glob("*res-2_desc-preproc_bold.nii.gz")),
        (MNI2009, f"{MNI2009}_desc", anat.glob(f"*from-{MNI2009}*.h5")),
    ):
        (run,) = select_fmriprep(tmp_path, "01").runs
        assert (run.space, bold in run.bold.name) == (space, True)
        paths = list(gone)
        assert paths
        for path in paths:
            path.unlink()
    refused(
        select_fmriprep,
        tmp_path,
        "01",
        words=["sub-01_task-rest", MNI2009, "its own space", "--output-spaces T1w"],
    )


def test_scan_in_its_own_space_keeps_its_voxels(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=(None,))
    (run,) = select_fmriprep(tmp_path, "01").runs
    scan = read_prepared(run, t1w_frame=HERE).scan
    data, affine = tree.series_in(None)
    np.testing.assert_array_equal(scan.volume.data, data)
    assert_close(scan.volume.frame_from_voxel, np.linalg.inv(tree.BOLD_FROM_T1W) @ affine, STORED)


def test_runs_laid_on_the_t1w_together(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=("run",), session="2", end="session")
    inputs = select_fmriprep(tmp_path, "01")
    (run,) = inputs.runs
    assert len(run.transforms) == 2
    found_on_the_left(run)


def test_mirroring_coregistration_is_refused(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=(None,))
    (run,) = select_fmriprep(tmp_path, "01").runs
    itk_text(run.transforms[0], np.diag([-1.0, 1, 1, 1]))
    refused(read_prepared, run, t1w_frame=HERE, words=["left and right", "coreg_xfm.txt"])


def test_frames_before_the_steady_state(tmp_path):
    tree.fmriprep_tree(tmp_path)
    (run,) = select_fmriprep(tmp_path, "01").runs
    prepared = read_prepared(run, t1w_frame=HERE)
    assert prepared.kept.tolist() == [False, False] + [True] * (tree.T - 2)
    assert not prepared.denoised
    assert prepared.tr_s == tree.TR
    assert "SliceTiming" not in prepared.metadata


def test_optimally_combined_echoes(tmp_path):
    tree.fmriprep_tree(tmp_path, spaces=())
    func = tmp_path / "sub-01" / "func"
    for echo in (1, 2, 3):
        tree.run(func, f"sub-01_task-rest_echo-{echo}", None)
    refused(select_fmriprep, tmp_path, "01", words=["separate echoes", "--output-spaces T1w"])
    tree.run(func, "sub-01_task-rest", None, desc="optcom")
    inputs = select_fmriprep(tmp_path, "01")
    (run,) = inputs.runs
    assert "echo" not in run.bold.name
    found_on_the_left(run)


def test_missing_masks_are_said_not_refused(tmp_path):
    tree.fmriprep_tree(tmp_path)
    for path in tmp_path.rglob("*brain_mask.nii.gz"):
        path.unlink()
    inputs = select_fmriprep(tmp_path, "01")
    assert inputs.brain_mask is None
    assert inputs.runs[0].mask is None
    assert sum("no brain mask" in note for note in inputs.notes) == 2
    found_on_the_left(inputs.runs[0])


def test_run_without_confounds_is_left_out_and_named(tmp_path):
    tree.fmriprep_tree(tmp_path)
    func = tmp_path / "sub-01" / "func"
    tree.run(func, "sub-01_task-rest_run-2", "T1w")
    inputs = select_fmriprep(tmp_path, "01")
    assert [run.run for run in inputs.runs] == [None]
    (note,) = [n for n in inputs.notes if "left out" in n]
    assert "run-2_desc-confounds_timeseries.tsv" in note


def test_each_session_with_its_own_t1w(tmp_path):
    """Sessionwise anatomy: only runs that lie in the T1w that is used are read."""
    for session in ("a", "b"):
        tree.fmriprep_tree(tmp_path, session=session, task="nback" if session == "a" else "rest")
    inputs = select_fmriprep(tmp_path, "01")
    assert "ses-b" in inputs.t1w.name  # the resting run is there
    assert [run.session for run in inputs.runs] == ["b"]
    assert any("T1w not used" in note and "ses-a" in note for note in inputs.notes)


def test_one_t1w_for_all_sessions(tmp_path):
    tree.fmriprep_tree(tmp_path, session="a")
    for session in ("b", "c"):
        func = tmp_path / "sub-01" / f"ses-{session}" / "func"
        stem = f"sub-01_ses-{session}_task-rest"
        tree.run(func, stem, "T1w")
        write_tsv(tree.confounds(), func / f"{stem}_desc-confounds_timeseries.tsv")
    inputs = select_fmriprep(tmp_path, "01")
    assert [run.session for run in inputs.runs] == ["a", "b", "c"]
    for run in inputs.runs:
        found_on_the_left(run)


@pytest.mark.parametrize("order", ["hemi-{h}_space-{s}", "space-{s}_hemi-{h}"])
def test_surfaces_are_recognised(tmp_path, order):
    tree.fmriprep_tree(tmp_path, spaces=())
    func = tmp_path / "sub-01" / "func"
    for space in ("fsnative", "fsaverage5"):
        for half in "LR":
            name = order.format(h=half, s=space)
            (func / f"sub-01_task-rest_{name}_bold.func.gii").touch()
    (func / "sub-01_task-rest_space-fsLR_den-91k_bold.dtseries.nii").touch()
    write(func / "sub-01_task-rest_space-fsLR_den-91k_bold.json", {"RepetitionTime": 0.8})
    refused(select_fmriprep, tmp_path, "01", words=["surfaces", "fsLR", "fsaverage5", "fsnative"])
    got = select_fmriprep_surfaces(tmp_path, "01")
    assert got.runs == ()
    assert sorted((r.space, len(r.files)) for r in got.surfaces) == [
        ("fsLR", 1),
        ("fsaverage5", 2),
        ("fsnative", 2),
    ]
    dense = next(r for r in got.surfaces if r.space == "fsLR")
    assert dense.sidecar["RepetitionTime"] == 0.8
    assert dense.confounds.name == "sub-01_task-rest_desc-confounds_timeseries.tsv"
    tree.run(func, "sub-01_task-rest", "T1w")
    both = select_fmriprep(tmp_path, "01")
    assert len(both.runs) == 1
    assert len(both.surfaces) == 3


def test_no_surfaces_is_one_line(tmp_path):
    refused(select_fmriprep_surfaces, tree.fmriprep_tree(tmp_path), "01", words=["--cifti-output"])


def test_wrong_templates_map_would_show():
    """The two templates' maps differ at the spot by far more than any tolerance here."""
    at = tree.moved(tree.LINEAR, tree.LEFT[None])
    a, b = (tree.shift_at(at, tree.SHIFTS_MM[t]) for t in (MNI2009, MNI6))
    assert np.linalg.norm(a - b) > 5


@pytest.mark.parametrize("version", ["20.2.7", "25.1.4"])
def test_legacy_layout(tmp_path, version):
    tree.fmriprep_tree(tmp_path / "fmriprep", version=version)
    assert derivative_home(tmp_path, "fmriprep") == tmp_path / "fmriprep"
    assert derivative_home(tmp_path / "fmriprep", "fmriprep") == tmp_path / "fmriprep"
    assert derivative_home(tmp_path / "none", "fmriprep") == tmp_path / "none"


def test_templates_by_name(tmp_path):
    tree.fmriprep_tree(tmp_path, templates=(MNI6, MNI2009))
    anatomy = select_fmriprep(tmp_path, "01").anatomy
    assert [t.template for t in anatomy.templates] == [MNI2009, MNI6]
    assert template_named(anatomy, "fsnative") is None


PARTS = (
    "sub-01 task-rest space-T1w desc-preproc run-1 hemi-L from-boldref to-T1w mode-image "
    "desc-confounds echo-1 space- - ses-1 bold"
)
ENDS = "bold.nii.gz bold.func.gii xfm.txt timeseries.tsv x"
NAMES = st.lists(st.sampled_from(PARTS.split()), max_size=6).map("_".join)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=st.lists(
        st.tuples(
            NAMES | st.text(st.characters(exclude_characters="/\0"), max_size=12),
            st.sampled_from(
                ["bold.nii.gz", "bold.func.gii", "xfm.txt", "timeseries.tsv", "x", ""]
            ),
        ),
        max_size=5,
    )
)
def test_strange_names_beside_do_no_harm(tmp_path_factory, names):
    root = tmp_path_factory.mktemp("tree")
    func = root / "sub-01" / "func"
    func.mkdir(parents=True)
    save(root / "sub-01" / "anat" / "sub-01_desc-preproc_T1w.nii", np.ones((4, 4, 4), np.uint8))
    for name, end in names:
        try:
            (func / f"sub-01{name}_{end}").touch()
        except (OSError, UnicodeEncodeError):  # a name this disk cannot hold
            continue
    # no name makes a run of empty files, and the refusal stays one line
    tsv = [p for p in func.iterdir() if p.name.endswith("_desc-confounds_timeseries.tsv")]
    if not tsv:
        refused(select_fmriprep, root, "01")
    else:
        with suppress(InputError):
            assert {run.confounds for run in select_fmriprep(root, "01").runs} <= set(tsv)
