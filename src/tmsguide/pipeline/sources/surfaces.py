"""Which of the runs that fMRIPrep sampled on surfaces serve: each scan once, on its own cortex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io import surface_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tmsguide.io import FmriprepInputs, SurfaceRun

__all__ = ["chosen_surface_runs"]

#: Fewest resamplings first: the person's own mesh, else those that its spheres lead to.
_SPACES = ("fsnative", "fsLR", "fsaverage", "fsaverage6", "fsaverage5")


def chosen_surface_runs(
    found: FmriprepInputs, root: Path
) -> tuple[list[tuple[SurfaceRun, tuple[Path, ...]]], tuple[str, ...]]:
    """Give each scan once, in the space that serves best, with the surfaces it lies on, and notes.

    Resting runs are preferred to task runs; of several sessions only those of the T1w are taken.
    ``root`` is ``sub-<label>`` of fMRIPrep's output.

    Raises
    ------
    InputError
        No run can be laid on the person's own cortex; the message names the missing piece.
    """
    scans: dict[object, list[SurfaceRun]] = {}
    for run in found.surfaces:
        scans.setdefault(run.confounds or (run.session, run.task, run.run), []).append(run)
    groups = list(scans.values())
    rest = [g for g in groups if "rest" in g[0].task.lower()]
    notes = [] if rest else ["no resting run; task runs are used in its place"]
    if rest:
        notes += [f"task run not used: {g[0].files[0].name}" for g in groups if g not in rest]
    chosen, refused = [], []
    for group in rest or groups:
        if found.anatomy.session not in (None, group[0].session):
            notes.append(f"run not used: {group[0].files[0].name} lies in another T1w")
            continue
        try:
            chosen.append(_best(group, root))
        except InputError as error:
            refused.append(error)
    if not chosen:
        raise (refused[0] if refused else _other_session(found))
    return chosen, (*notes, *(f"run left out: {error}" for error in refused))


def _best(group: Sequence[SurfaceRun], root: Path) -> tuple[SurfaceRun, tuple[Path, ...]]:
    errors = []
    for run in sorted(group, key=_order):
        try:
            return run, surface_files(run, root)
        except InputError as error:
            errors.append(error)
    raise errors[0]


def _order(run: SurfaceRun) -> int:
    return _SPACES.index(run.space) if run.space in _SPACES else len(_SPACES)


def _other_session(found: FmriprepInputs) -> InputError:
    return InputError(
        f"sub-{found.subject.label} has functional runs only in sessions without a T1w of their "
        f"own ({found.t1w.name} serves session {found.anatomy.session}); copy fMRIPrep's whole "
        "output folder"
    )
