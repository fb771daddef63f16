"""Data sets of the people whose steps are timed, written as real ones would be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tmsguide.phantom import PhantomSettings

__all__ = ["GENERATED", "REAL", "generated", "lengthened"]

#: The real person's data set and label, beside this checkout or nowhere.
REAL = (Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bids", "forrest02")
GENERATED = "bench"


def generated(folder: Path, *, quick: bool, volumes: int) -> Path:
    """Write a generated person of seed 1: T1w of 1 mm and ``volumes`` of 3 mm, or a coarse one."""
    from tmsguide.io import mni_maps, write_json, write_nifti
    from tmsguide.phantom import PhantomSettings, person

    small = PhantomSettings.small()
    settings: PhantomSettings = replace(PhantomSettings(), bold_mm=3.0, n_volumes=volumes)
    made = person(
        *mni_maps(),
        label=GENERATED,
        rng=np.random.default_rng(1),
        settings=small if quick else settings,
    )
    name = f"sub-{GENERATED}"
    (folder / name / "anat").mkdir(parents=True)
    (folder / name / "func").mkdir()
    write_nifti(made.t1w, folder / name / "anat" / f"{name}_T1w.nii.gz")
    bold = folder / name / "func" / f"{name}_task-rest_bold"
    write_nifti(made.bold.volume, Path(f"{bold}.nii.gz"), tr_s=made.bold.tr_s)
    write_json(dict(made.bold.metadata), Path(f"{bold}.json"))
    return _described(folder)


def lengthened(folder: Path, *, volumes: int) -> Path:
    """Write the real person with its scan run forth and back in time until it is long enough.

    For seconds and memory only: what the mirrored frames say about the brain means nothing.
    """
    import nibabel

    root, label = REAL
    for path in sorted((root / f"sub-{label}").glob("*/*")):
        to = folder / path.relative_to(root)
        to.parent.mkdir(parents=True, exist_ok=True)
        if not path.name.endswith("_bold.nii.gz"):
            to.symlink_to(path)
            continue
        image = nibabel.load(path)
        data = np.asarray(image.dataobj, np.float32)
        count = data.shape[3]
        there_and_back = np.concatenate([np.arange(count - 1), np.arange(count - 1, 0, -1)])
        order = np.resize(there_and_back, volumes)
        nibabel.save(nibabel.Nifti1Image(data[..., order], image.affine, image.header), to)
    return _described(folder)


def _described(folder: Path) -> Path:
    words = {"Name": "timed person", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    (folder / "dataset_description.json").write_text(json.dumps(words), encoding="utf-8")
    return folder
