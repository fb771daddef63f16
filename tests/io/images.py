"""Builders of small scans: sides that differ, any orientation, files good and bad."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

SHAPE = (17, 18, 19)
#: World from voxel of one grid in several storage orders; all hold the head's left at x < 0.
ORIENTATIONS = {
    "RAS": np.array([[5.0, 0, 0, -40], [0, 5, 0, -45], [0, 0, 5, -42], [0, 0, 0, 1]]),
    "LAS": np.array([[-5.0, 0, 0, 40], [0, 5, 0, -45], [0, 0, 5, -42], [0, 0, 0, 1]]),
    "LPS": np.array([[-5.0, 0, 0, 40], [0, -5, 0, 40], [0, 0, 5, -42], [0, 0, 0, 1]]),
    "PSR": np.array([[0.0, 0, 5, -45], [-5, 0, 0, 40], [0, 5, 0, -42], [0, 0, 0, 1]]),
}


def oblique(degrees=17.0):
    """LAS storage turned about an axis that is none of the three."""
    axis = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    t = np.radians(degrees)
    turn = np.eye(4)
    turn[:3, :3] = np.eye(3) + np.sin(t) * k + (1 - np.cos(t)) * k @ k
    return turn @ ORIENTATIONS["LAS"]


ORIENTATIONS["oblique"] = oblique()


def save(path: Path, data, affine=None, *, tr=None, q=1, s=1, q_affine=None, units="sec"):
    """Write a NIfTI with full control over both forms."""
    affine = ORIENTATIONS["RAS"] if affine is None else affine
    image = nib.Nifti1Image(data, affine)
    image.set_qform(affine if q_affine is None else q_affine, code=q)
    image.set_sform(affine, code=s)
    image.header.set_xyzt_units("mm", units)
    if tr is not None:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def head(shape=SHAPE, dtype=np.int16):
    rng = np.random.default_rng(7)
    return rng.integers(1, 1000, shape).astype(dtype)


def series(volumes=80, shape=(7, 8, 9)):
    return head((*shape, volumes))


def bids_dataset(root: Path, *, labels=("01", "02"), task="rest", session=None, volumes=80):
    """A whole raw dataset with inheritance: RepetitionTime only in the root's sidecar."""
    root.mkdir(parents=True, exist_ok=True)
    write(root / "dataset_description.json", {"Name": "small", "BIDSVersion": "1.10.0"})
    write(root / f"task-{task}_bold.json", {"RepetitionTime": 2.0, "TaskName": task})
    for label in labels:
        stem = f"sub-{label}" + (f"_ses-{session}" if session else "")
        folder = root / f"sub-{label}" / (f"ses-{session}" if session else "")
        save(folder / "anat" / f"{stem}_T1w.nii.gz", head())
        save(folder / "func" / f"{stem}_task-{task}_bold.nii.gz", series(volumes), tr=2.0)
    return root


def write(path: Path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
