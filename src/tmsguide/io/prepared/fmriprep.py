"""Read what fMRIPrep left of one person: anatomy, transforms, prepared BOLD and confounds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.participants import dataset_name, participant, read_subject
from tmsguide.io.documents import one_line
from tmsguide.io.prepared.confounds import read_confounds
from tmsguide.io.prepared.derivative_files import listed, written_by
from tmsguide.io.prepared.fmriprep_anatomy import FmriprepAnatomy, fmriprep_anatomy
from tmsguide.io.prepared.fmriprep_reading import read_fmriprep
from tmsguide.io.prepared.fmriprep_runs import FmriprepRun, prepared_bolds, run_of
from tmsguide.io.prepared.fmriprep_surfaces import SurfaceRun, surface_runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tmsguide.io.prepared.derivative_files import DerivativeFile
    from tmsguide.model import Subject

__all__ = [
    "FmriprepInputs",
    "FmriprepRun",
    "SurfaceRun",
    "read_confounds",
    "read_fmriprep",
    "select_fmriprep",
    "select_fmriprep_surfaces",
]


@dataclass(frozen=True, slots=True)
class FmriprepInputs:
    """One person's preprocessed files, and in ``notes`` what was left aside or is to be known.

    ``surfaces`` are the runs that fMRIPrep also (or only) sampled on surfaces.
    """

    subject: Subject
    anatomy: FmriprepAnatomy
    runs: tuple[FmriprepRun, ...]
    dataset: str
    root: Path
    notes: tuple[str, ...] = ()
    surfaces: tuple[SurfaceRun, ...] = field(default=())

    @property
    def t1w(self) -> Path:
        """The T1w in its own space."""
        return self.anatomy.t1w

    @property
    def brain_mask(self) -> Path | None:
        """Brain mask on the T1w's grid, None where fMRIPrep left none."""
        return self.anatomy.brain_mask


def select_fmriprep(folder: Path, label: str) -> FmriprepInputs:
    """Choose one person's files in a folder that fMRIPrep wrote.

    Resting runs are preferred to task runs; all of them are given, in order, each in the space
    that serves best: the T1w's, else its own with the transform to the T1w, else a template's.

    Raises
    ------
    InputError
        Unknown participant, or a piece that no run can do without; the message names it and how
        to get it.
    """
    found = _person(folder, label)
    files = listed(found.root / f"sub-{found.subject.label}", "func")
    groups = prepared_bolds(files)
    if not groups:
        raise _no_bold(found, files)
    origin = str(written_by(folder)) or "fMRIPrep"
    runs: list[FmriprepRun] = []
    refused: list[InputError] = []
    notes = list(found.notes)
    for group in _resting(groups, notes):
        session = group[0].get("ses")
        if found.anatomy.session not in (None, session):
            notes.append(
                f"run of session {session} not used: {group[0].path.name} lies in another T1w"
            )
            continue
        try:
            runs.append(run_of(group, files, found.anatomy, root=folder, origin=origin))
        except InputError as error:
            refused.append(error)
    if not runs:
        raise refused[0] if refused else _other_session(found)
    notes += [f"run left out: {error}" for error in refused]
    notes += [note for run in runs for note in run.notes]
    return replace(found, runs=tuple(runs), notes=tuple(notes))


def select_fmriprep_surfaces(folder: Path, label: str) -> FmriprepInputs:
    """Choose one person's anatomy and surface runs, for a folder with no volumes that serve.

    Raises
    ------
    InputError
        Unknown participant, no T1w, or no run on surfaces either.
    """
    found = _person(folder, label)
    if not found.surfaces:
        raise InputError(
            f"sub-{found.subject.label} has no BOLD on surfaces in {one_line(folder)}; needed "
            "func/*_bold.dtseries.nii or a pair of *_bold.func.gii; re-run fMRIPrep with "
            "--cifti-output"
        )
    return found


def _person(folder: Path, label: str) -> FmriprepInputs:
    bare = participant(folder, label)
    root = folder / f"sub-{bare}"
    files = listed(root, "func")
    sessions = [g[0].get("ses") for g in _resting(prepared_bolds(files), [])]
    anatomy = fmriprep_anatomy(root, sessions=sessions)
    return FmriprepInputs(
        subject=read_subject(folder, bare),
        anatomy=anatomy,
        runs=(),
        dataset=dataset_name(folder),
        root=folder,
        notes=anatomy.notes,
        surfaces=surface_runs(files, root=folder),
    )


def _resting(
    groups: Sequence[list[DerivativeFile]], notes: list[str]
) -> Sequence[list[DerivativeFile]]:
    """Keep the resting runs where there are any, and note what is left aside."""
    rest = [g for g in groups if "rest" in (g[0].get("task") or "").lower()]
    if not rest:
        notes.append("no resting run; task runs are used in its place")
        return groups
    notes += [f"task run not used: {g[0].path.name}" for g in groups if g not in rest]
    return rest


def _no_bold(found: FmriprepInputs, files: Sequence[DerivativeFile]) -> InputError:
    name = f"sub-{found.subject.label}"
    again = "re-run fMRIPrep with --output-spaces T1w"
    if found.surfaces:
        spaces = ", ".join(sorted({run.space for run in found.surfaces}))
        return InputError(
            f"{name} has preprocessed BOLD only on surfaces ({spaces}); needed volumes here, "
            f"func/*_space-T1w_desc-preproc_bold.nii.gz; {again}"
        )
    if any(f.name.suffix == "bold" and f.get("echo") for f in files):
        return InputError(
            f"{name} has preprocessed BOLD only as separate echoes; needed them combined, "
            f"func/*_space-T1w_desc-preproc_bold.nii.gz; {again}"
        )
    return InputError(
        f"{one_line(found.root / name)} has no preprocessed BOLD; needed func/*_space-T1w_desc-"
        "preproc_bold.nii.gz; run fMRIPrep at --level full, without --anat-only and with "
        "--output-spaces T1w"
    )


def _other_session(found: FmriprepInputs) -> InputError:
    return InputError(
        f"sub-{found.subject.label} has functional runs only in sessions without a T1w of their "
        f"own ({found.anatomy.t1w.name} serves session {found.anatomy.session}); copy fMRIPrep's "
        "whole output folder"
    )
