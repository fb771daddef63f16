"""Choose what XCP-D left of one person, and the fMRIPrep folder that it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.participants import dataset_name, participant, read_subject
from tmsguide.io.documents import one_line, read_json
from tmsguide.io.prepared.derivative_files import (
    belonging,
    listed,
    prepared_sidecar,
    scan_key,
    space_of,
    written_by,
)
from tmsguide.io.prepared.fmriprep_anatomy import FmriprepAnatomy, fmriprep_anatomy, template_named
from tmsguide.io.prepared.xcpd_reading import XcpdRun, read_xcpd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tmsguide.io.prepared.derivative_files import DerivativeFile
    from tmsguide.model import Subject

__all__ = ["XcpdInputs", "XcpdRun", "is_xcpd", "read_xcpd", "select_xcpd"]

#: What XCP-D has called its result: residual up to 0.2, denoised now; smoothed only if alone.
_DESCS = ("denoised", "residual", "denoisedSmoothed", "residualSmoothed")
_PROGRAMS = ("fmriprep", "nibabies")
_SPACES = ("T1w", "MNI152NLin2009cAsym", "MNI152NLin6Asym")


@dataclass(frozen=True, slots=True)
class XcpdInputs:
    """One person's denoised runs with the anatomy of the fMRIPrep folder they were made from.

    ``runs`` are volumes, ``dense`` the CIFTI series (.dtseries.nii) of the same or other scans.
    """

    subject: Subject
    anatomy: FmriprepAnatomy
    runs: tuple[XcpdRun, ...]
    dataset: str
    root: Path
    notes: tuple[str, ...] = ()
    dense: tuple[XcpdRun, ...] = field(default=())

    @property
    def t1w(self) -> Path:
        """The T1w in its own space."""
        return self.anatomy.t1w


def is_xcpd(folder: Path) -> bool:
    """Tell whether XCP-D wrote a folder, by its description or its files."""
    if written_by(folder).name.lower().replace("_", "-") == "xcp-d":
        return True
    patterns = (f"sub-*/{s}func/*_desc-{d}_bold.*" for s in ("", "ses-*/") for d in _DESCS)
    return any(True for pattern in patterns for _ in folder.glob(pattern))


def select_xcpd(
    folder: Path, label: str, *, fmriprep: Path | None = None, t1w: Path | None = None
) -> XcpdInputs:
    """Choose one person's denoised volumes and dense series, and their anatomy.

    XCP-D keeps neither the T1w in its own space nor the way there. Both come from fMRIPrep's
    output: ``fmriprep``, or where XCP-D says it was (DatasetLinks), or a folder beside XCP-D's.
    Where there is none, ``t1w`` (the person's scan) serves, and is registered to MNI anew.

    Raises
    ------
    InputError
        Unknown participant, nothing denoised, or no T1w.
    """
    bare = participant(folder, label)
    files = listed(folder / f"sub-{bare}", "func")
    bolds = [f for f in files if f.name.suffix == "bold" and f.get("desc") in _DESCS]
    notes: list[str] = []
    volumes = _groups([f for f in bolds if f.name.extension in (".nii", ".nii.gz")], notes)
    dense = _groups([f for f in bolds if f.name.extension == ".dtseries.nii"], notes)
    if not volumes and not dense:
        raise InputError(
            f"sub-{bare} has nothing denoised in {one_line(folder)}; needed "
            "func/*_desc-denoised_bold.nii.gz; see XCP-D's report on why it left this person out"
        )
    sessions = [group[0].get("ses") for group in (*volumes, *dense)]
    anatomy = _anatomy(folder, bare, sessions, fmriprep=fmriprep, t1w=t1w)
    made = []
    for groups in (volumes, dense):
        own = [_best(g) for g in groups if anatomy.session in (None, g[0].get("ses"))]
        made.append(tuple(_run(file, files, anatomy, folder=folder) for file in own))
    if not any(made):
        raise InputError(
            f"sub-{bare} has denoised runs only in sessions whose T1w is not with "
            f"{anatomy.t1w.name}; copy fMRIPrep's whole output folder"
        )
    notes += [note for run in made[0] for note in run.notes]
    return XcpdInputs(
        subject=read_subject(folder, bare),
        anatomy=anatomy,
        runs=made[0],
        dataset=dataset_name(folder),
        root=folder,
        notes=(*anatomy.notes, *dict.fromkeys(notes)),
        dense=made[1],
    )


def _anatomy(
    folder: Path,
    label: str,
    sessions: Sequence[str | None],
    *,
    fmriprep: Path | None,
    t1w: Path | None,
) -> FmriprepAnatomy:
    home = _fmriprep_folder(folder, label, fmriprep)
    if home is not None:
        found = fmriprep_anatomy(home / f"sub-{label}", sessions=sessions)
        note = f"anatomy from fMRIPrep's output in {one_line(home.name)}"
        return replace(found, notes=(*found.notes, note))
    if t1w is not None and fmriprep is None:
        note = (
            f"no fMRIPrep output was found beside XCP-D's; {t1w.name} is registered to MNI anew, "
            "so its way to MNI is not the one that XCP-D's data went"
        )
        return FmriprepAnatomy(t1w, None, {}, None, (), notes=(note,))
    where = one_line(fmriprep) if fmriprep else f"beside {one_line(folder)}"
    raise InputError(
        f"sub-{label} has no T1w in its own space in XCP-D's output, and no fMRIPrep output was "
        f"found {where}; needed the fMRIPrep folder that XCP-D was run on; put it beside XCP-D's "
        "folder or name it"
    )


def _groups(volumes: Sequence[DerivativeFile], notes: list[str]) -> list[list[DerivativeFile]]:
    """Group by scan, resting ones only where there are any, without what XCP-D joined itself."""
    groups: dict[object, list[DerivativeFile]] = {}
    for file in volumes:
        groups.setdefault(scan_key(file), []).append(file)
    every = list(groups.values())
    kept = []
    for group in every:
        if any(_joins(group[0], other[0]) for other in every):
            notes.append(f"joined runs not used, their parts are: {group[0].path.name}")
        else:
            kept.append(group)
    rest = [g for g in kept if "rest" in (g[0].get("task") or "").lower()]
    if kept and not rest:
        notes.append("no resting run; task runs are used in its place")
        return kept
    notes += [f"task run not used: {g[0].path.name}" for g in kept if g not in rest]
    return rest


def _joins(whole: DerivativeFile, part: DerivativeFile) -> bool:
    """Tell whether ``whole`` is the runs of a task joined, of which ``part`` is one."""
    more = part.scan.keys() - whole.scan.keys()
    return "run" in more and more <= {"run", "dir"} and whole.scan.items() < part.scan.items()


def _best(group: Sequence[DerivativeFile]) -> DerivativeFile:
    def order(file: DerivativeFile) -> tuple[int, int, str]:
        space = space_of(file) or ""
        rank = _SPACES.index(space) if space in _SPACES else len(_SPACES)
        return (_DESCS.index(file.get("desc") or ""), rank, file.path.name)

    return min(group, key=order)


def _run(
    file: DerivativeFile,
    files: Sequence[DerivativeFile],
    anatomy: FmriprepAnatomy,
    *,
    folder: Path,
) -> XcpdRun:
    space = space_of(file) or "T1w"
    same = [f for f in files if f.scan == file.scan]
    motion = next((f for d in (None, "filtered") if (f := _table(same, file, "motion", d))), None)
    outliers = _table(same, file, "outliers", None)
    found = template_named(anatomy, space)
    way = (found.template_from_t1w,) if found and found.template_from_t1w else ()
    notes = []
    if space not in ("T1w", "fsLR"):
        by = "fMRIPrep's inverse warp" if way else "tmsguide's own registration to MNI"
        notes.append(f"{file.path.name} is in {space}; it is brought back to the T1w by {by}")
    if "Smoothed" in (file.get("desc") or ""):
        notes.append(f"{file.path.name} was smoothed by XCP-D already")
    if outliers is None:
        notes.append(f"{file.path.name} has no outliers.tsv beside it; censoring is not known")
    return XcpdRun(
        bold=file.path,
        sidecar=prepared_sidecar(file.path, folder),
        task=file.get("task") or "",
        run=file.get("run"),
        session=file.get("ses"),
        space=space,
        motion=motion.path if motion else None,
        outliers=outliers.path if outliers else None,
        transforms=way,
        origin=str(written_by(folder)) or "XCP-D",
        notes=tuple(notes),
    )


def _table(
    same: Sequence[DerivativeFile], file: DerivativeFile, suffix: str, desc: str | None
) -> DerivativeFile | None:
    return belonging(same, file.scan, suffix=suffix, extensions=(".tsv",), desc=desc)


def _fmriprep_folder(folder: Path, label: str, given: Path | None) -> Path | None:
    for place in _places(folder) if given is None else iter((given,)):
        for anat in (f"sub-{label}/anat", f"sub-{label}/ses-*/anat"):
            t1ws = place.glob(f"{anat}/*_desc-preproc_T1w.nii*")
            own = any("_space-" not in path.name for path in t1ws)
            if own and place.resolve() != folder.resolve():
                return place
    return None


def _places(folder: Path) -> Iterator[Path]:
    """Where fMRIPrep's output may be: where XCP-D says, then beside, then above."""
    described = folder / "dataset_description.json"
    links = read_json(described).get("DatasetLinks") if described.exists() else None
    if isinstance(links, dict):
        for link in links.values():
            if isinstance(link, str) and "://" not in link.removeprefix("file://"):
                yield (folder / link.removeprefix("file://")).resolve()
    beside = folder.resolve().parent
    yield from (beside / name for name in _PROGRAMS)
    others = sorted(p for p in beside.iterdir() if p.is_dir())
    yield from (p for p in others if written_by(p).name.lower() in _PROGRAMS)
    yield beside
