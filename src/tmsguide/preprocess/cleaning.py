"""The functional chain, raw scan to cleaned series in the person's T1w space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import BoldSettings, Denoised, Tissue, Volume
from tmsguide.preprocess.carpets import carpet
from tmsguide.preprocess.coregistration import coregister
from tmsguide.preprocess.denoising import (
    Band,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    kept_frames,
)
from tmsguide.preprocess.frames import check_place, check_scan, repetition_time_s
from tmsguide.preprocess.grids import brain_grid, grid_volume
from tmsguide.preprocess.judging import quality, seed_figures, temporal_snr
from tmsguide.preprocess.motion import (
    Motion,
    estimate_motion,
    framewise_displacement,
    head_mask,
)
from tmsguide.preprocess.nuisance import GLOBAL_SIGNAL, confounds, dvars
from tmsguide.preprocess.resampling import resample_once, seen_throughout
from tmsguide.preprocess.smoothing import smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, BiasCorrector, LinearRegistrar, Points, Scan
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["CleanBold", "clean_bold", "clean_preprocessed"]

#: Brain voxels dimmer than this part of the brain's median carry noise only and are left out.
_LEAST_SIGNAL = 0.1
#: Less of the brain in view than this is a mistake, not a slab.
_LEAST_SEEN = 0.3
_FD_COLUMN = "framewise_displacement"
_MOTION_COLUMNS = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


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


def _silent(_phrase: str) -> None:
    """Take progress and say nothing."""


def clean_bold(
    bold: Scan,
    anatomy: Anatomy,
    seed: Points,
    *,
    bias: BiasCorrector | None = None,
    linear: LinearRegistrar | None = None,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = _silent,
) -> CleanBold:
    """Give the `CleanBold` of a raw functional scan on a grid in the person's T1w space.

    Motion, coregistration (headers first, white-matter boundary), one cubic interpolation,
    confounds, smoothing within the brain, one-step band-pass and regression on kept frames.
    ``linear`` and ``bias`` are called only where coregistration is in doubt. ``seed`` (1, 3) in
    the T1w frame is where coverage and noise are judged.

    Raises
    ------
    InputError
        The scan is not 4-D, its TR is missing or implausible, or a setting is.
    FrameError
        The seed is not in the T1w frame.
    QualityError
        Under two usable minutes, under 20 degrees of freedom, or no way to lay it on the T1w.
    """
    settings = settings or BoldSettings()
    check_scan(bold)
    check_place(seed, anatomy.t1w.frame)
    progress("estimating head motion")
    motion = estimate_motion(bold, first_frame=settings.dummy_volumes)
    fd_mm = framewise_displacement(motion.parameters)
    kept = _kept(np.where(motion.unsettled, np.inf, fd_mm), settings)
    check_usable(kept, tr_s=repetition_time_s(bold))
    progress("laying the functional scan on the T1w")
    found = coregister(motion.reference, anatomy, linear=linear)
    if found.problems and bias is not None:
        again = coregister(_evened(motion.reference, bias), anatomy, linear=linear)
        found = min(found, again, key=lambda answer: answer.cost)
    progress("reading the functional scan in T1w space")
    bold_from_t1w = found.t1w_from_bold.inverse().matrix
    grid = brain_grid(anatomy, grid_mm=settings.grid_mm)
    moves = motion.frame_from_reference
    series = resample_once(bold, grid, bold_from_t1w=bold_from_t1w, frame_from_reference=moves)
    run = _Run(
        grid=grid,
        fd_mm=fd_mm,
        motion=motion.parameters,
        kept=kept,
        seed=seed,
        tr_s=repetition_time_s(bold),
        metadata=bold.metadata,
        cost=found.cost,
        problems=found.problems + _unfollowed(motion),
        settings=settings,
    )
    return _finished(run, series, found.t1w_from_bold.matrix, progress)


def clean_preprocessed(
    bold_t1w: Scan,
    confounds: Mapping[str, NDArray[np.float64]],
    anatomy: Anatomy,
    seed: Points,
    *,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = _silent,
) -> CleanBold:
    """Give the `CleanBold` of a scan already motion-corrected in T1w space (as by fMRIPrep).

    Of ``confounds`` the six motion columns ``trans_x`` ... ``rot_z`` (mm, rad) are read, and where
    present ``framewise_displacement`` (else computed) and ``non_steady_state_outlier*`` (frames
    left out); tissue components and global signal are computed anew, so that both ways in give
    alike results. The series are read once more onto the analysis grid, by cubic spline.

    Raises
    ------
    InputError
        A motion column is missing or of the wrong length, or as for `clean_bold`.
    FrameError
        The scan or the seed is not in the anatomy's frame.
    """
    settings = settings or BoldSettings()
    check_scan(bold_t1w)
    check_place(seed, anatomy.t1w.frame)
    if bold_t1w.volume.frame != anatomy.t1w.frame:
        raise FrameError(
            f"the preprocessed scan is in {bold_t1w.volume.frame.name}, needed in "
            f"{anatomy.t1w.frame.name}; give the space-T1w derivative, or the raw scan"
        )
    motion, fd_mm, steady = _given_motion(confounds, bold_t1w.volume.data.shape[3])
    kept = _kept(np.where(steady, fd_mm, np.inf), settings)
    check_usable(kept, tr_s=repetition_time_s(bold_t1w))
    progress("reading the functional scan in T1w space")
    grid = brain_grid(anatomy, grid_mm=settings.grid_mm)
    moves = np.broadcast_to(np.eye(4), (len(fd_mm), 4, 4))
    # Slice timing is the other program's business: only what says rest or task is passed on.
    scan = replace(
        bold_t1w, metadata={k: v for k, v in bold_t1w.metadata.items() if k != "SliceTiming"}
    )
    series = resample_once(scan, grid, bold_from_t1w=np.eye(4), frame_from_reference=moves)
    run = _Run(
        grid=grid,
        fd_mm=fd_mm,
        motion=motion,
        kept=kept,
        seed=seed,
        tr_s=repetition_time_s(scan),
        metadata=scan.metadata,
        cost=float("nan"),
        problems=(),
        settings=settings,
    )
    return _finished(run, series, None, progress)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
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


def _kept(fd_mm: Floats, settings: BoldSettings) -> NDArray[np.bool_]:
    return kept_frames(
        fd_mm, fd_limit_mm=settings.fd_limit_mm, dummy_volumes=settings.dummy_volumes
    )


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


def _usable(mean: NDArray[np.float32], tsnr: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Give the brain voxels (N,) in view that carry more than noise."""
    seen = mean > 0
    if seen.mean() < _LEAST_SEEN:
        raise QualityError(
            f"the functional scan sees {seen.mean():.0%} of the brain, needed {_LEAST_SEEN:.0%}; "
            "check its field of view and its header"
        )
    return np.asarray(seen & (tsnr > 0) & (mean >= _LEAST_SIGNAL * np.median(mean[seen])))


