"""One run whose frames lie still in T1w space, to cleaned series with their quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.model import Tissue
from tmsguide.num.rigid import inverted
from tmsguide.preprocess.denoising.nuisance import confounds, dvars, without_global_signal
from tmsguide.preprocess.denoising.presets import preset_named
from tmsguide.preprocess.denoising.regression import (
    Band,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    residual_percent,
    unsteady_start,
)
from tmsguide.preprocess.judging.carpets import carpet
from tmsguide.preprocess.judging.quality import quality
from tmsguide.preprocess.judging.regions import region_figures, seed_figures, temporal_snr
from tmsguide.preprocess.movement.breathing import bursts_per_min
from tmsguide.preprocess.resampling import seen_throughout
from tmsguide.preprocess.runs import Unsmoothed
from tmsguide.preprocess.smoothing import smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import BoldSettings, Quality, Volume
    from tmsguide.preprocess.alignment.coregistration import Start
    from tmsguide.preprocess.grids import BrainGrid
    from tmsguide.preprocess.movement.censoring import Censored
    from tmsguide.preprocess.runs import Person

    Floats = NDArray[np.float64]

__all__ = ["CleanRun", "RunRecord", "Still", "finished", "finished_elsewhere"]

#: Brain voxels dimmer than this part of the brain's median carry noise only and are left out.
_LEAST_SIGNAL = 0.1
#: Less of grey matter in view than this is a mistake, not a slab.
_LEAST_SEEN = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """What is kept of one run for the reader: where it lay, how it was judged.

    ``frames`` acquired; ``t1w_from_bold`` (4, 4), None for data that came in T1w space;
    ``starts`` of its coregistration; ``distortion`` and ``motion_note`` in words;
    ``fd_limit_mm`` above which frames were left out; ``raw_fd_mm`` (frames,) before breathing was
    filtered out; ``global_signal`` (frames,); ``reference`` the still image, undistorted and
    placed in T1w space, None where only series came.
    """

    name: str
    frames: int
    t1w_from_bold: Floats | None
    starts: tuple[Start, ...]
    distortion: str
    motion_note: str
    fd_limit_mm: float
    raw_fd_mm: Floats
    global_signal: Floats
    quality: Quality
    reference: Volume | None


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What is known of a run once its frames lie still in T1w space."""

    name: str
    grid: BrainGrid
    censored: Censored
    motion: Floats
    person: Person
    tr_s: float
    metadata: Mapping[str, object]
    settings: BoldSettings
    cost: float = float("nan")
    problems: tuple[str, ...] = ()
    t1w_from_bold: Floats | None = None
    starts: tuple[Start, ...] = ()
    distortion: str = ""
    reference: Volume | None = None

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Frames kept (T0,)."""
        return self.censored.kept

    @property
    def fd_mm(self) -> Floats:
        """Framewise displacement (T0,) by which frames were judged."""
        return self.censored.motion.judged_mm

    @property
    def bold_from_t1w(self) -> Floats:
        """Map (4, 4) into the space of the run's reference; identity for data in T1w space."""
        return np.eye(4) if self.t1w_from_bold is None else inverted(self.t1w_from_bold)

    @property
    def band(self) -> Band:
        """The pass band, with the scan's TR."""
        return Band(self.tr_s, self.settings.low_hz, self.settings.high_hz)


@dataclass(frozen=True, slots=True, eq=False)
class CleanRun:
    """One cleaned run: series (T, M) of the M ``usable`` (N,) voxels of the whole brain grid.

    ``other`` is the same with the other choice about the global signal (regressed out or not),
    None where another program had decided.
    ``mean`` (N,) is the mean signal; ``fd_mm``, ``dvars`` (T0,), ``motion`` (T0, 6) and ``carpet``
    (T0, rows) cover every acquired frame, ``kept`` (T0,) tells which T of them the series hold.
    ``local`` are measures of single voxels (M,), NaN outside the grey matter.
    """

    record: RunRecord
    tr_s: float
    usable: NDArray[np.bool_]
    series: NDArray[np.float32]
    other: NDArray[np.float32] | None
    quality_of_other: Quality | None
    kept: NDArray[np.bool_]
    mean: NDArray[np.float32]
    fd_mm: Floats
    dvars: Floats
    motion: Floats
    carpet: NDArray[np.float32]
    confound_names: tuple[str, ...]
    local: Mapping[str, Floats]


