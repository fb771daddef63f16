"""A raw BIDS data set as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.engines import correct_bias, register_linear
from tmsguide.errors import InputError
from tmsguide.io import (
    check_bold,
    check_t1w,
    find_fieldmaps,
    read_bold,
    read_fieldmap,
    read_header,
    readout_time_s,
    select_inputs,
)
from tmsguide.model import Frame
from tmsguide.pipeline.sources.sound import sound_runs
from tmsguide.pipeline.sources.source import Source, SourceRun
from tmsguide.preprocess import (
    RawRun,
    clean_runs,
    distortion_caution,
    rising_echo_times_s,
    run_distortion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tmsguide.io import BoldRun, FieldmapFiles
    from tmsguide.model import Anatomy, BoldSettings, Distortion, Volume, Warp
    from tmsguide.preprocess import CleanBold, Person

__all__ = ["raw_source"]


def raw_source(bids_dir: Path, label: str, *, functional: bool = True) -> Source:
    """Choose and check one person's raw scans; without ``functional`` the T1w alone.

    Raises
    ------
    InputError
        As `select_inputs`, `check_t1w` and `check_bold`.
    """
    found = select_inputs(bids_dir, label, functional=functional)
    check_t1w(found.t1w)
    sound, broken = sound_runs(found.bolds, _check) if functional else ((), ())
    runs, unused = _taken_together(sound) if functional else ((), ())
    fieldmaps = {run.path: find_fieldmaps(bids_dir, run.path, run.sidecar) for run in runs}

    def clean(
        anatomy: Anatomy,
        person: Person,
        *,
        mni_from_t1w: Warp,  # noqa: ARG001
        settings: BoldSettings,
        say: Callable[[str], None],
    ) -> CleanBold:
        frame = anatomy.t1w.frame
        return clean_runs(
            # one at a time: a run may fill gigabytes
            (_read(run, frame, fieldmaps, wanted=settings.fieldmaps) for run in runs),
            anatomy,
            person,
            bias=correct_bias,
            linear=register_linear,
            count=len(runs),
            settings=settings,
            progress=say,
        )

    return Source(
        program="raw BIDS",
        subject=found.subject,
        t1w=found.t1w,
        root=found.root,
        dataset=found.dataset,
        runs=tuple(
            SourceRun(
                run.name or "bold",
                run.task,
                (*run.files, *_files(fieldmaps[run.path])),
                run.sidecar,
            )
            for run in runs
        ),
        clean=clean,
        notes=(
            *found.notes,
            *broken,
            *unused,
            *(note for files in fieldmaps.values() if files for note in files.notes),
        ),
    )


def _taken_together(
    runs: Sequence[BoldRun],
) -> tuple[tuple[BoldRun, ...], tuple[str, ...]]:
    """Give the runs of one repetition time that have the most minutes, and words on the others.

    Series with different repetition times hold different noise and cannot stand in one column.
    """
    groups: dict[float, list[BoldRun]] = {}
    seconds: dict[float, float] = {}
    for run in runs:
        header, tr_s = check_bold(run.path, run.sidecar)
        key = round(tr_s, 3)
        groups.setdefault(key, []).append(run)
        seconds[key] = seconds.get(key, 0.0) + header.shape[3] * tr_s
    best = max(groups, key=lambda key: seconds[key])
    others = [run for key, group in groups.items() if key != best for run in group]
    words = tuple(
        f"run not used: {run.path.name} (its repetition time is not {best:g} s)" for run in others
    )
    return tuple(groups[best]), words


def _check(run: BoldRun) -> None:
    shape = check_bold(run.path, run.sidecar)[0].shape
    times = [run.sidecar.get("EchoTime")]
    for path, sidecar in run.later_echoes:
        header, _ = check_bold(path, sidecar)
        if header.shape != shape:
            raise InputError(
                f"{path.name} has shape {header.shape}, {run.path.name} {shape}; needed the same "
                "for all echoes of one run; convert the scan again"
            )
        times.append(sidecar.get("EchoTime"))
    if not run.later_echoes:
        return
    try:
        rising_echo_times_s(times)
    except InputError as error:
        raise InputError(f"{run.path.name}: {error}") from error


def _files(fieldmap: FieldmapFiles | None) -> tuple[Path, ...]:
    if fieldmap is None:
        return ()
    magnitude = () if fieldmap.magnitude is None else (fieldmap.magnitude,)
    return (*(image.path for image in fieldmap.images), *magnitude)


def _read(
    run: BoldRun, t1w: Frame, fieldmaps: Mapping[Path, FieldmapFiles | None], *, wanted: bool
) -> RawRun:
    own = Frame(t1w.name.replace("/T1w", f"/{run.name or 'bold'}"))
    echoes = [(run.path, run.sidecar), *run.later_echoes]
    files = fieldmaps[run.path] if wanted else None
    return RawRun(
        name=run.name or "bold",
        echoes=tuple(read_bold(path, sidecar, frame=own) for path, sidecar in echoes),
        distortion=None if files is None else _distortion(run, files, own),
        caution=_caution(run, wanted=wanted) if files is None else "",
    )


def _caution(run: BoldRun, *, wanted: bool) -> str:
    if wanted:
        return distortion_caution(run.sidecar)
    return distortion_caution(run.sidecar, why="it was not wanted")


def _distortion(run: BoldRun, files: FieldmapFiles, own: Frame) -> Callable[[Volume], Distortion]:
    """Give the way from a run's still image to its distortion, by the fieldmap that is there."""
    shape = read_header(run.path).shape

    def measured(reference: Volume) -> Distortion:
        scans = read_fieldmap(files, frame=own)
        return run_distortion(
            reference,
            phase_direction=str(run.sidecar["PhaseEncodingDirection"]),
            readout_s=readout_time_s(run.sidecar, shape, name=run.path.name),
            source=scans.source,
            phases=scans.phases,
            direct=scans.direct,
            pair=scans.pair,
            magnitude=scans.magnitude,
            linear=register_linear,
        )

    return measured
