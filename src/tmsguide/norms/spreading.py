"""How the spread between people changes with age, measure by measure, shrunk to their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.shrinking import Likeness

    Floats = NDArray[np.float64]

__all__ = ["HETEROSCEDASTIC_PEOPLE", "log_sd_slopes"]

#: The slope of log sd from fewer people is known to no better than 0.07 per sd of age.
HETEROSCEDASTIC_PEOPLE = 100
_ROUNDS = 12


def log_sd_slopes(
    residual: Floats, leverage: Floats, age: Floats, alike: Likeness
) -> tuple[Floats, Floats]:
    """Give slopes of log sd over scaled age (F,) and their posterior variances (F,).

    ``residual`` (S, F) is free of sites' spread, ``leverage`` (S,) that of the mean's regression.
    Restricted likelihood by Fisher scoring, then a normal prior with the moments of all measures.

    References
    ----------
    Smyth 2002, 10.1198/106186002871 (double generalised linear models by restricted likelihood).
    """
    free = (1 - leverage)[:, None]
    squares = residual**2 / free
    centred = (age - np.average(age, weights=1 - leverage))[:, None]
    information = 2 * float(np.sum(free * centred**2))
    slopes = np.zeros(residual.shape[1])
    for _ in range(_ROUNDS):
        scaled = squares * np.exp(-2 * slopes * centred)
        scaled = scaled / np.average(scaled, axis=0, weights=free[:, 0])
        step = np.sum(free * centred * (scaled - 1), axis=0) / information
        slopes = np.clip(slopes + np.clip(step, -0.5, 0.5), -1.0, 1.0)
    error = 1 / information
    count = alike.independent
    total = float(slopes.var(ddof=1)) if len(slopes) > 1 else 0.0
    between = max(total - error * (1 - 1 / count), 0.0)
    kept = between / (between + error)
    mean = slopes.mean()
    variance = kept * error + (1 - kept**2) * error / count
    return np.asarray(mean + kept * (slopes - mean)), np.full(len(slopes), variance)