def finished(run: Still, series: NDArray[np.float32], progress: Callable[[str], None]) -> CleanRun:
    """Give the cleaned run from series (T0, all brain voxels).

    Raises
    ------
    QualityError
        Under two usable minutes, too little of the brain in view, or too few degrees of freedom.
    """
    settings, preset = run.settings, preset_named(run.settings.denoising)
    run = _from_frame(run, unsteady_start(series.mean(axis=1, dtype=np.float64)))
    seen = seen_throughout(series, run.kept)
    mean = np.where(seen, series[run.kept].mean(axis=0), 0).astype(np.float32)
    tsnr = temporal_snr(series, run.kept)
    usable = _usable(mean, tsnr, run.grid.of_tissue(Tissue.GM))
    coverage, seed_tsnr = seed_figures(run.grid, mean, tsnr, run.person.seed)
    dlpfc_coverage, dlpfc_tsnr = _dlpfc_figures(run, mean, tsnr)
    grid, series = run.grid.keep(usable), np.ascontiguousarray(series[:, usable])

    progress("finding nuisance signals")
    nuisance = confounds(
        series,
        grid,
        motion=run.motion,
        kept=run.kept,
        tr_s=run.tr_s,
        low_hz=settings.low_hz,
        preset=preset,
    )
    nuisance, shrunk = affordable(nuisance, run.kept, band=run.band)
    picture, change = carpet(series, grid, run.kept), dvars(series)
    shared = series.mean(axis=1, dtype=np.float64)

    plain = without_global_signal(nuisance)
    chosen, other = (nuisance, plain) if preset.global_signal else (plain, nuisance)
    local = _local(run, series, grid, chosen.values, progress)

    progress("smoothing")
    series = smooth(series, grid, fwhm_mm=settings.fwhm_mm)

    def judged(courses: Floats) -> Quality:
        return quality(
            fd_mm=run.fd_mm,
            kept=run.kept,
            tr_s=run.tr_s,
            dof=degrees_of_freedom(courses, run.kept, band=run.band),
            median_tsnr=float(np.median(tsnr[usable])),
            seed_tsnr=seed_tsnr,
            seed_coverage=coverage,
            coregistration_cost=run.cost,
            metadata=run.metadata,
            problems=run.problems + nuisance.problems + shrunk,
            dummy_volumes=settings.dummy_volumes,
            dlpfc_tsnr=dlpfc_tsnr,
            dlpfc_coverage=dlpfc_coverage,
            bursts_per_min=bursts_per_min(shared, run.tr_s, run.kept),
        )

    progress("band-pass and nuisance regression")
    return CleanRun(
        record=_record(run, shared, judged(chosen.values)),
        tr_s=run.tr_s,
        usable=usable,
        series=denoise(series, chosen.values, run.kept, band=run.band),
        other=denoise(series, other.values, run.kept, band=run.band),
        quality_of_other=judged(other.values),
        kept=run.kept,
        mean=mean,
        fd_mm=run.fd_mm,
        dvars=change,
        motion=run.motion,
        carpet=picture,
        confound_names=chosen.names,
        local=local,
    )


