"""Closed forms of correlation under autocorrelation and resampling, from the definitions."""

import numpy as np


def ar1_effective_count(n, a, b):
    """Bartlett's count for two AR(1) series with coefficients a, b; the finite sum in closed form.

    Σ_{k=1}^{n-1} (1 - k/n) q^k = q/(1-q) - q (1 - q^n) / (n (1-q)^2), q = a b.
    """
    q = a * b
    return n / (1 + 2 * (q / (1 - q) - q * (1 - q**n) / (n * (1 - q) ** 2)))


def ar1(n, coefficient, rng, columns=1):
    """A stationary AR(1) series of unit variance, (n, columns)."""
    shock = rng.standard_normal((n, columns)) * np.sqrt(1 - coefficient**2)
    out = np.empty_like(shock)
    out[0] = rng.standard_normal(columns)
    for t in range(1, n):
        out[t] = coefficient * out[t - 1] + shock[t]
    return out


def repeated(series, counts):
    """The resampled series itself: each frame as often as it was drawn."""
    return np.repeat(series, counts.astype(int), axis=0)


def autocorrelation_pairs(series, kept, lags):
    """Autocorrelation of one series with gaps, by going through every pair of kept frames."""
    frames = np.flatnonzero(kept)
    x = (series - series.mean()) / series.std()
    rho = np.zeros(lags)
    for lag in range(1, lags + 1):
        products = [
            x[i] * x[j]
            for i, first in enumerate(frames)
            for j, second in enumerate(frames)
            if second - first == lag
        ]
        rho[lag - 1] = np.mean(products) if products else 0.0
    return rho
