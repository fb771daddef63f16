"""The right scans of the right person are chosen, with the metadata they inherit."""

import shutil

import pytest

from tests.io.images import bids_dataset, head, save, series, write
from tests.io.refusals import refused
from tests.shared_data import shared
from tmsguide.io import find_participants, is_derivative, select_inputs
from tmsguide.io.bids.sidecars import parse_name, read_sidecar


@pytest.fixture
def dataset(tmp_path):
    return bids_dataset(tmp_path / "bids")


def names(inputs):
    return [run.path.name for run in inputs.bolds]


@pytest.mark.parametrize("label", ["01", "sub-01"])
def test_simple_dataset(dataset, label):
    got = select_inputs(dataset, label)
    assert got.t1w.name == "sub-01_T1w.nii.gz"
    assert names(got) == ["sub-01_task-rest_bold.nii.gz"]
    assert got.bolds[0].sidecar == {"RepetitionTime": 2.0, "TaskName": "rest"}
    assert (got.bolds[0].task, got.bolds[0].session) == ("rest", None)
    assert (got.subject.label, got.dataset, got.notes) == ("01", "small", ())


def test_participants_are_listed_in_natural_order(dataset):
    for label in ("10", "9", "b"):
        (dataset / f"sub-{label}").mkdir()
    (dataset / "sub-file").write_text("")
    (dataset / "sub-bad name").mkdir()
    assert find_participants(dataset) == ("01", "02", "9", "10", "b")


@pytest.mark.parametrize("label", ["3", "sub-3", "../01", "", "01/", "0*", "x\ny"])
def test_unknown_participant_lists_those_known(dataset, label):
    refused(select_inputs, dataset, label, words=["known are 01, 02"])


def test_many_participants_are_not_all_listed(dataset):
    for i in range(100, 140):
        (dataset / f"sub-{i}").mkdir()
    line = refused(select_inputs, dataset, "zz", words=["(42 in all)"])
    assert "130" not in line.partition("known are")[2]


def test_no_dataset(tmp_path):
    refused(find_participants, tmp_path / "absent", words=["does not exist"])
    refused(find_participants, tmp_path, words=["no sub-<label>"])
    (tmp_path / "file").write_text("")
    refused(find_participants, tmp_path / "file", words=["is a file"])


def test_missing_scans(dataset):
    shutil.rmtree(dataset / "sub-01" / "anat")
    refused(select_inputs, dataset, "01", words=["no T1w", "anat/sub-01_T1w.nii.gz"])
    shutil.rmtree(dataset / "sub-02" / "func")
    refused(select_inputs, dataset, "02", words=["no functional run", "task-rest_bold"])


def test_sessions_first_t1w_and_all_rest_runs_in_order(tmp_path):
    root = bids_dataset(tmp_path, labels=["01"], session="10")
    for session in ("2", "1"):
        func = root / "sub-01" / f"ses-{session}" / "func"
        for run in ("10", "9"):
            save(func / f"sub-01_ses-{session}_task-rest_run-{run}_bold.nii", series(2), tr=2.0)
    save(root / "sub-01" / "ses-2" / "anat" / "sub-01_ses-2_T1w.nii.gz", head())
    got = select_inputs(root, "01")
    assert got.t1w.name == "sub-01_ses-2_T1w.nii.gz"
    assert [(r.session, r.run) for r in got.bolds] == [
        ("1", "9"),
        ("1", "10"),
        ("2", "9"),
        ("2", "10"),
        ("10", None),
    ]
    assert got.notes == ("T1w not used: sub-01_ses-10_T1w.nii.gz",)


def test_rest_is_preferred_and_tasks_are_noted(dataset):
    func = dataset / "sub-01" / "func"
    save(func / "sub-01_task-nback_bold.nii.gz", series(2), tr=2.0)
    save(func / "sub-01_task-RESTeyesopen_bold.nii.gz", series(2), tr=2.0)
    save(func / "sub-01_task-rest_sbref.nii.gz", head())
    save(func / "sub-01_task-rest_part-phase_bold.nii.gz", series(2), tr=2.0)
    got = select_inputs(dataset, "01")
    assert names(got) == ["sub-01_task-RESTeyesopen_bold.nii.gz", "sub-01_task-rest_bold.nii.gz"]
    assert got.notes == ("task run not used: sub-01_task-nback_bold.nii.gz",)


def test_task_runs_stand_in_where_there_is_no_rest(tmp_path):
    got = select_inputs(bids_dataset(tmp_path, task="nback"), "01")
    assert names(got) == ["sub-01_task-nback_bold.nii.gz"]
    assert "no resting run" in got.notes[0]


def test_one_scan_in_two_packings_counts_once(dataset):
    func = dataset / "sub-01" / "func"
    save(func / "sub-01_task-rest_bold.nii", series(2), tr=2.0)
    assert names(select_inputs(dataset, "01")) == ["sub-01_task-rest_bold.nii.gz"]


