"""Heads that FreeSurfer, FastSurfer or SimNIBS charm drew of the same T1w."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.head import with_brain_labels
from tmsguide.io import is_charm, is_freesurfer, read_charm, read_freesurfer, read_t1w
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.rigid import inverted
from tmsguide.pipeline.sources.source import GivenHead

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Anatomy, Frame, Volume, Warp

__all__ = ["found_heads", "given_head"]

#: where such folders usually lie, from the root of the data set
_USUAL = (
    "derivatives/simnibs/m2m_{label}",
    "derivatives/simnibs/m2m_sub-{label}",
    "derivatives/simnibs/sub-{label}/m2m_{label}",
    "derivatives/freesurfer/sub-{label}",
    "derivatives/fastsurfer/sub-{label}",
    "sourcedata/freesurfer/sub-{label}",
)


#: Without these the head cannot be read; of each line one file is needed.
_CHARM = (
    ("T1.nii.gz",),
    ("final_tissues.nii.gz", "label_prep/tissue_labeling_upsampled.nii.gz"),
    ("toMNI/Conform2MNI_nonl.nii.gz",),
    ("toMNI/MNI2Conform_nonl.nii.gz",),
)
_FREESURFER = (
    ("mri/nu.mgz", "mri/orig_nu.mgz", "mri/T1.mgz", "mri/orig.mgz"),
    ("mri/aparc*aseg*.mgz", "mri/wmparc*.mgz", "mri/aseg*.mgz"),
    ("mri/brainmask.mgz", "mri/mask.mgz"),
)


#: Places at which two T1w of one head are compared, and the least correlation: 1 for one image
#: but for resampling, .55 where a drawn head was moved by 15 mm.
_COMPARED, _LEAST_ALIKE = 20_000, 0.8


def found_heads(
    root: Path, label: str, *, t1w: Path
) -> tuple[tuple[GivenHead, ...], tuple[str, ...]]:
    """Give the first whole head of the person at one of the usual places, if any, and notes.

    The notes name heads that are not whole, for instance of a program that is still at work.
    """
    notes: list[str] = []
    for pattern in _USUAL:
        folder = root / pattern.format(label=label)
        if folder.is_dir() and (is_charm(folder) or is_freesurfer(folder)):
            try:
                return (given_head(folder, t1w=t1w),), tuple(notes)
            except InputError as error:
                notes.append(f"head not used: {error}")
    return (), tuple(notes)


def given_head(folder: Path, *, t1w: Path) -> GivenHead:
    """Give the head in a folder of charm (m2m_*) or of FreeSurfer or FastSurfer.

    A whole head must show what the person's ``t1w`` shows, where it shows it: its labels are
    compared when they are read. Labels of the brain alone are held against our own skull.

    Raises
    ------
    InputError
        The folder is neither, or lacks a file without which it cannot be read.
    """
    if is_charm(folder):
        return _charm(folder, t1w)
    if is_freesurfer(folder):
        return _freesurfer(folder)
    raise InputError(
        f"{folder} is neither a head of SimNIBS (m2m_<label>) nor one person's folder of "
        "FreeSurfer or FastSurfer (with mri/ and surf/); give one of these"
    )


def _charm(folder: Path, t1w: Path) -> GivenHead:
    def labels(_: Anatomy | None, frame: Frame) -> Anatomy:
        head = read_charm(folder, frame=frame)
        _check_place(head.anatomy, read_t1w(t1w, frame=frame).volume, folder, t1w)
        return replace(head.anatomy, problems=(*head.anatomy.problems, *head.notes))

    def maps(frame: Frame) -> tuple[Warp, Warp]:
        head = read_charm(folder, frame=frame)
        return head.mni_from_t1w, head.t1w_from_mni

    return GivenHead(
        program="SimNIBS charm",
        files=_deciding(folder, _CHARM),
        whole=True,
        labels=labels,
        maps=maps,
    )


def _freesurfer(folder: Path) -> GivenHead:
    def labels(own: Anatomy | None, frame: Frame) -> Anatomy:
        if own is None:
            raise AssertionError
        theirs = read_freesurfer(folder, frame=frame)
        merged = with_brain_labels(own, theirs.brain_labels, labelled_by=theirs.labelled_by)
        return replace(merged, problems=(*merged.problems, *theirs.notes))

    return GivenHead(
        program="FreeSurfer",
        files=_deciding(folder, _FREESURFER),
        labels=labels,
    )


def _check_place(head: Anatomy, t1w: Volume, folder: Path, path: Path) -> None:
    """Refuse a head whose T1w is not alike the person's at the same places."""
    held = np.argwhere(np.asarray(head.labels.data) > 0)
    held = held[:: max(1, len(held) // _COMPARED)]
    m = inverted(t1w.frame_from_voxel) @ head.labels.frame_from_voxel
    here = sample_linear(np.ascontiguousarray(t1w.data, np.float32), m, held.astype(np.float64))
    there = np.asarray(head.t1w.data)[tuple(held.T)]
    seen = np.isfinite(here)
    if seen.mean() > 0.5:
        alike = float(np.corrcoef(here[seen], there[seen])[0, 1])
        if alike >= _LEAST_ALIKE:
            return
    raise InputError(
        f"the head in {folder} was not made from {path.name}, or not in its space: the two T1w "
        "images do not agree where both lie; give charm that very T1w, or leave its head away"
    )


def _deciding(folder: Path, needed: tuple[tuple[str, ...], ...]) -> tuple[Path, ...]:
    out: list[Path] = []
    for patterns in needed:
        found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
        if not found:
            raise InputError(
                f"{folder} lacks {' or '.join(patterns)}; let the program run to its end, copy "
                "the whole folder, or take it away and have the labels drawn by tmsguide"
            )
        out += found
    return tuple(out)
