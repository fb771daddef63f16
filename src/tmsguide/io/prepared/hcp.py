"""Find one person's files in what the HCP minimal preprocessing pipelines left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.participants import natural_key
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["HcpInputs", "HcpRun", "is_hcp", "select_hcp"]

#: Names in MNINonLinear/Results/<run>, best first: with two, one or no pass of ICA-FIX.
_CLEANED = (
    "_hp2000_clean_rclean_tclean",
    "_hp0_clean_rclean_tclean",
    "_hp2000_clean",
    "_hp0_clean",
)
_T1W = ("T1w_acpc_dc_restore.nii.gz", "T1w_acpc_dc.nii.gz")
_LABELS = ("wmparc.nii.gz", "aparc+aseg.nii.gz")


@dataclass(frozen=True, slots=True)
class HcpRun:
    """One run's files.

    ``volume`` is 2 mm in MNI152NLin6Asym; ``dense`` (.dtseries.nii) is on the 32k fsLR mesh by
    the registration ``sheet`` ("" MSMSulc or "MSMAll"); either may be absent. ``volume_cleaned``
    and ``dense_cleaned`` tell whether ICA-FIX has cleaned them.
    """

    name: str
    movement: Path
    volume: Path | None
    volume_cleaned: bool
    dense: Path | None
    dense_cleaned: bool
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class HcpInputs:
    """One person's files, and in ``notes`` what was left aside.

    ``sheets`` are the (left, right) midthickness on the 32k mesh in T1w space, by registration
    ("" MSMSulc, "MSMAll"). ``warp_t1w_to_mni`` is standard2acpc_dc, ``warp_mni_to_t1w``
    acpc_dc2standard: FSL names the way of the image, these fields that of points.
    """

    label: str
    root: Path
    t1w: Path
    structures: Path
    brain_mask: Path
    warp_t1w_to_mni: Path
    warp_mni_to_t1w: Path
    runs: tuple[HcpRun, ...]
    sheets: Mapping[str, tuple[Path, Path]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_hcp(folder: Path) -> bool:
    """Tell whether ``folder`` is one person's, or holds persons', folders of the pipelines."""
    return _is_person(folder) or any(_is_person(p) for p in folder.glob("*") if p.is_dir())


def _is_person(folder: Path) -> bool:
    return (folder / "T1w").is_dir() and (folder / "MNINonLinear").is_dir()


def select_hcp(folder: Path, label: str) -> HcpInputs:
    """Choose the files of one person, such as ``100307``, in the study folder (or their own).

    Resting runs are preferred to task runs; all of them are given, in order.

    Raises
    ------
    InputError
        Unknown person or a missing piece; the message names it.
    """
    root = _person(folder, label)
    t1w, mni = root / "T1w", root / "MNINonLinear"
    runs, notes = _runs(mni / "Results")
    name = root.name
    return HcpInputs(
        label=re.sub(r"[^A-Za-z0-9]", "", name),
        root=root,
        t1w=_first(t1w, _T1W),
        structures=_first(t1w, _LABELS),
        brain_mask=_first(t1w, ("brainmask_fs.nii.gz",)),
        warp_t1w_to_mni=_first(mni / "xfms", ("standard2acpc_dc.nii.gz",)),
        warp_mni_to_t1w=_first(mni / "xfms", ("acpc_dc2standard.nii.gz",)),
        runs=runs,
        sheets=_sheets(t1w / "fsaverage_LR32k", name),
        notes=notes,
    )


def _person(folder: Path, label: str) -> Path:
    bare = label.removeprefix("sub-")
    for root in (folder / label, folder / bare, folder / f"sub-{bare}"):
        if _is_person(root):
            return root
    if _is_person(folder) and folder.resolve().name in (label, bare):
        return folder
    known = sorted((p.name for p in folder.glob("*") if _is_person(p)), key=natural_key)
    raise InputError(
        f"{one_line(folder)} holds no HCP folder of {one_line(label)!r} (with T1w and "
        f"MNINonLinear); known are {', '.join(known[:20]) or 'none'}"
    )


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).exists() or (folder / name).is_symlink():
            return folder / name
    raise InputError(
        f"{one_line(folder)} lacks {' or '.join(names)}; fetch the structural package of the HCP "
        "pipelines' output"
    )


def _sheets(folder: Path, name: str) -> dict[str, tuple[Path, Path]]:
    found = {}
    for sheet in ("", "MSMAll"):
        end = f"midthickness{'_' if sheet else ''}{sheet}.32k_fs_LR.surf.gii"
        left, right = (folder / f"{name}.{side}.{end}" for side in "LR")
        if left.exists() and right.exists():
            found[sheet] = (left, right)
    return found


def _runs(results: Path) -> tuple[tuple[HcpRun, ...], tuple[str, ...]]:
    folders = sorted(
        (p for p in results.glob("*") if p.is_dir()), key=lambda p: natural_key(p.name)
    )
    notes, found = [], []
    for folder in folders:
        run = _run(folder)
        if run is None:
            notes.append(f"{folder.name} not used: no Movement_Regressors.txt or no series in it")
        else:
            found.append(run)
    rest = [run for run in found if "rest" in run.name.lower()]
    notes += [f"task run not used: {run.name}" for run in found if rest and run not in rest]
    if found and not rest:
        notes.append("no resting run; task runs are used in its place")
    if not found:
        raise InputError(
            f"{one_line(results)} holds no run with its series and Movement_Regressors.txt; fetch "
            "the functional package of the HCP pipelines' output"
        )
    return tuple(rest or found), tuple(notes)


def _run(folder: Path) -> HcpRun | None:
    name = folder.name
    movement = folder / "Movement_Regressors.txt"
    volume, volume_end = _series(folder, name, ".nii.gz")
    sheet, (dense, dense_end) = "MSMAll", _series(folder, f"{name}_Atlas_MSMAll", ".dtseries.nii")
    if dense is None:
        sheet, (dense, dense_end) = "", _series(folder, f"{name}_Atlas", ".dtseries.nii")
    if not movement.exists() or (volume is None and dense is None):
        return None
    return HcpRun(name, movement, volume, bool(volume_end), dense, bool(dense_end), sheet)


def _series(folder: Path, stem: str, extension: str) -> tuple[Path | None, str]:
    """Give the best file of a run and what in its name says that it was cleaned."""
    for end in (*_CLEANED, ""):
        path = folder / f"{stem}{end}{extension}"
        if path.exists() or path.is_symlink():
            return path, end
    return None, ""
