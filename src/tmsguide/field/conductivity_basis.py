"""Readings of the field for any tissue conductivities, from a few full solves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from tmsguide.errors import InputError, SolverError
from tmsguide.field.conductivity_parts import (
    families,
    of_potential,
    of_primary,
    part_weights,
    tissue_ranges,
)
from tmsguide.field.forward import potentials
from tmsguide.model.progress import silent
from tmsguide.num.even_points import even_points
from tmsguide.num.multigrid import solve_potentials
from tmsguide.num.reduced_basis import (
    Small,
    coefficients,
    combined_load,
    combined_matrix,
    empty,
    enlarged,
    preconditioned,
    without_last,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.field.conductivity_parts import Ranges
    from tmsguide.field.forward import Prepared
    from tmsguide.field.readings import Reading
    from tmsguide.model import Coil, Placement, Tissue
    from tmsguide.num.reduced_basis import Family

    Floats = NDArray[np.float64]

__all__ = ["ConductivityBasis", "Exposure", "conductivity_basis", "strengths"]

_HELD = 3  # predictions in a row that must be right before the basis is called done
_WANTED = 1e-3  # at the least sure conductivities; typical errors are several times smaller
_TOLERANCE = 1e-5  # of the residual: E within 2e-5, well under what is wanted
_CANDIDATES = 512
_MOST_ERROR = 1e-2
_MOST_SOLVES = 32


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One placement and what is read of its field, under a name such as "target" or "motor"."""

    name: str
    coil: Coil
    placement: Placement
    reading: Reading


@dataclass(frozen=True, slots=True, eq=False)
class ConductivityBasis:
    """What gives the readings of E exposures for any conductivities of the tissues in ``ranges``.

    For each exposure: ``small``, its projected system; ``rows`` (Q, R), what each vector adds to
    its readings; ``offset`` (Q,), what the primary field gives alone, V/m. ``error`` is the
    largest relative error of the last three predictions, each made where the model was least sure
    and then solved in full; ``solves`` counts all full solves at other conductivities.
    """

    names: tuple[str, ...]
    ranges: Ranges
    small: tuple[Small, ...]
    rows: tuple[Floats, ...]
    offset: tuple[Floats, ...]
    error: float
    solves: int


def conductivity_basis(
    prepared: Prepared,
    exposures: Sequence[Exposure],
    ranges_s_per_m: Mapping[Tissue, tuple[float, float]],
    *,
    rng: np.random.Generator,
    say: Callable[[str], None] = silent,
) -> ConductivityBasis:
    """Give the reduced model of the exposures' readings over the ranges of conductivity.

    Stiffness and load are sums over tissues, so a few solved fields span all others. Of 512 points
    spread evenly over the ranges, the one least sure (where the last vector changed most) is
    predicted, then solved; what the prediction missed is the next vector, until three in a row
    were right within 0.1 %. Readings must be linear in E; recovery does not depend on
    conductivity. Other tissues, and anisotropy, stay as they are.

    Raises
    ------
    InputError
        No exposure or two of one name; a range that is not 0 < low <= high; no tissue of the
        head has a range.
    SolverError
        Predictions still off by more than 1 % after 32 solves.

    References
    ----------
    Quarteroni, Manzoni & Negri 2016, Reduced Basis Methods for Partial Differential Equations,
    doi:10.1007/978-3-319-15431-2.
    """
    names = tuple(e.name for e in exposures)
    if not names or len(set(names)) < len(names):
        raise InputError(
            f"exposures are named {', '.join(names) or 'nothing at all'}; give one or more, each "
            "with a name of its own"
        )
    ranges = tissue_ranges(prepared, ranges_s_per_m)
    a_dot, phi = potentials(prepared, [(e.coil, e.placement) for e in exposures])
    family = families(prepared, ranges.tissues, cast("Floats", a_dot))
    rows = [of_potential(prepared, e.reading) for e in exposures]
    offset = tuple(
        of_primary(prepared, e.reading, a_dot[:, :, k].astype(np.float64))
        for k, e in enumerate(exposures)
    )
    small = [enlarged(f, empty(f), phi[:, k]) for k, f in enumerate(family)]
    weights = _candidates(ranges, len(family[0].values), rng)
    errors: list[float] = []
    while not _done(errors):
        least_sure = int(_last_change(small, rows, offset, weights).argmax())
        guess, missed = _predict_and_solve(prepared, family, small, weights[least_sure])
        weights = np.delete(weights, least_sure, axis=0)
        errors.append(_largest_gap(guess, missed, rows, offset))
        small = [enlarged(f, small[k], missed[:, k]) for k, f in enumerate(family)]
        say(f"conductivities: solve {len(errors)}, predicted within {100 * errors[-1]:.2g} %")
    return ConductivityBasis(
        names=names,
        ranges=ranges,
        small=tuple(Small(s.basis[:0], s.stiffness, s.load) for s in small),
        rows=tuple(r.T @ s.basis for r, s in zip(rows, small, strict=True)),
        offset=offset,
        error=max(errors[-_HELD:]),
        solves=len(errors),
    )


