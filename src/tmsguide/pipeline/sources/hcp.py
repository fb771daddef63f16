"""Output of the HCP minimal preprocessing pipelines as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.head import with_brain_labels
from tmsguide.io import (
    HCP_MNI,
    check_bold,
    check_t1w,
    read_hcp_anatomy,
    read_hcp_cortex,
    read_hcp_surface_run,
    read_hcp_volume_run,
    read_hcp_warps,
    select_hcp,
)
from tmsguide.model import Subject, native_frame
from tmsguide.pipeline.sources.cleaned_elsewhere import cleaner_of
from tmsguide.pipeline.sources.sound import sound_runs
from tmsguide.pipeline.sources.source import GivenHead, Source, SourceRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmsguide.io import HcpInputs, HcpRun
    from tmsguide.model import Anatomy, Frame, Points, Prepared, Warp

__all__ = ["hcp_source"]


def hcp_source(folder: Path, label: str) -> Source:
    """Choose one person's HCP folder; volumes are read where they are, else dense series.

    The T1w frame is HCP's AC-PC-aligned one, not that of the scanner: navigators must be given
    the same T1w.

    Raises
    ------
    InputError
        As `select_hcp`, or dense series without the surfaces they belong to.
    """
    found = select_hcp(folder, label)
    check_t1w(found.t1w)

    def check(run: HcpRun) -> None:
        if run.volume is None:
            read_hcp_cortex(found, run, frame=native_frame(found.label))
        else:
            check_bold(run.volume, {})

    runs, broken = sound_runs(found.runs, check)

    def reader(run: HcpRun) -> Callable[[Anatomy], Prepared]:
        if run.volume is not None:
            return lambda _: read_hcp_volume_run(run)
        return lambda anatomy: read_hcp_surface_run(found, run, frame=anatomy.t1w.frame)

    def maps(frame: Frame) -> dict[Frame, Callable[[Points], Points]]:
        return {HCP_MNI: read_hcp_warps(found, frame=frame)[0]}

    return Source(
        program="HCP pipelines",
        subject=Subject(found.label),
        t1w=found.t1w,
        root=found.root,
        dataset="HCP pipelines",
        runs=tuple(SourceRun(run.name, _task(run.name), _files(found, run), {}) for run in runs),
        clean=cleaner_of([reader(run) for run in runs], maps),
        given=(_given(found),),
        notes=(*found.notes, *broken),
    )


def _given(found: HcpInputs) -> GivenHead:
    def labels(own: Anatomy | None, frame: Frame) -> Anatomy:
        if own is None:
            raise AssertionError
        theirs = read_hcp_anatomy(found, frame=frame)
        return with_brain_labels(own, theirs.brain_labels, labelled_by=theirs.labelled_by)

    def maps(frame: Frame) -> tuple[Warp, Warp]:
        return read_hcp_warps(found, frame=frame)

    files = (found.structures, found.brain_mask, found.warp_t1w_to_mni, found.warp_mni_to_t1w)
    return GivenHead(program="HCP pipelines", files=files, labels=labels, maps=maps)


def _task(name: str) -> str:
    return "rest" if "rest" in name.lower() else "".join(c for c in name if c.isalnum())


def _files(found: HcpInputs, run: HcpRun) -> tuple[Path, ...]:
    if run.volume is not None:
        return (run.volume, run.movement)
    dense = () if run.dense is None else (run.dense,)
    return (*dense, run.movement, *found.sheets[run.sheet])
