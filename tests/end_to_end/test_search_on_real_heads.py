"""The whole search on heads that are not ours: a mesh made by others, and labels of an average."""

import json

import nibabel as nib
import numpy as np
import pytest

from tests.field.real_heads import mmc_head
from tests.shared_data import shared
from tmsguide.cli import main
from tmsguide.head import mended
from tmsguide.io import write_head_msh

pytestmark = [pytest.mark.slow, pytest.mark.external]

#: Labels of the mcx atlases, from the outside in; 6 is air inside the head.
MCX_TISSUE = np.array([0, 5, 4, 3, 2, 1, 0], np.uint8)


def searched(folder, head, target, *words):
    out = folder / "out"
    where = [str(v) for v in target]
    given = ["search", str(head), "--target", *where, "--out", str(out), "--quiet", *words]
    assert main(given) == 0
    return json.loads((out / "search.json").read_text(encoding="utf-8")), out


def check(found, out, target, middle):
    best = found["options"][0]
    pose = np.array(best["matsimnibs"])
    assert np.sign(pose[0, 3] - middle[0]) == np.sign(target[0] - middle[0])  # left is left
    into = target - pose[:3, 3]
    assert into @ pose[:3, 2] > 0.9 * np.linalg.norm(into)  # the coil looks at the target
    assert 0.5 < best["target_v_per_m"] < 3.0
    assert best["low_v_per_m"] <= best["expected_v_per_m"] <= 1.02 * best["target_v_per_m"]
    for name in ("field.msh", "field.vtu", "field.png", "options.tsv"):
        assert (out / name).stat().st_size > 500


def test_a_mesh_made_by_others(tmp_path):
    head = mended(mmc_head())
    write_head_msh(head, tmp_path / "mmc.msh")
    target = np.array([58.0, 140.0, 175.0])
    found, out = searched(tmp_path, tmp_path / "mmc.msh", target, "--radius-mm", "20")
    check(found, out, target, head.nodes.xyz_mm.mean(axis=0))


def test_labels_of_the_average_head_at_19_years(tmp_path):
    from scipy.io import loadmat

    labels = MCX_TISSUE[loadmat(shared("heads/mcx/fullhead_atlas.mat"))["USC_atlas"]]
    affine = np.eye(4)
    affine[:3, 3] = -(np.array(labels.shape) - 1) / 2
    nib.save(nib.Nifti1Image(labels, affine), tmp_path / "head195.nii.gz")
    target = np.array([-33.5, 57.0, 35.0])
    words = ("--edge-mm", "4", "--radius-mm", "20")
    found, out = searched(tmp_path, tmp_path / "head195.nii.gz", target, *words)
    check(found, out, target, np.zeros(3))
