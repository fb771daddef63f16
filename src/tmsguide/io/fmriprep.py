"""Read what fMRIPrep left of one person: T1w, brain mask, BOLD in T1w space and confounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_tsv
from tmsguide.io.nifti import read_bold, read_mask
from tmsguide.io.participants import dataset_name, participant, read_subject
from tmsguide.io.sidecars import BidsName, parse_name, read_sidecar, scan_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame, Scan, Subject, Volume

__all__ = [
    "FmriprepInputs",
    "FmriprepRun",
    "FmriprepScan",
    "read_confounds",
    "read_fmriprep_run",
    "select_fmriprep",
]


@dataclass(frozen=True, slots=True)
class FmriprepRun:
    """The files of one preprocessed run in T1w space."""

    bold: Path
    mask: Path
    confounds: Path
    sidecar: Mapping[str, object]
    task: str
    run: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class FmriprepInputs:
    """One person's preprocessed files, and in ``notes`` what was left aside."""

    subject: Subject
    t1w: Path
    brain_mask: Path
    runs: tuple[FmriprepRun, ...]
    dataset: str
    root: Path
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FmriprepScan:
    """One run read: ``bold`` and ``mask`` in the person's T1w frame, ``confounds`` by column."""

    bold: Scan
    mask: Volume
    confounds: Mapping[str, NDArray[np.float64]]


def select_fmriprep(folder: Path, label: str) -> FmriprepInputs:
    """Choose one person's files in a folder that fMRIPrep wrote.

    Resting runs are preferred to task runs; all of them are given, in order.

    Raises
    ------
    InputError
        Unknown participant or a missing piece; the message names it and how to get it.
    """
    bare = participant(folder, label)
    root = folder / f"sub-{bare}"
    t1w, mask = _anatomy(root, bare)
    found = _bold_in_t1w(root, bare)
    rest = [pair for pair in found if "rest" in pair[1].entities.get("task", "").lower()]
    notes = [f"task run not used: {pair[0].name}" for pair in found if rest and pair not in rest]
    if not rest:
        notes.append("no resting run; task runs are used in its place")
    return FmriprepInputs(
        subject=read_subject(folder, bare),
        t1w=t1w,
        brain_mask=mask,
        runs=tuple(_run(path, name, folder) for path, name in rest or found),
        dataset=dataset_name(folder),
        root=folder,
        notes=tuple(notes),
    )


def _anatomy(root: Path, label: str) -> tuple[Path, Path]:
    wanted = {"sub": label, "desc": "preproc", "space": None}
    t1ws = [path for path, name in scan_folder(root, "anat", "T1w") if name.matches(**wanted)]
    if not t1ws:
        raise InputError(
            f"{one_line(root)} has no anatomical desc-preproc_T1w in native space; needed "
            f"anat/sub-{label}_desc-preproc_T1w.nii.gz; copy fMRIPrep's whole output "
            "folder, or run it again"
        )
    mask = _beside(t1ws[0], "desc-preproc_T1w", "desc-brain_mask")
    if mask is None:
        raise InputError(
            f"{t1ws[0].name} has no brain mask beside it; needed "
            f"{_renamed(t1ws[0], 'desc-preproc_T1w', 'desc-brain_mask')}; copy fMRIPrep's whole "
            "anat folder"
        )
    return t1ws[0], mask


def _bold_in_t1w(root: Path, label: str) -> list[tuple[Path, BidsName]]:
    every = [
        (path, name)
        for path, name in scan_folder(root, "func", "bold")
        if name.matches(sub=label, desc="preproc")
    ]
    if not every:
        raise InputError(
            f"{one_line(root)} has no preprocessed BOLD; needed func/*_space-T1w_desc-preproc_"
            "bold.nii.gz; run fMRIPrep without --anat-only and with --output-spaces T1w"
        )
    found = [(path, name) for path, name in every if name.matches(space="T1w")]
    if not found:
        spaces = sorted({name.entities.get("space", "bold reference") for _, name in every})
        raise InputError(
            f"sub-{label} has BOLD only in {', '.join(spaces)}; needed space-T1w (the person's "
            "own anatomy); re-run fMRIPrep with --output-spaces T1w"
        )
    return found


