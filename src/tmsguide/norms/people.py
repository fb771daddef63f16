"""Who was measured: covariates of a cohort or of one person, and the cohort with its measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["COVARIATES", "Cohort", "Covariates", "Person", "as_covariates"]

#: The covariates a norm may hold, by their column in the table.
COVARIATES = ("age", "sex", "mean_fd", "site")


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """Covariates of S people, (S,) each; None where a covariate is not used.

    ``sex`` and ``site`` are words. Mean framewise displacement counts all frames, before
    censoring, worked out in one way for the whole cohort and for whoever is compared with it.

    Raises
    ------
    InputError
        Numbers that are not finite or below 0, empty words, or unequal lengths.
    """

    age_years: Floats | None = None
    sex: tuple[str, ...] | None = None
    mean_fd_mm: Floats | None = None
    site: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name, numbers in (("age_years", self.age_years), ("mean_fd_mm", self.mean_fd_mm)):
            if numbers is not None and not (np.isfinite(numbers).all() and (numbers >= 0).all()):
                raise InputError(f"{name} must be numbers of 0 or more for everybody")
        for name, words in (("sex", self.sex), ("site", self.site)):
            if words is not None and not all(word.strip() for word in words):
                raise InputError(f"{name} must be given for everybody")
        lengths = {len(one) for one in self._all() if one is not None}
        if len(lengths) > 1:
            raise InputError(
                f"covariates are for {sorted(lengths)} people; needed as many of each"
            )

    def _all(self) -> tuple[Floats | tuple[str, ...] | None, ...]:
        return self.age_years, self.sex, self.mean_fd_mm, self.site

    @property
    def used(self) -> tuple[str, ...]:
        """Which of `COVARIATES` are there."""
        there = zip(COVARIATES, self._all(), strict=True)
        return tuple(name for name, one in there if one is not None)


@dataclass(frozen=True, slots=True)
class Person:
    """Covariates of one person; None where not known."""

    age_years: float | None = None
    sex: str | None = None
    mean_fd_mm: float | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """S people with F measures: ``values`` (S, F), ``names`` (F,), ``people`` (S,) labels."""

    people: tuple[str, ...]
    covariates: Covariates
    names: tuple[str, ...]
    values: Floats


def as_covariates(person: Person) -> Covariates:
    """Give one person as covariates of S = 1."""
    return Covariates(
        age_years=None if person.age_years is None else np.array([float(person.age_years)]),
        sex=None if person.sex is None else (person.sex,),
        mean_fd_mm=None if person.mean_fd_mm is None else np.array([float(person.mean_fd_mm)]),
        site=None if person.site is None else (person.site,),
    )
