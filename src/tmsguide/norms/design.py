"""Columns of the regression from covariates, and what a cohort of its size can carry."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tmsguide.errors import InputError
from tmsguide.norms.ages import AgeCurve, AgeShape, age_columns, age_curve
from tmsguide.norms.fitted import Design

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.norms.people import Covariates

    Floats = NDArray[np.float64]

_T = TypeVar("_T")

__all__ = [
    "LEAST_PEOPLE",
    "LEAST_PER_GROUP",
    "PER_PARAMETER",
    "QUANTILES",
    "design_columns",
    "design_of",
    "given",
    "member_of",
]

#: A residual sd from fewer people is known to no better than 16 % (1 / sqrt(2 x 19)).
LEAST_PEOPLE = 20
#: The usual rule of thumb for regression (Harrell 2015, 10.1007/978-3-319-19425-7, section 4.4).
PER_PARAMETER = 10
#: People of one sex or one site; a variance from fewer is hardly a number.
LEAST_PER_GROUP = 5
#: A spline from so many people on; below, a parabola has all the bend that can be estimated.
_SPLINE_PEOPLE = 200
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


def design_of(covariates: Covariates, people: int, shape: AgeShape | None) -> Design:
    """Choose the columns for a cohort of ``people``; no ``shape`` takes the richest it carries.

    Raises
    ------
    InputError
        Too few people for the parameters, or for one sex or site.
    """
    for what, words in (("sex", covariates.sex), ("site", covariates.site)):
        _check_groups(what, words)
    sexes = None if covariates.sex is None else tuple(sorted(set(covariates.sex)))
    bare = Design(None, _quantiles(covariates.age_years), sexes, _quantiles(covariates.mean_fd_mm))
    others = _width(bare) + max(len(set(covariates.site or ())) - 1, 0)
    curve = _curve(covariates.age_years, people, others, shape)
    parameters = others + (0 if curve is None else curve.shape.parameters)
    needed = max(LEAST_PEOPLE, PER_PARAMETER * parameters)
    if people < needed:
        raise InputError(
            f"the cohort has {people} people; a norm with {parameters} parameters "
            f"({', '.join(covariates.used) or 'no covariates'}) needs at least {needed} "
            f"({PER_PARAMETER} for each parameter, {LEAST_PEOPLE} in all): add people, or use "
            "fewer covariates"
        )
    return Design(curve, bare.age_quantiles_years, sexes, bare.fd_quantiles_mm)


def _check_groups(what: str, words: tuple[str, ...] | None) -> None:
    few = sorted(w for w, n in Counter(words or ()).items() if n < LEAST_PER_GROUP)
    if few:
        raise InputError(
            f"{what} {', '.join(few[:5])} has fewer than {LEAST_PER_GROUP} people in the cohort; "
            f"leave these people out, join groups that are alike, or do not use {what}"
        )


def _quantiles(numbers: Floats | None) -> Floats | None:
    return None if numbers is None else np.asarray(np.quantile(numbers, QUANTILES))


def _width(design: Design) -> int:
    return 1 + max(len(design.sexes or ()) - 1, 0) + int(design.has_motion)


def _curve(
    age: Floats | None, people: int, others: int, shape: AgeShape | None
) -> AgeCurve | None:
    if age is None or np.ptp(age) == 0:
        return None
    if shape is None:
        distinct = len(np.unique(age))
        rich = [AgeShape.SPLINE] if people >= _SPLINE_PEOPLE and distinct > 20 else []
        rich += [AgeShape.PARABOLA] if distinct > 5 else []
        fits = (s for s in rich if people >= PER_PARAMETER * (others + s.parameters))
        shape = next(fits, AgeShape.LINE)
    return age_curve(age, shape)


def design_columns(design: Design, covariates: Covariates, people: int) -> Floats:
    """Give the columns (S, P) of people whose covariates the design can use.

    Raises
    ------
    InputError
        A covariate that the design uses is missing, or a sex that the cohort does not hold.
    """
    columns = [np.ones((people, 1))]
    if design.age is not None:
        columns.append(age_columns(design.age, given(covariates.age_years, "age")))
    if design.sexes is not None:
        sex = member_of(design.sexes, given(covariates.sex, "sex"), "sex")
        columns.append((sex[:, None] == np.arange(1, len(design.sexes))).astype(np.float64))
    if design.has_motion and design.fd_quantiles_mm is not None:
        fd = given(covariates.mean_fd_mm, "mean_fd")
        low, *_, high = design.fd_quantiles_mm
        columns.append(((fd - design.fd_quantiles_mm[2]) / (high - low))[:, None])
    return np.concatenate(columns, axis=1)


def given(value: _T | None, what: str) -> _T:
    """Give the covariate, or say that it is missing."""
    if value is None:
        raise InputError(
            f"{what} is not given, yet the norm uses it; give it, or fit a norm without {what}"
        )
    return value


def member_of(names: tuple[str, ...], words: tuple[str, ...], what: str) -> NDArray[np.int64]:
    """Give the place of every word among ``names``.

    Raises
    ------
    InputError
        A word that is not among the names.
    """
    unknown = sorted(set(words) - set(names))
    if unknown:
        raise InputError(
            f"{what} {', '.join(unknown[:5])} is not in the reference cohort (it has "
            f"{', '.join(names[:12])}); fit a norm on people like this one, or without {what}"
        )
    return np.array([names.index(word) for word in words], dtype=np.int64)
