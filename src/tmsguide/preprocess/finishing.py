"""From series that lie still in T1w space to cleaned series with their quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import BoldSettings, Denoised, Tissue, Volume
from tmsguide.preprocess.carpets import carpet
from tmsguide.preprocess.denoising import (
    Band,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    unsteady_start,
)
from tmsguide.preprocess.grids import grid_volume
from tmsguide.preprocess.judging import quality, seed_figures, temporal_snr
from tmsguide.preprocess.nuisance import GLOBAL_SIGNAL, confounds, dvars
from tmsguide.preprocess.resampling import seen_throughout
from tmsguide.preprocess.smoothing import smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["CleanBold", "Still", "finished"]

#: Brain voxels dimmer than this part of the brain's median carry noise only and are left out.
_LEAST_SIGNAL = 0.1
#: Less of the brain in view than this is a mistake, not a slab.
_LEAST_SEEN = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class CleanBold:
    """A cleaned functional scan with what a report needs to show of the way there.

    ``denoised.where`` are the N brain voxels (WM, GM, CSF) with signal; ``gm`` (N,) marks grey
    matter. ``fd_mm``, ``dvars`` (T0,) and ``motion`` (T0, 6: shift mm, rotation rad) cover every
    acquired frame. ``t1w_from_bold`` (4, 4) is None for data that came in T1w space. ``carpet``
    (T0, 300) is a picture, see `carpet`. ``without_global`` is the same cleaning without global
    signal regression, None where ``denoised`` itself is without.
    """

    denoised: Denoised
    gm: NDArray[np.bool_]
    mean_bold: Volume
    fd_mm: Floats
    dvars: Floats
    motion: Floats | None
    confound_names: tuple[str, ...]
    t1w_from_bold: Floats | None
    carpet: NDArray[np.float32]
    without_global: Denoised | None


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What is known of a scan once its frames lie still in T1w space."""

    grid: BrainGrid
    fd_mm: Floats
    motion: Floats
    kept: NDArray[np.bool_]
    seed: Points
    tr_s: float
    metadata: Mapping[str, object]
    cost: float
    problems: tuple[str, ...]
    settings: BoldSettings

    @property
    def band(self) -> Band:
        """The pass band, with the scan's TR."""
        return Band(self.tr_s, self.settings.low_hz, self.settings.high_hz)


def finished(
    run: Still,
    series: NDArray[np.float32],
    t1w_from_bold: Floats | None,
    progress: Callable[[str], None],
) -> CleanBold:
    """Give the result from series (T0, all brain voxels)."""
    settings = run.settings
    first = unsteady_start(series.mean(axis=1, dtype=np.float64))
    run = _from_frame(run, first)
    seen = seen_throughout(series, run.kept)
    mean = np.where(seen, series[run.kept].mean(axis=0), 0).astype(np.float32)
    tsnr = temporal_snr(series, run.kept)
    usable = _usable(mean, tsnr)
    coverage, seed_tsnr = seed_figures(run.grid, mean, tsnr, run.seed)
    mean_bold = grid_volume(run.grid, mean)
    grid, series = run.grid.keep(usable), np.ascontiguousarray(series[:, usable])

    progress("finding nuisance signals")
    nuisance = confounds(
        series,
        grid,
        motion=run.motion,
        kept=run.kept,
        tr_s=run.tr_s,
        low_hz=settings.low_hz,
        acompcor=settings.acompcor,
    )
    nuisance, shrunk = affordable(nuisance, run.kept, band=run.band)
    picture, change = carpet(series, grid), dvars(series)

    progress("smoothing")
    series = smooth(series, grid, fwhm_mm=settings.fwhm_mm)

    def cleaned(courses: Floats) -> Denoised:
        judged = quality(
            fd_mm=run.fd_mm,
            kept=run.kept,
            tr_s=run.tr_s,
            dof=degrees_of_freedom(courses, run.kept, band=run.band),
            median_tsnr=float(np.median(tsnr[usable])),
            seed_tsnr=seed_tsnr,
            seed_coverage=coverage,
            coregistration_cost=run.cost,
            metadata=run.metadata,
            problems=run.problems + shrunk,
            dummy_volumes=settings.dummy_volumes,
        )
        kept = denoise(series, courses, run.kept, band=run.band)
        return Denoised(kept, grid.places, run.tr_s, run.kept, judged)

    progress("band-pass and nuisance regression")
    plain = nuisance.only(lambda name: name != GLOBAL_SIGNAL)
    without = cleaned(plain.values)
    with_global = cleaned(nuisance.values) if settings.global_signal else None
    return CleanBold(
        denoised=with_global or without,
        gm=grid.of_tissue(Tissue.GM),
        mean_bold=mean_bold,
        fd_mm=run.fd_mm,
        dvars=change,
        motion=run.motion,
        confound_names=(nuisance if settings.global_signal else plain).names,
        t1w_from_bold=t1w_from_bold,
        carpet=picture,
        without_global=without if settings.global_signal else None,
    )


def _from_frame(run: Still, first: int) -> Still:
    """Give ``run`` without the frames before ``first``, saying so."""
    late = np.arange(len(run.kept)) >= first
    if not run.kept[~late].any():
        return run
    kept = run.kept & late
    check_usable(kept, tr_s=run.tr_s)
    words = (
        f"the first {first} frames are brighter than the rest (magnetisation not yet steady); "
        "they were dropped",
    )
    return replace(run, kept=kept, problems=run.problems + words)


def _usable(mean: NDArray[np.float32], tsnr: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Give the brain voxels (N,) in view that carry more than noise."""
    seen = mean > 0
    if seen.mean() < _LEAST_SEEN:
        raise QualityError(
            f"the functional scan sees {seen.mean():.0%} of the brain, needed {_LEAST_SEEN:.0%}; "
            "check its field of view and its header"
        )
    return np.asarray(seen & (tsnr > 0) & (mean >= _LEAST_SIGNAL * np.median(mean[seen])))
