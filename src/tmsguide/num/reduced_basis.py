"""Small linear systems that stand in for a large one whose matrix is a weighted sum of parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from tmsguide.num.sparse_products import reordered
from tmsguide.num.v_cycle import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.num.multigrid import Multigrid

    Floats = NDArray[np.float64]

__all__ = [
    "Family",
    "Small",
    "coefficients",
    "combined_load",
    "combined_matrix",
    "empty",
    "enlarged",
    "preconditioned",
    "without_last",
]

_CHUNK = 8192  # systems solved at once: about 30 MB with 20 vectors


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Matrices sum_t w_t K_t and loads sum_t w_t b_t for any weights w (T,).

    ``matrix`` (N, N) is the sum of all parts, ``values`` (T, nnz) the entries of each on the same
    pattern; ``loads`` (T, N).
    """

    matrix: csr_array
    values: Floats
    loads: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Small:
    """A family projected on R vectors: ``stiffness`` (T, R, R), ``load`` (T, R), ``basis`` (N, R).

    By Galerkin projection: the best combination of the vectors in the energy of each matrix.
    """

    basis: Floats
    stiffness: Floats
    load: Floats


def combined_matrix(family: Family, weights: Floats) -> csr_array:
    """Give the matrix (N, N) for weights (T,)."""
    return _matrix(family, weights @ family.values)


def combined_load(family: Family, weights: Floats) -> Floats:
    """Give the load (N,) for weights (T,)."""
    return np.asarray(weights @ family.loads)


def empty(family: Family) -> Small:
    """Give the projection on no vector."""
    parts, n = family.loads.shape
    return Small(np.empty((n, 0)), np.empty((parts, 0, 0)), np.empty((parts, 0)))


def enlarged(family: Family, small: Small, vector: Floats) -> Small:
    """Give the projection on one vector (N,) more; a vector without energy adds nothing.

    Vectors that are what earlier ones left unexplained are nearly orthogonal, so the small
    matrices stay well conditioned without orthogonalising.
    """
    energy = float(vector @ (family.matrix @ vector))
    if not energy > 0:
        return small
    unit = vector / np.sqrt(energy)
    parts, r = small.load.shape
    stiffness = np.empty((parts, r + 1, r + 1))
    stiffness[:, :r, :r] = small.stiffness
    for t in range(parts):
        image = _matrix(family, family.values[t]) @ unit
        stiffness[t, r, r] = unit @ image
        stiffness[t, :r, r] = stiffness[t, r, :r] = small.basis.T @ image
    load = np.concatenate([small.load, (family.loads @ unit)[:, None]], axis=1)
    return Small(np.concatenate([small.basis, unit[:, None]], axis=1), stiffness, load)


def without_last(small: Small) -> Small:
    """Give the projection on all vectors but the last, if there is one."""
    return Small(small.basis[:, :-1], small.stiffness[:, :-1, :-1], small.load[:, :-1])


def coefficients(small: Small, weights: Floats) -> Floats:
    """Give what each vector takes part (S, R) in the solution for each weights (S, T).

    References
    ----------
    Quarteroni, Manzoni & Negri 2016, Reduced Basis Methods for Partial Differential Equations,
    doi:10.1007/978-3-319-15431-2, chapter 3.
    """
    parts, r = small.load.shape
    out = np.empty((len(weights), r))
    for first in range(0, len(weights), _CHUNK):
        some = weights[first : first + _CHUNK]
        matrix = (some @ small.stiffness.reshape(parts, -1)).reshape(len(some), r, r)
        load = some @ small.load
        out[first : first + _CHUNK] = np.linalg.solve(matrix, load[:, :, None])[:, :, 0]
    return out


def preconditioned(multigrid: Multigrid, matrix: csr_array) -> Multigrid:
    """Give a solver of ``matrix`` (N, N) that keeps the hierarchy made for a similar one.

    Building a hierarchy costs as much as several solves. It serves any matrix of the same pattern
    whose parts have weights within a few times of those it was built for.
    """
    rows = rows_of(reordered(matrix, multigrid.order), np.float64)
    return replace(multigrid, matrix=matrix, rows=rows)


def _matrix(family: Family, values: Floats) -> csr_array:
    pattern = family.matrix.indices, family.matrix.indptr
    return csr_array((values, *pattern), shape=family.matrix.shape)
