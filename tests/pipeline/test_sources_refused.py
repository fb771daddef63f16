"""A missing piece is one line when the data are looked for, before any step has begun."""

import pytest

from tests.io import foreign, images
from tests.io.refusals import refused
from tests.pipeline import people
from tests.pipeline.people import LABEL
from tmsguide.pipeline.sources import find_source

MNI2009 = "MNI152NLin2009cAsym"


def small(root, name="", *, frames=80, **sidecar):
    """A raw run that no test reads."""
    data = images.series(frames)
    path = root / f"sub-{LABEL}" / "func" / f"sub-{LABEL}_task-rest{name}_bold.nii.gz"
    images.save(path, data, tr=2.0)
    images.write(path.with_name(path.name.replace(".nii.gz", ".json")), sidecar)


@pytest.fixture
def raw(tmp_path):
    people.raw(tmp_path, runs=())
    return tmp_path


def gone(root, pattern):
    paths = list(root.rglob(pattern))
    assert paths
    for path in paths:
        path.unlink()


def refused_whole(root, *words, **more):
    """One line, and the folder holds what it held."""
    before = sorted(root.rglob("*"))
    refused(find_source, root, LABEL, words=words, **more)
    assert sorted(root.rglob("*")) == before


# --- raw


def test_raw_without_a_scan(raw):
    refused_whole(raw, "no functional run", f"sub-{LABEL}_task-rest_bold.nii.gz")
    small(raw)
    gone(raw, "*_T1w.nii.gz")
    refused_whole(raw, "no T1w scan")


def test_raw_runs_that_are_all_too_short(raw):
    small(raw, "_run-1", frames=5)
    small(raw, "_run-2", frames=6)
    refused_whole(raw, "run-1", "5 volumes")


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((0.013, 0.013), ["do not rise"]),
        ((13.0, 29.0), ["in seconds"]),
        ((0.013, None), ["EchoTime"]),
    ],
)
def test_echoes_whose_times_cannot_be(raw, times, words):
    for k, time_s in enumerate(times, start=1):
        small(raw, f"_echo-{k}", **({} if time_s is None else {"EchoTime": time_s}))
    refused_whole(raw, "echo-1", *words)


def test_echoes_of_two_lengths(raw):
    small(raw, "_echo-1", EchoTime=0.013)
    small(raw, "_echo-2", EchoTime=0.03, frames=79)
    refused_whole(raw, "echo-2", "79", "80", "same for all echoes")


def test_a_fieldmap_without_its_numbers(raw):
    encoded = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.05}
    small(raw, **encoded)
    people.fieldmap(raw, "phasediff")
    gone(raw, "*_magnitude1.nii.gz")
    refused_whole(raw, "magnitude1")
    small(raw, PhaseEncodingDirection="j")
    refused_whole(raw, "TotalReadoutTime")


# --- fMRIPrep and XCP-D


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("*_desc-preproc_T1w.nii.gz", ["desc-preproc_T1w"]),
        ("*_bold.nii.gz", ["no preprocessed BOLD"]),
        ("*_desc-confounds_timeseries.tsv", ["confounds"]),
        (f"*_from-{MNI2009}_to-T1w*.h5", [MNI2009, "--output-spaces T1w"]),
    ],
)
def test_volumes_of_fmriprep_without(tmp_path, piece, words):
    gone(people.fmriprep(tmp_path, MNI2009), piece)
    refused_whole(tmp_path, *words)


@pytest.mark.parametrize(
    ("surface", "piece", "words"),
    [
        ("fsLR", "*_space-fsLR_den-32k_midthickness.surf.gii", ["fsLR", "own surfaces"]),
        ("fsnative", "*_hemi-R_midthickness.surf.gii", ["hemi-R", "own surfaces"]),
        ("fsaverage5", "*_sphere.surf.gii", ["sphere"]),
        ("fsLR", "*_desc-confounds_timeseries.tsv", ["confounds"]),
    ],
)
def test_surfaces_of_fmriprep_without(tmp_path, surface, piece, words):
    gone(people.fmriprep(tmp_path, surfaces=(surface,)), piece)
    refused_whole(tmp_path, *words)


def test_the_next_best_surface_serves(tmp_path):
    people.fmriprep(tmp_path, surfaces=("fsnative", "fsLR"))
    gone(tmp_path, "*_hemi-R_midthickness.surf.gii")
    source = find_source(tmp_path, LABEL)
    (run,) = source.runs
    assert run.files[0].name.endswith(".dtseries.nii")
    assert any("no volumes serve" in note for note in source.notes)