def finished_elsewhere(
    run: Still, series: NDArray[np.float32], progress: Callable[[str], None]
) -> CleanRun:
    """Give the run of a series (T0, N) that another program denoised: smoothed and z-scored.

    Its mean signal is gone, so that neither temporal signal-to-noise nor dropout can be judged;
    the quality says so.
    """
    usable = np.asarray(series[run.kept].std(axis=0) > 0)
    held = float(usable[run.grid.of_tissue(Tissue.GM)].mean())
    if held < _LEAST_SEEN:
        raise QualityError(
            f"the denoised scan holds {held:.0%} of grey matter, needed {_LEAST_SEEN:.0%}; "
            "check that it belongs to this person and space"
        )
    seen = usable.astype(np.float32)
    coverage, _ = seed_figures(run.grid, seen, seen, run.person.seed)
    grid, series = run.grid.keep(usable), np.ascontiguousarray(series[:, usable])
    picture, shared = carpet(series, grid, run.kept), series.mean(axis=1, dtype=np.float64)
    progress("smoothing")
    series = smooth(series, grid, fwhm_mm=run.settings.fwhm_mm)[run.kept]
    series -= series.mean(axis=0)
    series /= series.std(axis=0)
    judged = quality(
        fd_mm=run.fd_mm,
        kept=run.kept,
        tr_s=run.tr_s,
        dof=_band_dof(run),
        median_tsnr=float("nan"),
        seed_tsnr=float("nan"),
        seed_coverage=coverage,
        coregistration_cost=run.cost,
        metadata=run.metadata,
        problems=(
            *run.problems,
            "the scan came denoised: signal loss and temporal signal-to-noise cannot be judged",
        ),
        dummy_volumes=run.settings.dummy_volumes,
    )
    return CleanRun(
        record=_record(run, shared, judged),
        tr_s=run.tr_s,
        usable=usable,
        series=series,
        other=None,
        quality_of_other=None,
        kept=run.kept,
        mean=seen,
        fd_mm=run.fd_mm,
        dvars=np.zeros(len(run.kept)),
        motion=run.motion,
        carpet=picture,
        confound_names=(),
        local={},
    )


def _local(
    run: Still,
    series: NDArray[np.float32],
    grid: BrainGrid,
    nuisance: Floats,
    progress: Callable[[str], None],
) -> dict[str, Floats]:
    """Give the measures of single voxels that are wanted, at all voxels of the grid."""
    if run.person.local is None:
        return {}
    progress("slow amplitude and local agreement")
    grey = grid.of_tissue(Tissue.GM)
    some = np.ascontiguousarray(series[:, grey])
    measured = run.person.local(
        Unsmoothed(
            percent=residual_percent(some, nuisance, run.kept),
            cleaned=denoise(some, nuisance, run.kept, band=run.band),
            where=grid.keep(grey).places,
            kept=run.kept,
            tr_s=run.tr_s,
        )
    )
    out = {name: np.full(len(grey), np.nan) for name in measured}
    for name, values in measured.items():
        out[name][grey] = values
    return out


def _dlpfc_figures(
    run: Still, mean: NDArray[np.float32], tsnr: NDArray[np.float32]
) -> tuple[float, float]:
    """Give coverage and median tSNR of the left DLPFC, not-a-number where it is not known."""
    if run.person.in_dlpfc is None:
        return float("nan"), float("nan")
    grey = run.grid.of_tissue(Tissue.GM)
    return region_figures(mean, tsnr, grey & run.person.in_dlpfc(run.grid.places))


def _record(run: Still, global_signal: Floats, judged: Quality) -> RunRecord:
    return RunRecord(
        name=run.name,
        frames=len(run.kept),
        t1w_from_bold=run.t1w_from_bold,
        starts=run.starts,
        distortion=run.distortion,
        motion_note=run.censored.motion.note,
        fd_limit_mm=run.censored.fd_limit_mm,
        raw_fd_mm=run.censored.motion.raw_fd_mm,
        global_signal=global_signal,
        quality=judged,
        reference=run.reference,
    )


def _band_dof(run: Still) -> int:
    """Give the degrees of freedom that the pass band alone leaves, the most there can be."""
    return degrees_of_freedom(np.zeros((len(run.kept), 1)), run.kept, band=run.band)


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
    return replace(run, censored=replace(run.censored, kept=kept), problems=run.problems + words)


def _usable(
    mean: NDArray[np.float32], tsnr: NDArray[np.float32], grey: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Give the brain voxels (N,) in view that carry more than noise.

    What is in view is judged on grey matter: scans that come on the cortex hold nothing else.
    """
    seen = mean > 0
    part = float(seen[grey].mean())
    if part < _LEAST_SEEN:
        raise QualityError(
            f"the functional scan sees {part:.0%} of grey matter, needed {_LEAST_SEEN:.0%}; "
            "check its field of view and its header"
        )
    return np.asarray(seen & (tsnr > 0) & (mean >= _LEAST_SIGNAL * np.median(mean[seen])))
