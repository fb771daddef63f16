"""Covariances of short autocorrelated series, shrunk until they can be inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.statistics import autocorrelation, effective_count, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["correlation_of", "partial_correlation", "shrunk_covariance", "typical_count"]


def typical_count(series: NDArray[np.floating], kept: NDArray[np.bool_]) -> float:
    """How many independent samples a correlation of two typical columns of (T, N) rests on.

    Bartlett's count with the columns' mean autocorrelation, lags up to a fifth of the T0 frames
    acquired; ``kept`` (T0,) marks the T frames that are left.

    References
    ----------
    Bartlett 1946, 10.2307/2983611; Pyper & Peterman 1998, 10.1139/f98-104.
    """
    rho = autocorrelation(series, kept, len(kept) // 5)
    return effective_count(int(np.count_nonzero(kept)), rho, rho)


def shrunk_covariance(series: NDArray[np.floating], *, count: float | None = None) -> Floats:
    """Covariance (P, P) of standardised series (T, P), drawn towards the identity.

    The weight of the identity is Ledoit and Wolf's, which takes the T frames as independent. Where
    they are worth ``count`` independent ones only, the error of the covariance is T / count times
    as large, and so is the weight (at most 1). The result is positive definite.

    References
    ----------
    Ledoit & Wolf 2004, 10.1016/S0047-259X(03)00096-4; autocorrelated series: Bartz & Müller 2014,
    Advances in Neural Information Processing Systems 27.
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    scored = standardise(series)
    frames = len(scored)
    weight = float(ledoit_wolf_shrinkage(scored, assume_centered=True))
    weight = min(1.0, weight * frames / (frames if count is None else count))
    covariance = (1.0 - weight) * (scored.T @ scored) / frames
    scale = float(np.mean(np.sum(scored * scored, axis=0) / frames))
    return np.asarray(covariance + weight * scale * np.eye(scored.shape[1]))


def correlation_of(covariance: Floats) -> Floats:
    """Correlations (P, P) that belong to a covariance.

    Examples
    --------
    >>> correlation_of(np.array([[4.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))


def partial_correlation(covariance: Floats) -> Floats:
    """Correlation (P, P) of every two variables with all others held still.

    -Q_ij / √(Q_ii Q_jj) of the inverse Q of a positive definite covariance; ones on the diagonal.

    References
    ----------
    Lauritzen 1996, Graphical Models, Oxford, section 5.1.3.
    """
    partial = -correlation_of(np.asarray(np.linalg.inv(covariance), dtype=np.float64))
    np.fill_diagonal(partial, 1.0)
    return partial
