"""Linear finite elements on tetrahedra: gradients, stiffness, coupling to node vectors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import get_num_threads, njit
from scipy.sparse import csr_array

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
    "shape_gradients",
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
    start, cell = _incidence(cells, n)
    parts = slices(n)
    row_start = np.zeros(n + 1, dtype=np.int32)
    ordered_map(
        lambda part: _count_neighbours(cells, start, cell, row_start, part.start, part.stop), parts
    )
    np.cumsum(row_start, out=row_start)
    column = np.empty(row_start[-1], dtype=np.int32)
    value = np.empty(row_start[-1])
    coupling = np.empty((row_start[-1], 3))
    conductivity = np.empty((0, 3, 3)) if tensor is None else np.ascontiguousarray(tensor)
    mesh = nodes, cells, sigma, conductivity
    rows = row_start, column, value, coupling
    ordered_map(lambda part: _fill_rows(*mesh, start, cell, *rows, part.start, part.stop), parts)
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
        lambda part: _couple(
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
        lambda part: _couple_adjoint(
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
def shape_gradients(nodes: Any, cells: Any, t: int, g: Any) -> float:
    """Write the shape gradients of cell ``t`` into ``g`` (4, 3); give six times its volume."""
    p, q, r, s = cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3]
    ax, ay, az = nodes[p, 0], nodes[p, 1], nodes[p, 2]
    bx, by, bz = nodes[q, 0] - ax, nodes[q, 1] - ay, nodes[q, 2] - az
    cx, cy, cz = nodes[r, 0] - ax, nodes[r, 1] - ay, nodes[r, 2] - az
    dx, dy, dz = nodes[s, 0] - ax, nodes[s, 1] - ay, nodes[s, 2] - az
    g[1, 0], g[1, 1], g[1, 2] = cy * dz - cz * dy, cz * dx - cx * dz, cx * dy - cy * dx
    g[2, 0], g[2, 1], g[2, 2] = dy * bz - dz * by, dz * bx - dx * bz, dx * by - dy * bx
    g[3, 0], g[3, 1], g[3, 2] = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    six = bx * g[1, 0] + by * g[1, 1] + bz * g[1, 2]
    for d in range(3):
        g[1, d] /= six
        g[2, d] /= six
        g[3, d] /= six
        g[0, d] = -g[1, d] - g[2, d] - g[3, d]
    return six  # type: ignore[no-any-return]


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


@njit(cache=True, nogil=True)
def _incidence(cells: Any, n: int) -> tuple[Any, Any]:
    """Cells that touch each node as ``(start (n + 1,), cell (4 M,))``, ascending in each node."""
    start = np.zeros(n + 1, np.int32)
    for t in range(cells.shape[0]):
        for q in range(4):
            start[cells[t, q] + 1] += 1
    for v in range(n):
        start[v + 1] += start[v]
    end = start[:n].copy()
    cell = np.empty(4 * cells.shape[0], np.int32)
    for t in range(cells.shape[0]):
        for q in range(4):
            v = cells[t, q]
            cell[end[v]] = t
            end[v] += 1
    return start, cell


@njit(cache=True, nogil=True)
def _count_neighbours(
    cells: Any, start: Any, cell: Any, row_start: Any, first: int, last: int
) -> None:
    """Write into ``row_start[v + 1]`` how many nodes share a cell with node v, itself included."""
    seen = np.full(start.shape[0] - 1, -1, np.int32)
    for v in range(first, last):
        count = 0
        for k in range(start[v], start[v + 1]):
            for q in range(4):
                w = cells[cell[k], q]
                if seen[w] != v:
                    seen[w] = v
                    count += 1
        row_start[v + 1] = count


@njit(cache=True, nogil=True)
def _gather_columns(
    cells: Any, start: Any, cell: Any, v: int, begin: int, column: Any, where: Any
) -> int:
    """Write the neighbours of ``v``, ascending, from ``begin``, and where each stands."""
    end = begin
    for k in range(start[v], start[v + 1]):
        for q in range(4):
            w = cells[cell[k], q]
            if where[w] < begin:
                where[w] = begin
                at = end
                while at > begin and column[at - 1] > w:
                    column[at] = column[at - 1]
                    at -= 1
                column[at] = w
                end += 1
    for k in range(begin, end):
        where[column[k]] = k
    return end


@njit(cache=True, nogil=True)
def _fill_rows(
    nodes: Any,
    cells: Any,
    sigma: Any,
    tensor: Any,
    start: Any,
    cell: Any,
    row_start: Any,
    column: Any,
    value: Any,
    coupling: Any,
    first: int,
    last: int,
) -> None:
    where = np.full(start.shape[0] - 1, -1, np.int32)
    g = np.empty((4, 3))
    flux = np.empty(3)
    for v in range(first, last):
        begin = row_start[v]
        end = _gather_columns(cells, start, cell, v, begin, column, where)
        value[begin:end] = 0.0
        coupling[begin:end] = 0.0
        for k in range(start[v], start[v + 1]):
            t = cell[k]
            volume = abs(shape_gradients(nodes, cells, t, g)) / 6.0
            a = 0
            for q in range(4):
                if cells[t, q] == v:
                    a = q
            for d in range(3):
                if tensor.shape[0] == 0:
                    flux[d] = volume * sigma[t] * g[a, d]
                else:
                    flux[d] = volume * (
                        tensor[t, d, 0] * g[a, 0]
                        + tensor[t, d, 1] * g[a, 1]
                        + tensor[t, d, 2] * g[a, 2]
                    )
            for q in range(4):
                at = where[cells[t, q]]
                value[at] += flux[0] * g[q, 0] + flux[1] * g[q, 1] + flux[2] * g[q, 2]
                for d in range(3):
                    coupling[at, d] += 0.25 * flux[d]


@njit(cache=True, nogil=True)
def _couple(
    row_start: Any, column: Any, coupling: Any, vectors: Any, out: Any, first: int, last: int
) -> None:
    for v in range(first, last):
        out[v] = 0.0
        for k in range(row_start[v], row_start[v + 1]):
            for d in range(3):
                for c in range(out.shape[1]):
                    out[v, c] += coupling[k, d] * vectors[column[k], d, c]


@njit(cache=True, nogil=True)
def _couple_adjoint(
    row_start: Any, column: Any, coupling: Any, potentials: Any, out: Any, first: int, last: int
) -> None:
    """Gather by columns: the pattern is symmetric, so each row's cursor meets them in order."""
    n = row_start.shape[0] - 1
    cursor = np.empty(n, np.int32)
    for w in range(n):
        at = row_start[w]
        while at < row_start[w + 1] and column[at] < first:
            at += 1
        cursor[w] = at
    for v in range(first, last):
        out[v] = 0.0
        for k in range(row_start[v], row_start[v + 1]):
            w = column[k]
            for d in range(3):
                for c in range(out.shape[2]):
                    out[v, d, c] += coupling[cursor[w], d] * potentials[w, c]
            cursor[w] += 1
