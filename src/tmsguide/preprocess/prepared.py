"""Functional data that other programs prepared, to cleaned series in the person's T1w space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import BoldSettings, silent
from tmsguide.preprocess.finishing import CleanRun, Still, finished, finished_elsewhere
from tmsguide.preprocess.frames import check_scan
from tmsguide.preprocess.grids import brain_grid
from tmsguide.preprocess.joining import CleanBold, joined
from tmsguide.preprocess.movement.censoring import censored
from tmsguide.preprocess.movement.given import given_motion
from tmsguide.preprocess.resampling import resample_mapped
from tmsguide.preprocess.ribbon import series_on_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Frame, Points, Prepared
    from tmsguide.preprocess.grids import BrainGrid
    from tmsguide.preprocess.runs import Person

__all__ = ["clean_prepared"]


def clean_prepared(
    runs: Iterable[Prepared],
    anatomy: Anatomy,
    person: Person,
    *,
    from_t1w: Mapping[Frame, Callable[[Points], Points]] | None = None,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = silent,
) -> CleanBold:
    """Give the `CleanBold` of runs that lie still already, in T1w or in an MNI space.

    Of the confounds the six motion columns ``trans_x`` ... ``rot_z`` (mm, rad) are read, and where
    present ``framewise_displacement`` (else computed) and ``non_steady_state_outlier*`` (frames
    left out); tissue components and global signal are computed anew, so that every way in gives
    alike results. Data of another space are read at the places where ``from_t1w`` of that space
    sends the person's own grid, by one cubic interpolation; series at places of their own
    (surfaces) go to the nearest grey matter. What is denoised already is filtered no further.

    Raises
    ------
    InputError
        A motion column is missing or of the wrong length, or the data are in a space to which no
        map leads.
    FrameError
        The seed or places are not in the anatomy's frame.
    QualityError
        Under two usable minutes or too little of the brain in view.
    """
    settings = settings or BoldSettings()
    person.check(anatomy.t1w.frame)
    grid = brain_grid(anatomy, grid_mm=settings.grid_mm)
    found: list[CleanRun] = []
    refused: list[str] = []
    for index, prepared in enumerate(runs, start=1):
        name = f"{prepared.origin}, run {index}"
        try:
            still = _still(prepared, name, grid, person, settings=settings)
            progress("reading the functional scan in T1w space")
            found.append(_finished(still, prepared, from_t1w or {}, progress))
        except QualityError as error:
            refused.append(f"{name} was left out: {error}")
    if not found:
        raise QualityError("; ".join(refused) or "no functional run was given")
    return joined(found, grid, refused=tuple(refused))


def _still(
    prepared: Prepared, name: str, grid: BrainGrid, person: Person, *, settings: BoldSettings
) -> Still:
    frames = _frames(prepared)
    if prepared.confounds or not prepared.denoised:
        motion, fd_mm, steady = given_motion(prepared.confounds, frames)
    else:  # a denoised series says by itself which frames counted
        motion, fd_mm, steady = np.zeros((frames, 6)), np.zeros(frames), np.ones(frames, bool)
    if prepared.kept is not None:
        steady &= prepared.kept
    still_enough = censored(
        motion,
        prepared.tr_s,
        age_years=person.age_years,
        settings=settings,
        lost=~steady,
        fd_mm=fd_mm,
    )
    return Still(
        name=name,
        grid=grid,
        censored=still_enough,
        motion=motion,
        person=person,
        tr_s=prepared.tr_s,
        metadata=prepared.metadata,
        settings=settings,
        problems=prepared.notes,
        distortion=f"as {prepared.origin} left it",
    )


def _frames(prepared: Prepared) -> int:
    if prepared.scan is not None:
        check_scan(prepared.scan)
        return int(prepared.scan.volume.data.shape[3])
    if prepared.series is None or prepared.where is None:
        raise InputError(
            f"{prepared.origin} holds neither a 4-D scan nor series with their places; give one"
        )
    return len(prepared.series)


def _finished(
    still: Still,
    prepared: Prepared,
    from_t1w: Mapping[Frame, Callable[[Points], Points]],
    progress: Callable[[str], None],
) -> CleanRun:
    if prepared.denoised:
        return finished_elsewhere(still, _series(prepared, still.grid, from_t1w), progress)
    return finished(still, _series(prepared, still.grid, from_t1w), progress)


def _series(
    prepared: Prepared, grid: BrainGrid, from_t1w: Mapping[Frame, Callable[[Points], Points]]
) -> NDArray[np.float32]:
    """Give the series (T, N) on the grid, 0 where there is none."""
    if prepared.scan is None:
        return _of_places(prepared, grid)
    # slice timing is the other program's business
    timeless = {k: v for k, v in prepared.scan.metadata.items() if k != "SliceTiming"}
    scan = replace(prepared.scan, metadata=timeless)
    frame = scan.volume.frame
    if frame == grid.frame:
        return resample_mapped(scan, grid.places)
    if frame not in from_t1w:
        raise FrameError(
            f"the prepared scan is in {frame.name}, needed in {grid.frame.name} or in a space "
            f"with a map to it ({', '.join(f.name for f in from_t1w) or 'none given'}); give "
            "the space-T1w derivative, or the raw scan"
        )
    return resample_mapped(scan, from_t1w[frame](grid.places))


def _of_places(prepared: Prepared, grid: BrainGrid) -> NDArray[np.float32]:
    assert prepared.series is not None  # noqa: S101
    assert prepared.where is not None  # noqa: S101
    return series_on_grid(prepared.series, prepared.where, grid)[0]
