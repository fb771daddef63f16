"""What is written is whole, can be read back, and is the same on every run."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io.images import ORIENTATIONS
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.errors import InputError
from tmsguide.io import (
    bids_uri,
    check_output_dir,
    derivative_path,
    read_json,
    read_scalars_gifti,
    read_surface_gifti,
    read_tsv,
    read_volume,
    write_bytes,
    write_dataset_description,
    write_json,
    write_nifti,
    write_sidecar,
    write_surface_gifti,
    write_text,
    write_tsv,
)
from tmsguide.io.documents import parse_tsv
from tmsguide.io.writing import atomic_stream, tsv_text
from tmsguide.model import MNI, Points, Surface, Volume, native_frame

HERE = native_frame("01")


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = write_text("old", tmp_path / "a.txt")

    def fail():
        with atomic_stream(path) as stream:
            stream.write(b"half of the new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    refused(write_bytes, b"x", tmp_path / "a", words=["No space left", "free space"])
    assert list(tmp_path.iterdir()) == []


def test_parent_that_is_a_file(tmp_path):
    write_text("", tmp_path / "file")
    refused(write_text, "", tmp_path / "file" / "a.txt", words=["cannot write"])


# --- JSON and TSV


class Colour(Enum):
    RED = "red"


@dataclass
class Thing:
    place: Path
    colour: Colour
    numbers: np.ndarray
    missing: float


def test_json_of_anything_plain(tmp_path):
    thing = Thing(Path("a/b"), Colour.RED, np.arange(6.0).reshape(2, 3), float("nan"))
    path = write_json({"thing": thing, "n": np.int64(3), 4: (True, None)}, tmp_path / "a.json")
    assert json.loads(path.read_text()) == {
        "thing": {
            "place": "a/b",
            "colour": "red",
            "numbers": [[0, 1, 2], [3, 4, 5]],
            "missing": None,
        },
        "n": 3,
        "4": [True, None],
    }
    assert read_json(path)["n"] == 3
    with pytest.raises(TypeError, match="plain form"):
        write_json({"a": object()}, tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


cells = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False)


@given(rows=st.lists(st.tuples(cells, floats), min_size=1, max_size=5))
def test_tsv_round_trip(rows):
    names, numbers = zip(*rows, strict=True)
    back = parse_tsv(tsv_text({"name": names, "number": numbers}).encode(), "table")
    assert tuple(back["name"]) == names
    assert tuple(map(float, back["number"])) == numbers


def test_tsv_cells(tmp_path):
    columns = {"a": [None, True, np.float32(0.5)], "b": [np.nan, 3, "x y"]}
    path = write_tsv(columns, tmp_path / "a.tsv")
    assert path.read_bytes() == b"a\tb\nn/a\tn/a\ntrue\t3\n0.5\tx y\n"
    assert read_tsv(path) == {"a": ["n/a", "true", "0.5"], "b": ["n/a", "3", "x y"]}
    refused(tsv_text, {"a": ["x\ty"]}, words=["tabs"])
    refused(tsv_text, {"a": [1], "b": []}, words=["one length"])


@given(st.binary(max_size=200))
def test_any_bytes_as_a_table_are_columns_or_refused(data):
    try:
        columns = parse_tsv(data, "x")
    except InputError as error:
        words = str(error)
    else:
        words = ""
        assert len({len(column) for column in columns.values()}) == 1
    assert "\n" not in words


# --- volumes


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
def test_volume_round_trip(tmp_path, name, extension):
    data = np.random.default_rng(5).normal(size=(7, 8, 9)).astype(np.float32)
    volume = Volume(data, ORIENTATIONS[name], HERE)
    path = write_nifti(volume, tmp_path / f"a{extension}")
    back = read_volume(path, frame=HERE)
    np.testing.assert_array_equal(back.data, data)
    assert_close(back.frame_from_voxel, volume.frame_from_voxel, STORED)
    header = nib.load(path).header
    assert header["qform_code"] == header["sform_code"] == 1
    assert_close(header.get_qform(), header.get_sform(), STORED)
    once = path.read_bytes()
    assert write_nifti(volume, path).read_bytes() == once, "same bytes on every run"


def test_volume_codes_types_and_time(tmp_path):
    for dtype, stored in [
        (bool, np.uint8),
        (np.uint8, np.uint8),
        (np.int64, np.int32),
        (np.float64, np.float32),
        (np.uint32, np.uint16),
    ]:
        data = (np.arange(504).reshape(7, 8, 9) % 2).astype(dtype)
        path = write_nifti(Volume(data, np.eye(4), MNI), tmp_path / "a.nii.gz")
        image = nib.load(path)
        assert image.get_data_dtype() == stored
        np.testing.assert_array_equal(np.asanyarray(image.dataobj), data)
        assert image.header["qform_code"] == image.header["sform_code"] == 4
    run = Volume(np.ones((7, 8, 9, 5), np.float32), np.diag([2.0, 3, 4, 1]), HERE)
    header = nib.load(write_nifti(run, tmp_path / "b.nii.gz", tr_s=0.8)).header
    assert header.get_zooms() == pytest.approx((2, 3, 4, 0.8), rel=1e-7)
    assert header.get_xyzt_units() == ("mm", "sec")


def test_volumes_that_cannot_be_stored(tmp_path):
    def write(data, name="a.nii.gz"):
        write_nifti(Volume(data, np.eye(4), HERE), tmp_path / name)

    refused(write, np.full((7, 8, 9), 2**40), words=["int32"])
    refused(write, np.ones((7, 8, 9), complex), words=["complex"])
    refused(write, np.ones((7, 8, 9)), "a.img", words=[".nii"])
    assert list(tmp_path.iterdir()) == []


# --- surfaces


def tetrahedron(frame=HERE):
    xyz = np.array([[-40.0, 0, 0], [-30, 0, 0], [-40, 11, 0], [-40, 0, 12.3456789]])
    return Surface(
        Points(xyz, frame), np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int64)
    )


@pytest.mark.parametrize("frame", [HERE, MNI])
def test_surface_round_trip(tmp_path, frame):
    values = {"depth": np.array([1.0, 2, 3, 4.5]), "E field": np.arange(4.0)}
    surface = tetrahedron(frame)
    written = write_surface_gifti(surface, tmp_path / "x_hemi-L.surf.gii", values)
    assert [p.name for p in written] == ["x_hemi-L.surf.gii", "x_hemi-L.shape.gii"]
    back = read_surface_gifti(written[0], frame=frame)
    assert_close(back.vertices.xyz_mm, surface.vertices.xyz_mm, STORED)
    np.testing.assert_array_equal(back.triangles, surface.triangles)
    read = read_scalars_gifti(written[1])
    assert list(read) == list(values)
    for name, column in values.items():
        assert_close(read[name], column, STORED)
    coordinates = nib.load(written[0]).darrays[0].coordsys
    assert coordinates.dataspace == (4 if frame == MNI else 1)
    once = written[0].read_bytes()
    write_surface_gifti(surface, written[0])
    assert written[0].read_bytes() == once


def test_bad_surfaces(tmp_path):
    surface = tetrahedron()
    refused(write_surface_gifti, surface, tmp_path / "a.gii", words=[".surf.gii"])
    path = tmp_path / "a.surf.gii"
    refused(write_surface_gifti, surface, path, {"v": np.ones(3)}, words=["4 vertices"])
    for content in (b"", b"<GIFTI", b"x" * 1000):
        path.write_bytes(content)
        refused(read_surface_gifti, path, frame=HERE, words=["GIFTI"])
    refused(read_surface_gifti, tmp_path / "b.surf.gii", frame=HERE, words=["b.surf.gii"])


# --- the derivative dataset


def test_dataset_description_names_no_path_of_this_machine(tmp_path):
    out = tmp_path / "out"
    path = write_dataset_description(out, version="1.2.3", sources={"raw": tmp_path / "bids"})
    got = read_json(path)
    assert got["DatasetType"] == "derivative"
    assert got["GeneratedBy"] == [{"Name": "tmsguide", "Version": "1.2.3"}]
    assert got["DatasetLinks"] == {"raw": "../bids"}
    assert got["SourceDatasets"] == [{"URL": "../bids"}]
    assert str(tmp_path) not in path.read_text()


def test_names_of_outputs(tmp_path):
    path = derivative_path(
        tmp_path,
        "01",
        "anat",
        suffix="dseg",
        extension=".nii.gz",
        entities={"desc": "head", "space": "T1w", "res": "1"},
        session="a",
    )
    name = "sub-01/ses-a/anat/sub-01_ses-a_space-T1w_res-1_desc-head_dseg.nii.gz"
    assert path == tmp_path / name

    def name_of(label, entities):
        return derivative_path(
            tmp_path, label, "anat", suffix="x", extension=".y", entities=entities
        )

    for entities in ({"colour": "red"}, {"desc": "two words"}, {"desc": "../x"}):
        refused(name_of, "01", entities)
    refused(name_of, "sub-01", {}, words=["sub-01"])


def test_sidecar(tmp_path):
    uri = bids_uri(tmp_path / "sub-01" / "a.nii", tmp_path, dataset="raw")
    path = write_sidecar(
        tmp_path / "a.nii.gz",
        description="labels",
        sources=[uri],
        settings={"grid_mm": 2.0},
        extra={"Units": "1"},
    )
    assert path.name == "a.json"
    assert read_json(path) == {
        "Description": "labels",
        "Sources": ["bids:raw:sub-01/a.nii"],
        "Units": "1",
        "Settings": {"grid_mm": 2.0},
    }
    refused(bids_uri, tmp_path.parent / "x", tmp_path, dataset="raw", words=["not inside"])


# --- where the output may go


def test_output_folder(tmp_path):
    bids, out = tmp_path / "bids", tmp_path / "out" / "deep"
    bids.mkdir()
    check_output_dir(bids, out)
    check_output_dir(bids, bids / "derivatives" / "tmsguide")
    check_output_dir(bids, tmp_path / "bids2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bids"], "a check writes nothing"
    out.mkdir(parents=True)
    check_output_dir(bids, out)
    assert list(out.iterdir()) == []


def test_output_folders_refused(tmp_path):
    bids = tmp_path / "bids"
    (bids / "sub-01").mkdir(parents=True)
    (tmp_path / "link").symlink_to(bids)
    (tmp_path / "file").write_text("")
    refused(check_output_dir, bids, bids, words=["is the input folder itself"])
    refused(check_output_dir, bids, tmp_path / "link", words=["is the input folder itself"])
    refused(check_output_dir, bids, bids / "x" / ".." / ".", words=["is the input"])
    refused(check_output_dir, bids, bids / "sub-01", words=["inside the input", "derivatives/"])
    refused(check_output_dir, bids, bids / "derivatives", words=["inside the input"])
    refused(check_output_dir, bids, tmp_path / "link" / "out", words=["inside the input"])
    refused(check_output_dir, bids, tmp_path / "file", words=["is a file"])
    refused(check_output_dir, bids, tmp_path / "file" / "x", words=["is a file"])


def test_output_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    refused(check_output_dir, tmp_path / "b", tmp_path / "o", words=["Permission denied"])
