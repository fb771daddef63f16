"""How far off a coil is held, by what guides the hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from tmsguide.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Guidance", "PlacementError", "error_draws"]

#: One prime per way in which a coil can be off: right, ahead, turn and two tilts.
BASES = (2, 3, 5, 7, 11)


@dataclass(frozen=True, slots=True)
class PlacementError:
    """Standard deviations of how a coil is really held, and where they come from.

    ``position_sd_mm`` along the scalp, in each of two directions; ``angle_sd_deg`` of the turn
    about the coil's axis; ``tilt_sd_deg`` of the axis against the local scalp normal, about each
    of two axes.
    """

    position_sd_mm: float
    angle_sd_deg: float
    tilt_sd_deg: float
    source: str

    def __post_init__(self) -> None:
        sizes = (self.position_sd_mm, self.angle_sd_deg, self.tilt_sd_deg)
        if not all(np.isfinite(size) and size >= 0 for size in sizes):
            raise GeometryError(f"placement errors are finite and at least 0, given {sizes}")


class Guidance(Enum):
    """What guides the hand that holds the coil."""

    NEURONAVIGATION = PlacementError(
        2.0,
        2.5,
        2.5,
        "position and turn: settings of the NIMH targeting work (contarg), wider than the 0.3 mm "
        "of Caulfield et al. 2022 (10.1016/j.brs.2022.08.013), which leave out the error of "
        "registration; tilt: assumption, as the turn (unverified)",
    )
    #: A mean miss of 10.66 mm is 8.5 mm in each direction (Rayleigh), a mean turn of 5.99 degrees
    #: 7.5 (half-normal).
    CAP = PlacementError(
        8.5,
        7.5,
        5.0,
        "Caulfield et al. 2022 (10.1016/j.brs.2022.08.013): caps miss by 10.66 mm and turn by "
        "5.99 degrees on average; of the 7.79 degrees of roll and pitch a part is the head's own "
        "curve, which the coil follows here: 5 is our assumption (unverified)",
    )

    @property
    def error(self) -> PlacementError:
        """The standard deviations."""
        return self.value


def error_draws(n: int) -> Floats:
    """Give n evenly spread draws (n, 5) of independent standard normal errors, always the same.

    A Halton sequence, mirrored and scaled so that mean 0, variance 1 and no correlation hold
    exactly: the mean of a score that is linear or quadratic in the errors comes out exact.

    Raises
    ------
    GeometryError
        If n is odd or below 16.

    References
    ----------
    Halton 1960, 10.1007/BF01386213: the sequence.
    """
    if n < 16 or n % 2:
        raise GeometryError(f"placement errors need an even number of draws from 16, given {n}")
    count = np.arange(1, n // 2 + 1)
    half = ndtri(np.stack([_radical_inverse(count, base) for base in BASES], axis=1))
    both = np.concatenate([half, -half])
    spread = np.linalg.cholesky(both.T @ both / n)
    return np.asarray(np.linalg.solve(spread, both.T).T)


def _radical_inverse(count: NDArray[np.int64], base: int) -> Floats:
    out, scale, left = np.zeros(len(count)), 1.0, count
    while left.any():
        scale /= base
        out += scale * (left % base)
        left = left // base
    return out
