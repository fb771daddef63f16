"""The same coil in fewer elements: fewer, weighted turns and fewer pieces per turn."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.field.coils.turns import Turn, find_turns, join, lay
from tmsguide.num.wires import vector_potential

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tmsguide.model import Coil

    Floats = NDArray[np.float64]

__all__ = ["discrete_gauss", "lean"]

_AXIS = np.array([0.0, 0.0, 1.0])
_SAME_PLANE_M = 1e-7
_ANGLES = 6  # checked within one step of a ring


def lean(coil: Coil, *, clearance_m: float = 8e-3, tolerance: float = 2.5e-4) -> Coil:
    """Give the coil with as few elements as keep its vector potential away from the windings.

    Turns about one centre in one plane become fewer turns at the nodes of a discrete Gauss rule,
    each in as few pieces as the tolerance allows, every other ring turned by half a piece, so that
    the rings' errors cancel. What is no circular turn (dipoles too) stays as it is.

    ``tolerance`` bounds the error of A at every point ``clearance_m`` or more from the windings,
    relative to the largest A that the same group of turns has there; the error of B is about 15
    times as large there, and both fall by some 4 times per 2 mm. For the 70 mm figure-8, 648
    elements become 288 (errors: tests/field/test_lean.py).

    Raises
    ------
    GeometryError
        Clearance or tolerance not positive.

    References
    ----------
    Gautschi 2004, Orthogonal Polynomials, 2.1 (discrete measures); Trefethen & Weideman 2014,
    SIAM Rev. 56:385, doi:10.1137/130932132 (the trapezoidal rule on a circle).
    """
    if not (clearance_m > 0 and tolerance > 0):
        raise GeometryError(
            f"clearance {clearance_m} m and tolerance {tolerance}; needed: both above 0"
        )
    turns, taken = find_turns(coil.position_m, coil.element_m)
    parts = [_reduced(group, clearance_m, tolerance) for group in _coaxial(turns)]
    position, element = join([*parts, (coil.position_m[~taken], coil.element_m[~taken])])
    if len(position) >= len(coil.position_m):
        return coil
    return replace(coil, position_m=position, element_m=element)


def discrete_gauss(at: Floats, weight: Floats, nodes: int) -> tuple[Floats, Floats]:
    """Give ``nodes`` points and weights that integrate polynomials as the sum over ``at`` does.

    ``sum(weight * p(at))`` is met exactly for polynomials p up to degree ``2 * nodes - 1``;
    ``at`` (K,) distinct, ``weight`` (K,) positive, ``nodes`` at most K.

    Examples
    --------
    >>> x, w = discrete_gauss(np.arange(9.0), np.ones(9), 4)
    >>> bool(np.isclose((w * x**7).sum(), (np.arange(9.0) ** 7).sum()))
    True
    """
    middle, half = at.mean(), max(0.5 * np.ptp(at), 1e-300)
    x = (at - middle) / half
    matrix = np.zeros((nodes, nodes))
    basis = [np.sqrt(weight / weight.sum())]
    for k in range(nodes):
        q = x * basis[k]
        matrix[k, k] = q @ basis[k]
        for p in basis:  # full orthogonalisation: as many nodes as points stays stable
            q = q - (p @ q) * p
        size = np.linalg.norm(q)
        if k + 1 < nodes:
            matrix[k, k + 1] = matrix[k + 1, k] = size
            basis.append(q / size)
    value, vector = np.linalg.eigh(matrix)
    return middle + half * value, weight.sum() * vector[0] ** 2


def _coaxial(turns: list[Turn]) -> list[list[Turn]]:
    """Group turns about one centre, in one plane and sense, by radius; in the coil's order."""
    groups: list[list[Turn]] = []
    for turn in turns:
        for group in groups:
            first = group[0]
            if (
                np.abs(turn.centre_m - first.centre_m).max() < _SAME_PLANE_M
                and np.abs(turn.normal - first.normal).max() * turn.radius_m < _SAME_PLANE_M
            ):
                group.append(turn)
                break
        else:
            groups.append([turn])
    return [sorted(group, key=lambda turn: turn.radius_m) for group in groups]


