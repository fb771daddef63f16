"""From a scanner's folder to BIDS: right names, right side, and nothing that tells who it is."""

import gzip
import json

import nibabel as nib
import numpy as np
import pytest

from tests.io.dicom_files import SECRETS, write_series
from tmsguide.cli import main
from tmsguide.io import select_inputs

WORLD = np.array([[-3.0, 0, 0, 48], [0, -3.0, 0, 48], [0, 0, 3.0, -48], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """A T1w, a functional run and a localizer; a bright block lies to the person's left."""
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    head = rng.integers(80, 120, (32, 32, 32)).astype(np.int16)
    left_of_middle = np.argwhere(np.ones(head.shape, bool)) @ WORLD[:3, :3].T + WORLD[:3, 3]
    block = (np.abs(left_of_middle - [-24, 12, 9]) <= 6).all(1).reshape(head.shape)
    head[block] = 900
    common = {"MRAcquisitionType": "3D", "ScanningSequence": "GR", "InversionTime": 450.0}
    times = {"RepetitionTime": 7.0, "EchoTime": 3.0, "FlipAngle": 12.0}
    write_series(
        folder, 2, head, world_from_voxel=WORLD, description="SAG BRAVO T1", **common, **times
    )
    bold = np.repeat(head[..., :8, None], 60, axis=3) + rng.integers(-5, 5, (32, 32, 8, 60))
    epi = {"MRAcquisitionType": "2D", "ScanningSequence": ["EP", "GR"], "RepetitionTime": 2000.0}
    write_series(
        folder,
        3,
        bold.astype(np.int16),
        world_from_voxel=WORLD,
        description="fMRI rest Zaphod",
        EchoTime=30.0,
        FlipAngle=77.0,
        **epi,
    )
    write_series(
        folder,
        1,
        head[..., :4],
        world_from_voxel=WORLD,
        description="3-plane localizer",
        MRAcquisitionType="2D",
        ScanningSequence="GR",
        **times,
    )
    return folder


@pytest.fixture(scope="module")
def dataset(export, tmp_path_factory):
    out = tmp_path_factory.mktemp("data") / "bids"
    words = ["dicom", str(export), str(out), "--label", "01", "--age", "17", "--quiet"]
    assert main(words) == 0
    return out


def test_the_series_get_their_names_and_the_localizer_none(dataset):
    names = sorted(p.relative_to(dataset).as_posix() for p in dataset.rglob("*.nii.gz"))
    assert names == ["sub-01/anat/sub-01_T1w.nii.gz", "sub-01/func/sub-01_task-rest_bold.nii.gz"]
    found = select_inputs(dataset, "01")
    assert found.subject.age_years == 17
    assert found.bolds[0].sidecar["RepetitionTime"] == 2.0
    assert found.bolds[0].sidecar["TaskName"] == "rest"
    assert nib.load(found.bolds[0].path).shape == (32, 32, 8, 60)


def test_left_stays_left(dataset):
    image = nib.load(dataset / "sub-01/anat/sub-01_T1w.nii.gz")
    bright = np.argwhere(np.asarray(image.dataobj) > 600).mean(axis=0)
    assert np.allclose(image.affine[:3, :3] @ bright + image.affine[:3, 3], [-24, 12, 9], atol=1.6)


def test_nothing_tells_who_the_person_is(dataset):
    for path in dataset.rglob("*"):
        assert not any(secret.lower() in path.name.lower() for secret in SECRETS)
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            for secret in (*SECRETS, "101112"):
                assert secret.encode().lower() not in data.lower(), f"{secret} in {path.name}"


def test_what_the_physics_needs_is_kept(dataset):
    sidecar = json.loads((dataset / "sub-01/anat/sub-01_T1w.json").read_text())
    assert sidecar["EchoTime"] == pytest.approx(0.003)
    assert sidecar["MagneticFieldStrength"] == 3


def test_a_person_who_is_there_is_not_overwritten(dataset, export, capsys):
    assert main(["dicom", str(export), str(dataset), "--label", "01", "--quiet"]) == 2
    assert "is already in" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["Z_B", "../x", ""])
def test_a_bad_label_is_refused(export, tmp_path, label, capsys):
    assert main(["dicom", str(export), str(tmp_path / "b"), "--label", label, "--quiet"]) == 2
    assert "letters and digits only" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_folder_without_dicom_is_refused_and_leaves_nothing(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing here")
    words = ["dicom", str(tmp_path / "in"), str(tmp_path / "out"), "--label", "01", "--quiet"]
    assert main(words) == 2
    assert "no DICOM images" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
