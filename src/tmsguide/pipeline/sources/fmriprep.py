"""Output of fMRIPrep, and of XCP-D on top of it, as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.head import with_brain_labels
from tmsguide.io import (
    check_bold,
    check_t1w,
    mni_transforms,
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
from tmsguide.model import Frame, Prepared, Tissue, Volume
from tmsguide.pipeline.sources.cleaned_elsewhere import cleaner_of
from tmsguide.pipeline.sources.maps import as_warp, box_of, mni_box
from tmsguide.pipeline.sources.source import GivenHead, Source, SourceRun

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
        try:
            found = select_fmriprep_surfaces(folder, label)
        except InputError:
            raise error from None
    root = found.root / f"sub-{found.subject.label}"
    if found.runs:
        return _source("fMRIPrep", found, _of_volumes(found.runs), maps=_ways(found.runs))

    def reader(run: SurfaceRun) -> Reader:
        return lambda anatomy: read_surface_run(run, root, frame=anatomy.t1w.frame)

    return _source(
        "fMRIPrep",
        found,
        [
            (
                SourceRun(
                    _name(run.session, run.task, run.run),
                    run.task,
                    (*run.files, *((run.confounds,) if run.confounds else ())),
                    run.sidecar,
                ),
                reader(run),
            )
            for run in found.surfaces
        ],
    )


def xcpd_source(folder: Path, label: str) -> Source:
    """Choose and check one person's XCP-D output, with the fMRIPrep folder it was made from.

    Raises
    ------
    InputError
        As `select_xcpd`.
    """
    found = select_xcpd(folder, label)
    if found.runs:
        return _source("XCP-D", found, _of_volumes(found.runs), maps=_ways(found.runs))
    root = found.t1w.parent.parent
    root = root.parent if root.name.startswith("ses-") else root

    def reader(run: XcpdRun) -> Reader:
        return lambda anatomy: _dense(run, root, anatomy.t1w.frame)

    runs = [
        (SourceRun(_name(r.session, r.task, r.run), r.task, r.files, r.sidecar), reader(r))
        for r in found.dense
    ]
    return _source("XCP-D", found, runs)


def _of_volumes(
    runs: Sequence[FmriprepRun] | Sequence[XcpdRun],
) -> list[tuple[SourceRun, Reader]]:
    def reader(run: FmriprepRun | XcpdRun) -> Reader:
        return lambda anatomy: read_prepared(run, t1w_frame=anatomy.t1w.frame)

    for run in runs:
        check_bold(run.bold, run.sidecar)
    return [
        (SourceRun(_name(r.session, r.task, r.run), r.task, r.files, r.sidecar), reader(r))
        for r in runs
    ]


def _ways(runs: Sequence[FmriprepRun] | Sequence[XcpdRun]) -> Ways:
    """Give the way from the T1w to every template in which a run lies."""

    def maps(frame: Frame) -> dict[Frame, Callable[[Points], Points]]:
        return {
            Frame(run.space): scan_from_t1w(run, t1w_frame=frame)
            for run in runs
            if run.space not in ("T1w", "boldref") and run.transforms
        }

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
        t2w=None,
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