def _run(path: Path, name: BidsName, folder: Path) -> FmriprepRun:
    mask = _beside(path, "desc-preproc_bold", "desc-brain_mask")
    if mask is None:
        raise InputError(
            f"{path.name} has no brain mask beside it; needed "
            f"{_renamed(path, 'desc-preproc_bold', 'desc-brain_mask')}; copy fMRIPrep's whole "
            "func folder"
        )
    return FmriprepRun(
        bold=path,
        mask=mask,
        confounds=_confounds_file(path, name),
        sidecar=read_sidecar(path, folder),
        task=name.entities.get("task", ""),
        run=name.entities.get("run"),
        session=name.entities.get("ses"),
    )


def _confounds_file(path: Path, name: BidsName) -> Path:
    own = {k: v for k, v in name.entities.items() if k not in ("space", "res", "den", "desc")}
    for suffix in ("timeseries", "regressors"):  # "regressors" up to fMRIPrep 20.1
        for table in sorted(path.parent.glob(f"*_desc-confounds_{suffix}.tsv")):
            found = parse_name(table.name)
            if found and found.entities == own | {"desc": "confounds"}:
                return table
    stem = "_".join(f"{k}-{v}" for k, v in own.items())
    raise InputError(
        f"{path.name} has no confounds table beside it; needed "
        f"{stem}_desc-confounds_timeseries.tsv; copy fMRIPrep's whole func folder"
    )


def _renamed(path: Path, old: str, new: str) -> str:
    return path.name.replace(old, new)


def _beside(path: Path, old: str, new: str) -> Path | None:
    """Give the sister file under its new name, compressed or not."""
    stem = _renamed(path, old, new).partition(".")[0]
    for extension in (".nii.gz", ".nii"):
        sister = path.with_name(stem + extension)
        if sister.exists() or sister.is_symlink():
            return sister
    return None


def read_fmriprep_run(run: FmriprepRun, *, frame: Frame) -> FmriprepScan:
    """Read BOLD, mask and confounds of one run; ``frame`` is the person's T1w frame.

    Raises
    ------
    InputError
        A file cannot be used, or BOLD, mask and confounds do not belong together.
    """
    confounds = read_confounds(run.confounds)
    bold = read_bold(run.bold, run.sidecar, frame=frame)
    mask = read_mask(run.mask, frame=frame)
    volumes = bold.volume.data.shape[3]
    rows = len(next(iter(confounds.values())))
    if rows != volumes:
        raise InputError(
            f"{run.confounds.name} has {rows} rows and {run.bold.name} {volumes} volumes; needed "
            "one row per volume; take both from the same fMRIPrep run"
        )
    same_grid = mask.data.shape == bold.volume.data.shape[:3] and np.allclose(
        mask.frame_from_voxel, bold.volume.frame_from_voxel, atol=0.01
    )
    if not same_grid:
        raise InputError(
            f"{run.mask.name} and {run.bold.name} lie on different grids; needed the mask of that "
            "run; take both from the same fMRIPrep run"
        )
    return FmriprepScan(bold, mask, confounds)


def read_confounds(path: Path) -> dict[str, NDArray[np.float64]]:
    """Give each numeric column of a confounds table as (T,) float64.

    ``n/a`` is NaN: fMRIPrep writes it in the first row of derivatives and displacements.

    Raises
    ------
    InputError
        No rows, or a cell that is neither a number nor ``n/a``.
    """
    columns = read_tsv(path)
    if not columns or not next(iter(columns.values())):
        raise InputError(f"{one_line(path)} has no rows; needed one per BOLD volume")
    return {name: _numbers(name, cells, path) for name, cells in columns.items()}


def _numbers(column: str, cells: list[str], path: Path) -> NDArray[np.float64]:
    try:
        values = np.array([np.nan if c in ("n/a", "") else float(c) for c in cells])
    except ValueError as error:
        raise InputError(
            f"{one_line(path)} column {one_line(column)!r} holds no number ({one_line(error)}); "
            "needed numbers or n/a"
        ) from error
    if np.isinf(values).any():
        raise InputError(f"{one_line(path)} column {one_line(column)!r} holds infinity; mend it")
    return values
