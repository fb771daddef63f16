"""Runs of one person joined to one cleaned scan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import Denoised, Tissue, Volume
from tmsguide.preprocess.grids import grid_volume
from tmsguide.preprocess.judging.quality import joined_quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Quality
    from tmsguide.preprocess.finishing import CleanRun, RunRecord
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["CleanBold", "joined"]

#: Runs that share less than this of what each sees do not show one brain in one place.
_LEAST_SHARED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CleanBold:
    """A cleaned functional scan of one or more runs, with what a report needs to show of it.

    ``denoised.where`` are the N brain voxels (WM, GM, CSF) with signal in every run; ``gm`` (N,)
    marks grey matter. ``fd_mm``, ``dvars`` (T0,), ``motion`` (T0, 6: shift mm, rotation rad) and
    the picture ``carpet`` (T0, 300, see `carpet`) cover every acquired frame, run after run as in
    ``runs``. ``other_global`` is the same with the other choice about the global signal (regressed
    out or left in), None where another program had decided. ``local`` are measures of single
    voxels before smoothing, (N,) by name, NaN outside the grey matter.
    """

    denoised: Denoised
    gm: NDArray[np.bool_]
    mean_bold: Volume
    fd_mm: Floats
    dvars: Floats
    motion: Floats
    confound_names: tuple[str, ...]
    carpet: NDArray[np.float32]
    runs: tuple[RunRecord, ...]
    other_global: Denoised | None
    local: Mapping[str, Floats] = field(default_factory=dict)


def joined(
    runs: Sequence[CleanRun], grid: BrainGrid, *, refused: tuple[str, ...] = ()
) -> CleanBold:
    """Give the runs one after another, at the voxels that all of them saw.

    Each run was cleaned and z-scored on its own, so that neither scanner drift between runs nor
    a run's own mean enters a correlation. ``global_signal`` tells whether the data without it
    stand beside the main result or are it; ``refused`` says in words which runs were left out.

    Raises
    ------
    QualityError
        The runs hardly see the same.
    """
    runs, other_times = _of_one_time(runs)
    refused += other_times
    shared = np.logical_and.reduce([run.usable for run in runs])
    part = float(shared.sum() / min(run.usable.sum() for run in runs))
    if part < _LEAST_SHARED:
        raise QualityError(
            f"the runs have {part:.0%} of their view in common, needed {_LEAST_SHARED:.0%}; check "
            "each run's field of view and coregistration"
        )
    seen = grid.keep(shared)
    kept = np.concatenate([run.kept for run in runs])

    def denoised(series: list[NDArray[np.float32]], qualities: list[Quality]) -> Denoised:
        picked = [
            values if run.usable.sum() == shared.sum() else values[:, shared[run.usable]]
            for run, values in zip(runs, series, strict=True)
        ]
        return Denoised(
            series=picked[0] if len(picked) == 1 else np.concatenate(picked),
            where=seen.places,
            tr_s=runs[0].tr_s,
            kept=kept,
            quality=_joined_quality(qualities, [run.record.name for run in runs], refused),
            run_frames=tuple(len(values) for values in series),
        )

    main = denoised([run.series for run in runs], [run.record.quality for run in runs])
    others = [run.other for run in runs if run.other is not None]
    judged = [run.quality_of_other for run in runs if run.quality_of_other is not None]
    return CleanBold(
        denoised=main,
        gm=seen.of_tissue(Tissue.GM),
        mean_bold=grid_volume(grid, _mean(runs)),
        fd_mm=np.concatenate([run.fd_mm for run in runs]),
        dvars=np.concatenate([run.dvars for run in runs]),
        motion=np.concatenate([run.motion for run in runs]),
        confound_names=runs[0].confound_names,
        carpet=np.concatenate([run.carpet for run in runs]),
        runs=tuple(run.record for run in runs),
        other_global=denoised(others, judged) if len(others) == len(runs) else None,
        local=_local(runs, shared),
    )


def _of_one_time(runs: Sequence[CleanRun]) -> tuple[list[CleanRun], tuple[str, ...]]:
    """Give the runs of the repetition time with the most kept minutes, and words on the others."""
    seconds: dict[float, float] = {}
    for run in runs:
        time_s = round(run.tr_s, 3)
        seconds[time_s] = seconds.get(time_s, 0.0) + float(run.kept.sum()) * run.tr_s
    best = max(seconds, key=lambda time_s: seconds[time_s])
    words = tuple(
        f"run {run.record.name} was left out: its repetition time is not {best:g} s"
        for run in runs
        if round(run.tr_s, 3) != best
    )
    return [run for run in runs if round(run.tr_s, 3) == best], words


def _mean(runs: Sequence[CleanRun]) -> NDArray[np.float32]:
    """Give the mean signal (N,) over runs, each scaled to the first; 0 where none saw."""
    first = float(np.median(runs[0].mean[runs[0].usable]))
    total, count = np.zeros(len(runs[0].mean)), np.zeros(len(runs[0].mean))
    for run in runs:
        scale = first / float(np.median(run.mean[run.usable]))
        total += scale * run.mean
        count += run.mean > 0
    return np.asarray(total / np.maximum(count, 1), np.float32)


def _local(runs: Sequence[CleanRun], shared: NDArray[np.bool_]) -> dict[str, Floats]:
    """Give the measures of single voxels, averaged over runs by their kept frames."""
    weight = np.array([run.kept.sum() for run in runs], np.float64)
    return {
        name: np.average(
            [run.local[name][shared[run.usable]] for run in runs], axis=0, weights=weight
        )
        for name in runs[0].local
        if all(name in run.local for run in runs)
    }


def _joined_quality(
    qualities: Sequence[Quality], names: Sequence[str], refused: tuple[str, ...]
) -> Quality:
    whole = qualities[0] if len(qualities) == 1 else joined_quality(qualities, names)
    return replace(whole, problems=(*whole.problems, *refused))
