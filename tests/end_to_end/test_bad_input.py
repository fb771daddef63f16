"""Bad input through the command line: exit 2, one line, nothing left behind, nothing heavy run."""

import gzip
import json
import shutil

import nibabel as nib
import numpy as np
import pytest

from tests.io.images import ORIENTATIONS, SHAPE, bids_dataset, head, save, series, write
from tmsguide.cli import main
from tmsguide.errors import QualityError

RAS = ORIENTATIONS["RAS"]


@pytest.fixture
def data(tmp_path):
    """One person whose scans are whole: 17 x 18 x 19 voxels of T1w, 80 BOLD volumes at 2 s."""
    return bids_dataset(tmp_path / "bids", labels=("01",))


@pytest.fixture(autouse=True)
def no_heavy_step(monkeypatch):
    def started(*args, **kwargs):
        pytest.fail("a heavy step started on bad input")

    monkeypatch.setattr("tmsguide.pipeline.participant.anatomy_step", started)


def t1w(root):
    return root / "sub-01" / "anat" / "sub-01_T1w.nii.gz"


def bold(root):
    return root / "sub-01" / "func" / "sub-01_task-rest_bold.nii.gz"


def sidecar(root):
    return root / "task-rest_bold.json"


def refuse(words, capsys, out, *, says, logs=False):
    """Exit code 2 and one plain line; at most a log file is left of the output folder."""
    before = sorted(out.rglob("*")) if out.is_dir() else out.exists()
    assert main([str(w) for w in words]) == 2
    shown = capsys.readouterr()
    assert shown.out.strip() == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("tmsguide: ")
    assert 30 < len(line) < 900
    for word in says:
        assert word in line, f"{word!r} not in {line!r}"
    if not logs:
        assert (sorted(out.rglob("*")) if out.is_dir() else out.exists()) == before
    else:
        left = [p.relative_to(out).parts[0] for p in out.rglob("*") if p.is_file()]
        assert set(left) <= {"logs"}


def without_t1w(root):
    shutil.rmtree(root / "sub-01" / "anat")


def without_bold(root):
    shutil.rmtree(root / "sub-01" / "func")


def flat_bold(root):
    save(bold(root), head())


def solid_t1w(root):
    save(t1w(root), series(4), tr=2.0)


def without_repetition_time(root):
    write(sidecar(root), {"TaskName": "rest"})
    save(bold(root), series(), units="unknown")


def repetition_time_conflict(root):
    save(bold(root), series(), tr=2.5)


def repetition_time_in_ms(root):
    write(sidecar(root), {"RepetitionTime": 2000.0})


def without_orientation(root):
    save(t1w(root), head(), q=0, s=0)


def forms_disagree(root):
    other = RAS.copy()
    other[:3, 3] += [0.0, 3.0, 0.0]
    save(t1w(root), head(), q_affine=other)


def forms_mirrored(root):
    save(t1w(root), head(), q_affine=ORIENTATIONS["LAS"])


def sheared(root):
    slanted = RAS.copy()
    slanted[0, 1] = 0.4
    save(t1w(root), head(), slanted, q=0)


def too_few_volumes(root):
    save(bold(root), series(30), tr=2.0)


def cut_short(root):
    path = bold(root)
    path.write_bytes(path.read_bytes()[:-2000])


def cut_short_t1w(root):
    path = t1w(root)
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole[:-100]))


def not_an_image(root):
    t1w(root).write_bytes(b"hello, this is a text file and no image at all" * 20)


def broken_sidecar(root):
    sidecar(root).write_text("{not json", encoding="utf-8")


HEADERS = {
    without_t1w: ["sub-01", "no T1w scan", "anat/sub-01_T1w.nii.gz"],
    without_bold: ["sub-01", "no functional run", "func/"],
    flat_bold: ["single 3-D volume", "4-D BOLD series"],
    solid_t1w: ["4-D with 4 volumes", "3-D T1w"],
    without_repetition_time: ["no repetition time", "RepetitionTime"],
    repetition_time_conflict: ["repetition time of 2 s", "2.5 s", "agree"],
    repetition_time_in_ms: ["milliseconds", "write 2"],
    without_orientation: ["no orientation", "left and right are unknown"],
    forms_disagree: ["q-form", "s-form", "disagree by up to 3.00 mm"],
    forms_mirrored: ["q-form reads LAS", "s-form RAS", "left and right would swap"],
    sheared: ["sheared s-form", "resample"],
    too_few_volumes: ["30 volumes", "at least 40 volumes"],
    cut_short: ["sub-01_task-rest_bold.nii.gz", "copy or convert it again"],
    cut_short_t1w: ["sub-01_T1w.nii.gz", "truncated"],
    not_an_image: ["not a NIfTI image", "dcm2niix"],
    broken_sidecar: ["task-rest_bold.json"],
}


@pytest.mark.parametrize("spoil", HEADERS, ids=lambda f: f.__name__)
def test_bad_headers_are_refused_before_anything_is_written(spoil, data, tmp_path, capsys):
    spoil(data)
    out = tmp_path / "out"
    refuse([data, out, "participant", "--quiet"], capsys, out, says=HEADERS[spoil])


