"""What a coil's geometry says: which way it drives the field, how far its winding is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.num.wires import dipole_potential, vector_potential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil

    Floats = NDArray[np.float64]

__all__ = ["rising_direction", "winding_distance_mm"]

_DEPTH_M = 0.03  # under the casing's face: about the cortex
_NO_DIRECTION = 0.1  # of the strongest field around: a round coil has next to none at its centre


def rising_direction(coil: Coil) -> int:
    """Give the sense of E under the coil's centre while its current rises: along y, +1 or -1.

    +1: away from the handle; -1: towards it; 0: none to speak of, as with a round coil. Models of
    the same coil by different hands differ in this sign: ask before comparing or combining them.
    """
    x = np.linspace(-0.06, 0.06, 13)
    at = np.stack([x, 0 * x, np.full_like(x, _DEPTH_M)], axis=1)
    e = -vector_potential(at, coil.position_m, coil.element_m)
    e -= dipole_potential(at, coil.dipole_position_m, coil.dipole_moment_m2)
    centre = float(e[6, 1])
    if abs(centre) < _NO_DIRECTION * np.linalg.norm(e, axis=1).max():
        return 0
    return 1 if centre > 0 else -1


def winding_distance_mm(coil: Coil, *, hair_mm: float = 0.0, cap_mm: float = 0.0) -> float:
    """Give the distance from the scalp to the middle of the nearest conductor, mm.

    Scalp, then hair, then cap, then the casing's face, then the winding behind it: hair and cap
    are what ``Placement.standoff_mm`` adds up. Counted along the coil's axis through its centre
    for a flat coil, to the nearest conductor about the origin for a bent one.

    Raises
    ------
    GeometryError
        A thickness below zero or not finite.
    """
    if not (0 <= hair_mm < np.inf and 0 <= cap_mm < np.inf):
        raise GeometryError(f"hair {hair_mm} mm and cap {cap_mm} mm; needed: 0 or more each")
    conductor = np.concatenate([coil.position_m, coil.dipole_position_m])
    if (conductor[:, 2] < 0).all():
        behind = -float(conductor[:, 2].max())
    else:
        behind = float(np.linalg.norm(conductor, axis=1).min())
    return hair_mm + cap_mm + 1e3 * behind
