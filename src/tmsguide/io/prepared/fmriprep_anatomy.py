"""The anatomy that fMRIPrep left: T1w, brain mask, tissues, and the ways to templates and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti import check_t1w, read_volume
from tmsguide.io.prepared.derivative_files import belonging, listed
from tmsguide.io.transforms.reading import PointMap, read_transform
from tmsguide.model import MNI_FRAMES, Frame, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tmsguide.io.prepared.derivative_files import DerivativeFile

__all__ = [
    "FmriprepAnatomy",
    "TemplateMaps",
    "TemplateTransforms",
    "fmriprep_anatomy",
    "mni_transforms",
    "read_fmriprep_tissue",
    "read_template_maps",
    "template_named",
]

#: fMRIPrep's own default first, then FSL's and the HCP's, then the others of MNI 152.
_PREFERRED = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")
#: Spaces of the person, which are no templates.
_NO_TEMPLATES = {"fsnative", "T2w", "anat"}
#: Order of tissues in `Anatomy.probability`, and their labels in a dseg (BIDS 1.8 derivatives,
#: "common image-derived labels").
_TISSUES = ("WM", "GM", "CSF")
_DSEG = {"GM": 1, "WM": 2, "CSF": 3}


@dataclass(frozen=True, slots=True)
class TemplateTransforms:
    """Files of the maps of points between the T1w and one template, None where one is missing.

    ``template_from_t1w`` is ``from-<template>_to-T1w_mode-image``: such files map points the way
    opposite to images.
    """

    template: str
    template_from_t1w: Path | None
    t1w_from_template: Path | None


@dataclass(frozen=True, slots=True)
class FmriprepAnatomy:
    """One T1w in its own space and what belongs to it; ``tissue`` by label (GM, WM, CSF).

    ``session`` is the one session that it serves, None where it serves all.
    """

    t1w: Path
    brain_mask: Path | None
    tissue: Mapping[str, Path]
    dseg: Path | None
    templates: tuple[TemplateTransforms, ...]
    session: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file here that a result may rest on."""
        maps = [p for t in self.templates for p in (t.template_from_t1w, t.t1w_from_template)]
        every = (self.t1w, self.brain_mask, self.dseg, *self.tissue.values(), *maps)
        return tuple(path for path in every if path is not None)


@dataclass(frozen=True, slots=True, eq=False)
class TemplateMaps:
    """Maps of points between one person's T1w and the frame of ``template``."""

    template: Frame
    template_from_t1w: PointMap
    t1w_from_template: PointMap


def fmriprep_anatomy(root: Path, *, sessions: Sequence[str | None] = ()) -> FmriprepAnatomy:
    """Choose a person's T1w in ``root`` (sub-<label>) and gather what belongs to it.

    One T1w may serve all sessions, or each session have its own; of several, the one of the first
    of ``sessions`` (those with functional runs) is taken.

    Raises
    ------
    InputError
        There is no desc-preproc_T1w in its own space.
    """
    files = listed(root, "anat")
    t1ws = [
        f
        for f in files
        if f.name.suffix == "T1w"
        and f.name.extension in (".nii", ".nii.gz")
        and f.name.matches(desc="preproc", space=None)
    ]
    if not t1ws:
        raise InputError(
            f"{one_line(root)} has no anatomical desc-preproc_T1w in native space; needed "
            f"anat/{root.name}_desc-preproc_T1w.nii.gz; copy fMRIPrep's whole output "
            "folder, or run it again"
        )
    ranked = sorted(t1ws, key=lambda f: _session_rank(f.get("ses"), sessions))
    t1w = ranked[0]
    notes = [f"T1w not used: {f.path.name}" for f in ranked[1:]]
    beside = [f for f in files if f.path.parent == t1w.path.parent]
    mask = belonging(beside, t1w.scan, suffix="mask", desc="brain", space=None)
    if mask is None:
        notes.append(f"{t1w.path.name} has no brain mask beside it; the brain is found anew")
    dseg = belonging(beside, t1w.scan, suffix="dseg", desc=None, space=None)
    tissue = {
        label: found.path
        for label in _TISSUES
        if (found := belonging(beside, t1w.scan, suffix="probseg", label=label, space=None))
    }
    return FmriprepAnatomy(
        t1w=t1w.path,
        brain_mask=mask.path if mask else None,
        tissue=tissue,
        dseg=dseg.path if dseg else None,
        templates=_templates(beside, t1w.scan),
        session=t1w.get("ses") if len(t1ws) > 1 else None,
        notes=tuple(notes),
    )


