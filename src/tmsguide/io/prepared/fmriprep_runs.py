"""Which of the functional files of fMRIPrep serve best, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.prepared.derivative_files import belonging, prepared_sidecar, scan_key, space_of
from tmsguide.io.prepared.fmriprep_anatomy import template_named
from tmsguide.model import MNI_FRAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tmsguide.io.prepared.derivative_files import DerivativeFile
    from tmsguide.io.prepared.fmriprep_anatomy import FmriprepAnatomy

__all__ = ["NATIVE", "FmriprepRun", "confounds_of", "prepared_bolds", "run_of"]

#: The space of the functional scan itself. fMRIPrep names it with no space entity, in its newest
#: releases space-run; the ends of its transforms have been scanner, boldref (since 23) and run.
NATIVE = "boldref"
_NATIVE_SPACES = (None, "run", "boldref", "func")
_NATIVE_ENDS = ("run", "boldref", "scanner")
_COMMON_ENDS = ("session", "subject")
#: The best grid of a template first: 2 mm, then that of the scan, last a 1 mm one.
_GRIDS = ("2", None, "native")
_DESCS = ("preproc", "optcom")


@dataclass(frozen=True, slots=True)
class FmriprepRun:
    """The files of one preprocessed run in the ``space`` that serves best.

    ``space`` is ``T1w``, ``boldref`` (the scan's own space) or a template's name;
    ``transforms`` are the files that a point of the T1w meets on its way to that space, in order.
    """

    bold: Path
    confounds: Path
    sidecar: Mapping[str, object]
    task: str
    run: str | None = None
    session: str | None = None
    space: str = "T1w"
    mask: Path | None = None
    transforms: tuple[Path, ...] = ()
    origin: str = "fMRIPrep"
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that decides what is read."""
        mask = () if self.mask is None else (self.mask,)
        return (self.bold, self.confounds, *mask, *self.transforms)


def prepared_bolds(files: Iterable[DerivativeFile]) -> list[list[DerivativeFile]]:
    """Group the preprocessed volumes (echoes combined) by the scan that they were made from."""
    groups: dict[object, list[DerivativeFile]] = {}
    for file in files:
        name = file.name
        if (
            name.suffix == "bold"
            and name.extension in (".nii", ".nii.gz")
            and name.entities.get("desc") in _DESCS
            and "echo" not in name.entities
            and name.entities.get("part", "mag") == "mag"
        ):
            groups.setdefault(scan_key(file), []).append(file)
    return list(groups.values())


def run_of(
    group: Sequence[DerivativeFile],
    files: Sequence[DerivativeFile],
    anatomy: FmriprepAnatomy,
    *,
    root: Path,
    origin: str,
) -> FmriprepRun:
    """Give one run in the best space that can be brought onto the T1w.

    Raises
    ------
    InputError
        No space of it can, or it has no confounds table.
    """
    for file in sorted(group, key=_order):
        way = _way(file, files, anatomy)
        if way is not None:
            break
    else:
        raise _no_way(group)
    same = [f for f in files if f.scan == file.scan]
    confounds = confounds_of(file, same)
    mask = _mask(file, same)
    space = _space(file)
    notes = [] if mask else [f"{file.path.name} has no brain mask beside it; the T1w's serves"]
    if space not in ("T1w", NATIVE):
        notes.append(_brought_back(file, space))
    return FmriprepRun(
        bold=file.path,
        confounds=confounds,
        sidecar=prepared_sidecar(file.path, root),
        task=file.get("task") or "",
        run=file.get("run"),
        session=file.get("ses"),
        space=space,
        mask=mask,
        transforms=way,
        origin=origin,
        notes=tuple(notes),
    )


def _space(file: DerivativeFile) -> str:
    space = space_of(file)
    return NATIVE if space is None or space in _NATIVE_SPACES else space


def _order(file: DerivativeFile) -> tuple[int, int, int, str]:
    """Fewest resamplings and surest way first."""
    space, res = _space(file), file.get("res")
    mni = ("MNI152NLin2009cAsym", "MNI152NLin6Asym", *(f.name for f in MNI_FRAMES))
    known = ("T1w", NATIVE, *mni)
    return (
        known.index(space) if space in known else len(known),
        _DESCS.index(file.get("desc") or ""),
        _GRIDS.index(res) if res in _GRIDS else len(_GRIDS),
        file.path.name,
    )


def _way(
    file: DerivativeFile, files: Sequence[DerivativeFile], anatomy: FmriprepAnatomy
) -> tuple[Path, ...] | None:
    """Files of the maps of points from the T1w to the file's space, None if one is missing."""
    space = _space(file)
    if space == "T1w":
        return ()
    if space != NATIVE:
        found = template_named(anatomy, space)
        return (found.template_from_t1w,) if found and found.template_from_t1w else None
    for end in _NATIVE_ENDS:
        single = _xfm(files, file, start=end, end="T1w")
        if single:
            return (single,)
    for common in _COMMON_ENDS:  # several runs laid on the T1w together
        last = _xfm(files, file, start=common, end="T1w")
        first = _xfm(files, file, start="run", end=common)
        if first and last:
            return (last, first)
    return None


def _xfm(
    files: Sequence[DerivativeFile], file: DerivativeFile, *, start: str, end: str
) -> Path | None:
    ends = {"from": start, "to": end, "mode": "image"}
    found = belonging(files, file.scan, suffix="xfm", extensions=(".txt",), **ends)
    return found.path if found else None


def confounds_of(file: DerivativeFile, same: Sequence[DerivativeFile]) -> Path:
    """Give the confounds table of a run among the files of the ``same`` scan.

    Raises
    ------
    InputError
        There is none.
    """
    for suffix in ("timeseries", "regressors"):  # "regressors" up to fMRIPrep 20.1
        table = belonging(same, file.scan, suffix=suffix, extensions=(".tsv",), desc="confounds")
        if table:
            return table.path
    stem = "_".join(f"{k}-{v}" for k, v in file.scan.items())
    raise InputError(
        f"{file.path.name} has no confounds table beside it; needed "
        f"{stem}_desc-confounds_timeseries.tsv; copy fMRIPrep's whole func folder"
    )


def _mask(file: DerivativeFile, same: Sequence[DerivativeFile]) -> Path | None:
    masks = [f for f in same if f.name.suffix == "mask" and f.get("desc") == "brain"]
    grid = (_space(file), file.get("res"))
    return next((f.path for f in masks if (_space(f), f.get("res")) == grid), None)


def _no_way(group: Sequence[DerivativeFile]) -> InputError:
    spaces = sorted({_space(f).replace(NATIVE, "its own space") for f in group})
    name = "_".join(f"{k}-{v}" for k, v in group[0].scan.items())
    return InputError(
        f"{name} has BOLD only in {', '.join(spaces)}, and no transform from there to the T1w; "
        "needed space-T1w (the person's own anatomy), or that transform (anat/*_from-<space>_"
        "to-T1w_mode-image_xfm.h5, func/*_from-boldref_to-T1w_mode-image_xfm.txt); re-run "
        "fMRIPrep with --output-spaces T1w"
    )


def _brought_back(file: DerivativeFile, space: str) -> str:
    note = (
        f"{file.path.name} is in {space}, not in the person's own space; it is brought back by "
        "fMRIPrep's inverse warp, which interpolates it a second time"
    )
    if space.startswith(("MNIPediatric", "MNIInfant", "UNCInfant")):
        note += f"; {space} is a template of children, whose coordinates are not those of MNI 152"
    return note