def holed_t1w(root):
    values = head(dtype=np.float32)
    values[3, 4, 5] = np.nan
    save(t1w(root), values)


def holed_bold(root):
    values = series().astype(np.float32)
    values[3, 4, 5, 66] = np.inf
    save(bold(root), values, tr=2.0)


def empty_volume(root):
    values = series()
    values[..., 7] = 0
    save(bold(root), values, tr=2.0)


def empty_t1w(root):
    save(t1w(root), np.zeros(SHAPE, np.int16))


def damaged_middle(root):
    raw = bytearray(bold(root).read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 50] = bytes(50)
    bold(root).write_bytes(bytes(raw))


CONTENTS = {
    holed_t1w: ["sub-01_T1w.nii.gz", "NaN or infinite"],
    holed_bold: ["bold.nii.gz", "NaN or infinite", "volume 66"],
    empty_volume: ["volumes 7", "empty"],
    empty_t1w: ["the image is empty"],
    damaged_middle: ["bold.nii.gz", "copy or convert it again"],
}


@pytest.mark.parametrize(
    "spoil",
    CONTENTS,
    ids=lambda f: f.__name__,
)
def test_bad_voxels_are_refused_before_any_heavy_step(spoil, data, tmp_path, capsys):
    spoil(data)
    out = tmp_path / "out"
    refuse([data, out, "participant", "--quiet"], capsys, out, says=CONTENTS[spoil], logs=True)


def test_an_unknown_participant_is_named_with_the_known_ones(data, tmp_path, capsys):
    out = tmp_path / "out"
    words = [data, out, "participant", "--participant-label", "01", "zz"]
    refuse(words, capsys, out, says=["'zz'", "known are 01"])


def test_a_folder_that_is_not_there_is_refused(tmp_path, capsys):
    out = tmp_path / "out"
    refuse([tmp_path / "none", out, "participant"], capsys, out, says=["none"])


def test_output_inside_the_input_is_refused(data, capsys):
    out = data / "sub-01" / "plan"
    refuse([data, out, "participant"], capsys, out, says=["lies inside the input dataset"])
    refuse([data, data, "participant"], capsys, data, says=["is the input folder itself"])


def test_a_work_folder_inside_the_input_is_refused(data, tmp_path, capsys):
    out = tmp_path / "out"
    words = [data, out, "participant", "-w", data / "work"]
    refuse(words, capsys, out, says=["work folder", "inside the input"])


def test_a_file_in_place_of_the_output_folder_is_refused(data, tmp_path, capsys):
    out = tmp_path / "out"
    out.write_text("in the way", encoding="utf-8")
    refuse([data, out, "participant"], capsys, out, says=["is a file"])
    refuse([data, out / "deep", "participant"], capsys, out, says=["is a file"])
    assert out.read_text(encoding="utf-8") == "in the way"


def test_a_file_in_place_of_the_work_folder_is_refused(data, tmp_path, capsys):
    out, work = tmp_path / "out", tmp_path / "work"
    work.write_text("in the way", encoding="utf-8")
    refuse([data, out, "participant", "-w", work], capsys, out, says=["work"])


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--protocol", "none-such"], ["'none-such'", "itbs600"]),
        (["--rmt", "140"], ["140", "1 to 100"]),
        (["--standoff", "-2"], ["-2", "at most 30"]),
        (["--fd-limit", "0"], ["--fd-limit"]),
        (["--prior", "/nowhere/TPM.nii"], ["--prior", "does not exist"]),
        (["--rmt", "nan"], ["--rmt"]),
    ],
)
def test_settings_beyond_sense_are_refused(option, says, data, tmp_path, capsys):
    out = tmp_path / "out"
    refuse([data, out, "participant", *option], capsys, out, says=says)


def test_one_bad_scan_of_many_is_named_and_the_others_start(tmp_path, capsys, monkeypatch):
    root = bids_dataset(tmp_path / "bids", labels=("01", "02"))
    shutil.rmtree(root / "sub-02" / "anat")
    started = []

    def first_heavy_step(bench, t1w, frame, **settings):
        started.append(frame.name)
        raise QualityError("far enough")

    monkeypatch.setattr("tmsguide.pipeline.participant.anatomy_step", first_heavy_step)
    assert main([str(root), str(tmp_path / "out"), "participant", "--quiet"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == ["sub-02", "sub-01"]
    assert "no T1w scan" in said[0]
    assert started == ["sub-01/T1w"]


def test_a_whole_person_would_have_started(data, tmp_path, monkeypatch):
    """The fixture itself is sound: without damage the first heavy step is reached."""
    reached = []

    def first_heavy_step(*args, **kwargs):
        reached.append(args)
        raise KeyboardInterrupt

    monkeypatch.setattr("tmsguide.pipeline.participant.anatomy_step", first_heavy_step)
    assert main([str(data), str(tmp_path / "out"), "participant", "--quiet"]) == 1
    assert len(reached) == 1
    assert nib.load(bold(data)).shape == (7, 8, 9, 80)
    assert json.loads(sidecar(data).read_text(encoding="utf-8"))["RepetitionTime"] == 2.0
