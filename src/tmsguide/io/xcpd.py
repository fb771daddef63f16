"""Choose what XCP-D left of one person, and the fMRIPrep folder that it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.derivative_files import (
    belonging,
    listed,
    prepared_sidecar,
    scan_key,
    space_of,
    written_by,
)
from tmsguide.io.documents import one_line, read_json
from tmsguide.io.fmriprep_anatomy import FmriprepAnatomy, fmriprep_anatomy, template_named
from tmsguide.io.participants import dataset_name, participant, read_subject
from tmsguide.io.xcpd_reading import XcpdRun, read_xcpd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tmsguide.io.derivative_files import DerivativeFile
    from tmsguide.model import Subject

__all__ = ["XcpdInputs", "XcpdRun", "is_xcpd", "read_xcpd", "select_xcpd"]

#: What XCP-D has called its result: residual to 0.2, denoised since 0.3; smoothed only if alone.
_DESCS = ("denoised", "residual", "denoisedSmoothed", "residualSmoothed")
_PROGRAMS = ("fmriprep", "nibabies")
_SPACES = ("T1w", "MNI152NLin2009cAsym", "MNI152NLin6Asym")


@dataclass(frozen=True, slots=True)
class XcpdInputs:
    """One person's denoised runs with the anatomy of the fMRIPrep folder they were made from.

    ``cifti`` are denoised dense series that were found.
    """

    subject: Subject
    anatomy: FmriprepAnatomy
    runs: tuple[XcpdRun, ...]
    dataset: str
    root: Path
    notes: tuple[str, ...] = ()
    cifti: tuple[Path, ...] = field(default=())

    @property
    def t1w(self) -> Path:
        """The T1w in its own space, from fMRIPrep."""
        return self.anatomy.t1w


def is_xcpd(folder: Path) -> bool:
    """Tell whether XCP-D wrote a folder, by its description or its files."""
    if written_by(folder).name.lower().replace("_", "-") == "xcp-d":
        return True
    patterns = (f"sub-*/{s}func/*_desc-{d}_bold.*" for s in ("", "ses-*/") for d in _DESCS)
    return any(True for pattern in patterns for _ in folder.glob(pattern))


def select_xcpd(folder: Path, label: str, *, fmriprep: Path | None = None) -> XcpdInputs:
    """Choose one person's denoised runs, and their anatomy in fMRIPrep's folder.

    XCP-D keeps neither the T1w in its own space nor the way there, so fMRIPrep's output is needed:
    ``fmriprep``, or where XCP-D says it was (DatasetLinks), or a folder beside XCP-D's.

    Raises
    ------
    InputError
        Unknown participant, no denoised volumes, or no fMRIPrep folder with this person.
    """
    bare = participant(folder, label)
    files = listed(folder / f"sub-{bare}", "func")
    bolds = [f for f in files if f.name.suffix == "bold" and f.get("desc") in _DESCS]
    cifti = tuple(f.path for f in bolds if f.name.extension == ".dtseries.nii")
    volumes = [f for f in bolds if f.name.extension in (".nii", ".nii.gz")]
    if not volumes:
        only = " (there are dense series, .dtseries.nii)" if cifti else ""
        raise InputError(
            f"sub-{bare} has no denoised volumes in {one_line(folder)}{only}; needed "
            "func/*_desc-denoised_bold.nii.gz; run XCP-D with --file-format nifti"
        )
    home = _fmriprep_folder(folder, bare, fmriprep)
    notes: list[str] = []
    groups = _groups(volumes, notes)
    anatomy = fmriprep_anatomy(home / f"sub-{bare}", sessions=[g[0].get("ses") for g in groups])
    runs = [_run(_best(group), files, anatomy, folder=folder) for group in groups]
    runs = [run for run in runs if anatomy.session in (None, run.session)]
    if not runs:
        raise InputError(
            f"sub-{bare} has denoised runs only in sessions whose T1w is not in {one_line(home)}; "
            "copy fMRIPrep's whole output folder"
        )
    notes.append(f"anatomy from fMRIPrep's folder {one_line(home.name)}")
    notes += [note for run in runs for note in run.notes]
    return XcpdInputs(
        subject=read_subject(folder, bare),
        anatomy=anatomy,
        runs=tuple(runs),
        dataset=dataset_name(folder),
        root=folder,
        notes=(*anatomy.notes, *notes),
        cifti=cifti,
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
    if not rest:
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
    if space != "T1w":
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


def _fmriprep_folder(folder: Path, label: str, given: Path | None) -> Path:
    for place in _places(folder) if given is None else iter((given,)):
        for anat in (f"sub-{label}/anat", f"sub-{label}/ses-*/anat"):
            if (
                any(True for _ in place.glob(f"{anat}/*_desc-preproc_T1w.nii*"))
                and place != folder
            ):
                return place
    where = one_line(given) if given else f"beside {one_line(folder)}"
    raise InputError(
        f"sub-{label} has no T1w in its own space in XCP-D's output, and no fMRIPrep output was "
        f"found {where}; needed the fMRIPrep folder that XCP-D was run on; put it beside XCP-D's "
        "folder or name it"
    )


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
