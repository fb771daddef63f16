"""Scans read whole, and every bad scan refused in one line that names the cure."""

import gzip
import re

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.io.images import ORIENTATIONS, SHAPE, head, save, series
from tests.io.refusals import refused
from tests.shared_data import shared
from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.io import (
    check_bold,
    check_contents,
    check_t1w,
    read_bold,
    read_mask,
    read_t1w,
    read_volume,
    select_inputs,
)
from tmsguide.io.images import nifti_header
from tmsguide.model import Frame, native_frame

HERE = native_frame("01")
BOLD = Frame("sub-01/bold")
TR = {"RepetitionTime": 2.0}
ONE_ROUNDING = Tol(1.2e-7, "one float32 rounding of float64 arithmetic")


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
def test_t1w_keeps_every_voxel_at_its_place(tmp_path, name, extension):
    data = head()
    scan = read_t1w(save(tmp_path / f"a{extension}", data, ORIENTATIONS[name]), frame=HERE)
    assert scan.volume.data.dtype == np.float32
    np.testing.assert_array_equal(scan.volume.data, data)
    assert_close(scan.volume.frame_from_voxel, ORIENTATIONS[name], STORED)
    assert scan.volume.frame == HERE
    assert scan.tr_s is None


def test_bold_is_what_nibabel_reads_with_its_scaling(tmp_path):
    path = save(tmp_path / "b.nii.gz", series(61), tr=2.0)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[112:120] = np.array([0.37, -12.5], "<f4").tobytes()  # scl_slope, scl_inter
    path.write_bytes(gzip.compress(bytes(raw)))
    scan = read_bold(path, TR, frame=BOLD)
    assert_close(scan.volume.data, nib.load(path).get_fdata(), ONE_ROUNDING)
    assert scan.tr_s == 2.0
    assert scan.volume.data.shape == (7, 8, 9, 61)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64, ">i2", ">f4"])
def test_every_plain_voxel_type_and_byte_order_is_read(tmp_path, dtype):
    data = (head() % 200).astype(np.dtype(dtype))
    image = nib.Nifti1Image(data, ORIENTATIONS["RAS"])
    image.set_qform(ORIENTATIONS["RAS"], 1)
    image = nib.Nifti1Image(data, ORIENTATIONS["RAS"], image.header.as_byteswapped(">"))
    nib.save(image, tmp_path / "a.nii.gz")
    got = read_t1w(tmp_path / "a.nii.gz", frame=HERE).volume
    np.testing.assert_array_equal(got.data, data.astype(np.float32))
    assert_close(got.frame_from_voxel, ORIENTATIONS["RAS"], STORED)


def test_nifti2_is_read(tmp_path):
    image = nib.Nifti2Image(head(), ORIENTATIONS["LAS"])
    image.set_qform(ORIENTATIONS["LAS"], 1)
    nib.save(image, tmp_path / "a.nii.gz")
    got = read_t1w(tmp_path / "a.nii.gz", frame=HERE).volume
    np.testing.assert_array_equal(got.data, head())
    assert_close(got.frame_from_voxel, ORIENTATIONS["LAS"], EXACT)


@pytest.mark.parametrize(
    ("q", "s", "form", "code"), [(1, 1, "Q", 1), (0, 2, "S", 2), (2, 0, "Q", 2)]
)
def test_one_form_is_enough_and_the_q_form_names_the_world(tmp_path, q, s, form, code):
    header = check_t1w(save(tmp_path / "a.nii.gz", head(), ORIENTATIONS["oblique"], q=q, s=s))
    assert (header.form, header.code) == (form, code)
    assert_close(header.frame_from_voxel, ORIENTATIONS["oblique"], STORED)