def _reduced(group: list[Turn], clearance: float, tolerance: float) -> tuple[Floats, Floats]:
    radii = np.array([turn.radius_m for turn in group])
    current = np.array([turn.current_a for turn in group])
    (nodes, weights), pieces = _fewest(radii, current, clearance=clearance, tolerance=tolerance)
    first = group[0]
    return _rings(
        [
            Turn(first.centre_m, first.normal, float(r), float(w))
            for r, w in zip(nodes, weights, strict=True)
        ],
        pieces,
    )


def _rings(turns: Iterable[Turn], pieces: int) -> tuple[Floats, Floats]:
    return join(lay(turn, pieces, start=0.5 * (k % 2)) for k, turn in enumerate(turns))


def _fewest(
    radii: Floats, current: Floats, *, clearance: float, tolerance: float
) -> tuple[tuple[Floats, Floats], int]:
    """Radial rule and pieces per ring of the smallest product that meets the tolerance."""
    radii, index = np.unique(radii, return_inverse=True)
    current = np.bincount(index, weights=current).astype(np.float64)
    dense = 2 * ceil(20 * radii[-1] / clearance)  # error exp(-40): none
    around = _tube(radii[0], radii[-1], clearance)
    truth = _around(around, radii, current, pieces=dense)[:, 0]
    most = np.abs(truth).max()

    def error(rule: tuple[Floats, Floats], pieces: int) -> float:
        found = _around(around, *rule, pieces=pieces)
        return float(np.linalg.norm(found - truth[:, None], axis=2).max() / most)

    best: tuple[tuple[Floats, Floats], int] = ((radii, current), dense)
    least = dense * len(radii)
    for nodes in range(1, len(radii) + 1):
        if 8 * nodes >= least:
            break
        rule = discrete_gauss(radii, current, nodes)
        if error(rule, dense) > tolerance:
            continue
        # Even numbers keep the mirror symmetries of a coil about its x and y axes.
        for pieces in range(8, ceil(least / nodes), 2):
            if error(rule, pieces) <= tolerance:
                best, least = (rule, pieces), nodes * pieces
                break
    return best


def _around(at: Floats, radii: Floats, current: Floats, *, pieces: int) -> Floats:
    """Give A (K, angles, 3), radial, along and axial, of rings about z at ``at`` (K, 2)."""
    angle = np.arange(_ANGLES) * 2 * np.pi / pieces / _ANGLES
    c, s = np.cos(angle), np.sin(angle)
    rho, z = at[:, :1], at[:, 1:]
    points = np.stack([rho * c, rho * s, z + 0 * c], axis=-1)
    turns = [
        Turn(np.zeros(3), _AXIS, float(r), float(w)) for r, w in zip(radii, current, strict=True)
    ]
    A = vector_potential(points.reshape(-1, 3), *_rings(turns, pieces)).reshape(points.shape)
    x, y = A[..., 0], A[..., 1]
    return np.stack([x * c + y * s, y * c - x * s, A[..., 2]], axis=-1)


def _tube(inner: float, outer: float, clearance: float) -> Floats:
    """Points (K, 2), radius and height, at the clearance round a flat winding, upper half.

    A is harmonic off the wires, so its largest error outside this tube lies on it.
    """
    turn = np.linspace(0, np.pi / 2, 9)
    edge = clearance * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    top = np.linspace(inner, outer, 24)
    within = np.array([inner, 0.0]) + edge * [-1.0, 1.0]
    parts = (
        within[within[:, 0] >= 0],
        np.stack([top, np.full(24, clearance)], axis=1),
        np.array([outer, 0.0]) + edge,
    )
    return np.concatenate(parts)
