"""How far field strengths may lie from the computed ones: conductivities are uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.field.conductivity_basis import strengths
from tmsguide.num.sensitivity import mixed_samples, sobol_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.field.conductivity_basis import ConductivityBasis
    from tmsguide.model import Tissue

    Floats = NDArray[np.float64]

__all__ = ["Draws", "Spread", "draw_strengths", "ratio_spread", "strength_spread"]

_SHAPE = 3.0  # of the beta distribution: a dome over the range, see `draw_strengths`


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Field strengths (V/m) of E exposures at random conductivities.

    ``at_default`` (E,); ``one`` and ``other`` (S, E) at independent samples, ``mixed`` (T, S, E)
    at the first with one tissue taken from the other; ``error`` the reduced model's own.
    """

    names: tuple[str, ...]
    tissues: tuple[Tissue, ...]
    at_default: Floats
    one: Floats
    other: Floats
    mixed: Floats
    error: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number spreads when conductivities do, in the number's own unit.

    ``low`` and ``high`` hold the middle 90 %. ``first`` and ``total`` are the Sobol' indices of
    each tissue: the share of the variance that knowing its conductivity would take away, and that
    would be left if it alone were unknown. ``model_error`` is the relative error of the reduced
    model behind them, which comes on top.
    """

    at_default: float
    mean: float
    sd: float
    low: float
    high: float
    first: dict[Tissue, float]
    total: dict[Tissue, float]
    model_error: float


def draw_strengths(
    basis: ConductivityBasis, *, samples: int = 10_000, rng: np.random.Generator
) -> Draws:
    """Give strengths at random conductivities, each tissue's drawn alone from its own range.

    Conductivities follow a beta distribution with both shapes 3 stretched over the range: no value
    outside it, its middle likelier than its ends, as others take it with the same ranges (the
    example that goes with Saturnino et al. 2019). Standard conductivities may lie far from the
    middle of their range, so a result at them may lie outside the middle 90 % of the draws.

    Raises
    ------
    InputError
        Fewer than 100 samples.

    References
    ----------
    Saturnino et al. 2019, NeuroImage 188:821, doi:10.1016/j.neuroimage.2018.12.053.
    """
    if samples < 100:
        raise InputError(f"{samples} samples cannot give a 90 % range; ask for 100 or more")
    low, high = basis.ranges.low_s_per_m, basis.ranges.high_s_per_m
    one, other = low + (high - low) * rng.beta(_SHAPE, _SHAPE, (2, samples, len(low)))
    mixed = mixed_samples(one, other)
    return Draws(
        names=basis.names,
        tissues=basis.ranges.tissues,
        at_default=strengths(basis, basis.ranges.default_s_per_m[None])[0],
        one=strengths(basis, one),
        other=strengths(basis, other),
        mixed=np.stack([strengths(basis, sample) for sample in mixed]),
        error=basis.error,
    )


def strength_spread(draws: Draws, name: str) -> Spread:
    """Give the spread of one exposure's field strength, V/m.

    Raises
    ------
    InputError
        No exposure of that name.
    """
    k = _index(draws, name)
    return _spread(
        draws, draws.at_default[k], draws.one[:, k], draws.other[:, k], draws.mixed[:, :, k]
    )


def ratio_spread(draws: Draws, above: str, below: str) -> Spread:
    """Give the spread of the strength of one exposure over that of another at equal dI/dt.

    ``ratio_spread(draws, "motor", "target")`` is the factor on the motor threshold that gives the
    target the motor cortex's field. Both are taken in the same head at the same conductivities, so
    much of their uncertainty cancels. Placements with the same dI/dt are required of the caller.

    Raises
    ------
    InputError
        No exposure of that name.
    """
    a, b = _index(draws, above), _index(draws, below)
    return _spread(
        draws,
        draws.at_default[a] / draws.at_default[b],
        draws.one[:, a] / draws.one[:, b],
        draws.other[:, a] / draws.other[:, b],
        draws.mixed[:, :, a] / draws.mixed[:, :, b],
    )


def _index(draws: Draws, name: str) -> int:
    if name not in draws.names:
        raise InputError(f"no exposure is called '{name}'; needed one of {', '.join(draws.names)}")
    return draws.names.index(name)


def _spread(draws: Draws, at_default: float, one: Floats, other: Floats, mixed: Floats) -> Spread:
    both = np.concatenate([one, other])
    low, high = np.percentile(both, [5.0, 95.0])
    first, total = sobol_indices(one, other, mixed)
    return Spread(
        at_default=float(at_default),
        mean=float(both.mean()),
        sd=float(both.std(ddof=1)),
        low=float(low),
        high=float(high),
        first={t: float(v) for t, v in zip(draws.tissues, first, strict=True)},
        total={t: float(v) for t, v in zip(draws.tissues, total, strict=True)},
        model_error=draws.error,
    )