def test_real_scans_are_accepted():
    chosen = select_inputs(shared("bids"), "sub-forrest02")
    header = check_t1w(chosen.t1w)
    assert header.shape == (274, 384, 384)
    assert np.linalg.det(header.frame_from_voxel[:3, :3]) < 0, "stored LAS"
    bold, tr_s = check_bold(chosen.bolds[0].path, chosen.bolds[0].sidecar)
    assert (bold.shape, tr_s) == ((80, 80, 35, 156), 2.0)


def test_trailing_unit_dimensions_do_not_count(tmp_path):
    path = save(tmp_path / "a.nii.gz", head()[..., None])
    assert read_t1w(path, frame=HERE).volume.data.shape == SHAPE


def test_mask_is_boolean(tmp_path):
    inside = head() > 500
    mask = read_mask(save(tmp_path / "m.nii.gz", inside.astype(np.uint8)), frame=HERE)
    assert mask.data.dtype == np.bool_
    np.testing.assert_array_equal(mask.data, inside)


# --- files that are not whole images


def test_missing_file(tmp_path):
    refused(check_t1w, tmp_path / "a.nii.gz", words=["does not exist", "check"])
    (tmp_path / "link.nii.gz").symlink_to(tmp_path / "annex")
    refused(check_t1w, tmp_path / "link.nii.gz", words=["datalad get"])
    refused(check_t1w, tmp_path, words=["folder"])


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"not an image" * 99, "not a NIfTI"),
        (b"\0" * 128 + b"DICM" + b"\0" * 500, "dcm2niix"),
        (b"\x1f\x8b" + b"nonsense" * 20, "damaged"),
        (gzip.compress(b"short", mtime=0), "not a NIfTI"),
    ],
)
def test_not_nifti(tmp_path, content, word):
    (tmp_path / "a.nii.gz").write_bytes(content)
    refused(check_t1w, tmp_path / "a.nii.gz", words=[word])


def test_two_file_nifti_and_analyze(tmp_path):
    nib.save(nib.Nifti1Pair(head(), ORIENTATIONS["RAS"]), tmp_path / "a.img")
    refused(check_t1w, tmp_path / "a.hdr", words=["two-file"])
    nib.save(nib.AnalyzeImage(head(), None), tmp_path / "b.img")
    refused(check_t1w, tmp_path / "b.hdr", words=["not a NIfTI"])


@pytest.mark.parametrize("keep", [1, 30, 700, -900, -9, -1])
def test_truncated_gz_is_found_before_any_work(tmp_path, keep):
    path = save(tmp_path / "b.nii.gz", series(), tr=2.0)
    path.write_bytes(path.read_bytes()[:keep])
    for call in (check_bold, lambda *a: read_bold(*a, frame=BOLD)):
        refused(call, path, TR, words=[path.name])


def test_truncated_nii(tmp_path):
    path = save(tmp_path / "b.nii", series(), tr=2.0)
    path.write_bytes(path.read_bytes()[:-1])
    refused(check_bold, path, TR, words=["truncated"])


def test_wrong_checksum(tmp_path):
    path = save(tmp_path / "c.nii.gz", series(), tr=2.0)
    data = bytearray(path.read_bytes())
    data[-6] ^= 1  # in the CRC
    path.write_bytes(bytes(data))
    refused(read_bold, path, TR, frame=BOLD, words=["damaged", "CRC"])
    refused(check_contents, check_bold(path, TR)[0], words=["damaged", "CRC"])


def test_several_gzip_members_and_padding_are_whole(tmp_path):
    path = save(tmp_path / "b.nii.gz", series(), tr=2.0)
    raw = gzip.decompress(path.read_bytes())
    for content in (
        gzip.compress(raw[:9999], mtime=0) + gzip.compress(raw[9999:], mtime=0),
        gzip.compress(raw + b"\0" * 99, mtime=0),
    ):
        path.write_bytes(content)
        check_contents(check_bold(path, TR)[0])
        np.testing.assert_array_equal(read_bold(path, TR, frame=BOLD).volume.data, series())


# --- shapes and numbers


