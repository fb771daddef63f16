"""Site effects shrunk towards what the other measures of the same site show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Likeness", "ShiftPrior", "likeness", "shift_prior", "shrunk_variance"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much the measures repeat each other.

    ``mean_r`` is the mean correlation of all pairs, each measure with itself included;
    ``independent`` how many unrelated measures would give a mean of squares as sure as theirs.
    """

    mean_r: float
    independent: float


def likeness(standardised: Floats) -> Likeness:
    """Give the likeness of measures from their standardised residuals (S, F).

    F² / Σ r² is the effective number for sums of squares, as the correlation of squares of
    Gaussian numbers is r². Chance correlations make it too small rather than too large.

    Examples
    --------
    >>> same = np.repeat(np.array([[1.0], [-1.0], [1.0], [-1.0]]), 3, axis=1)
    >>> likeness(same)
    Likeness(mean_r=1.0, independent=1.0)
    """
    e = standardised / np.sqrt(np.mean(standardised**2, axis=0))
    people, count = e.shape
    gram = e @ e.T if people < count else e.T @ e
    total = float(np.sum(gram**2)) / people**2
    mean_r = float(np.mean(e.mean(axis=1) ** 2))
    return Likeness(min(mean_r, 1.0), max(min(count**2 / total, float(count)), 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class ShiftPrior:
    """Prior of K sites' shifts in residual sd: ``mean`` and ``variance``, (K,) each.

    ``extra`` (K,) is what the mean's own error adds to a shrunk shift.
    """

    mean: Floats
    variance: Floats
    extra: Floats


def shift_prior(raw: Floats, noise: Floats, alike: Likeness) -> ShiftPrior:
    """Give the prior of site shifts ``raw`` (K, F) with sampling variance ``noise`` (K,).

    Mean and variance over the measures of one site, as ComBat takes them. The more the measures
    move together, the less they say about each other: the prior is widened until, for measures
    that are all the same, nothing is shrunk.

    References
    ----------
    Johnson, Li & Rabinovic 2007, 10.1093/biostatistics/kxj037, section 3.2; Fortin et al. 2018,
    10.1016/j.neuroimage.2017.11.024, for imaging measures. The widening is ours.
    """
    r = min(alike.mean_r, 1 - 1e-6)
    spread = raw.var(axis=1, ddof=1) if raw.shape[1] > 1 else np.zeros(len(raw))
    variance = np.maximum(spread + noise * r / (1 - r), 1e-9 * noise)
    kept = variance / (variance + noise)
    return ShiftPrior(raw.mean(axis=1), variance, (1 - kept**2) * alike.mean_r * noise)


def shrunk_variance(
    raw: Floats, dof: Floats, all_dof: float, alike: Likeness
) -> tuple[Floats, Floats]:
    """Give sites' residual variances after shrinking, relative to that of all, and their dof.

    ``raw`` (K, F) are the sites' own relative variances with ``dof`` (K,); the inverse gamma prior
    has the moments over the measures of one site, as in ComBat. A new person then follows
    Student's t with the posterior's scale and dof (Gelman et al. 2013, 10.1201/b16018, section
    3.3). The dof also hold that the mean over measures and the variance of all are estimates.

    References
    ----------
    Johnson, Li & Rabinovic 2007, 10.1093/biostatistics/kxj037, section 3.2.
    """
    mean = raw.mean(axis=1)[:, None]
    spread = raw.var(axis=1, ddof=1)[:, None] if raw.shape[1] > 1 else np.zeros_like(mean)
    shape = mean**2 / np.maximum(spread, 1e-6 * mean**2) + 2
    own = dof[:, None]
    pooled = 2 * shape + own
    variance = (2 * mean * (shape - 1) + own * raw) / pooled
    weight = 2 * shape / pooled
    error = 1 / pooled + weight**2 * (1 / all_dof + 1 / (own * alike.independent))
    return np.asarray(variance), np.broadcast_to(1 / error, raw.shape).copy()
