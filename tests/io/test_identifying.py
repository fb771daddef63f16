"""Nothing that tells who, when or where gets into what is written."""

import gzip
import json
import string

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tmsguide.io.bids.identifying import allowed, allowed_keys
from tmsguide.io.images.image_writing import write_nifti
from tmsguide.model import Volume, native_frame

WHO = {
    "PatientName": "Doe^Jane",
    "PatientID": "4711",
    "PatientBirthDate": "19700101",
    "PatientSex": "F",
    "PatientWeight": 61.5,
    "AcquisitionDateTime": "2020-01-02T03:04:05",
    "AcquisitionTime": "10:13:9.420000",
    "InstitutionName": "Some Hospital",
    "InstitutionAddress": "Some Street 5",
    "StationName": "AWP166104",
    "DeviceSerialNumber": "166104",
    "SeriesInstanceUID": "1.2.840.113619",
    "StudyDescription": "Doe_Jane^trial",
    "SeriesDescription": "func for Jane",
    "ProtocolName": "Jane",
    "ProcedureStepDescription": "Jane",
    "ReferringPhysicianName": "Who^Dr",
    "Instructions": "Jane, please lie still",
    "TaskDescription": "Jane looks at a cross",
    "global": {"const": {"PatientName": "Doe^Jane"}},
}
HOW = {"RepetitionTime": 2.0, "EchoTime": [0.01, 0.03], "MTState": False, "Manufacturer": "GE"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def test_what_tells_who_is_dropped_and_how_is_kept():
    assert allowed(WHO | HOW) == HOW


@pytest.mark.parametrize("key", allowed_keys())
def test_a_persons_data_in_an_allowed_field_does_not_pass(key):
    for leak in (
        "Doe^Jane",
        "19700101",
        "1970-01-01",
        19700101,
        10**400,
        [19700101],
        {"a": 1},
        ["Jane D"],
    ):
        if key == "TaskName" and leak == "19700101":
            continue  # letters and digits, as the task label in the file's own name
        assert allowed({key: leak}) == {}, key


@given(st.dictionaries(st.text() | st.sampled_from(allowed_keys()), JSON))
def test_no_key_and_no_text_that_is_not_listed_passes(metadata):
    out = allowed(metadata)
    assert set(out) <= set(allowed_keys())
    assert all(len(w) <= 30 and set(w) <= set(string.printable) for w in _texts(out))
    json.dumps(out, allow_nan=False)
    assert not any(isinstance(v, dict) for v in out.values())
    assert allowed(out) == out  # once is enough


@given(st.sampled_from(allowed_keys()), st.text(alphabet=string.printable, min_size=1))
def test_free_text_passes_nowhere(key, text):
    passed = allowed({key: text + "^ "})
    assert passed == {}


@given(
    st.sampled_from(allowed_keys()),
    st.floats(allow_nan=True, allow_infinity=True) | st.integers(20_001),
)
def test_numbers_out_of_range_do_not_pass(key, number):
    for value in allowed({key: number}).values():
        assert np.isfinite(value)
        assert abs(value) <= 1e6


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from _texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from _texts(v)


def test_the_inputs_are_left_alone():
    given_timing = {"SliceTiming": [0.0, 1.0]}
    out = allowed(given_timing)
    out["SliceTiming"].append(2.0)
    assert given_timing == {"SliceTiming": [0.0, 1.0]}


def test_real_sidecars_lose_study_and_series_names():
    for name in (
        "forrest02/func/sub-forrest02_task-oneback_run-01_bold",
        "sag3y/anat/sub-sag3y_T1w",
    ):
        path = shared(f"bids/sub-{name}.json")
        out = allowed(json.loads(path.read_text(encoding="utf-8")))
        assert out
        assert not {"StudyDescription", "SeriesDescription", "ProtocolName"} & set(out)
        assert "Hanke" not in json.dumps(out)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_an_image_written_carries_no_text(tmp_path, ending):
    """The header's text fields, extensions and the gzip name stay empty."""
    path = tmp_path / f"sub-Jane_T1w{ending}"
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    write_nifti(Volume(data, np.eye(4), native_frame("Jane")), path)
    image = nib.load(path)
    for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type"):
        assert image.header[field].item() == b"", field
    assert len(image.header.extensions) == 0
    raw = path.read_bytes()
    if ending == ".nii.gz":
        assert raw[3] == 0  # no name, no comment in the gzip header
        assert raw[4:8] == b"\0\0\0\0"  # no time
        raw = gzip.decompress(raw)
    assert b"Jane" not in raw
    assert len(raw) == 352 + data.nbytes
