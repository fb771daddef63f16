"""The places among which a target is sought, with what every finder needs of their geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]

__all__ = ["Found", "Terrain"]


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """M places of a voxel lattice or of a surface mesh.

    ``xyz_mm`` (M, 3); the neighbours of place i are ``neighbour[first[i]:first[i + 1]]`` (26 on a
    lattice, one edge away on a mesh); ``cone`` (M, M) sparse, row i averages the places round i
    with the weights of `cone_weight`; ``size_cm3`` (M,) the grey matter each place stands for;
    ``step_mm`` the usual distance between neighbours.
    """

    xyz_mm: Floats
    first: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    cone: csr_array
    size_cm3: Floats
    step_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a finder found on B maps: the place chosen (B,), the centroid behind it (B, 3)."""

    index: NDArray[np.int64]
    centroid_mm: Floats
