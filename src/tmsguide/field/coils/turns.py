"""Flat circular turns: laid out as current elements, and found again among elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Turn", "find_turns", "join", "lay"]

_LEAST_PIECES = 24  # fewer straight pieces are taken for the polygon that they are, not a circle
_ROUND = 1e-6  # a circle's centre, radius and plane must fit to this share of the radius


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A circular loop of wire.

    ``centre_m`` (3,); ``normal`` (3,), unit: the current runs right-handed about it; ``radius_m``;
    ``current_a`` per ampere of coil current: 1 for one turn, any positive number for a turn that
    stands for several or for a part of one.
    """

    centre_m: Floats
    normal: Floats
    radius_m: float
    current_a: float = 1.0


def lay(turn: Turn, pieces: int, *, start: float = 0.5) -> tuple[Floats, Floats]:
    """Give a turn as ``pieces`` equal elements: positions and directed lengths (pieces, 3), m.

    Elements touch the circle at their middle and have the arc's length (midpoint rule, which on a
    circle converges exponentially). The first lies ``start`` steps past the turn's own x axis,
    which is the coil's x axis projected on its plane (y where the plane is normal to x).
    """
    axis = np.array([1.0, 0.0, 0.0]) if abs(turn.normal[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    u = axis - (axis @ turn.normal) * turn.normal
    u /= np.linalg.norm(u)
    v = np.cross(turn.normal, u)
    angle = ((np.arange(pieces) + start) * 2 * np.pi / pieces)[:, None]
    position = turn.centre_m + turn.radius_m * (np.cos(angle) * u + np.sin(angle) * v)
    length = turn.current_a * 2 * np.pi * turn.radius_m / pieces
    return position, length * (np.cos(angle) * v - np.sin(angle) * u)


def join(parts: Iterable[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Give the elements of several windings as one: positions and directed lengths (D, 3), m."""
    position, element = zip(*parts, strict=True)
    return np.concatenate(position), np.concatenate(element)


def find_turns(position_m: Floats, element_m: Floats) -> tuple[list[Turn], NDArray[np.bool_]]:
    """Give the circular turns among elements (D, 3), and which elements (D,) belong to one.

    A turn is a run of neighbours in the list that closes on itself, lies on a circle in a plane
    and is cut into 24 equal pieces or more.
    """
    turns: list[Turn] = []
    taken = np.zeros(len(element_m), dtype=bool)
    length = np.linalg.norm(element_m, axis=1)
    start = 0
    while start < len(element_m):
        end = _closing(element_m[start:], length[start:]) + start
        turn = _circle(position_m[start:end], element_m[start:end], length[start:end])
        if turn is not None:
            turns.append(turn)
            taken[start:end] = True
        start = end
    return turns, taken


def _closing(element: Floats, length: Floats) -> int:
    """Count the elements up to the first return to the start; all where there is none."""
    gap = np.linalg.norm(np.cumsum(element, axis=0), axis=1)
    closed = np.flatnonzero(gap < 1e-9 * np.cumsum(length))
    return int(closed[0]) + 1 if len(closed) else len(element)


def _circle(position: Floats, element: Floats, length: Floats) -> Turn | None:
    if len(position) < _LEAST_PIECES or np.ptp(length) > _ROUND * length[0]:
        return None
    centre = position.mean(axis=0)
    arm = position - centre
    radius = float(np.linalg.norm(arm, axis=1).mean())
    area = np.cross(arm, element).sum(axis=0)
    size = float(np.linalg.norm(area))
    if radius == 0 or size == 0:
        return None
    normal = area / size
    current = float(length.sum()) / (2 * np.pi * radius)
    around = np.cross(normal, arm) * (2 * np.pi * current / len(position))
    off = max(
        np.abs(np.linalg.norm(arm, axis=1) - radius).max() / radius,
        np.abs(arm @ normal).max() / radius,
        np.abs(around - element).max() / length[0],
    )
    return Turn(centre, normal, radius, current) if off < _ROUND else None