def test_xcpd_without(tmp_path):
    folder = people.xcpd(tmp_path, "fsLR")
    gone(tmp_path, "*_space-fsLR_den-32k_midthickness.surf.gii")
    refused_whole(folder, "fsLR", "own surfaces")
    gone(tmp_path / "fmriprep", "*_T1w.nii.gz")
    refused_whole(folder, "no fMRIPrep output")


def test_xcpd_in_a_space_that_nothing_leads_to(tmp_path):
    folder = people.xcpd(tmp_path, MNI2009)
    for path in list(folder.rglob(f"*space-{MNI2009}*")):
        path.rename(path.with_name(path.name.replace(MNI2009, "OASIS30ANTs")))
    refused_whole(folder, "OASIS30ANTs", "xfm.h5")


# --- HCP


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("T1w_acpc_dc_restore.nii.gz", ["T1w_acpc_dc"]),
        ("standard2acpc_dc.nii.gz", ["standard2acpc_dc"]),
        ("Movement_Regressors.txt", ["Movement_Regressors"]),
        ("*MSMAll.32k_fs_LR.surf.gii", ["midthickness", "own surfaces"]),
    ],
)
def test_hcp_without(tmp_path, piece, words):
    gone(people.hcp(tmp_path, volume=False), piece)
    refused_whole(tmp_path, *words)


# --- heads


@pytest.mark.parametrize(
    ("make", "piece", "words"),
    [
        (foreign.m2m, "final_tissues.nii.gz", ["final_tissues"]),
        (foreign.m2m, "MNI2Conform_nonl.nii.gz", ["MNI2Conform"]),
        (foreign.recon, "aparc+aseg.mgz", ["aseg"]),
        (foreign.recon, "brainmask.mgz", ["brainmask"]),
    ],
)
def test_a_head_that_is_not_whole(raw, tmp_path_factory, make, piece, words):
    small(raw)
    elsewhere = tmp_path_factory.mktemp("head")
    folder = make(elsewhere) if make is foreign.m2m else make(elsewhere / f"sub-{LABEL}")
    find_source(raw, LABEL, head=folder)
    gone(folder, piece)
    refused_whole(raw, *words, head=folder)


def test_a_folder_that_is_no_head(raw):
    small(raw)
    refused_whole(raw, "m2m_<label>", head=raw / f"sub-{LABEL}")


def test_a_found_head_that_is_not_whole_is_named_and_left(raw):
    small(raw)
    home = raw / "derivatives" / "simnibs"
    gone(foreign.m2m(home, LABEL), "final_tissues.nii.gz")
    source = find_source(raw, LABEL)
    assert source.given == ()
    assert any("head not used" in note and "final_tissues" in note for note in source.notes)
    foreign.recon(raw / "derivatives" / "freesurfer" / f"sub-{LABEL}")
    assert [head.program for head in find_source(raw, LABEL).given] == ["FreeSurfer"]


@pytest.mark.parametrize(
    ("make", "pieces"),
    [
        (
            lambda root: people.fmriprep(root, MNI2009),
            ["_bold.nii.gz", "_timeseries.tsv", f"_from-{MNI2009}_to-T1w_mode-image_xfm.h5"],
        ),
        (
            lambda root: people.fmriprep(root, surfaces=("fsaverage5",)),
            ["L_space-fsaverage5_bold.func.gii", "R_space-fsaverage5_bold.func.gii",
             "L_midthickness.surf.gii", "R_space-fsaverage_desc-reg_sphere.surf.gii"],
        ),
        (
            lambda root: people.xcpd(root, "fsLR"),
            [".dtseries.nii", "_motion.tsv", "_outliers.tsv",
             "L_space-fsLR_den-32k_midthickness.surf.gii"],
        ),
        (
            lambda root: people.hcp(root, volume=False),
            [".dtseries.nii", "Movement_Regressors.txt",
             ".R.midthickness_MSMAll.32k_fs_LR.surf.gii"],
        ),
    ],
    ids=["fMRIPrep", "fMRIPrep surfaces", "XCP-D", "HCP"],
)  # fmt: skip
def test_every_file_that_decides_is_named(tmp_path, make, pieces):
    """A changed surface, table or transform is another result: its digest is part of the key."""
    (run,) = find_source(make(tmp_path), LABEL).runs
    assert all(path.exists() for path in run.files)
    for piece in pieces:
        assert sum(path.name.endswith(piece) for path in run.files) == 1, piece
