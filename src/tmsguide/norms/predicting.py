"""What a norm expects of a new person: a Student t distribution for every measure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import QualityError
from tmsguide.norms.ages import scaled_age
from tmsguide.norms.design import design_columns, given, member_of
from tmsguide.norms.people import as_covariates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.fitted import Design, Norms, Sites
    from tmsguide.norms.people import Person

    Floats = NDArray[np.float64]

__all__ = ["Predicted", "UnknownSite", "cautions", "predicted"]

#: Ages are often noted in whole years.
_AGE_MARGIN_YEARS = 0.5
_LEAST_SITES = 4


class UnknownSite(Enum):
    """What to do with a person of a site that the cohort does not hold."""

    REFUSE = "refuse"
    WIDEN = "widen"


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Student t of F measures of a new person, (F,) each: centre, scale and degrees of freedom."""

    expected: Floats
    scale: Floats
    dof: Floats


def predicted(
    norms: Norms, person: Person, *, unknown_site: UnknownSite = UnknownSite.REFUSE
) -> Predicted:
    """Give the predictive distribution for a person: error of the fit and spread between people.

    With `UnknownSite.WIDEN` a person of an unknown site is compared with the average site, and
    the variance between the cohort's sites is added, with as few degrees of freedom as there are
    sites.

    Raises
    ------
    InputError
        A covariate that the norm uses is not given.
    QualityError
        The person's age, sex, motion or site lies outside the cohort.
    """
    _check_range(norms.design, person)
    covariates = as_covariates(person)
    columns = design_columns(norms.design, covariates, 1)[0]
    expected = columns @ norms.coefficients
    grown = np.ones_like(expected)
    slack = np.zeros_like(expected)
    if norms.design.age is not None and covariates.age_years is not None:
        age = float(scaled_age(norms.design.age, covariates.age_years)[0])
        grown = np.exp(2 * norms.spread.slope * age)
        slack = 2 * norms.spread.slope_variance * age**2
    place = _place(norms, person, unknown_site)
    shift, variance, between, dof, lot = _site_part(norms, place)
    parameters = np.concatenate([columns, lot])
    error = float(parameters @ norms.covariance @ parameters)
    within = variance * grown + error
    dof = 1 / (1 / dof + slack)
    total = within + between
    sites = max(len(lot) - 1, 1)
    # Welch 1947, 10.1093/biomet/34.1-2.28: dof of a sum of two estimated variances
    dof = total**2 / (within**2 / dof + between**2 / sites)
    return Predicted(expected + shift, norms.spread.sd * np.sqrt(total), dof)


def _place(norms: Norms, person: Person, unknown_site: UnknownSite) -> int | None:
    """Give the site's place; None for the average site."""
    if norms.sites is None:
        return None
    site = given(person.site, "site")
    if site in norms.sites.names:
        return norms.sites.names.index(site)
    if unknown_site is UnknownSite.WIDEN and len(norms.sites.names) >= _LEAST_SITES:
        return None
    raise QualityError(
        f"site {site} is not in the reference cohort (it has "
        f"{', '.join(norms.sites.names[:12])}); extend the norm with at least 5 healthy local "
        "controls measured the same way (tmsguide norms extend)"
        + (
            f", or ask for widened intervals (needs {_LEAST_SITES} sites in the cohort)"
            if unknown_site is UnknownSite.REFUSE
            else f"; widened intervals need {_LEAST_SITES} sites in the cohort"
        )
    )


def _site_part(norms: Norms, place: int | None) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Give shift, relative variance, added variance, dof, and the weights of the K sites."""
    sites, count = norms.sites, len(norms.names)
    none = np.zeros(count)
    if sites is None:
        return none, np.ones(count), none, np.full(count, norms.spread.dof), np.empty(0)
    if place is not None:
        lot = (np.arange(len(sites.names)) == place).astype(np.float64)
        return sites.shift[place], sites.variance[place], none, sites.dof[place], lot
    return _average_site(norms, sites)


def _average_site(norms: Norms, sites: Sites) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Give the same for a site drawn like the cohort's."""
    number = len(sites.names)
    lot = np.full(number, 1 / number)
    contrast = np.eye(number) - lot
    covariance = norms.covariance[-number:, -number:]
    own = float(np.mean(np.einsum("sk,kl,sl->s", contrast, covariance, contrast)))
    shift = sites.shift.mean(axis=0)
    between = (sites.shift / norms.spread.sd).var(axis=0, ddof=1) + own
    variance = sites.variance.mean(axis=0)
    uneven = sites.variance.var(axis=0, ddof=1) / variance**2
    dof = 1 / (1 / norms.spread.dof + uneven / 2 * (1 + 1 / number))
    return shift, variance, between * (1 + 1 / number), dof, lot


def _check_range(design: Design, person: Person) -> None:
    if design.age_quantiles_years is not None:
        age = given(person.age_years, "age")
        low, *_, high = design.age_quantiles_years
        if not low - _AGE_MARGIN_YEARS <= age <= high + _AGE_MARGIN_YEARS:
            raise QualityError(
                f"the person is {age:g} years old and the reference cohort {low:g} to {high:g}; "
                "a norm says nothing beyond the ages it was made of: use a cohort of this age"
            )
    if design.fd_quantiles_mm is not None:
        fd = given(person.mean_fd_mm, "mean_fd")
        high = design.fd_quantiles_mm[-1]
        if fd > high:
            raise QualityError(
                f"the person moved by {fd:.2f} mm from frame to frame on average, more than "
                f"anyone in the reference cohort ({high:.2f} mm); motion changes connectivity, so "
                "use a calmer scan or a cohort that moved as much"
            )
    if design.sexes is not None:
        member_of(design.sexes, (given(person.sex, "sex"),), "sex")


def cautions(norms: Norms, person: Person) -> tuple[str, ...]:
    """Give, in words, where the person lies at the edge of the cohort."""
    said = []
    design = norms.design
    if design.age_quantiles_years is not None and person.age_years is not None:
        _, low, _, high, _ = design.age_quantiles_years
        if not low <= person.age_years <= high:
            where = "younger" if person.age_years < low else "older"
            said.append(f"{where} than 95 % of the reference cohort: few people of this age")
    if design.fd_quantiles_mm is not None and person.mean_fd_mm is not None:
        least, _, _, high, _ = design.fd_quantiles_mm
        if person.mean_fd_mm > high:
            said.append("moved more than 95 % of the reference cohort")
        if person.mean_fd_mm < least:
            said.append("moved less than anyone in the reference cohort")
    if norms.sites is None:
        said.append("site was not a covariate: a difference between scanners cannot be told apart")
    elif person.site not in norms.sites.names:
        said.append(f"site {person.site} is not in the cohort: its intervals were widened")
    if design.fd_quantiles_mm is None:
        said.append("motion was not a covariate: head motion can look like a deviation")
    return tuple(said)
