"""The primary field: what the coil alone induces, before charges gather on tissue borders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.field.coils import lean
from tmsguide.num.node_tree import sampling
from tmsguide.num.radial_gauge import dipole_radial_potential, wire_radial_potential
from tmsguide.num.wires import dipole_field, dipole_potential, magnetic_field, vector_potential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Placement
    from tmsguide.num.node_tree import NodeTree

    Floats = NDArray[np.float64]

__all__ = [
    "Gauge",
    "PlacedCoil",
    "magnetic_rate",
    "node_potential",
    "placed",
    "primary_field",
    "thinned",
]


class Gauge(Enum):
    """How the primary field is told from the gradient that the finite elements add.

    RADIAL: the field that would be the whole answer in a sphere about the head's middle; it
    follows from B alone and leaves the elements only what the head differs from a sphere. COULOMB:
    -dA/dt free of divergence everywhere, as other programs take it.
    """

    RADIAL = "radial"
    COULOMB = "coulomb"


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCoil:
    """A coil's wires (D, 3) and dipoles (P, 3) in metres of the head's frame, per ampere."""

    position_m: Floats
    element_m: Floats
    dipole_position_m: Floats
    dipole_moment_m2: Floats

    @property
    def places_m(self) -> Floats:
        """Every place of a source (D + P, 3)."""
        return np.concatenate([self.position_m, self.dipole_position_m])

    def potential(self, points_m: Floats, gauge: Gauge, centre_m: Floats) -> Floats:
        """Vector potential (N, 3), V s/m per ampere, at points (N, 3)."""
        coulomb = gauge is Gauge.COULOMB
        points = np.ascontiguousarray(points_m - centre_m)
        wires, dipoles = self.position_m - centre_m, self.dipole_position_m - centre_m
        out = np.zeros_like(points)
        if len(wires):
            of_wires = vector_potential if coulomb else wire_radial_potential
            out += of_wires(points, wires, self.element_m)
        if len(dipoles):
            of_dipoles = dipole_potential if coulomb else dipole_radial_potential
            out += of_dipoles(points, dipoles, self.dipole_moment_m2)
        return out


@lru_cache(maxsize=16)
def thinned(coil: Coil) -> Coil:
    """Give `lean` of a coil, worked out once for each."""
    return lean(coil)


def placed(coil: Coil, matsimnibs: Floats) -> PlacedCoil:
    """Give a coil in the head's frame; ``matsimnibs`` (4, 4) maps coil to head millimetres."""
    turn, shift = matsimnibs[:3, :3].T, 1e-3 * matsimnibs[:3, 3]
    return PlacedCoil(
        np.ascontiguousarray(coil.position_m @ turn + shift),
        np.ascontiguousarray(coil.element_m @ turn),
        np.ascontiguousarray(coil.dipole_position_m @ turn + shift),
        np.ascontiguousarray(coil.dipole_moment_m2 @ turn),
    )


def primary_field(coil: Coil, placement: Placement, points_m: Floats) -> Floats:
    """Give dA/dt (N, 3) in V/m at ``points_m`` (N, 3), metres in the placement's frame.

    The induced field is ``E = -dA/dt - grad(phi)``. Quasi-static, Coulomb gauge.
    """
    where = placed(coil, placement.matsimnibs)
    return placement.didt_a_per_s * where.potential(points_m, Gauge.COULOMB, np.zeros(3))


def magnetic_rate(coil: Coil, matsimnibs: Floats, points_m: Floats) -> Floats:
    """Give dB/dt (N, 3) in T/s at ``points_m`` (N, 3) for a current that rises by 1 A/s."""
    where = placed(coil, matsimnibs)
    out = np.zeros((len(points_m), 3))
    if len(where.position_m):
        out += magnetic_field(points_m, where.position_m, where.element_m)
    if len(where.dipole_position_m):
        out += dipole_field(points_m, where.dipole_position_m, where.dipole_moment_m2)
    return out


def node_potential(tree: NodeTree, where: PlacedCoil, gauge: Gauge, centre_m: Floats) -> Floats:
    """Give the vector potential (N, 3) at every node of a tree, within 1e-4 of its largest.

    Evaluated at the nodes near the coil and at few points elsewhere, then interpolated.
    """
    plan = sampling(tree, where.places_m)
    return plan.spread(where.potential(plan.points, gauge, centre_m))