def test_the_echoes_of_a_run_stay_together_in_the_order_of_their_times(dataset):
    func = dataset / "sub-01" / "func"
    (func / "sub-01_task-rest_bold.nii.gz").unlink()
    for echo, time_s in (("1", 0.049), ("2", 0.013), ("3", 0.031)):
        save(func / f"sub-01_task-rest_echo-{echo}_bold.nii.gz", series(2), tr=2.0)
        write(func / f"sub-01_task-rest_echo-{echo}_bold.json", {"EchoTime": time_s})
    got = select_inputs(dataset, "01")
    assert [run.echo for run in got.bolds] == ["2"]
    assert [meta["EchoTime"] for _, meta in got.bolds[0].later_echoes] == [0.031, 0.049]
    assert [path.name[17:23] for path in got.bolds[0].files] == ["echo-2", "echo-3", "echo-1"]
    assert got.bolds[0].name == "task-rest"
    (func / "sub-01_task-rest_echo-3_bold.json").unlink()
    refused(select_inputs, dataset, "01", words=["EchoTime"])


def test_metadata_inherits_from_root_to_file(dataset):
    func = dataset / "sub-01" / "func"
    write(dataset / "bold.json", {"a": "root", "b": "root"})
    write(dataset / "task-rest_bold.json", {"b": "task", "c": "task"})
    write(dataset / "task-nback_bold.json", {"a": "another task"})
    write(dataset / "sub-01" / "sub-01_task-rest_bold.json", {"c": "sub"})
    write(func / "sub-01_task-rest_run-2_bold.json", {"a": "another run"})
    write(func / "sub-01_task-rest_sbref.json", {"a": "another suffix"})
    write(dataset.parent / "bold.json", {"z": "outside"})
    path = func / "sub-01_task-rest_bold.nii.gz"
    assert read_sidecar(path, dataset) == {"a": "root", "b": "task", "c": "sub"}


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"a": NaN', "\xff\xfe", "[" * 100_000, "{}x", '{"a":' * 50_000]
)
def test_broken_sidecar_is_named(dataset, text):
    broken = dataset / "sub-01" / "func" / "sub-01_task-rest_bold.json"
    broken.write_bytes(text.encode("latin-1"))
    refused(select_inputs, dataset, "01", words=[broken.name])


@pytest.mark.parametrize(
    "name", ["x.nii.gz", "sub-01_T1w", "sub-01__T1w.nii", "sub_T1w.nii", "sub-a b_T1w.nii"]
)
def test_names_that_are_not_bids_are_no_scans(name):
    parsed = parse_name(name)
    assert parsed is None or not parsed.entities


def participants(dataset, text):
    (dataset / "participants.tsv").write_text(text, encoding="utf-8")
    return select_inputs(dataset, "01").subject


def test_participant_row(dataset):
    header = "participant_id\tage\tsex\thandedness\n"
    got = participants(dataset, header + "sub-02\t70\tM\tleft\nsub-01\t16.5\tF\tright\n")
    assert (got.age_years, got.sex, got.handedness) == (16.5, "F", "right")
    got = participants(dataset, "\ufeffparticipant_id\tAge\r\nsub-01\t89+\r\n")
    assert (got.age_years, got.sex, got.handedness) == (89, None, None)
    got = participants(dataset, header + "sub-01\tn/a\tn/a\tn/a\n")
    assert (got.age_years, got.sex, got.handedness) == (None, None, None)
    assert participants(dataset, header + "sub-02\t70\tM\tleft\n").age_years is None


def test_ages_in_months_become_years(dataset):
    write(dataset / "participants.json", {"age": {"Units": "months"}})
    got = participants(dataset, "participant_id\tage\nsub-01\t180\n")
    assert got.age_years == pytest.approx(15, rel=1e-15)
    write(dataset / "participants.json", {"age": {"Units": "moons"}})
    table = "participant_id\tage\nsub-01\t180\n"
    refused(participants, dataset, table, words=["'moons'", "years"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("participant_id\tage\nsub-01\tabc\n", "'abc'"),
        ("participant_id\tage\nsub-01\t-3\n", "'-3'"),
        ("participant_id\tage\nsub-01\t1985\n", "'1985'"),
        ("participant_id\tage\nsub-01\tnan(0)\n", "'nan(0)'"),
        ("participant_id\tage\nsub-01 30\n", "row 2"),
        ("participant_id\tage\nsub-01\t30\nsub-01\t31\n", "twice"),
        ("participant_id\tage\tage\nsub-01\t30\t31\n", "column twice"),
        ("", "empty"),
    ],
)
def test_bad_participants_table(dataset, text, word):
    refused(participants, dataset, text, words=["participants.tsv", word])


def test_derivatives_are_recognised_and_not_taken_for_raw(dataset):
    assert not is_derivative(dataset)
    (dataset / "derivatives" / "x").mkdir(parents=True)
    save(dataset / "sub-01" / "anat" / "sub-01_desc-preproc_T1w.nii.gz", head())
    assert is_derivative(dataset)
    refused(select_inputs, dataset, "01", words=["derivative"])


def test_real_dataset():
    got = select_inputs(shared("bids"), "forrest02")
    assert names(got) == ["sub-forrest02_task-oneback_run-01_bold.nii.gz"]
    assert (got.bolds[0].task, got.bolds[0].run) == ("oneback", "01")
    assert got.bolds[0].sidecar["EchoTime"] == 0.03
    refused(select_inputs, shared("bids"), "sag3y", words=["no functional run"])
