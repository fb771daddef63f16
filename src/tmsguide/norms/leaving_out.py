"""How the cohort itself fares, each member left out in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.fitted import Sites, Spread

    Floats = NDArray[np.float64]

__all__ = ["left_out_counts", "left_out_t"]


def left_out_counts(
    residual: Floats,
    leverage: Floats,
    spread: Spread,
    age: Floats | None,
    sites: Sites | None,
    site: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Give per person how many of F measures lie outside the others' 95 % interval, sorted (S,).

    Arguments as for `left_out_t`.
    """
    from scipy import stats

    t, dof = left_out_t(residual, leverage, spread, age, sites, site)
    outside = np.abs(t) > stats.t.ppf(0.975, dof)
    return np.sort(outside.sum(axis=1)).astype(np.int64)


def left_out_t(
    residual: Floats,
    leverage: Floats,
    spread: Spread,
    age: Floats | None,
    sites: Sites | None,
    site: NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """Give t (S, F) of each person against a norm fitted to the others, and its dof (S, F).

    ``residual`` (S, F) and ``leverage`` (S,) of the fit to all, ``age`` (S,) scaled, ``site`` (S,)
    the place in ``sites``. The externally studentised residual: exact for one site and an even
    spread, close otherwise, as the shrinking is not done anew.

    References
    ----------
    Cook & Weisberg 1982, Residuals and Influence in Regression, ISBN 041224280X, section 2.2.1.
    """
    relative = np.ones_like(residual)
    dof = np.full_like(residual, spread.dof)
    if sites is not None:
        relative, dof = sites.variance[site], sites.dof[site]
    if age is not None:
        relative = relative * np.exp(2 * spread.slope * age[:, None])
        dof = 1 / (1 / dof + 2 * spread.slope_variance * age[:, None] ** 2)
    free = np.maximum(1 - leverage, 1e-6)[:, None]
    inside = residual / (spread.sd * np.sqrt(relative * free))
    without = np.maximum(dof - inside**2, 1e-3 * dof)
    return inside * np.sqrt((dof - 1) / without), dof - 1
