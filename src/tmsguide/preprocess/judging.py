"""Numbers and plain words about what a functional scan can carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Quality, ScanVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import Points
    from tmsguide.preprocess.grids import BrainGrid

    Floats = NDArray[np.float64]

__all__ = ["quality", "seed_figures", "temporal_snr"]

#: Radius of the subgenual seed (Fox 2012, doi:10.1016/j.biopsych.2012.04.028).
SEED_RADIUS_MM = 10.0
#: A seed voxel counts as seen when its mean signal reaches this part of the brain's median.
SEEN_SIGNAL = 0.5
#: Less usable time than 5 min: excluded in most studies; under 10 min targets wander
#: (Cao 2024, doi:10.3389/fpsyt.2024.1341908: 28 min for less than 1 cm; Lynch 2022).
INSUFFICIENT_S, SHORT_S = 300.0, 600.0
#: Usual limits of quality control (Parkes 2018, doi:10.1016/j.neuroimage.2017.12.073: mean FD
#: 0.25 mm); coverage and tSNR of the seed are our own cautious limits.
MEAN_FD_MM, COVERAGE, SEED_TSNR = 0.25, 0.8, 40.0
MOST_DROPPED = 0.5


def temporal_snr(series: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give mean over deviation (N,) of the ``kept`` frames of ``series`` (T0, N).

    A straight line is taken out first; 0 where a voxel never changes.
    """
    data = series[kept]
    time = np.flatnonzero(kept) - np.flatnonzero(kept).mean()
    time = (time / np.linalg.norm(time)).astype(np.float32)
    mean = data.mean(axis=0, dtype=np.float64)
    variance = data.var(axis=0, dtype=np.float64) - (time @ data).astype(np.float64) ** 2 / len(
        data
    )
    sd = np.sqrt(np.maximum(variance, 0))
    return np.asarray(np.where(sd > 0, mean / np.where(sd > 0, sd, 1), 0), np.float32)


def seed_figures(
    grid: BrainGrid,
    mean_signal: NDArray[np.float32],
    tsnr: NDArray[np.float32],
    seed: Points,
) -> tuple[float, float]:
    """Give the coverage (0 to 1) and median tSNR of the 10 mm sphere at ``seed``.

    Coverage is the part of the sphere's brain voxels whose mean signal is at least half of the
    brain's median; tSNR is over these. Both 0 when the sphere holds no brain.
    """
    away = np.linalg.norm(grid.places.xyz_mm - seed.xyz_mm[0], axis=1)
    ball = away <= SEED_RADIUS_MM
    if not ball.any():
        return 0.0, 0.0
    seen = ball & (mean_signal >= SEEN_SIGNAL * np.median(mean_signal[mean_signal > 0]))
    if not seen.any():
        return 0.0, 0.0
    return float(seen.sum() / ball.sum()), float(np.median(tsnr[seen]))


def quality(
    *,
    fd_mm: Floats,
    kept: NDArray[np.bool_],
    tr_s: float,
    dof: float,
    median_tsnr: float,
    seed_tsnr: float,
    seed_coverage: float,
    coregistration_cost: float,
    metadata: Mapping[str, object],
    problems: tuple[str, ...] = (),
    dummy_volumes: int = 0,
) -> Quality:
    """Give the `Quality` of a scan: its numbers, a verdict and every reason for it in words.

    Under 5 usable minutes, or more than half of the frames dropped, is INSUFFICIENT; under 10
    minutes, a task, much motion, a dim or noisy seed, or any of ``problems`` is CAUTION. A
    coregistration cost of NaN (data that came preprocessed) is not judged.
    """
    counted = fd_mm[dummy_volumes:]
    fd_mean, fd_max = float(counted[1:].mean()), float(counted[1:].max())
    usable_s, total_s = float(kept.sum()) * tr_s, len(kept) * tr_s
    grave = _too_little(usable_s, total_s)
    doubts = [
        *_short(usable_s),
        *_task(metadata),
        *_above(fd_mean),
        *_seed(seed_coverage, seed_tsnr),
        *problems,
    ]
    verdict = ScanVerdict.GOOD
    if grave:
        verdict = ScanVerdict.INSUFFICIENT
    elif doubts:
        verdict = ScanVerdict.CAUTION
    return Quality(
        mean_fd_mm=fd_mean,
        max_fd_mm=fd_max,
        usable_s=usable_s,
        total_s=total_s,
        dof=float(dof),
        median_tsnr=median_tsnr,
        seed_tsnr=seed_tsnr,
        seed_coverage=seed_coverage,
        coregistration_cost=coregistration_cost,
        verdict=verdict,
        problems=(*grave, *doubts),
    )


def _too_little(usable_s: float, total_s: float) -> list[str]:
    out = []
    if usable_s < INSUFFICIENT_S:
        out.append(
            f"only {usable_s / 60:.1f} minutes of scan are usable; at least "
            f"{INSUFFICIENT_S / 60:.0f} are needed and 28 or more advised for an individual target"
        )
    if usable_s < MOST_DROPPED * total_s:
        out.append(
            f"{1 - usable_s / total_s:.0%} of the scan was dropped for motion; more than half is "
            "too much"
        )
    return out


def _short(usable_s: float) -> list[str]:
    if not INSUFFICIENT_S <= usable_s < SHORT_S:
        return []
    return [
        f"the usable scan is short, {usable_s / 60:.1f} minutes; below "
        f"{SHORT_S / 60:.0f} an individual target is not stable, 28 or more are advised"
    ]


def _task(metadata: Mapping[str, object]) -> list[str]:
    task = metadata.get("TaskName")
    if not isinstance(task, str) or "rest" in task.lower():
        return []
    return [f"this is a task run ({task}), not rest; connectivity at rest may differ"]


def _above(mean_fd_mm: float) -> list[str]:
    if mean_fd_mm <= MEAN_FD_MM:
        return []
    return [
        f"the head moved much: mean framewise displacement {mean_fd_mm:.2f} mm, "
        f"above {MEAN_FD_MM} mm"
    ]


def _seed(coverage: float, tsnr: float) -> list[str]:
    out = []
    if coverage < COVERAGE:
        out.append(
            f"only {coverage:.0%} of the subgenual seed has signal, below {COVERAGE:.0%} "
            "(dropout near the sinuses, or outside the scan)"
        )
    if tsnr < SEED_TSNR:
        out.append(
            f"the subgenual seed is noisy: temporal signal-to-noise {tsnr:.0f}, "
            f"below {SEED_TSNR:.0f}"
        )
    return out
