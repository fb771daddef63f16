"""A fitted norm: everything needed to say what is expected of a new person, and nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.norms.ages import AgeCurve

    Floats = NDArray[np.float64]

__all__ = ["Design", "Norms", "Sites", "Spread"]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How covariates become columns, and what the cohort spans.

    ``age_quantiles_years`` and ``fd_quantiles_mm`` hold the 0, 5, 50, 95 and 100 % quantiles, or
    None where the covariate is not used. A covariate that is the same for everybody has no column
    (``age`` is None, one word in ``sexes``), yet a person who differs is refused. The columns are:
    intercept, age, every sex but the first, motion.
    """

    age: AgeCurve | None
    age_quantiles_years: Floats | None
    sexes: tuple[str, ...] | None
    fd_quantiles_mm: Floats | None

    @property
    def has_motion(self) -> bool:
        """Whether mean framewise displacement has a column."""
        fd = self.fd_quantiles_mm
        return fd is not None and bool(fd[-1] > fd[0])


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Effects of K sites on F measures after shrinking, (K, F) each but for ``people`` (K,).

    ``shift`` is in the unit of the measure; ``variance`` multiplies the squared residual standard
    deviation; ``dof`` says how well that is known.
    """

    names: tuple[str, ...]
    people: NDArray[np.int64]
    shift: Floats
    variance: Floats
    dof: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Residual spread, (F,) each: ``sd`` at the cohort's mean age and how it changes with age.

    ``slope`` is the change of log sd per standard deviation of age, ``slope_variance`` its
    posterior variance (both 0 where it is not fitted); ``dof`` (one number) that of ``sd``.
    """

    sd: Floats
    slope: Floats
    slope_variance: Floats
    dof: float


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """A Gaussian location-scale model of F measures in a cohort of S people.

    ``coefficients`` (P, F) belong to the columns of ``design``; ``covariance`` (P + K, P + K) is
    that of coefficients and site shifts in units of the squared residual sd. ``left_out`` (S,)
    counts, per person left out in turn, the measures outside the 95 % interval; it is sorted, so
    that it tells of nobody. ``independent`` says how many unrelated measures the F are worth.
    ``title`` and ``made_by`` are words of whoever fitted it.
    """

    title: str
    made_by: str
    names: tuple[str, ...]
    people: int
    design: Design
    coefficients: Floats
    covariance: Floats
    sites: Sites | None
    spread: Spread
    left_out: NDArray[np.int64]
    independent: float
