"""Weights, spreads and site effects of a cohort that agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.norms.shrinking import Likeness, likeness, shift_prior
from tmsguide.norms.spreading import HETEROSCEDASTIC_PEOPLE, log_sd_slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Parts", "Table", "posterior", "settled"]

#: Weights settle to 1 % of a spread within two rounds.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns (S, P), who is at which of K sites, scaled age (S,) or None, values (S, F)."""

    columns: Floats
    site_names: tuple[str, ...] | None
    site: NDArray[np.int64]
    age: Floats | None
    values: Floats

    @property
    def at(self) -> Floats:
        """Columns of site membership (S, K); K is 0 where one site needs no effect."""
        count = len(self.site_names or ())
        return np.asarray(self.site[:, None] == np.arange(count), dtype=np.float64)

    @property
    def has_sites(self) -> bool:
        return len(self.site_names or ()) > 1

    @property
    def all_columns(self) -> Floats:
        return np.concatenate([self.columns, self.at], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is settled by turns: weights (S,), spread, and sites' raw effects (K, F) in sd."""

    weights: Floats
    sd: Floats
    dof: float
    slope: Floats
    slope_variance: Floats
    raw_shift: Floats
    raw_variance: Floats
    site_dof: Floats
    alike: Likeness


def settled(table: Table) -> Parts:
    """Give weights and spreads that agree with each other."""
    weights = np.ones(len(table.values))
    for turn in range(_ROUNDS):
        parts = _spreads(table, weights)
        if not table.has_sites and not parts.slope.any():
            break
        if turn < _ROUNDS - 1:
            weights = parts.weights
    return parts


def _spreads(table: Table, weights: Floats) -> Parts:
    """Give the spreads of one weighted regression with site shifts as they come."""
    used = table.all_columns if table.has_sites else table.columns
    root = np.sqrt(weights)[:, None]
    u, s, vt = np.linalg.svd(root * used, full_matrices=False)
    keep = s > 1e-10 * s[0]
    u = u[:, keep]
    leverage = np.sum(u**2, axis=1)
    coefficients = (vt[keep].T / s[keep]) @ (u.T @ (root * table.values))
    residual = table.values - used @ coefficients
    free = 1 - leverage
    dof = float(free.sum())
    plain_sd = np.sqrt(np.sum(weights[:, None] * residual**2, axis=0) / dof)
    alike = likeness(root * residual / plain_sd)
    own = _relative_variance(table, residual / plain_sd, free)
    slope = slope_variance = np.zeros(len(plain_sd))
    grown = np.ones_like(residual)
    if table.age is not None and len(residual) >= HETEROSCEDASTIC_PEOPLE:
        level = np.sqrt(own)[table.site] if table.has_sites else 1.0
        slope, slope_variance = log_sd_slopes(
            residual / plain_sd / level, leverage, table.age, alike
        )
        grown = np.exp(2 * slope * table.age[:, None])
    raw = _relative_variance(table, residual / plain_sd / np.sqrt(grown), free)
    level = raw.mean(axis=1)[table.site] if table.has_sites else np.ones(len(residual))
    level = level / np.average(level, weights=free)
    sd = np.sqrt(np.sum(residual**2 / grown / level[:, None], axis=0) / dof)
    raw = _relative_variance(table, residual / sd / np.sqrt(grown), free)
    shift = np.zeros_like(raw)
    if table.has_sites:
        share = table.at.mean(axis=0)
        shift = coefficients[table.columns.shape[1] :]
        shift = (shift - share @ shift) / sd
    growth = 1.0 if table.age is None else np.exp(2 * slope.mean() * table.age)
    return Parts(
        1 / (level * growth), sd, dof, slope, slope_variance, shift, raw,
        table.at.T @ free, alike,
    )  # fmt: skip


def _relative_variance(table: Table, residual: Floats, free: Floats) -> Floats:
    """Give each site's mean square (K, F) of standardised residuals."""
    return (table.at.T @ residual**2) / (table.at.T @ free)[:, None]


def posterior(table: Table, parts: Parts) -> tuple[Floats, Floats, Floats, Floats]:
    """Give coefficients (P, F), covariance, site shifts (K, F) and leverages (S,)."""
    fixed, sites = table.columns.shape[1], table.at.shape[1]
    used = table.all_columns if table.has_sites else table.columns
    weighted = used * parts.weights[:, None]
    precision = weighted.T @ used
    right = weighted.T @ table.values
    if table.has_sites:
        noise = parts.raw_variance.mean(axis=1) / table.at.sum(axis=0)
        prior = shift_prior(parts.raw_shift, noise, parts.alike)
        place = np.arange(fixed, fixed + sites)
        precision[place, place] += 1 / prior.variance
        right[place] += (prior.mean / prior.variance)[:, None] * parts.sd
    covariance = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    covariance = (covariance + covariance.T) / 2
    solution = np.asarray(np.linalg.solve(precision, right), dtype=np.float64)
    leverage = parts.weights * np.einsum("sp,pq,sq->s", used, covariance, used)
    if table.has_sites:
        covariance[place, place] += prior.extra
        return solution[:fixed], covariance, solution[fixed:], leverage
    whole = np.zeros((fixed + sites, fixed + sites))
    whole[:fixed, :fixed] = covariance
    return solution, whole, np.zeros((sites, len(parts.sd))), leverage
