"""Whatever program left the data, a planted left site is found on the left of the person."""

from dataclasses import replace

import numpy as np
import pytest

from tests.pipeline import people
from tests.pipeline.people import LABEL, SETTINGS, cleaned, found_mm, found_on_the_left, true_mm
from tmsguide.errors import EngineError
from tmsguide.pipeline.sources import find_source
from tmsguide.preprocess import echo_weights

MNI2009, MNI6 = "MNI152NLin2009cAsym", "MNI152NLin6Asym"


@pytest.fixture(autouse=True)
def no_engine(monkeypatch):
    """No registration engine is needed where the headers are right."""

    def refused(*_, **__):
        raise EngineError("no engine here")

    monkeypatch.setattr("tmsguide.pipeline.sources.raw.register_linear", refused)


# --- raw


def test_one_raw_run(tmp_path):
    source = find_source(people.raw(tmp_path), LABEL)
    assert (source.program, source.task, source.given) == ("raw BIDS", "rest", ())
    clean = cleaned(source)
    found_on_the_left(clean, within_mm=3.0)  # measured 1.9
    assert any("no fieldmap" in words for words in clean.denoised.quality.problems)


def runs_keep_their_order(tmp_path):
    """Run 1 and run 2 with courses of their own: each half of the joined series is its run's."""
    root = people.raw(tmp_path, runs=("_run-1", "_run-2"))
    clean = cleaned(find_source(root, LABEL))
    ends = np.cumsum(clean.denoised.run_frames)
    where = clean.denoised.where.xyz_mm
    near = clean.gm & (np.linalg.norm(where - people.SEED_MM, axis=1) < 10)
    shared = clean.denoised.series[:, near].mean(axis=1)
    kept = clean.denoised.kept
    for number, part in enumerate(np.split(shared, ends[:-1])):
        stay = kept[number * people.T : (number + 1) * people.T]
        r = [np.corrcoef(part, people.course(k)[stay])[0, 1] for k in (0, 1)]
        # measured .42 and .46 against .04 and .17; regression takes a part of the course, too
        assert r[number] > 0.3, r
        assert abs(r[1 - number]) < 0.5 * r[number], r
    return clean


def test_two_raw_runs_and_one_of_another_kind(tmp_path):
    people.raw_run(tmp_path, "_run-3", frames=100, tr_s=1.5)
    people.raw_run(tmp_path, "_run-4", frames=12)
    clean = runs_keep_their_order(tmp_path)
    assert [run.name for run in clean.runs] == ["task-rest_run-1", "task-rest_run-2"]
    found_on_the_left(clean, within_mm=3.0)
    source = find_source(tmp_path, LABEL)
    (note,) = (note for note in source.notes if "run-3" in note)
    assert "repetition time" in note
    assert any("run-4" in note and "12 volumes" in note for note in source.notes)
    assert not any("run-3" in path.name for run in source.runs for path in run.files)


def echoes_are_weighed_by_their_times(tmp_path):
    """The mean of the combination is that of the planted decay, in closed form."""
    source = find_source(people.echoes(people.raw(tmp_path, runs=())), LABEL)
    assert [path.name.partition("echo-")[2][0] for path in source.runs[0].files] == list("123")
    clean = cleaned(source)
    times, decay = people.ECHO_TIMES_S, np.exp(-people.ECHO_TIMES_S / people.DECAY_S)
    expected = float(echo_weights(decay[:, None], times)[:, 0] @ decay)
    image = clean.mean_bold
    at = people.world(image.data.shape, image.frame_from_voxel)
    inside = people.tissue(at).sum(axis=1) > 0.99
    inside &= image.data.ravel() > 0
    ratio = np.median(image.data.ravel()[inside] / people.still(at[inside]))
    assert abs(ratio / expected - 1) < 0.02, (ratio, expected)
    return clean


def test_raw_run_of_three_echoes(tmp_path):
    found_on_the_left(echoes_are_weighed_by_their_times(tmp_path), within_mm=3.0)


@pytest.fixture(scope="module")
def uncorrected(tmp_path_factory):
    """The distorted run, its fieldmap left aside on request."""
    root = people.fieldmap(people.distorted(tmp_path_factory.mktemp("plain")), "phasediff")
    return cleaned(find_source(root, LABEL), settings=replace(SETTINGS, fieldmaps=False))


def off_mm(clean):
    at, _ = found_mm(clean)
    return float(np.linalg.norm(at - true_mm(clean)))


@pytest.mark.parametrize("kind", ["pepolar", "phasediff"])
def test_fieldmap_brings_the_site_nearer(tmp_path, kind, uncorrected):
    root = people.fieldmap(people.distorted(tmp_path), kind)
    source = find_source(root, LABEL)
    assert any("fmap" in str(path) for path in source.runs[0].files)
    clean = cleaned(source)
    assert "fieldmap" in clean.runs[0].distortion
    found_on_the_left(clean, within_mm=3.0)
    assert off_mm(uncorrected) > 4.0  # measured 4.4
    assert off_mm(clean) < 0.6 * off_mm(uncorrected)  # measured 2.0 mm by either


def test_fieldmaps_may_be_left_aside(uncorrected):
    assert uncorrected.runs[0].distortion == ""
    assert any("not corrected" in words for words in uncorrected.denoised.quality.problems)


# --- other programs


@pytest.mark.parametrize("space", ["T1w", "boldref", MNI2009])
def test_volumes_of_fmriprep(tmp_path, space):
    source = find_source(people.fmriprep(tmp_path, space), LABEL)
    assert source.program == "fMRIPrep"
    found_on_the_left(cleaned(source), within_mm=3.0)  # measured 0.7, 0.7, 1.9


@pytest.mark.parametrize("surface", ["fsLR", "fsnative", "fsaverage5"])
def test_surfaces_of_fmriprep(tmp_path, surface):
    source = find_source(people.fmriprep(tmp_path, surfaces=(surface,)), LABEL)
    found_on_the_left(cleaned(source), within_mm=4.0)  # measured 2.6, 2.6, 0.8


def test_a_scan_on_several_surfaces_counts_once(tmp_path):
    root = people.fmriprep(tmp_path, surfaces=("fsaverage5", "fsLR", "fsnative"))
    (run,) = find_source(root, LABEL).runs
    assert sum("space-fsnative" in path.name for path in run.files) == 2
    assert sum("midthickness" in path.name for path in run.files) == 2


def test_volumes_of_xcpd(tmp_path):
    clean = cleaned(find_source(people.xcpd(tmp_path, MNI2009), LABEL))
    found_on_the_left(clean, within_mm=3.0)  # measured 0.7
    assert clean.other_global is None


def test_volumes_of_xcpd_without_a_transform_go_by_our_own_registration(tmp_path):
    """The stand-in for our registration is a shift, which is what the file was painted by."""
    folder = people.xcpd(tmp_path, MNI6, templates=())
    clean = cleaned(find_source(folder, LABEL))
    found_on_the_left(clean, within_mm=3.0)
    assert any("our own registration" in words for words in clean.denoised.quality.problems)


def test_dense_series_of_xcpd(tmp_path):
    clean = cleaned(find_source(people.xcpd(tmp_path, "fsLR"), LABEL))
    found_on_the_left(clean, within_mm=4.0)  # measured 1.7


@pytest.mark.parametrize("volume", [True, False])
def test_hcp(tmp_path, volume):
    source = find_source(people.hcp(tmp_path, volume=volume), LABEL)
    found_on_the_left(cleaned(source), within_mm=4.0)  # measured 1.2, 2.6
