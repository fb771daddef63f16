"""A real person's raw scans, end to end: 0.7 mm T1w (defaced), five minutes of a one-back task."""

import json

import nibabel as nib
import numpy as np
import pytest

from tests.end_to_end.runs import angle_deg, distance_mm, outward_normal, triangles
from tests.shared_data import shared
from tmsguide.cli import main
from tmsguide.model import MNI, Points, Tissue, native_frame
from tmsguide.targeting import search_mask

pytestmark = [pytest.mark.slow, pytest.mark.external, pytest.mark.xdist_group("end-to-end")]

LABEL = "forrest02"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    words = [shared("bids"), folder, "participant", "--participant-label", LABEL, "--quiet"]
    assert main([str(w) for w in words]) == 0
    return folder


@pytest.fixture(scope="module")
def found(out):
    path = out / f"sub-{LABEL}" / "summary.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_target_is_left_prefrontal_grey_matter(out, found):
    assert search_mask(Points(np.array([found["target_mni_mm"]]), MNI)).all()
    labels = nib.load(out / f"sub-{LABEL}" / "anat" / f"sub-{LABEL}_desc-head_dseg.nii.gz")
    at = np.linalg.inv(labels.affine) @ np.append(found["target_native_mm"], 1)
    voxel = np.rint(at[:3]).astype(int)
    assert np.asanyarray(labels.dataobj)[tuple(voxel)] == Tissue.GM
    assert found["target_native_mm"][0] < -15


def test_the_coil_rests_on_the_scalp(out, found):
    path = out / f"sub-{LABEL}" / "anat" / f"sub-{LABEL}_scalp.surf.gii"
    scalp = triangles(path, native_frame(LABEL))
    pose = np.array(found["placement"])
    away = distance_mm(scalp, pose[:3, 3])
    assert found["standoff_mm"] - 1.0 < away < found["standoff_mm"] + 0.1
    foot = pose[:3, 3] + found["standoff_mm"] * pose[:3, 2]
    assert distance_mm(scalp, foot) < 0.5
    assert angle_deg(-pose[:3, 2], outward_normal(scalp, foot)) <= 10  # measured 0.9
    assert pose[0, 3] < found["target_native_mm"][0]


def test_a_short_scan_that_is_not_rest_is_said_so(out, found):
    words = " ".join(found["problems"]).lower()
    page = (out / f"sub-{LABEL}.html").read_text(encoding="utf-8").lower()
    for word in ("short", "not rest"):
        assert word in words
        assert word in page
    assert "synthetic" not in found
    assert "computer-generated" not in page


def test_one_adult_fits_the_promised_machine(found):
    assert found["peak_rss_gb"] < 8  # measured 2.0
    assert sum(found["seconds"].values()) < 900
