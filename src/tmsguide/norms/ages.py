"""How the mean may bend with age: a line, a parabola or a natural cubic spline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["AgeCurve", "AgeShape", "age_columns", "age_curve", "scaled_age"]

#: Quantiles of age at the knots of the spline (Harrell 2015, 10.1007/978-3-319-19425-7, for four).
_KNOTS = (0.05, 0.35, 0.65, 0.95)


class AgeShape(Enum):
    """The family of curves; its number of parameters in `parameters`."""

    LINE = "line"
    PARABOLA = "parabola"
    SPLINE = "spline"

    @property
    def parameters(self) -> int:
        """How many parameters the curve takes beside the intercept."""
        return {"line": 1, "parabola": 2, "spline": len(_KNOTS) - 1}[self.value]


@dataclass(frozen=True, slots=True, eq=False)
class AgeCurve:
    """A curve over age, scaled by ``centre_years`` and ``scale_years``; ``knots`` (K,) scaled."""

    shape: AgeShape
    centre_years: float
    scale_years: float
    knots: Floats


def age_curve(age_years: Floats, shape: AgeShape) -> AgeCurve:
    """Give the curve of a shape with its scale and knots where the cohort's ages lie."""
    centre, scale = float(np.mean(age_years)), float(np.std(age_years))
    knots = np.quantile((age_years - centre) / scale, _KNOTS)
    return AgeCurve(shape, centre, scale, knots if shape is AgeShape.SPLINE else np.empty(0))


def scaled_age(curve: AgeCurve, age_years: Floats) -> Floats:
    """Give age in standard deviations of the cohort's, (S,)."""
    return np.asarray((age_years - curve.centre_years) / curve.scale_years)


def age_columns(curve: AgeCurve, age_years: Floats) -> Floats:
    """Give the columns (S, parameters) of a curve; the spline is a line beyond its end knots.

    References
    ----------
    Hastie, Tibshirani & Friedman 2009, 10.1007/978-0-387-84858-7, eq. 5.4 and 5.5.
    """
    age = scaled_age(curve, age_years)
    if curve.shape is AgeShape.LINE:
        return age[:, None]
    if curve.shape is AgeShape.PARABOLA:
        return np.stack([age, age**2], axis=1)
    end = curve.knots[-1]
    above = np.maximum(age[:, None] - curve.knots, 0.0) ** 3
    d = (above[:, :-1] - above[:, -1:]) / (end - curve.knots[:-1])
    return np.column_stack([age, d[:, :-1] - d[:, -1:]])