def _given_motion(
    confounds: Mapping[str, NDArray[np.float64]], frames: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Give motion (T0, 6), FD (T0,) and steady frames (T0,) from another program's table."""
    missing = [name for name in _MOTION_COLUMNS if name not in confounds]
    if missing:
        raise InputError(
            f"the confounds table lacks {', '.join(missing)}; needed the six motion columns "
            f"{', '.join(_MOTION_COLUMNS)} (mm, rad)"
        )
    table = {name: np.asarray(values, np.float64) for name, values in confounds.items()}
    for name in (*_MOTION_COLUMNS, *(k for k in table if k == _FD_COLUMN)):
        if table[name].shape != (frames,):
            raise InputError(
                f"confound {name} has {table[name].size} values, the scan {frames} frames; "
                "check that both belong to one run"
            )
    motion = np.column_stack([table[name] for name in _MOTION_COLUMNS])
    if not np.isfinite(motion).all():
        raise InputError("the motion columns of the confounds table hold missing values")
    fd_mm = np.nan_to_num(table.get(_FD_COLUMN, framewise_displacement(motion)))
    steady = np.ones(frames, bool)
    for name, values in table.items():
        if name.startswith("non_steady_state_outlier"):
            steady &= values == 0
    return motion, fd_mm, steady


def _finished(
    run: _Run,
    series: NDArray[np.float32],
    t1w_from_bold: Floats | None,
    progress: Callable[[str], None],
) -> CleanBold:
    """Give the result from series (T0, all brain voxels)."""
    settings = run.settings
    seen = seen_throughout(series, run.kept)
    mean = np.where(seen, series[run.kept].mean(axis=0), 0).astype(np.float32)
    tsnr = temporal_snr(series, run.kept)
    coverage, seed_tsnr = seed_figures(run.grid, mean, tsnr, run.seed)
    usable = _usable(mean, tsnr)
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
