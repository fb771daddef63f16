"""Choose one person's scans in a raw BIDS dataset."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.participants import dataset_name, participant, read_subject
from tmsguide.io.bids.sidecars import BidsName, read_sidecar, scan_folder
from tmsguide.io.documents import one_line, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tmsguide.model import Subject

__all__ = ["BoldRun", "SubjectInputs", "is_derivative", "select_inputs"]


@dataclass(frozen=True, slots=True)
class BoldRun:
    """One functional run: the file of its first echo, its metadata and what its name says.

    ``later_echoes`` are the other echoes of a multi-echo run, each with its own metadata, by
    rising echo time.
    """

    path: Path
    sidecar: Mapping[str, object]
    task: str
    run: str | None = None
    session: str | None = None
    echo: str | None = None
    direction: str | None = None
    acquisition: str | None = None
    later_echoes: tuple[tuple[Path, Mapping[str, object]], ...] = ()

    @property
    def name(self) -> str:
        """What tells this run from the others of the person, such as ``ses-1_task-rest_run-2``."""
        parts = {
            "ses": self.session,
            "task": self.task,
            "acq": self.acquisition,
            "dir": self.direction,
            "run": self.run,
        }
        return "_".join(f"{key}-{value}" for key, value in parts.items() if value)

    @property
    def files(self) -> tuple[Path, ...]:
        """Image files of all echoes."""
        return (self.path, *(path for path, _ in self.later_echoes))


@dataclass(frozen=True, slots=True)
class SubjectInputs:
    """One person's scans: what was chosen, where it came from and, in ``notes``, what was left."""

    subject: Subject
    t1w: Path
    t1w_sidecar: Mapping[str, object]
    bolds: tuple[BoldRun, ...]
    dataset: str
    root: Path
    notes: tuple[str, ...] = field(default=())


def is_derivative(folder: Path) -> bool:
    """Tell whether a dataset is processed already (fMRIPrep), by its description or file names."""
    description = folder / "dataset_description.json"
    if description.exists() and read_json(description).get("DatasetType") == "derivative":
        return True
    patterns = ("sub-*/anat/*_desc-preproc_T1w.nii*", "sub-*/ses-*/anat/*_desc-preproc_T1w.nii*")
    return any(True for pattern in patterns for _ in folder.glob(pattern))


def select_inputs(bids_dir: Path, label: str, *, functional: bool = True) -> SubjectInputs:
    """Choose the T1w and functional runs of one person.

    The first T1w by session and run is taken. Resting runs are preferred to task runs; all of
    them are given, in order, each with all its echoes.

    Parameters
    ----------
    bids_dir
        Root of a raw BIDS dataset.
    label
        Participant label, with or without ``sub-``.
    functional
        Whether functional runs are wanted; without, none is looked for.

    Raises
    ------
    InputError
        Unknown participant, no T1w or no BOLD run, or metadata that cannot be read.
    """
    bare = participant(bids_dir, label)
    if is_derivative(bids_dir):
        raise InputError(
            f"{one_line(bids_dir)} is a derivative dataset; needed raw BIDS here; read fMRIPrep "
            "output with select_fmriprep"
        )
    root = bids_dir / f"sub-{bare}"
    t1ws = [path for path, name in scan_folder(root, "anat", "T1w") if name.matches(sub=bare)]
    if not t1ws:
        raise InputError(
            f"sub-{bare} has no T1w scan in {one_line(root)}; needed "
            f"anat/sub-{bare}_T1w.nii.gz; add it or choose another participant"
        )
    notes = [f"T1w not used: {path.name}" for path in t1ws[1:]]
    return SubjectInputs(
        subject=read_subject(bids_dir, bare),
        t1w=t1ws[0],
        t1w_sidecar=read_sidecar(t1ws[0], bids_dir),
        bolds=_choose_runs(bids_dir, bare, notes) if functional else (),
        dataset=dataset_name(bids_dir),
        root=bids_dir,
        notes=tuple(notes),
    )


def _choose_runs(bids_dir: Path, label: str, notes: list[str]) -> tuple[BoldRun, ...]:
    root = bids_dir / f"sub-{label}"
    found = [
        (path, name)
        for path, name in scan_folder(root, "func", "bold")
        if name.matches(sub=label) and name.entities.get("part", "mag") == "mag"
    ]
    if not found:
        raise InputError(
            f"sub-{label} has no functional run in {one_line(root)}; needed "
            f"func/sub-{label}_task-rest_bold.nii.gz; add it or choose another participant"
        )
    rest = [pair for pair in found if "rest" in pair[1].entities.get("task", "").lower()]
    if rest:
        notes += [f"task run not used: {pair[0].name}" for pair in found if pair not in rest]
    else:
        notes.append("no resting run; task runs are used in its place")
    groups: dict[tuple[tuple[str, str], ...], list[BoldRun]] = {}
    for path, name in rest or found:
        key = tuple((k, v) for k, v in name.entities.items() if k != "echo")
        groups.setdefault(key, []).append(_run(path, name, bids_dir))
    return tuple(_with_echoes(runs) for runs in groups.values())


def _run(path: Path, name: BidsName, bids_dir: Path) -> BoldRun:
    has = name.entities
    return BoldRun(
        path,
        read_sidecar(path, bids_dir),
        task=has.get("task", ""),
        run=has.get("run"),
        session=has.get("ses"),
        echo=has.get("echo"),
        direction=has.get("dir"),
        acquisition=has.get("acq"),
    )


def _with_echoes(runs: list[BoldRun]) -> BoldRun:
    if len(runs) == 1:
        return runs[0]
    times = [run.sidecar.get("EchoTime") for run in runs]
    seconds = [t for t in times if isinstance(t, int | float)]
    if len(seconds) < len(runs):
        raise InputError(
            f"{runs[0].path.name} and its {len(runs) - 1} further echoes lack EchoTime in their "
            "JSON sidecars; needed it to combine them; add EchoTime in seconds"
        )
    order = sorted(range(len(runs)), key=lambda i: seconds[i])
    first, *later = (runs[i] for i in order)
    return replace(first, later_echoes=tuple((run.path, run.sidecar) for run in later))
