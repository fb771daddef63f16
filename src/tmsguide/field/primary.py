"""The primary field: what the coil alone induces, before charges gather on tissue borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.wires import vector_potential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement

    Floats = NDArray[np.float64]

__all__ = ["placed_wires", "primary_field"]


def primary_field(coil: Coil, placement: Placement, points_m: Floats) -> Floats:
    """Give dA/dt (N, 3) in V/m at ``points_m`` (N, 3), metres in the placement's frame.

    The induced field is ``E = -dA/dt - grad(phi)``. Quasi-static, Coulomb gauge.
    """
    position, element = placed_wires(coil, placement.matsimnibs)
    points = np.ascontiguousarray(points_m, dtype=np.float64)
    return placement.didt_a_per_s * vector_potential(points, position, element)


def placed_wires(coil: Coil, matsimnibs: Floats) -> tuple[Floats, Floats]:
    """Give the coil's elements in the head's frame: positions and lengths (D, 3), metres."""
    turn = matsimnibs[:3, :3]
    position = coil.position_m @ turn.T + 1e-3 * matsimnibs[:3, 3]
    return np.ascontiguousarray(position), np.ascontiguousarray(coil.element_m @ turn.T)
