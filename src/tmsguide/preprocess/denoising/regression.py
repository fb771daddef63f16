"""Which frames are kept, and what is left of them after nuisance and frequencies are out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.regression import complement, cosines_outside, residual_zscored, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.preprocess.denoising.nuisance import Confounds

    Floats = NDArray[np.float64]

__all__ = [
    "Band",
    "affordable",
    "check_usable",
    "degrees_of_freedom",
    "denoise",
    "kept_frames",
    "residual_percent",
    "unsteady_start",
]

#: A shorter stretch of kept frames goes too (Power 2014, doi:10.1016/j.neuroimage.2013.08.048).
_SHORTEST_RUN = 5
#: Below this a correlation's standard error passes 0.24: nothing can be told from it.
FEWEST_DOF = 20
#: Fewer than this makes the motion model shrink before it eats the signal.
SPARE_DOF = 30
SHORTEST_USABLE_S = 120.0
#: What a short scan goes without, in this order, and the names (as fMRIPrep's) that stay.
_LESS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("components after the fifth", lambda name: not re.search(r"_comp_cor_(0[5-9]|[1-9])", name)),
    ("squares", lambda name: not name.endswith("_power2")),
    ("changes", lambda name: not name.endswith("_derivative1")),
)


@dataclass(frozen=True, slots=True)
class Band:
    """The frequencies that pass, and the repetition time they are counted in."""

    tr_s: float
    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        if not 0 < self.tr_s < 10:
            raise InputError(f"repetition time {self.tr_s:g} s; needed in seconds, 0 to 10")
        if not 0 <= self.low_hz < self.high_hz:
            raise InputError(
                f"the band is {self.low_hz:g} to {self.high_hz:g} Hz; needed 0 <= low_hz < high_hz"
            )


def kept_frames(fd_mm: Floats, *, fd_limit_mm: float, dummy_volumes: int = 0) -> NDArray[np.bool_]:
    """Give the frames (T0,) to keep: still ones, in runs of at least 5, no dummies.

    Examples
    --------
    >>> fd = np.zeros(16)
    >>> fd[[8, 11]] = 0.9
    >>> kept_frames(fd, fd_limit_mm=0.3, dummy_volumes=2).nonzero()[0].tolist()
    [2, 3, 4, 5, 6, 7]
    """
    if fd_limit_mm <= 0 or dummy_volumes < 0:
        raise InputError(
            f"fd_limit_mm is {fd_limit_mm:g} and dummy_volumes {dummy_volumes}; "
            "needed above 0 mm and not below 0"
        )
    kept = np.asarray(fd_mm) <= fd_limit_mm
    kept[:dummy_volumes] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.astype(np.int8), [0]])))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < _SHORTEST_RUN:
            kept[start:stop] = False
    return kept


def unsteady_start(level: Floats) -> int:
    """Give how many of the first ten frames are too bright: magnetisation not yet steady.

    ``level`` (T0,) is the mean signal of each frame. A frame counts while it stands over the
    median by 1 % and by five robust deviations.

    Examples
    --------
    >>> unsteady_start(np.array([130.0, 109, 100, 101, 99, 100, 130, 100, 99, 101, 100, 100]))
    2
    """
    middle = np.median(level)
    spread = 1.4826 * np.median(np.abs(level - middle))
    bright = level[:10] > middle + max(5 * spread, 0.01 * middle)
    return len(bright) if bright.all() else int(np.argmin(bright))


def check_usable(kept: NDArray[np.bool_], *, tr_s: float) -> None:
    """Refuse a scan of which fewer than two minutes were kept."""
    usable_s = float(kept.sum()) * tr_s
    if usable_s < SHORTEST_USABLE_S:
        raise QualityError(
            f"only {usable_s / 60:.1f} of {len(kept) * tr_s / 60:.1f} minutes of the functional "
            f"scan are still enough to use, needed {SHORTEST_USABLE_S / 60:.0f} as the very least "
            "and 10 or more for a target; scan again, or join more runs"
        )


def degrees_of_freedom(nuisance: Floats, kept: NDArray[np.bool_], *, band: Band) -> int:
    """Give kept frames less the rank of confounds, constant and out-of-band cosines on them."""
    rank: int = span(_design(nuisance, kept, band)).shape[1]
    return int(kept.sum()) - rank


def affordable(
    found: Confounds, kept: NDArray[np.bool_], *, band: Band
) -> tuple[Confounds, tuple[str, ...]]:
    """Give the most of ``found`` that leaves 30 degrees of freedom, and why it is less than all.

    Left out one after the other: components after the fifth of each kind, squares, changes.

    Raises
    ------
    QualityError
        Under 20 degrees of freedom with the least of them.
    """
    model, dof = found, degrees_of_freedom(found.values, kept, band=band)
    gone: list[str] = []
    for words, stays in _LESS:
        if dof >= SPARE_DOF:
            break
        smaller = model.only(stays)
        if len(smaller.names) < len(model.names):
            model, gone = smaller, [*gone, words]
            dof = degrees_of_freedom(model.values, kept, band=band)
    if dof < FEWEST_DOF:
        raise QualityError(
            f"{int(kept.sum())} kept frames leave {dof} degrees of freedom after band-pass and "
            f"{model.values.shape[1]} confounds, needed {FEWEST_DOF}; scan longer, choose a "
            "denoising that takes out less (minimal is the least) or a wider band"
        )
    if not gone:
        return model, ()
    return model, (
        f"the scan is short: {' and '.join(gone)} of the confounds were not regressed out, so "
        f"that {dof} degrees of freedom remain",
    )


def denoise(
    series: NDArray[np.float32],
    nuisance: Floats,
    kept: NDArray[np.bool_],
    *,
    band: Band,
) -> NDArray[np.float32]:
    """Give the kept frames (T, N) of ``series`` (T0, N), band-passed, cleaned and z-scored.

    Constant, cosines outside ``band`` and ``nuisance`` (T0, K) are fitted
    together on the kept frames and taken out by one projection, so no filter rings across a gap,
    no regressor puts a frequency back and dropped frames have no say.

    References
    ----------
    Hallquist et al. 2013, doi:10.1016/j.neuroimage.2013.05.116; Lindquist et al. 2019,
    doi:10.1002/hbm.24528 (why in one step).
    """
    left = complement(_design(nuisance, kept, band))
    if left.shape[1] == 0:
        raise QualityError(
            f"{int(kept.sum())} kept frames leave nothing after band-pass and confounds"
        )
    return residual_zscored(series[kept], left)


def residual_percent(
    series: NDArray[np.float32], nuisance: Floats, kept: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give the kept frames (T, N) of ``series`` (T0, N) in percent of their mean, cleaned.

    Constant and ``nuisance`` (T0, K) are taken out, no frequency is.
    """
    inside = np.asarray(nuisance, np.float64)[kept]
    basis = span(np.hstack([np.ones((len(inside), 1)), inside - inside.mean(axis=0)]))
    basis = basis.astype(np.float32)
    values = series[kept]
    mean = values.mean(axis=0)
    left = values - mean  # small numbers, so that single precision does
    left -= basis @ (basis.T @ left)
    return np.asarray(100 * left / np.where(mean > 0, mean, 1), np.float32)


def _design(nuisance: Floats, kept: NDArray[np.bool_], band: Band) -> Floats:
    waves = cosines_outside(len(kept), band.tr_s, low_hz=band.low_hz, high_hz=band.high_hz)[kept]
    inside = np.asarray(nuisance, np.float64)[kept]
    constant = np.ones((len(inside), 1))
    # Centred first: a course with a large mean (global signal) must not vanish in rounding.
    return np.hstack([constant, waves, inside - inside.mean(axis=0)])
