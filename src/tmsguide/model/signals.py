"""Functional signals as they flow: cleaned series, their quality, connectivity maps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model.spaces import Points

__all__ = ["ConnectivityMap", "Denoised", "Quality", "ScanVerdict"]


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
    seed with signal; tSNR values are medians.
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


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Cleaned series of N places over T kept frames.

    ``series`` (T, N) float32, z-scored per column, censored frames removed; ``where`` N points in
    the person's T1w frame; ``kept`` (T0,) True for the T frames kept of T0 acquired.
    """

    series: NDArray[np.float32]
    where: Points
    tr_s: float
    kept: NDArray[np.bool_]
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class ConnectivityMap:
    """Fisher z of each place with a seed series; ``dof`` is effective, after autocorrelation."""

    z: NDArray[np.float64]
    where: Points
    seed: str
    dof: float
