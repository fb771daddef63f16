"""Heads that FreeSurfer, FastSurfer or SimNIBS charm drew of the same T1w."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.head import with_brain_labels
from tmsguide.io import is_charm, is_freesurfer, read_charm, read_freesurfer
from tmsguide.pipeline.sources.source import GivenHead

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Anatomy, Frame, Warp

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


def found_heads(root: Path, label: str) -> tuple[GivenHead, ...]:
    """Give the first head of the person that lies at one of the usual places, if any."""
    for pattern in _USUAL:
        folder = root / pattern.format(label=label)
        if folder.is_dir() and (is_charm(folder) or is_freesurfer(folder)):
            return (given_head(folder),)
    return ()


def given_head(folder: Path) -> GivenHead:
    """Give the head in a folder of charm (m2m_*) or of FreeSurfer or FastSurfer.

    Raises
    ------
    InputError
        The folder is neither.
    """
    if is_charm(folder):
        return _charm(folder)
    if is_freesurfer(folder):
        return _freesurfer(folder)
    raise InputError(
        f"{folder} is neither a head of SimNIBS (m2m_<label>) nor one person's folder of "
        "FreeSurfer or FastSurfer (with mri/ and surf/); give one of these"
    )


def _charm(folder: Path) -> GivenHead:
    def labels(_: Anatomy | None, frame: Frame) -> Anatomy:
        head = read_charm(folder, frame=frame)
        return replace(head.anatomy, problems=(*head.anatomy.problems, *head.notes))

    def maps(frame: Frame) -> tuple[Warp, Warp]:
        head = read_charm(folder, frame=frame)
        return head.mni_from_t1w, head.t1w_from_mni

    return GivenHead(
        program="SimNIBS charm",
        files=_deciding(folder, ("T1.nii.gz", "final_tissues.nii.gz", "toMNI/*_nonl.nii.gz")),
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
        files=_deciding(folder, ("mri/aparc*+aseg*.mgz", "mri/aseg.mgz", "mri/brainmask.mgz")),
        labels=labels,
    )


def _deciding(folder: Path, patterns: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(path for pattern in patterns for path in sorted(folder.glob(pattern)))
