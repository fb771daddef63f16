"""A site that the cohort does not hold, added by a handful of local controls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.norms.ages import scaled_age
from tmsguide.norms.design import LEAST_PER_GROUP, design_columns, given
from tmsguide.norms.fitted import Sites
from tmsguide.norms.shrinking import Likeness, shift_prior, shrunk_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.fitted import Norms
    from tmsguide.norms.people import Covariates

    Floats = NDArray[np.float64]

__all__ = ["with_local_controls"]


def with_local_controls(norms: Norms, values: Floats, covariates: Covariates) -> Norms:
    """Give the norm with one more site, from C controls measured there: ``values`` (C, F).

    Age, sex and motion act as in the cohort; only the site's shift and spread are learned, and
    shrunk as the others were. The fewer the controls, the wider the site's intervals.

    Raises
    ------
    InputError
        Fewer than 5 controls, several sites, a site that is there already, or a norm without site.
    """
    site = _new_site(norms, covariates, len(values))
    columns = design_columns(norms.design, covariates, len(values))
    grown = np.ones_like(values)
    if norms.design.age is not None and covariates.age_years is not None:
        age = scaled_age(norms.design.age, covariates.age_years)
        grown = np.exp(2 * norms.spread.slope * age[:, None])
    if not np.isfinite(values).all():
        raise InputError("a measure is missing for one of the local controls; leave that one out")
    left = (values - columns @ norms.coefficients) / norms.spread.sd
    controls = len(values)
    raw = left.mean(axis=0)[None, :]
    own = (left - raw) / np.sqrt(grown)
    squares = np.sum(own**2, axis=0)[None, :] / (controls - 1)
    alike = Likeness(_mean_r(own), norms.independent)
    noise = squares.mean(axis=1) / controls
    prior = shift_prior(raw, noise, alike)
    kept = prior.variance / (prior.variance + noise)
    shift = prior.mean[:, None] + kept[:, None] * (raw - prior.mean[:, None])
    variance, dof = shrunk_variance(squares, np.array([controls - 1.0]), norms.spread.dof, alike)
    spread = float((kept * noise + prior.extra)[0])
    return replace(
        norms,
        covariance=_extended(norms, columns.mean(axis=0), spread),
        sites=_joined(norms, site, controls, shift * norms.spread.sd, variance, dof),
    )


def _new_site(norms: Norms, covariates: Covariates, controls: int) -> str:
    if norms.sites is None:
        raise InputError(
            "the norm was fitted without sites, so none can be added; fit it with the covariate "
            "site"
        )
    names = sorted(set(given(covariates.site, "site")))
    if len(names) != 1 or names[0] in norms.sites.names:
        raise InputError(
            f"the local controls are of site {', '.join(names[:5])}; needed one site that is not "
            f"in the norm (it has {', '.join(norms.sites.names[:12])})"
        )
    if controls < LEAST_PER_GROUP:
        raise InputError(
            f"{controls} local controls are given; needed at least {LEAST_PER_GROUP}, measured "
            "with the scanner, protocol and processing of the person"
        )
    return names[0]


def _mean_r(own: Floats) -> float:
    e = own / np.sqrt(np.mean(own**2, axis=0))
    return min(float(np.mean(e.mean(axis=1) ** 2)), 1.0)


def _extended(norms: Norms, columns: Floats, spread: float) -> Floats:
    """Give the covariance with the new shift, which shares the error of the fit at its people."""
    fixed, before = len(columns), len(norms.covariance)
    fit = norms.covariance[:, :fixed] @ columns
    out = np.zeros((before + 1, before + 1))
    out[:before, :before] = norms.covariance
    out[before, :before] = out[:before, before] = -fit
    out[before, before] = float(columns @ fit[:fixed]) + spread
    return out


def _joined(
    norms: Norms, site: str, controls: int, shift: Floats, variance: Floats, dof: Floats
) -> Sites:
    old = norms.sites
    if old is None:  # pragma: no cover: refused above
        raise InputError("the norm was fitted without sites")
    return Sites(
        (*old.names, site),
        np.append(old.people, controls),
        np.concatenate([old.shift, shift]),
        np.concatenate([old.variance, variance]),
        np.concatenate([old.dof, dof]),
    )
