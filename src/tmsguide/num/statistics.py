"""Arithmetic of correlated time series: Fisher z, autocorrelation and the real sample size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "autocorrelation",
    "correlation_dof",
    "effective_count",
    "fisher_z",
    "standardise",
    "varies",
]

#: |r| is held below this before `fisher_z`, so that a series with itself stays finite (z = 7.25).
_TOP = 1.0 - 1e-6

#: Columns over which autocorrelation is averaged; more changes the third digit only.
_SAMPLE = 2000


def varies(series: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which columns of (T, N) are finite and change over time, (N,)."""
    low, high = series.min(axis=0), series.max(axis=0)
    return np.asarray(np.isfinite(low) & np.isfinite(high) & (high > low))


def standardise(series: NDArray[np.floating]) -> Floats:
    """Give (T, N) or (T,) with mean 0 and variance 1 over time; constant columns become 0.

    Examples
    --------
    >>> standardise(np.array([1.0, 3.0])).tolist()
    [-1.0, 1.0]
    """
    centred = np.asarray(series, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0))


def fisher_z(r: NDArray[np.floating]) -> Floats:
    """Fisher's z = artanh r, with r held within 1 - 1e-6 of 0 so that it stays finite.

    References
    ----------
    Fisher R.A. 1915, Biometrika 10:507, 10.1093/biomet/10.4.507.
    """
    return np.asarray(np.arctanh(np.clip(np.asarray(r, dtype=np.float64), -_TOP, _TOP)))


def autocorrelation(series: NDArray[np.floating], kept: NDArray[np.bool_], lags: int) -> Floats:
    """Mean autocorrelation of the columns of (T, N) at lags 1..``lags``, (lags,).

    ``kept`` (T0,) marks the T acquired frames that survived; pairs that span a gap count at their
    true lag, and a lag without any pair is given 0.
    """
    timeline = np.zeros((len(kept), series.shape[1]))
    timeline[kept] = standardise(series)
    size = 2 * len(kept)
    power = (np.abs(np.fft.rfft(timeline, size, axis=0)) ** 2).mean(axis=1)
    products = np.fft.irfft(power, size)[: lags + 1]
    there = np.abs(np.fft.rfft(kept.astype(np.float64), size)) ** 2
    pairs = np.round(np.fft.irfft(there, size)[: lags + 1])
    rho = np.divide(products, pairs, out=np.zeros(lags + 1), where=pairs > 0)
    return np.asarray(np.clip(rho[1:] / rho[0], -1.0, 1.0)) if rho[0] > 0 else np.zeros(lags)


def effective_count(frames: int, rho_x: Floats, rho_y: Floats) -> float:
    """How many independent samples ``frames`` autocorrelated ones are worth for a correlation.

    n / (1 + 2 Σ_k (1 - k/n) ρ_x(k) ρ_y(k)), held within 1..n.

    References
    ----------
    Bartlett M.S. 1946, J R Stat Soc Suppl 8:27, 10.2307/2983611; Pyper & Peterman 1998,
    10.1139/f98-104; Afyouni et al. 2019, 10.1016/j.neuroimage.2019.05.011.
    """
    lag = np.arange(1, len(rho_x) + 1)
    inflation = 1.0 + 2.0 * float(np.sum((1.0 - lag / frames) * rho_x * rho_y))
    return float(np.clip(frames / max(inflation, 1e-12), 1.0, frames))


def correlation_dof(
    seed: NDArray[np.floating],
    series: NDArray[np.floating],
    kept: NDArray[np.bool_],
    *,
    most: float,
) -> float:
    """Degrees of freedom of the correlation of a seed (T,) with a typical column of (T, N).

    `effective_count` - 2 from the autocorrelation left in both (lags up to a fifth of the scan,
    Pyper & Peterman 1998), but at most ``most``, what regression and censoring left; at least 1.
    The standard error of Fisher z is then 1 / √(dof - 1).
    """
    lags = len(kept) // 5
    some = series[:, :: max(1, series.shape[1] // _SAMPLE)]
    some = some[:, varies(some)]
    rho_seed = autocorrelation(np.asarray(seed)[:, None], kept, lags)
    rho_series = autocorrelation(some, kept, lags)
    count = effective_count(int(np.count_nonzero(kept)), rho_seed, rho_series)
    return float(max(min(count - 2.0, most), 1.0))
