"""Output of fMRIPrep, and of XCP-D on top of it, as a source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.head import with_brain_labels
from tmsguide.io import (
    check_bold,
    check_t1w,
    mni_transforms,
    own_fslr_files,
    placed,
    read_censoring,
    read_dense_series,
    read_fmriprep_tissue,
    read_own_fslr,
    read_prepared,
    read_surface_run,
    read_t1w,
    read_template_maps,
    scan_from_t1w,
    select_fmriprep,
    select_fmriprep_surfaces,
    select_xcpd,
)
from tmsguide.model import MNI_FRAMES, Frame, Prepared, Tissue, Volume
from tmsguide.pipeline.sources.cleaned_elsewhere import cleaner_of
from tmsguide.pipeline.sources.maps import as_warp, box_of, mni_box
from tmsguide.pipeline.sources.sound import sound_runs
from tmsguide.pipeline.sources.source import GivenHead, Source, SourceRun
from tmsguide.pipeline.sources.surfaces import chosen_surface_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tmsguide.io import (
        FmriprepAnatomy,
        FmriprepInputs,
        FmriprepRun,
        SurfaceRun,
        XcpdInputs,
        XcpdRun,
    )
    from tmsguide.model import Anatomy, Points, Warp
    from tmsguide.pipeline.sources.cleaned_elsewhere import Reader, Ways

__all__ = ["fmriprep_source", "xcpd_source"]


def fmriprep_source(folder: Path, label: str) -> Source:
    """Choose and check one person's fMRIPrep output: volumes where they serve, else surfaces.

    Raises
    ------
    InputError
        As `select_fmriprep`; one clear line about the first missing piece.
    """
    try:
        found = select_fmriprep(folder, label)
    except InputError as error:
        return _on_cortex(folder, label, why=error)
    return _in_volumes("fMRIPrep", found)


def _in_volumes(program: str, found: FmriprepInputs | XcpdInputs) -> Source:
    """Give the runs that lie in volumes, those left out whose files cannot be used."""
    every: Sequence[FmriprepRun | XcpdRun] = found.runs
    runs, broken = sound_runs(every, _check)
    found = replace(found, notes=(*found.notes, *broken))
    return _source(program, found, _of_volumes(runs), maps=_ways(runs))


def _check(run: FmriprepRun | XcpdRun) -> None:
    check_bold(run.bold, run.sidecar)
    known = ("T1w", "boldref", *(frame.name for frame in MNI_FRAMES))
    if run.space not in known and not run.transforms:
        raise InputError(
            f"{run.bold.name} is in {run.space}, and fMRIPrep's anat folder has no "
            f"from-{run.space}_to-T1w_mode-image_xfm.h5; needed that transform, or a run in one "
            f"of {', '.join(known)}"
        )


def _on_cortex(folder: Path, label: str, *, why: InputError) -> Source:
    """Give the runs on surfaces, as volumes do not serve; without any, that stays the reason."""
    try:
        found = select_fmriprep_surfaces(folder, label)
    except InputError:
        raise why from None
    root = found.root / f"sub-{found.subject.label}"
    chosen, notes = chosen_surface_runs(found, root)

    def reader(run: SurfaceRun) -> Reader:
        return lambda anatomy: read_surface_run(run, root, frame=anatomy.t1w.frame)

    runs = []
    for run, sheets in chosen:
        table = () if run.confounds is None else (run.confounds,)
        files = (*run.files, *table, *sheets)
        name = _name(run.session, run.task, run.run)
        runs.append((SourceRun(name, run.task, files, run.sidecar), reader(run)))
    words = f"series on the cortex are used, as no volumes serve: {why}"
    return _source("fMRIPrep", replace(found, notes=(*found.notes, words, *notes)), runs)


def xcpd_source(folder: Path, label: str) -> Source:
    """Choose and check one person's XCP-D output, with the fMRIPrep folder it was made from.

    Raises
    ------
    InputError
        As `select_xcpd`.
    """
    found = select_xcpd(folder, label)
    if found.runs:
        return _in_volumes("XCP-D", found)
    root = found.t1w.parent.parent
    root = root.parent if root.name.startswith("ses-") else root
    sheets = own_fslr_files(root)

    def reader(run: XcpdRun) -> Reader:
        return lambda anatomy: _dense(run, root, anatomy.t1w.frame)

    runs = [
        (
            SourceRun(_name(r.session, r.task, r.run), r.task, (*r.files, *sheets), r.sidecar),
            reader(r),
        )
        for r in found.dense
    ]
    return _source("XCP-D", found, runs)


def _of_volumes(
    runs: Sequence[FmriprepRun | XcpdRun],
) -> list[tuple[SourceRun, Reader]]:
    def reader(run: FmriprepRun | XcpdRun) -> Reader:
        return lambda anatomy: read_prepared(run, t1w_frame=anatomy.t1w.frame)

    return [
        (SourceRun(_name(r.session, r.task, r.run), r.task, r.files, r.sidecar), reader(r))
        for r in runs
    ]


def _ways(runs: Sequence[FmriprepRun | XcpdRun]) -> Ways:
    """Give the way from the T1w to every template in which a run lies."""

    def maps(frame: Frame) -> dict[Frame, Callable[[Points], Points]]:
        away = [run for run in runs if run.space not in ("T1w", "boldref") and run.transforms]
        by_space = {run.space: run for run in away}  # each file is read once
        return {Frame(s): scan_from_t1w(run, t1w_frame=frame) for s, run in by_space.items()}

    return maps


def _source(
    program: str,
    found: FmriprepInputs | XcpdInputs,
    runs: Sequence[tuple[SourceRun, Reader]],
    maps: Ways | None = None,
) -> Source:
    check_t1w(found.t1w)
    return Source(
        program=program,
        subject=found.subject,
        t1w=found.t1w,
        root=found.root,
        dataset=found.dataset,
        runs=tuple(run for run, _ in runs),
        clean=cleaner_of([reader for _, reader in runs], maps),
        given=_given(found.anatomy),
        notes=found.notes,
    )


def _dense(run: XcpdRun, root: Path, frame: Frame) -> Prepared:
    """Read XCP-D's dense series onto the person's own cortex, whose surfaces fMRIPrep drew."""
    dense = read_dense_series(run.bold, sidecar=run.sidecar)
    own = read_own_fslr(root, frame=frame)
    series, where = placed(dense, own["left"], own["right"])
    said = read_censoring(run, len(series))
    return Prepared(
        tr_s=dense.tr_s,
        origin=run.origin,
        series=series,
        where=where,
        confounds=said.confounds,
        kept=said.kept,
        denoised=True,
        metadata=run.sidecar,
        notes=said.notes,
    )


def _given(anatomy: FmriprepAnatomy) -> tuple[GivenHead, ...]:
    """Give what fMRIPrep knows of the head: the brain's tissues, and the way to MNI."""
    ways = mni_transforms(anatomy)
    brain = anatomy.dseg is not None or bool(anatomy.tissue)

    def labels(own: Anatomy | None, frame: Frame) -> Anatomy:
        if own is None:
            raise AssertionError
        tissue = read_fmriprep_tissue(anatomy, frame=frame)
        return with_brain_labels(own, _labels(tissue), labelled_by="fMRIPrep")

    def maps(frame: Frame) -> tuple[Warp, Warp]:
        assert ways is not None  # noqa: S101
        found = read_template_maps(ways, t1w_frame=frame)
        box = box_of(read_t1w(anatomy.t1w, frame=frame).volume)
        return (
            as_warp(found.template_from_t1w, frame, found.template, box),
            as_warp(found.t1w_from_template, found.template, frame, mni_box()),
        )

    return (
        GivenHead(
            program="fMRIPrep",
            files=anatomy.files,
            labels=labels if brain else None,
            maps=maps if ways is not None else None,
        ),
    )


def _labels(probability: Volume) -> Volume:
    """Give WM, GM, CSF (`Tissue` 1, 2, 3) where the three together are likelier than not."""
    best = probability.data.argmax(axis=-1) + int(Tissue.WM)
    inside = probability.data.sum(axis=-1) > 0.5
    data = np.where(inside, best, 0).astype(np.uint8)
    return Volume(data, probability.frame_from_voxel, probability.frame)


def _name(session: str | None, task: str, run: str | None) -> str:
    parts = {"ses": session, "task": task, "run": run}
    return "_".join(f"{key}-{value}" for key, value in parts.items() if value) or "bold"