def _session_rank(session: str | None, wanted: Sequence[str | None]) -> int:
    """Put the T1w of all sessions first, then that of the first session that is wanted."""
    if session is None:
        return -1
    return wanted.index(session) if session in wanted else len(wanted)


def _templates(
    files: Iterable[DerivativeFile], scan: Mapping[str, str]
) -> tuple[TemplateTransforms, ...]:
    there: dict[str, Path] = {}
    back: dict[str, Path] = {}
    for file in files:
        fits = file.name.suffix == "xfm" and file.name.matches(mode="image")
        if not fits or not file.scan.items() <= scan.items():
            continue
        start, end = file.get("from"), file.get("to")
        if end == "T1w" and start:
            there[start] = file.path
        elif start == "T1w" and end:
            back[end] = file.path
    names = sorted({*there, *back} - _NO_TEMPLATES, key=_rank)
    return tuple(TemplateTransforms(n, there.get(n), back.get(n)) for n in names)


def _rank(template: str) -> tuple[int, str]:
    known = (*_PREFERRED, *(f.name for f in MNI_FRAMES))
    return (known.index(template) if template in known else len(known), template)


def template_named(anatomy: FmriprepAnatomy, template: str) -> TemplateTransforms | None:
    """Give the transforms of one template, None where fMRIPrep left none."""
    return next((t for t in anatomy.templates if t.template == template), None)


def mni_transforms(anatomy: FmriprepAnatomy) -> TemplateTransforms | None:
    """Give the pair of transforms to serve as the way to MNI 152 and back, None where none is.

    Templates of children are MNI by name only, so they do not serve.
    """
    frames = {frame.name for frame in MNI_FRAMES}
    whole = [
        t
        for t in anatomy.templates
        if t.template in frames and t.template_from_t1w and t.t1w_from_template
    ]
    return whole[0] if whole else None


def read_template_maps(transforms: TemplateTransforms, *, t1w_frame: Frame) -> TemplateMaps:
    """Read the maps of points between the T1w and a template, both ways.

    Raises
    ------
    InputError
        One of the two files is missing or cannot be used.
    """
    there, back = transforms.template_from_t1w, transforms.t1w_from_template
    if there is None or back is None:
        name = transforms.template
        ends = f"{name}_to-T1w" if there is None else f"T1w_to-{name}"
        raise InputError(
            f"the anatomy has only one of the two transforms between T1w and "
            f"{name}; needed also from-{ends}_mode-image_xfm.h5; copy fMRIPrep's "
            "whole anat folder"
        )
    frame = Frame(transforms.template)
    return TemplateMaps(
        frame,
        read_transform(there, source=t1w_frame, target=frame),
        read_transform(back, source=frame, target=t1w_frame),
    )


def read_fmriprep_tissue(anatomy: FmriprepAnatomy, *, frame: Frame) -> Volume:
    """Give probabilities (X, Y, Z, 3) float32 of WM, GM and CSF on the grid of the T1w.

    From the three probseg images, or where one is missing from the labels of the dseg.

    Raises
    ------
    InputError
        Neither is there, or they lie on another grid than the T1w.
    """
    if all(label in anatomy.tissue for label in _TISSUES):
        maps = [_on_t1w(anatomy.tissue[label], anatomy, frame) for label in _TISSUES]
        data = np.clip(np.stack([one.data for one in maps], axis=-1), 0, 1)
        return Volume(data, maps[0].frame_from_voxel, frame)
    if anatomy.dseg is None:
        raise InputError(
            f"{anatomy.t1w.name} has no tissue maps beside it; needed label-GM_probseg, "
            "label-WM_probseg and label-CSF_probseg, or the dseg; copy fMRIPrep's whole anat "
            "folder"
        )
    labels = _on_t1w(anatomy.dseg, anatomy, frame)
    hard = np.stack([labels.data == _DSEG[label] for label in _TISSUES], axis=-1)
    return Volume(hard.astype(np.float32), labels.frame_from_voxel, frame)


def _on_t1w(path: Path, anatomy: FmriprepAnatomy, frame: Frame) -> Volume:
    found, t1w = read_volume(path, frame=frame), check_t1w(anatomy.t1w)
    if found.data.shape != t1w.shape or not np.allclose(
        found.frame_from_voxel, t1w.frame_from_voxel, atol=0.01
    ):
        raise InputError(
            f"{path.name} lies on another grid than {anatomy.t1w.name}; needed the tissues of "
            "that T1w; copy fMRIPrep's whole anat folder"
        )
    return found
