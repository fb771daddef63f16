"""What the sidecar tells of the person, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmsguide.preprocess.judging.activity import Eyes, activity


@pytest.mark.parametrize(
    "name", ["rest", "RestingState", "movierest", "rs", "rsfMRI", "rfMRI", "restEC", "rs_eo", ""]
)
def test_resting_runs_of_any_name_are_rest(name):
    assert activity({"TaskName": name}).task == ""


@pytest.mark.parametrize("name", ["oneback", "faces", "stroop", "horse"])
def test_a_task_is_named(name):
    assert activity({"TaskName": name}).task == name


@pytest.mark.parametrize(
    ("metadata", "eyes"),
    [
        ({"TaskName": "resteyesclosed"}, Eyes.CLOSED),
        ({"TaskName": "eyesopen"}, Eyes.OPEN),
        ({"TaskName": "restEC"}, Eyes.CLOSED),
        ({"TaskName": "restec"}, Eyes.CLOSED),
        ({"TaskName": "rest_EO"}, Eyes.OPEN),
        ({"TaskName": "recall"}, Eyes.UNKNOWN),
        ({"TaskName": "rest", "Instructions": "Please close your eyes."}, Eyes.CLOSED),
        ({"TaskName": "rest", "Instructions": "Do not close your eyes."}, Eyes.UNKNOWN),
        ({"Instructions": "Keep your eyes open and think of nothing"}, Eyes.OPEN),
        ({"TaskDescription": "The eyes were kept closed"}, Eyes.CLOSED),
        ({"TaskDescription": "Fixation of a cross."}, Eyes.OPEN),
        ({"TaskDescription": "eyes open for a minute, then eyes closed"}, Eyes.UNKNOWN),
        ({"TaskDescription": 7, "Instructions": None}, Eyes.UNKNOWN),
    ],
)
def test_eyes_are_known_only_where_told(metadata, eyes):
    assert activity(metadata).eyes is eyes


@pytest.mark.parametrize(
    ("text", "asleep"),
    [
        ("Rest without falling asleep.", False),
        ("Try not to fall asleep.", False),
        ("Don't sleep.", False),
        ("Rest after a night of sleep deprivation.", False),
        ("The person fell asleep after two minutes.", True),
        ("Infant, scanned sleeping.", True),
        ("Do not move. The child slept.", True),
    ],
)
def test_sleep_is_told_from_the_wish_that_there_be_none(text, asleep):
    assert activity({"Instructions": text}).asleep is asleep


def test_a_sleep_run_is_sleep():
    assert activity({"TaskName": "sleep"}).asleep


@given(st.dictionaries(st.sampled_from(["TaskName", "Instructions", "x"]), st.text()))
def test_any_text_is_read_without_failing(metadata):
    assert activity(metadata).eyes in Eyes
