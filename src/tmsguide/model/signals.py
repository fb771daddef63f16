"""Functional signals as they flow: cleaned series, their quality, connectivity maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model.images import Scan
    from tmsguide.model.spaces import Points

__all__ = ["ConnectivityMap", "Denoised", "Prepared", "Quality", "ScanVerdict"]


class ScanVerdict(Enum):
    """What a scan can carry, in words a clinician reads."""

    GOOD = "good"
    CAUTION = "usable with caution"
    INSUFFICIENT = "not enough for an individual target"


@dataclass(frozen=True, slots=True)
class Quality:
    """Numbers and words about one functional scan.

    ``usable_s`` is the time left after censoring; ``dof`` the degrees of freedom left after
    censoring, nuisance regression and band-pass; ``seed_coverage`` the fraction of the subgenual
    seed with signal; tSNR values are medians. ``dlpfc_tsnr`` is that of the left dorsolateral
    prefrontal search region; ``bursts_per_min`` counts bursts of the global signal (breathing);
    both are not-a-number where unknown. ``advice`` says what would help.
    """

    mean_fd_mm: float
    max_fd_mm: float
    usable_s: float
    total_s: float
    dof: float
    median_tsnr: float
    seed_tsnr: float
    seed_coverage: float
    coregistration_cost: float
    verdict: ScanVerdict
    problems: tuple[str, ...] = ()
    dlpfc_tsnr: float = float("nan")
    bursts_per_min: float = float("nan")
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Functional data that another program prepared, at places of T1w or of an MNI space.

    Either ``scan`` (4-D, its frame says which space) or ``series`` (T, N) float32 at ``where``
    (N points, surface vertices for instance). ``confounds`` (T,) by fMRIPrep's column names, empty
    where none came; ``kept`` (T,) False where the other program censored, None if it did not say;
    ``denoised`` True when nuisance regression and filter are done. ``origin`` and ``notes`` are
    for people.
    """

    tr_s: float
    origin: str
    scan: Scan | None = None
    series: NDArray[np.float32] | None = None
    where: Points | None = None
    confounds: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    kept: NDArray[np.bool_] | None = None
    denoised: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Cleaned series of N places over T kept frames.

    ``series`` (T, N) float32, z-scored per column, censored frames removed; ``where`` N points in
    the person's T1w frame; ``kept`` (T0,) True for the T frames kept of T0 acquired.
    ``run_frames`` are the frames kept of each run, in order (their sum is T); empty means one run.
    """

    series: NDArray[np.float32]
    where: Points
    tr_s: float
    kept: NDArray[np.bool_]
    quality: Quality
    run_frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ConnectivityMap:
    """Fisher z of each place with a seed series; ``dof`` is effective, after autocorrelation."""

    z: NDArray[np.float64]
    where: Points
    seed: str
    dof: float
