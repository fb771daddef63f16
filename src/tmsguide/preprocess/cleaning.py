"""The functional chain, raw runs to cleaned series in the person's T1w space."""

from __future__ import annotations

from dataclasses import replace
from operator import length_hint
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import BoldSettings, Volume, silent
from tmsguide.preprocess.alignment.coregistration import coregister
from tmsguide.preprocess.alignment.mirror import Sides, mirror_check
from tmsguide.preprocess.echoes import echo_times_s, echo_weights
from tmsguide.preprocess.finishing import CleanRun, Still, finished
from tmsguide.preprocess.frames import repetition_time_s
from tmsguide.preprocess.grids import brain_grid
from tmsguide.preprocess.joining import CleanBold, joined
from tmsguide.preprocess.movement.censoring import censored
from tmsguide.preprocess.movement.motion import (
    Motion,
    estimate_motion,
    head_mask,
)
from tmsguide.preprocess.resampling import resample_once, undistorted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, BiasCorrector, Distortion, LinearRegistrar, Scan
    from tmsguide.preprocess.alignment.coregistration import Coregistration
    from tmsguide.preprocess.grids import BrainGrid
    from tmsguide.preprocess.runs import Person, RawRun

    Floats = NDArray[np.float64]

__all__ = ["clean_runs"]

#: Frames read ahead to weigh the echoes.
_ECHO_FRAMES = 12


def clean_runs(
    runs: Iterable[RawRun],
    anatomy: Anatomy,
    person: Person,
    *,
    bias: BiasCorrector | None = None,
    linear: LinearRegistrar | None = None,
    count: int | None = None,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = silent,
) -> CleanBold:
    """Give the `CleanBold` of raw functional runs on a grid in the person's T1w space.

    Of each run: motion on its first echo, distortion, coregistration (headers first, white-matter
    boundary), one cubic interpolation, echoes combined, confounds, smoothing within the brain,
    one-step band-pass and regression on kept frames. Then the runs are joined; one that cannot be
    used is left out and named, as long as another can. ``linear`` and ``bias`` are called only
    where coregistration is in doubt. ``runs`` may be read as they are asked for; ``count`` then
    tells how many will come.

    Raises
    ------
    InputError
        No run, a scan that is not 4-D, a TR missing, implausible or not the same in all runs.
    FrameError
        The seed is not in the T1w frame.
    QualityError
        Of no run: two usable minutes, 20 degrees of freedom, or a way to lay it on the T1w; or
        left and right are swapped between the run and the T1w.
    """
    settings = settings or BoldSettings()
    person.check(anatomy.t1w.frame)
    grid = brain_grid(anatomy, grid_mm=settings.grid_mm)
    found: list[CleanRun] = []
    refused: list[tuple[str, QualityError]] = []
    total = length_hint(runs, 1) if count is None else count
    for run in runs:  # not counted by enumerate, which would hold the last while the next is read
        say = _numbered(progress, len(found) + len(refused) + 1, total)
        try:
            found.append(
                _clean(
                    run,
                    anatomy,
                    grid,
                    person,
                    bias=bias,
                    linear=linear,
                    settings=settings,
                    say=say,
                )
            )
        except QualityError as error:
            refused.append((run.name, error))
        del run
    words = tuple(f"run {name} was left out: {error}" for name, error in refused)
    if len(refused) == 1 and not found:
        raise refused[0][1]
    if not found:
        raise QualityError("no run can be used: " + "; ".join(words))
    return joined(found, grid, refused=words)


def _numbered(progress: Callable[[str], None], index: int, count: int) -> Callable[[str], None]:
    if count == 1:
        return progress
    return lambda phrase: progress(f"run {index} of {count}: {phrase}")