def test_wrong_dimensions(tmp_path):
    flat, deep = save(tmp_path / "f.nii.gz", head()), save(tmp_path / "d.nii.gz", series())
    refused(check_bold, flat, TR, words=["3-D", "4-D", "sbref"])
    refused(check_t1w, deep, words=["4-D", "80 volumes"])
    refused(check_t1w, save(tmp_path / "s.nii.gz", head((18, 19, 1))), words=["at least 4"])
    refused(
        check_t1w, save(tmp_path / "v.nii.gz", np.ones((5, 6, 7, 2, 3), np.int16)), words=["dim"]
    )


@pytest.mark.parametrize(("volumes", "tr"), [(39, 10.0), (80, 1.0), (2, 2.0)])
def test_too_few_volumes(tmp_path, volumes, tr):
    path = save(tmp_path / "b.nii.gz", series(volumes), tr=tr)
    words = [f"{volumes} volumes", "at least 40"]
    refused(check_bold, path, {"RepetitionTime": tr}, words=words)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity(tmp_path, value):
    data = head(dtype=np.float32)
    data[3, 4, 5] = value
    refused(read_t1w, save(tmp_path / "a.nii.gz", data), frame=HERE, words=["NaN or inf"])
    run = series().astype(np.float32)
    run[3, 4, 5, 6] = value
    path = save(tmp_path / "b.nii.gz", run, tr=2.0)
    refused(read_bold, path, TR, frame=BOLD, words=["NaN or inf", "volume 6"])
    refused(check_contents, check_bold(path, TR)[0], words=["NaN or inf", "volume 6"])


def test_float64_beyond_float32_is_refused(tmp_path):
    data = head(dtype=np.float64)
    data[0, 0, 0] = 1e300
    refused(read_t1w, save(tmp_path / "a.nii.gz", data), frame=HERE, words=["infinite"])


def test_empty_volumes(tmp_path):
    zero = save(tmp_path / "a.nii.gz", np.zeros(SHAPE, np.int16))
    refused(read_t1w, zero, frame=HERE, words=["empty"])
    run = series()
    run[..., [5, 79]] = 0
    path = save(tmp_path / "b.nii.gz", run, tr=2.0)
    refused(read_bold, path, TR, frame=BOLD, words=["volumes 5, 79", "empty"])


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_voxels_that_are_no_numbers(tmp_path, dtype):
    image = nib.Nifti1Image(np.ones(SHAPE, dtype), ORIENTATIONS["RAS"])
    nib.save(image, tmp_path / "a.nii.gz")
    refused(check_t1w, tmp_path / "a.nii.gz", words=["needed plain integers or floats"])


def test_too_large_is_refused_from_the_header_alone(tmp_path):
    header = nib.Nifti1Header()
    header.set_data_shape((512, 512, 512, 2000))
    header["magic"], header["vox_offset"] = b"n+1", 352
    header.set_sform(ORIENTATIONS["RAS"], 1)
    (tmp_path / "b.nii").write_bytes(header.binaryblock + b"\0" * 4)
    refused(check_bold, tmp_path / "b.nii", TR, words=["1073.7 GB", "limit is 8 GB"])


def test_the_limit_counts_what_is_held(tmp_path, monkeypatch):
    path = save(tmp_path / "a.nii.gz", head())
    monkeypatch.setattr(nifti_header, "LARGEST_BYTES", 4 * int(np.prod(SHAPE)))
    check_t1w(path)
    monkeypatch.setattr(nifti_header, "LARGEST_BYTES", 4 * int(np.prod(SHAPE)) - 1)
    refused(check_t1w, path, words=["GB"])


# --- orientation


def test_no_orientation(tmp_path):
    refused(
        check_t1w,
        save(tmp_path / "a.nii.gz", head(), q=0, s=0),
        words=["left and right", "code 0"],
    )


