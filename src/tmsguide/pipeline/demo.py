"""The generated person of ``tmsguide demo``, written as the BIDS data set a real one would be."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from tmsguide import __version__
from tmsguide.errors import InputError
from tmsguide.io import mni_maps, write_json, write_nifti, write_text, write_tsv
from tmsguide.model import Points, native_frame
from tmsguide.phantom import Phantom, PhantomSettings, person

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.pipeline.listener import Listener
    from tmsguide.pipeline.settings import Settings

__all__ = ["DemoPerson", "make_demo_person", "small_settings"]

LABEL = "synthetic"


@dataclass(frozen=True, slots=True, eq=False)
class DemoPerson:
    """Where the generated person's data set lies, and where its target was planted."""

    bids_dir: Path
    label: str
    truth: Points


def small_settings(settings: Settings) -> Settings:
    """Coarser grids, meshes and searches, for a quick look at the machinery."""
    return replace(
        settings,
        anatomy=replace(settings.anatomy, registration_mm=3.0, label_mm=2.0),
        bold=replace(settings.bold, grid_mm=4.0, fwhm_mm=6.0),
        head=replace(settings.head, edge_mm=5.0),
        search=replace(
            settings.search,
            step_mm=6.0,
            angle_deg=30.0,
            roi_radius_mm=8.0,
            tested_poses=40,
            solved_poses=8,
            sheet_mm=4.0,
        ),
    )


def make_demo_person(bids_dir: Path, *, seed: int, small: bool, listener: Listener) -> DemoPerson:
    """Generate the person and write it as BIDS, or find the one already there."""
    settings = PhantomSettings.small() if small else PhantomSettings()
    wanted = {"seed": seed, "small": small, "tmsguide": __version__}
    truth = bids_dir / "sourcedata" / "truth.json"
    listener.started("generated person")
    start = time.perf_counter()
    reused = _made_as(truth, wanted)
    if not reused:
        made = person(*mni_maps(), label=LABEL, rng=np.random.default_rng(seed), settings=settings)
        listener.said("writing the data set")
        _write(bids_dir, made, wanted)
    listener.finished("generated person", time.perf_counter() - start, reused=reused)
    at = np.array([json.loads(truth.read_text(encoding="utf-8"))["target_t1w_mm"]])
    return DemoPerson(bids_dir, LABEL, Points(at, native_frame(LABEL)))


def _made_as(truth: Path, wanted: dict[str, object]) -> bool:
    try:
        return bool(json.loads(truth.read_text(encoding="utf-8")).get("made_as") == wanted)
    except (OSError, ValueError):
        return False


def _write(bids_dir: Path, made: Phantom, made_as: dict[str, object]) -> None:
    ours = f".partial-{bids_dir.name}-"
    for leftover in bids_dir.parent.glob(f"{ours}*"):  # of killed runs
        shutil.rmtree(leftover, ignore_errors=True)
    aside = bids_dir.with_name(f"{ours}{uuid4().hex}")
    root = aside / f"sub-{LABEL}"
    for folder in (root / "anat", root / "func", aside / "sourcedata"):
        folder.mkdir(parents=True)
    try:
        write_json(
            {
                "Name": "Computer-generated person (synthetic, not a real scan)",
                "BIDSVersion": "1.10.0",
                "DatasetType": "raw",
                "GeneratedBy": [{"Name": "tmsguide demo", "Version": __version__}],
            },
            aside / "dataset_description.json",
        )
        write_text(
            "A computer-generated person with a planted stimulation target. Not a real person.\n",
            aside / "README",
        )
        write_tsv(
            {"participant_id": [f"sub-{LABEL}"], "age": [made.age_years]},
            aside / "participants.tsv",
        )
        write_nifti(made.t1w, root / "anat" / f"sub-{LABEL}_T1w.nii.gz")
        bold = root / "func" / f"sub-{LABEL}_task-rest_bold.nii.gz"
        write_nifti(made.bold.volume, bold, tr_s=made.bold.tr_s)
        write_json(made.bold.metadata, root / "func" / f"sub-{LABEL}_task-rest_bold.json")
        write_nifti(made.labels, aside / "sourcedata" / "labels.nii.gz")
        truth = {"made_as": made_as, "target_t1w_mm": made.target.xyz_mm[0]}
        write_json(truth, aside / "sourcedata" / "truth.json")
        _make_room(bids_dir)
        aside.rename(bids_dir)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _make_room(bids_dir: Path) -> None:
    """Remove an earlier generated person; never anything that we did not write."""
    if not bids_dir.exists():
        return
    if not (bids_dir / "sourcedata" / "truth.json").exists():
        raise InputError(
            f"{bids_dir} exists and was not written by tmsguide demo; give another --out folder"
        )
    shutil.rmtree(bids_dir)
