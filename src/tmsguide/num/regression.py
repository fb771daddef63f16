"""Take regressors and frequencies out of time series in one orthogonal projection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["complement", "cosines_outside", "leading_components", "residual_zscored", "span"]

#: Directions weaker than this against the strongest count as a repeat of the others.
_RANK_TOLERANCE = 1e-8
_BLOCK = 8192


def cosines_outside(frames: int, tr_s: float, *, low_hz: float, high_hz: float) -> Floats:
    """Give the cosines (frames, K) whose frequency lies outside [low_hz, high_hz], constant first.

    The discrete cosine transform (type II) of ``frames`` samples: column k has frequency
    k / (2 frames tr_s). Regressing these out is an ideal band-pass that, fitted on a subset of the
    frames, does not ring across the gaps (Hallquist 2013, doi:10.1016/j.neuroimage.2013.05.116).
    """
    k = np.arange(frames)
    hz = k / (2 * frames * tr_s)
    outside = k[(hz < low_hz) | (hz > high_hz)]
    return np.cos(np.pi * (np.arange(frames)[:, None] + 0.5) * outside / frames)


def span(regressors: Floats) -> Floats:
    """Give an orthonormal basis (T, rank) of the columns of ``regressors`` (T, K)."""
    q, rank = _rank_revealing(regressors, mode="economic")
    return np.asarray(q[:, :rank])


def complement(regressors: Floats) -> Floats:
    """Give an orthonormal basis (T, T - rank) of all that is orthogonal to the regressors."""
    q, rank = _rank_revealing(regressors, mode="full")
    return np.asarray(q[:, rank:])


def _rank_revealing(regressors: Floats, *, mode: str) -> tuple[Floats, int]:
    """Give Q of the pivoted QR of the unit-norm columns, and their rank."""
    norm = np.linalg.norm(regressors, axis=0)
    unit = regressors[:, norm > 0] / norm[norm > 0]
    if unit.shape[1] == 0:
        return np.eye(len(regressors)), 0
    q, r, _ = linalg.qr(unit, mode=mode, pivoting=True, check_finite=False)
    return np.asarray(q), int((np.abs(np.diag(r)) > _RANK_TOLERANCE).sum())


def residual_zscored(series: NDArray[np.float32], left: Floats) -> NDArray[np.float32]:
    """Give ``series`` (T, N) projected on the orthonormal ``left`` (T, D), each column z-scored.

    The deviation divides by T, so ``mean(z**2) == 1``; a column with nothing left is all 0. Worked
    in float64 by blocks of columns: orthogonality holds to the rounding of the float32 result.
    """
    out = np.empty(series.shape, np.float32)
    for start in range(0, series.shape[1], _BLOCK):
        block = series[:, start : start + _BLOCK].astype(np.float64)
        inner = left.T @ block
        size = np.linalg.norm(block, axis=0)
        sd = np.linalg.norm(inner, axis=0)
        some = sd > 1e-6 * size
        scale = np.where(some, np.sqrt(len(series)) / np.where(some, sd, 1.0), 0.0)
        out[:, start : start + _BLOCK] = left @ (inner * scale)
    return out


def leading_components(
    series: NDArray[np.float32], kept: NDArray[np.bool_], drift: Floats, *, count: int
) -> Floats:
    """Give the first ``count`` principal time courses (T, count) of drift-free scaled columns.

    Columns of ``series`` (T, M) lose ``drift`` (T, K) and are scaled on the ``kept`` frames only;
    other frames get their values by projection, so they do not shape the components.
    Time courses have unit norm over the kept frames. Fewer come back when the rank is lower.
    """
    inside = drift[kept]
    data = series.astype(np.float64)
    data = data - drift @ np.linalg.lstsq(inside, data[kept], rcond=None)[0]
    sd = data[kept].std(axis=0)
    data = data[:, sd > 0] / sd[sd > 0]
    value, vector = np.linalg.eigh(data[kept] @ data[kept].T)
    order = np.argsort(value)[::-1][:count]
    order = order[value[order] > _RANK_TOLERANCE * value[-1]]
    out = np.zeros((len(series), len(order)))
    # U = D Dᵀ U / s²: the same rule extends the components to frames that were left out.
    out[:] = data @ (data[kept].T @ vector[:, order]) / value[order]
    return out