@pytest.mark.parametrize("name", ["RAS", "LAS", "oblique"])
def test_forms_that_disagree(tmp_path, name):
    good = ORIENTATIONS[name]
    near, far = good.copy(), good.copy()
    near[0, 3] += 0.45
    far[0, 3] += 0.55
    check_t1w(save(tmp_path / "a.nii.gz", head(), good, q_affine=near))
    line = refused(
        check_t1w,
        save(tmp_path / "b.nii.gz", head(), good, q_affine=far),
        words=["q-form", "s-form", "disagree by up to 0.55 mm"],
    )
    assert len(re.findall("origin", line)) == 2, "both are shown"
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.02), -np.sin(0.02)], [np.sin(0.02), np.cos(0.02)]]
    rotated = save(tmp_path / "c.nii.gz", head(), good, q_affine=turn @ good)
    refused(check_t1w, rotated, words=["disagree"])


def test_forms_of_opposite_handedness(tmp_path):
    path = save(tmp_path / "a.nii.gz", head(), ORIENTATIONS["RAS"], q_affine=ORIENTATIONS["LAS"])
    refused(check_t1w, path, words=["mirror", "left and right", "RAS", "LAS"])


def test_qfac_of_zero_counts_as_one(tmp_path):
    path = save(tmp_path / "a.nii", head(), ORIENTATIONS["RAS"], s=0)
    raw = bytearray(path.read_bytes())
    raw[76:80] = np.float32(0).tobytes()  # pixdim[0]
    path.write_bytes(bytes(raw))
    assert_close(check_t1w(path).frame_from_voxel, ORIENTATIONS["RAS"], STORED)


def test_q_form_is_what_nibabel_computes(tmp_path):
    rng = np.random.default_rng(3)
    for _ in range(50):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        affine = np.eye(4)
        affine[:3, :3] = turn * rng.uniform(0.5, 5, 3)
        affine[:3, 3] = rng.uniform(-100, 100, 3)
        path = save(tmp_path / "a.nii", head((5, 6, 7)), affine, s=0)
        assert_close(check_t1w(path).frame_from_voxel, nib.load(path).get_qform(), EXACT)


def test_shear(tmp_path):
    sheared = ORIENTATIONS["RAS"].copy()
    sheared[0, 1] = 5 * 0.01
    refused(
        check_t1w, save(tmp_path / "a.nii.gz", head(), sheared, q=0), words=["sheared", "0.57"]
    )


@pytest.mark.parametrize(("size", "ok"), [(0.19, False), (0.21, True), (9.9, True), (10.1, False)])
def test_voxel_size(tmp_path, size, ok):
    affine = np.diag([5.0, 5, size, 1])
    path = save(tmp_path / "a.nii.gz", head(), affine)
    if ok:
        check_t1w(path)
    else:
        refused(check_t1w, path, words=["voxels", f"{size:g}", "0.2", "10 mm"])


def test_units_that_are_not_millimetres(tmp_path):
    path = save(tmp_path / "a.nii", head())
    raw = bytearray(path.read_bytes())
    raw[123] = 1  # metres
    path.write_bytes(bytes(raw))
    refused(check_t1w, path, words=["metres", "millimetres"])


def test_matrix_of_nan_or_zeros(tmp_path):
    path = save(tmp_path / "a.nii", head())
    raw = bytearray(path.read_bytes())
    raw[280:284] = np.float32(np.nan).tobytes()  # srow_x[0]
    path.write_bytes(bytes(raw))
    refused(check_t1w, path, words=["NaN", "s-form"])
    raw[280:284] = b"\x01\x00\x80\x7f"  # a signalling NaN
    path.write_bytes(bytes(raw))
    refused(check_t1w, path, words=["NaN", "s-form"])
    raw[280:328] = bytes(48)
    path.write_bytes(bytes(raw))
    refused(check_t1w, path, words=["voxels of 0 0 0 mm", "s-form"])


# --- time


