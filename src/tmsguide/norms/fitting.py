"""Fit a norm to a reference cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.norms.ages import scaled_age
from tmsguide.norms.design import design_columns, design_of, member_of
from tmsguide.norms.fitted import Norms, Sites, Spread
from tmsguide.norms.leaving_out import left_out_counts
from tmsguide.norms.settling import Table, posterior, settled
from tmsguide.norms.shrinking import shrunk_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.ages import AgeShape
    from tmsguide.norms.fitted import Design
    from tmsguide.norms.people import Covariates
    from tmsguide.norms.settling import Parts

    Floats = NDArray[np.float64]

__all__ = ["fit_norms"]


def fit_norms(
    values: Floats,
    covariates: Covariates,
    names: tuple[str, ...],
    *,
    title: str = "",
    made_by: str = "",
    age_shape: AgeShape | None = None,
) -> Norms:
    """Fit mean and spread of F measures over the covariates of S people.

    Mean: age (line, parabola or natural cubic spline), sex, mean framewise displacement, site.
    Spread: by site, and log-linear in age from `HETEROSCEDASTIC_PEOPLE` people on. Site effects
    are shrunk as in ComBat, inside the one regression, so that what age and site share counts
    once.

    Parameters
    ----------
    values
        (S, F), finite, such as Fisher z; measures that are near Gaussian between people.
    covariates
        Of the S people; what is None is not used.
    names
        (F,) of the measures.
    age_shape
        None: the richest curve that the cohort carries.

    Raises
    ------
    InputError
        Values missing or the same for everybody, names twice, too few people, or covariates that
        cannot be told apart.

    References
    ----------
    Johnson 2007, 10.1093/biostatistics/kxj037; Fortin 2018, 10.1016/j.neuroimage.2017.11.024;
    Marquand 2016, 10.1016/j.biopsych.2015.12.023 (normative models).
    """
    values = np.asarray(values, dtype=np.float64)
    _check(values, covariates, names)
    design = design_of(covariates, len(values), age_shape)
    table = _table(design, covariates, values)
    parts = settled(table)
    coefficients, covariance, shift, leverage = posterior(table, parts)
    sites = _sites(table, parts, shift)
    residual = values - table.all_columns @ np.concatenate([coefficients, shift])
    spread = Spread(parts.sd, parts.slope, parts.slope_variance, parts.dof)
    counts = left_out_counts(residual, leverage, spread, table.age, sites, table.site)
    return Norms(
        title, made_by, tuple(names), len(values), design, coefficients, covariance, sites,
        spread, counts, parts.alike.independent,
    )  # fmt: skip


def _check(values: Floats, covariates: Covariates, names: tuple[str, ...]) -> None:
    if values.ndim != 2 or values.shape[1] != len(names) or not names:
        raise InputError(
            f"values have shape {values.shape} and there are {len(names)} names; needed people x "
            "measures and a name for each measure"
        )
    if len(set(names)) < len(names):
        raise InputError("two measures have the same name; rename one of them")
    one = next((c for c in (covariates.age_years, covariates.sex, covariates.mean_fd_mm,
                            covariates.site) if c is not None), None)  # fmt: skip
    if one is not None and len(one) != len(values):
        raise InputError(f"values are of {len(values)} people and covariates of {len(one)}")
    if not np.isfinite(values).all():
        bad = names[int(np.argmin(np.isfinite(values).all(axis=0)))]
        raise InputError(
            f"measure {bad} is missing for somebody in the cohort; leave out that measure or "
            "those people"
        )
    still = np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0)
    if still.any():
        raise InputError(
            f"measure {names[int(np.argmax(still))]} is the same for everybody; leave it out"
        )


def _table(design: Design, covariates: Covariates, values: Floats) -> Table:
    columns = design_columns(design, covariates, len(values))
    names = None if covariates.site is None else tuple(sorted(set(covariates.site)))
    site = np.zeros(len(values), dtype=np.int64)
    if names is not None and covariates.site is not None:
        site = member_of(names, covariates.site, "site")
    age = None
    if design.age is not None and covariates.age_years is not None:
        age = scaled_age(design.age, covariates.age_years)
    table = Table(columns, names, site, age, values)
    wanted = columns.shape[1] + (table.at.shape[1] - 1 if table.has_sites else 0)
    used = table.all_columns if table.has_sites else columns
    if np.linalg.matrix_rank(used / np.linalg.norm(used, axis=0), tol=1e-6) < wanted:
        raise InputError(
            f"the covariates {', '.join(covariates.used)} cannot be told apart in this cohort "
            "(such as a site with one sex only, and no other site with it); leave one of them out"
        )
    return table


def _sites(table: Table, parts: Parts, shift: Floats) -> Sites | None:
    if table.site_names is None:
        return None
    people = table.at.sum(axis=0).astype(np.int64)
    if not table.has_sites:
        ones = np.ones_like(shift)
        return Sites(table.site_names, people, shift, ones, parts.dof * ones)
    variance, dof = shrunk_variance(parts.raw_variance, parts.site_dof, parts.dof, parts.alike)
    return Sites(table.site_names, people, shift, variance, dof)