def strengths(basis: ConductivityBasis, sigma_s_per_m: Floats) -> Floats:
    """Give the strength (S, E), V/m, of each exposure's readings for conductivities (S, T).

    The strength is the length of the mean vector, or the size of the mean component, that the
    exposure reads: not the mean of lengths, which is a little larger and not linear in the field.
    """
    out = np.empty((len(sigma_s_per_m), len(basis.names)))
    for k, small in enumerate(basis.small):
        weights = part_weights(basis.ranges.default_s_per_m, sigma_s_per_m, len(small.load))
        readings = coefficients(small, weights) @ basis.rows[k].T + basis.offset[k]
        out[:, k] = np.linalg.norm(readings, axis=1)
    return out


def _candidates(ranges: Ranges, parts: int, rng: np.random.Generator) -> Floats:
    low, high = ranges.low_s_per_m, ranges.high_s_per_m
    sigma = low + (high - low) * even_points(_CANDIDATES, len(low), rng)
    return part_weights(ranges.default_s_per_m, sigma, parts)


def _last_change(
    small: Sequence[Small], rows: Sequence[Floats], offset: Sequence[Floats], weights: Floats
) -> Floats:
    """Relative change (S,) that the last vector made to the readings, the worst exposure's."""
    worst = np.zeros(len(weights))
    for k, system in enumerate(small):
        seen = rows[k].T @ system.basis
        now = coefficients(system, weights) @ seen.T + offset[k]
        before = coefficients(without_last(system), weights) @ seen[:, :-1].T + offset[k]
        change = np.linalg.norm(now - before, axis=1) / np.linalg.norm(now, axis=1)
        worst = np.maximum(worst, change)
    return worst


def _done(errors: list[float]) -> bool:
    last = errors[-_HELD:]
    if len(last) == _HELD and max(last) <= _WANTED:
        return True
    if len(errors) < _MOST_SOLVES:
        return False
    if max(last) > _MOST_ERROR:
        raise SolverError(
            f"readings are still predicted only within {100 * max(last):.1f} % after "
            f"{_MOST_SOLVES} solves, needed {100 * _MOST_ERROR:g} %; the ranges of conductivity "
            "may be too wide: narrow them"
        )
    return True


def _predict_and_solve(
    prepared: Prepared, family: list[Family], small: list[Small], weights: Floats
) -> tuple[Floats, Floats]:
    """Potentials (N, E) as predicted at weights (T,), and what full solves add to them."""
    matrix = combined_matrix(family[0], weights)
    guess = np.stack([s.basis @ coefficients(s, weights[None])[0] for s in small], axis=1)
    load = np.stack([combined_load(f, weights) for f in family], axis=1)
    left = load - matrix @ guess
    size, want = np.linalg.norm(left, axis=0), _TOLERANCE * np.linalg.norm(load, axis=0)
    unsolved = size > want
    left[:, ~unsolved] = 0.0  # predicted as well as a solve would do
    if not unsolved.any():
        return guess, left
    tolerance = min(0.1, float((want[unsolved] / size[unsolved]).min()))
    solver = preconditioned(prepared.multigrid, matrix)
    return guess, solve_potentials(solver, left, tolerance=tolerance)


def _largest_gap(
    guess: Floats, missed: Floats, rows: Sequence[Floats], offset: Sequence[Floats]
) -> float:
    """Relative error of the worst predicted reading."""
    gaps = []
    for k, row in enumerate(rows):
        gap = missed[:, k] @ row
        gaps.append(
            float(np.linalg.norm(gap) / np.linalg.norm(guess[:, k] @ row + gap + offset[k]))
        )
    return max(gaps)