@pytest.mark.parametrize(
    ("sidecar", "stored", "units", "words"),
    [
        ({}, 2.0, "unknown", ["no repetition time", "RepetitionTime"]),
        ({}, 0.0, "sec", ["no repetition time"]),
        ({}, 2000.0, "sec", ["milliseconds", "write 2"]),
        ({"RepetitionTime": 2000}, 2.0, "sec", ["milliseconds", "write 2"]),
        ({"RepetitionTime": 2.0}, 2000.0, "sec", ["milliseconds and seconds", "2 s", "2000 s"]),
        ({"RepetitionTime": 2.0}, 2.0, "msec", ["milliseconds and seconds", "0.002 s"]),
        ({"RepetitionTime": 2.0}, 2.03, "sec", ["2 s", "2.03 s", "both agree"]),
        ({"RepetitionTime": "2.0"}, 2.0, "sec", ["needed a number"]),
        ({"RepetitionTime": True}, 2.0, "sec", ["needed a number"]),
        ({"RepetitionTime": -2.0}, 2.0, "sec", ["above 0"]),
        ({"RepetitionTime": 0.002}, 0.0, "sec", ["check the units"]),
        ({"VolumeTiming": [0, 1]}, 2.0, "sec", ["sparse"]),
        ({"RepetitionTime": 2.0, "SliceTiming": [0, 500, 1000]}, 2.0, "sec", ["9 slices"]),
        (
            {"RepetitionTime": 2.0, "SliceTiming": [200 * i for i in range(9)]},
            2.0,
            "sec",
            ["1600"],
        ),
        ({"RepetitionTime": 2.0, "SliceTiming": 3}, 2.0, "sec", ["9 slices", "int"]),
    ],
)
def test_bad_timing(tmp_path, sidecar, stored, units, words):
    path = save(tmp_path / "b.nii.gz", series(), tr=stored, units=units)
    refused(check_bold, path, sidecar, words=words)


@pytest.mark.parametrize(
    ("sidecar", "stored", "units", "tr_s"),
    [
        ({}, 2.0, "sec", 2.0),
        ({}, 2000.0, "msec", 2.0),
        ({"RepetitionTime": 2}, 1.0, "unknown", 2.0),
        ({"RepetitionTime": 2.0}, 0.0, "sec", 2.0),
        ({"RepetitionTime": 2.0}, 2.015, "sec", 2.0),
        ({"RepetitionTime": 2.0, "SliceTiming": [0.2 * i for i in range(9)]}, 2.0, "sec", 2.0),
    ],
)
def test_good_timing(tmp_path, sidecar, stored, units, tr_s):
    path = save(tmp_path / "b.nii.gz", series(), tr=stored, units=units)
    assert check_bold(path, sidecar)[1] == pytest.approx(tr_s, rel=1e-7)


# --- anything at all


def sound_or_refused(path):
    words = ""
    try:
        volume = read_volume(path, frame=HERE)
    except InputError as error:
        words = str(error)
    else:
        assert np.isfinite(volume.data).all()
        assert np.isfinite(volume.frame_from_voxel).all()
    assert "\n" not in words


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_headers_are_refused_or_read_never_worse(tmp_path_factory, data):
    """Any bytes changed in the header: a clear refusal, or an image of the stated size."""
    folder = tmp_path_factory.getbasetemp()
    path = folder / "fuzz.nii"
    if not path.exists():
        save(folder / "good.nii", head((5, 6, 7)))
        path.touch()
    raw = bytearray((folder / "good.nii").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 355))
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    packed = data.draw(st.booleans())
    path.write_bytes(gzip.compress(bytes(raw[:cut])) if packed else bytes(raw[:cut]))
    sound_or_refused(path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_streams_are_refused_or_read_never_worse(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    if not (folder / "good.nii.gz").exists():
        save(folder / "good.nii.gz", head((5, 6, 7)))
    raw = bytearray((folder / "good.nii.gz").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (folder / "stream.nii.gz").write_bytes(bytes(raw))
    sound_or_refused(folder / "stream.nii.gz")
