"""The functional chain, raw scan to cleaned series in the person's T1w space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError
from tmsguide.model import BoldSettings, Volume, silent
from tmsguide.preprocess.coregistration import coregister
from tmsguide.preprocess.denoising import (
    check_usable,
    kept_frames,
)
from tmsguide.preprocess.finishing import CleanBold, Still, finished
from tmsguide.preprocess.frames import check_place, check_scan, repetition_time_s
from tmsguide.preprocess.given import given_motion
from tmsguide.preprocess.grids import brain_grid
from tmsguide.preprocess.motion import (
    Motion,
    estimate_motion,
    framewise_displacement,
    head_mask,
)
from tmsguide.preprocess.resampling import resample_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, BiasCorrector, LinearRegistrar, Points, Scan

    Floats = NDArray[np.float64]

__all__ = ["clean_bold", "clean_preprocessed"]


def clean_bold(
    bold: Scan,
    anatomy: Anatomy,
    seed: Points,
    *,
    bias: BiasCorrector | None = None,
    linear: LinearRegistrar | None = None,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = silent,
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
    run = Still(
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
    # Handed over unnamed, so that the largest array of the chain is freed as soon as it is used.
    return finished(
        run,
        resample_once(
            bold,
            grid,
            bold_from_t1w=bold_from_t1w,
            frame_from_reference=motion.frame_from_reference,
        ),
        found.t1w_from_bold.matrix,
        progress,
    )


def clean_preprocessed(
    bold_t1w: Scan,
    confounds: Mapping[str, NDArray[np.float64]],
    anatomy: Anatomy,
    seed: Points,
    *,
    settings: BoldSettings | None = None,
    progress: Callable[[str], None] = silent,
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
    motion, fd_mm, steady = given_motion(confounds, bold_t1w.volume.data.shape[3])
    kept = _kept(np.where(steady, fd_mm, np.inf), settings)
    check_usable(kept, tr_s=repetition_time_s(bold_t1w))
    progress("reading the functional scan in T1w space")
    grid = brain_grid(anatomy, grid_mm=settings.grid_mm)
    moves = np.broadcast_to(np.eye(4), (len(fd_mm), 4, 4))
    # Slice timing is the other program's business: only what says rest or task is passed on.
    scan = replace(
        bold_t1w, metadata={k: v for k, v in bold_t1w.metadata.items() if k != "SliceTiming"}
    )
    run = Still(
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
    return finished(
        run,
        resample_once(scan, grid, bold_from_t1w=np.eye(4), frame_from_reference=moves),
        None,
        progress,
    )


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
