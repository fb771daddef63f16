"""fMRIPrep's anatomy: tissues, labels, and the maps between T1w and templates."""

import numpy as np
import pytest

from tests.io import fmriprep_tree as tree
from tests.io.images import save
from tests.io.refusals import refused
from tests.io.test_fmriprep_spaces import HERE, MNI6, MNI2009
from tests.tolerance import STORED, assert_close
from tmsguide.io.prepared.fmriprep import select_fmriprep
from tmsguide.io.prepared.fmriprep_anatomy import (
    mni_transforms,
    read_fmriprep_tissue,
    read_template_maps,
    template_named,
)
from tmsguide.model import Frame, Points

CHILD = "MNIPediatricAsym+5"


def anatomy(root, **kwargs):
    return select_fmriprep(tree.fmriprep_tree(root, **kwargs), "01").anatomy


def inside(count=300):
    """Points of the T1w well within the brain."""
    return Points(np.random.default_rng(5).uniform(-45, 45, (count, 3)), HERE)


@pytest.mark.parametrize("template", [MNI2009, MNI6, CHILD])
def test_maps_go_both_ways(tmp_path, template):
    found = template_named(anatomy(tmp_path, templates=(template,)), template)
    maps = read_template_maps(found, t1w_frame=HERE)
    at = inside()
    there = maps.template_from_t1w(at)
    assert there.frame == maps.template == Frame(template)
    linear = tree.moved(tree.LINEAR, at.xyz_mm)
    truth = linear + tree.shift_at(linear, tree.SHIFTS_MM[template])
    # 8 mm voxels of the field, read linearly: measured 0.17 mm
    assert np.abs(there.xyz_mm - truth).max() < 0.26
    assert np.abs(truth - linear).max() > 4
    assert np.abs(maps.t1w_from_template(there).xyz_mm - at.xyz_mm).max() < 0.2  # measured 0.13
    assert maps.t1w_from_template(there).frame == HERE


def test_mni_is_preferred_in_order_and_never_a_childrens_template(tmp_path):
    every = anatomy(tmp_path / "a", templates=(CHILD, MNI6, MNI2009))
    assert mni_transforms(every).template == MNI2009
    assert mni_transforms(anatomy(tmp_path / "b", templates=(CHILD, MNI6))).template == MNI6
    assert mni_transforms(anatomy(tmp_path / "c", templates=(CHILD,))) is None


@pytest.mark.parametrize("gone", ["T1w_to-MNI", "MNI152NLin2009cAsym_to-T1w"])
def test_one_transform_missing(tmp_path, gone):
    tree.fmriprep_tree(tmp_path)
    (path,) = tmp_path.rglob(f"*from-{gone}*.h5")
    path.unlink()
    found = select_fmriprep(tmp_path, "01").anatomy
    assert mni_transforms(found) is None
    words = [path.name.removeprefix("sub-01_"), "anat folder"]
    refused(read_template_maps, found.templates[0], t1w_frame=HERE, words=words)


def test_tissues_lie_where_they_were(tmp_path):
    tissue = read_fmriprep_tissue(anatomy(tmp_path), frame=HERE)
    assert tissue.data.dtype == np.float32
    at = np.linalg.inv(tissue.frame_from_voxel) @ np.array([[-30.0, 30.0], [0, 0], [0, 0], [1, 1]])
    left, right = np.round(at[:3].T).astype(int)
    assert_close(tissue.data[tuple(left)], [0.125, 0.75, 0.125], STORED)  # grey was left
    assert_close(tissue.data[tuple(right)], [0.75, 0.125, 0.125], STORED)  # white was right


def test_labels_serve_where_probabilities_are_missing(tmp_path):
    found = anatomy(tmp_path)
    soft = read_fmriprep_tissue(found, frame=HERE)
    found.tissue["GM"].unlink()
    found = select_fmriprep(tmp_path, "01").anatomy
    hard = read_fmriprep_tissue(found, frame=HERE)
    np.testing.assert_array_equal(hard.data > 0.5, soft.data > 0.5)
    found.dseg.unlink()
    found = select_fmriprep(tmp_path, "01").anatomy
    refused(read_fmriprep_tissue, found, frame=HERE, words=["no tissue maps", "dseg"])


def test_tissues_of_two_scans_are_refused(tmp_path):
    found = anatomy(tmp_path)
    save(found.tissue["CSF"], np.ones((5, 6, 7), np.float32) * np.arange(7, dtype=np.float32))
    refused(read_fmriprep_tissue, found, frame=HERE, words=["label-CSF", "another grid"])


def test_files_are_all_that_decide(tmp_path):
    found = anatomy(tmp_path)
    assert len(found.files) == 1 + 1 + 1 + 3 + 2
    assert all(path.exists() for path in found.files)


def test_names_of_a_scan_are_kept_apart(tmp_path):
    """rec- and acq- of the T1w: what belongs to it may name fewer of them, never others."""
    root = tree.fmriprep_tree(tmp_path)
    anat = root / "sub-01" / "anat"
    for path in sorted(anat.iterdir()):
        path.rename(anat / path.name.replace("sub-01_", "sub-01_rec-refaced_"))
    for path in sorted(anat.glob("*_xfm.*")):
        path.rename(anat / path.name.replace("rec-refaced_", ""))
    (anat / "sub-01_rec-other_label-GM_probseg.nii.gz").touch()
    found = select_fmriprep(root, "01").anatomy
    assert found.t1w.name == "sub-01_rec-refaced_desc-preproc_T1w.nii.gz"
    assert found.brain_mask is not None
    assert "refaced" in found.tissue["GM"].name
    assert mni_transforms(found) is not None