def _clean(
    run: RawRun,
    anatomy: Anatomy,
    grid: BrainGrid,
    person: Person,
    *,
    bias: BiasCorrector | None,
    linear: LinearRegistrar | None,
    settings: BoldSettings,
    say: Callable[[str], None],
) -> CleanRun:
    first = run.echoes[0]
    say("estimating head motion")
    motion = estimate_motion(first, first_frame=settings.dummy_volumes)
    still_enough = censored(
        motion.parameters,
        repetition_time_s(first),
        age_years=person.age_years,
        settings=settings,
        lost=motion.unsettled,
    )
    reference, distortion = motion.reference, None
    if run.distortion is not None:
        say("correcting susceptibility distortion")
        distortion = run.distortion(reference)
        reference = undistorted(reference, distortion)
    say("laying the functional scan on the T1w")
    found = _laid(reference, anatomy, bias=bias, linear=linear)
    sides = mirror_check(reference, anatomy, found)
    if sides.sides is Sides.SWAPPED:
        raise QualityError(sides.words)
    say("reading the functional scan in T1w space")
    still = Still(
        name=run.name,
        grid=grid,
        censored=still_enough,
        motion=motion.parameters,
        person=person,
        tr_s=repetition_time_s(first),
        metadata=first.metadata,
        settings=settings,
        cost=found.cost,
        problems=(
            *found.problems,
            *_unfollowed(motion),
            *((sides.words,) if sides.sides is Sides.UNCLEAR else ()),
            *((run.caution,) if run.caution else ()),
        ),
        t1w_from_bold=found.t1w_from_bold.matrix,
        starts=found.starts,
        distortion=distortion.source if distortion else "",
        reference=Volume(
            reference.data,
            found.t1w_from_bold.matrix @ reference.frame_from_voxel,
            anatomy.t1w.frame,
        ),
    )
    # Handed over unnamed, so that the largest array of the chain is freed as soon as it is used.
    return finished(still, _read(run, still, motion, distortion), say)


def _laid(
    reference: Volume,
    anatomy: Anatomy,
    *,
    bias: BiasCorrector | None,
    linear: LinearRegistrar | None,
) -> Coregistration:
    found = coregister(reference, anatomy, linear=linear)
    if found.problems and bias is not None:
        again = coregister(_evened(reference, bias), anatomy, linear=linear)
        found = min(found, again, key=lambda answer: answer.cost)
    return found


def _read(
    run: RawRun, still: Still, motion: Motion, distortion: Distortion | None
) -> NDArray[np.float32]:
    """Give the run's series (T0, N) on the grid, its echoes combined."""

    def read(echo: Scan, moves: Floats) -> NDArray[np.float32]:
        return resample_once(
            echo,
            still.grid,
            bold_from_t1w=still.bold_from_t1w,
            frame_from_reference=moves,
            distortion=distortion,
        )

    moves = motion.frame_from_reference
    if len(run.echoes) == 1:
        return read(run.echoes[0], moves)
    times = echo_times_s(run.echoes)
    every = max(1, len(moves) // _ECHO_FRAMES)
    ahead = [read(_thinned(echo, every), moves[::every]) for echo in run.echoes]
    weights = echo_weights(np.stack([s.mean(axis=0, dtype=np.float64) for s in ahead]), times)
    total = read(run.echoes[0], moves)
    total *= weights[0].astype(np.float32)
    for echo, weight in zip(run.echoes[1:], weights[1:], strict=True):
        series = read(echo, moves)
        missed = (total == 0) | (series == 0)  # out of view in any echo is out of view
        total += series * weight.astype(np.float32)
        total[missed] = 0
    return total


def _thinned(scan: Scan, every: int) -> Scan:
    """Give one frame in so many; slice timing means nothing between them."""
    volume = replace(scan.volume, data=scan.volume.data[..., ::every])
    timeless = {k: v for k, v in scan.metadata.items() if k != "SliceTiming"}
    return replace(scan, volume=volume, metadata=timeless)


def _unfollowed(motion: Motion) -> tuple[str, ...]:
    if not motion.unsettled.any():
        return ()
    return (
        f"the head's motion could not be followed in {int(motion.unsettled.sum())} frames; "
        "they were dropped",
    )


def _evened(volume: Volume, bias: BiasCorrector) -> Volume:
    """Give the mean volume without its smooth shading."""
    mask = Volume(head_mask(volume.data), volume.frame_from_voxel, volume.frame)
    return bias(volume, mask)
