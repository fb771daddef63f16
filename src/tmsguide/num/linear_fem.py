"""Linear finite elements on tetrahedra: gradients, stiffness, coupling to node vectors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import get_num_threads, njit
from scipy.sparse import csr_array

from tmsguide.num.fem_rows import (
    count_neighbours,
    couple_columns,
    couple_rows,
    fill_rows,
    incidence,
    shape_gradients,
)
from tmsguide.num.parallel import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "Assembled",
    "assemble",
    "couple",
    "couple_adjoint",
    "gradient",
    "slices",
    "stiffness",
    "weak_divergence",
]


def gradient(nodes: Floats, cells: Ints, values: Floats) -> Floats:
    """Give the constant gradient (M, 3) in each cell of node values (N,), per unit of length."""
    out = np.empty((len(cells), 3))
    ordered_map(
        lambda part: _gradient(nodes, cells, values, out, part.start, part.stop),
        slices(len(cells)),
    )
    return out


def weak_divergence(nodes: Floats, cells: Ints, vectors: Floats) -> Floats:
    """Give (N,) sums over cells of (gradient of a node's shape function) · vectors (M, 3).

    The exact adjoint of `gradient`: ``weak_divergence(v) @ u == (v * gradient(u)).sum()``.
    """
    out = np.zeros(len(nodes))
    _weak_divergence(nodes, cells, vectors, out)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """Integrals over a mesh of linear elements with a conductivity.

    ``matrix`` (N, N), the stiffness ∫ ∇λ_i · sigma ∇λ_j, symmetric, with 32-bit sorted columns;
    ``coupling`` (nnz, 3), for each of its entries the vector ∫ sigma ∇λ_i λ_j. With metres and
    S/m the units are S and S m.
    """

    matrix: csr_array
    coupling: Floats


def assemble(nodes: Floats, cells: Ints, sigma: Floats, tensor: Floats | None = None) -> Assembled:
    """Give stiffness and coupling for ``sigma`` (M,) per cell, or ``tensor`` (M, 3, 3) if given.

    ``nodes`` (N, 3), ``cells`` (M, 4). Each row is summed alone, its cells in ascending order, so
    the number of threads does not change a bit.

    References
    ----------
    Saturnino et al. 2019, J. Neural Eng. 16:066032, doi:10.1088/1741-2552/ab41ba.
    """
    n = len(nodes)
    start, cell = incidence(cells, n)
    parts = slices(n)
    row_start = np.zeros(n + 1, dtype=np.int32)
    ordered_map(
        lambda part: count_neighbours(cells, start, cell, row_start, part.start, part.stop), parts
    )
    np.cumsum(row_start, out=row_start)
    column = np.empty(row_start[-1], dtype=np.int32)
    value = np.empty(row_start[-1])
    coupling = np.empty((row_start[-1], 3))
    conductivity = np.empty((0, 3, 3)) if tensor is None else np.ascontiguousarray(tensor)
    mesh = nodes, cells, sigma, conductivity
    rows = row_start, column, value, coupling
    ordered_map(lambda part: fill_rows(*mesh, start, cell, *rows, part.start, part.stop), parts)
    return Assembled(csr_array((value, column, row_start), shape=(n, n)), coupling)


def stiffness(nodes: Floats, cells: Ints, weight: Floats) -> csr_array:
    """Give the (N, N) matrix of ∫ weight ∇u·∇v with linear elements; ``weight`` (M,) per cell.

    Symmetric, and constants lie in its null space.
    """
    return assemble(nodes, cells, weight).matrix


def couple(assembled: Assembled, vectors: Floats) -> Floats:
    """Give (N,) or (N, K) integrals ∫ ∇λ_i · sigma A of node vectors A (N, 3) or (N, 3, K).

    A is linear in each cell. Equals `weak_divergence` of sigma V times each cell's mean A.
    """
    k = assembled.matrix
    columns = vectors.reshape(*vectors.shape[:2], -1)
    out = np.empty((len(vectors), columns.shape[2]))
    ordered_map(
        lambda part: couple_rows(
            k.indptr, k.indices, assembled.coupling, columns, out, part.start, part.stop
        ),
        slices(len(vectors)),
    )
    return out.reshape(len(vectors), *vectors.shape[2:])


def couple_adjoint(assembled: Assembled, potentials: Floats) -> Floats:
    """Give (N, 3) or (N, 3, K), the transpose of `couple` on ``potentials`` (N,) or (N, K).

    ``(couple_adjoint(u) * A).sum() == u @ couple(A)``: the moment at node j is ∫ λ_j sigma ∇u.
    """
    k = assembled.matrix
    columns = potentials.reshape(len(potentials), -1)
    out = np.empty((len(potentials), 3, columns.shape[1]))
    ordered_map(
        lambda part: couple_columns(
            k.indptr, k.indices, assembled.coupling, columns, out, part.start, part.stop
        ),
        slices(len(potentials)),
    )
    return out.reshape(len(potentials), 3, *potentials.shape[1:])


def slices(n: int) -> list[slice]:
    """Cut ``range(n)`` into one even slice per thread."""
    edge = np.linspace(0, n, get_num_threads() + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edge)]


@njit(cache=True, nogil=True)
def _gradient(nodes: Any, cells: Any, values: Any, out: Any, first: int, last: int) -> None:
    g = np.empty((4, 3))
    for t in range(first, last):
        shape_gradients(nodes, cells, t, g)
        for d in range(3):
            total = 0.0
            for q in range(4):
                total += g[q, d] * values[cells[t, q]]
            out[t, d] = total


@njit(cache=True, nogil=True)
def _weak_divergence(nodes: Any, cells: Any, vectors: Any, out: Any) -> None:
    g = np.empty((4, 3))
    for t in range(cells.shape[0]):
        shape_gradients(nodes, cells, t, g)
        for q in range(4):
            out[cells[t, q]] += (
                g[q, 0] * vectors[t, 0] + g[q, 1] * vectors[t, 1] + g[q, 2] * vectors[t, 2]
            )
