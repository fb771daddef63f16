"""EXPLORATORY: whether the past of one parcel tells the future of another (Granger causality)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.statistics import standardise, varies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["EXPLORATORY", "Criterion", "DirectedInfluence", "directed_influence"]

#: Goes with every result.
EXPLORATORY = (
    "Exploratory. Blood flow answers neurons with a delay that differs between regions by more "
    "than neural delays do, so lagged measures of fMRI can find no direction or the wrong one "
    "(Smith et al. 2011). Not a basis for choosing a target."
)
_PER_COEFFICIENT = 3  # equations per coefficient below which a fit is refused


class Criterion(Enum):
    """What picks the number of past frames: AIC (for prediction) or BIC (fewer)."""

    AIC = "aic"
    BIC = "bic"


@dataclass(frozen=True, slots=True, eq=False)
class DirectedInfluence:
    """EXPLORATORY influence of parcel j (column) on parcel i (row), (P, P) each.

    ``f`` is the F statistic for dropping j's past from the prediction of i from the past of all,
    ``p`` its chance and ``q`` the false-discovery rate over all directed pairs; NaN on the
    diagonal. ``strength`` is Geweke's log ratio of the prediction errors. ``order`` past frames.
    """

    names: tuple[str, ...]
    strength: Floats
    f: Floats
    p: Floats
    q: Floats
    order: int
    caution: str = EXPLORATORY


def directed_influence(
    series: NDArray[np.floating],
    names: Sequence[str],
    *,
    kept: NDArray[np.bool_] | None = None,
    run_frames: Sequence[int] = (),
    most_order: int = 5,
    criterion: Criterion = Criterion.BIC,
) -> DirectedInfluence:
    """EXPLORATORY conditional Granger causality between a few parcels' series (T, P).

    A vector autoregression is fitted by least squares to frames whose past is whole: no past
    reaches over a censored frame (``kept`` (T0,), one run's mask after the other) or into another
    run (``run_frames`` kept frames each). Give series from before the band-pass: filtering
    lengthens the past that is needed and makes false positives (Barnett & Seth 2011).

    Raises
    ------
    InputError
        If masks, runs and names do not fit, or a parcel has no signal.
    QualityError
        If too few frames have a whole past for the number of parcels.

    References
    ----------
    Geweke 1984, 10.1080/01621459.1984.10477110; Barnett & Seth 2011,
    10.1016/j.jneumeth.2011.08.010; Smith et al. 2011, 10.1016/j.neuroimage.2010.08.063.
    """
    at = _timeline(series, names, kept, tuple(run_frames) or (len(series),))
    data = standardise(series)
    most = _affordable(data, at, most_order)
    order = _best_order(data, at, most, criterion)
    rows = _whole(at, order)
    f = np.full((len(names),) * 2, np.nan)
    strength = np.full((len(names),) * 2, np.nan)
    past = _past(data, rows, order)
    left = len(rows) - past.shape[1]
    full = _squares(past, data[rows])
    for j in range(len(names)):
        others = np.ones(past.shape[1], dtype=np.bool_)
        others[1 + j :: len(names)] = False
        without = _squares(past[:, others], data[rows])
        away = np.arange(len(names)) != j
        f[away, j] = ((without - full) / order / (full / left))[away]
        strength[away, j] = np.log(without / full)[away]
    p, q = _chances(f, order, left)
    return DirectedInfluence(names=tuple(names), strength=strength, f=f, p=p, q=q, order=order)


def _timeline(
    series: NDArray[np.floating],
    names: Sequence[str],
    kept: NDArray[np.bool_] | None,
    runs: tuple[int, ...],
) -> NDArray[np.int64]:
    """Acquired frame of each row, with a jump between runs."""
    kept = np.ones(len(series), dtype=np.bool_) if kept is None else kept
    if series.shape != (len(series), len(names)) or len(names) < 2:
        raise InputError(
            f"series of shape {series.shape} with {len(names)} names; needed (T, P) with one "
            "name for each of two or more parcels"
        )
    if np.count_nonzero(kept) != len(series) or sum(runs) != len(series):
        raise InputError(
            f"{len(series)} frames, {np.count_nonzero(kept)} marked as kept, runs of {sum(runs)}; "
            "needed the same number"
        )
    dead = [name for name, alive in zip(names, varies(series), strict=True) if not alive]
    if dead:
        raise InputError(f"no signal in {', '.join(dead)}; leave these parcels out")
    run = np.repeat(np.arange(len(runs)), runs)
    return np.asarray(np.flatnonzero(kept) + run * (len(kept) + 1), dtype=np.int64)


def _whole(at: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Rows whose ``order`` predecessors are the frames right before them."""
    return np.flatnonzero(at[order:] - at[:-order] == order) + order


def _past(data: Floats, rows: NDArray[np.int64], order: int) -> Floats:
    """One and the past of every parcel, lag by lag, (R, 1 + order P)."""
    lagged = [data[rows - lag] for lag in range(1, order + 1)]
    return np.column_stack([np.ones(len(rows)), *lagged])


def _squares(past: Floats, now: Floats) -> Floats:
    """Residual sum of squares of each column, (P,)."""
    basis, _ = np.linalg.qr(past)
    return np.asarray(np.sum((now - basis @ (basis.T @ now)) ** 2, axis=0))


def _affordable(data: Floats, at: NDArray[np.int64], most: int) -> int:
    """Largest order, up to ``most``, that the whole pasts can carry."""
    for order in range(most, 0, -1):
        if len(_whole(at, order)) >= _PER_COEFFICIENT * (1 + order * data.shape[1]):
            return order
    raise QualityError(
        f"{len(_whole(at, 1))} frames follow on another; {data.shape[1]} parcels need "
        f"{_PER_COEFFICIENT * (1 + data.shape[1])}. Take fewer parcels or scan longer"
    )


def _best_order(data: Floats, at: NDArray[np.int64], most: int, criterion: Criterion) -> int:
    """Order of least AIC or BIC, all judged on the same rows."""
    rows = _whole(at, most)
    per = 2.0 if criterion is Criterion.AIC else np.log(len(rows))
    score = []
    for order in range(1, most + 1):
        basis, _ = np.linalg.qr(_past(data, rows, order))
        left = data[rows] - basis @ (basis.T @ data[rows])
        _, size = np.linalg.slogdet(left.T @ left / len(rows))
        score.append(size + per * basis.shape[1] * data.shape[1] / len(rows))
    return int(np.argmin(score)) + 1


def _chances(f: Floats, order: int, left: int) -> tuple[Floats, Floats]:
    from scipy.stats import f as fisher
    from scipy.stats import false_discovery_control

    some = np.isfinite(f)
    p, q = np.full(f.shape, np.nan), np.full(f.shape, np.nan)
    p[some] = fisher.sf(f[some], order, left)
    q[some] = false_discovery_control(p[some])
    return p, q
