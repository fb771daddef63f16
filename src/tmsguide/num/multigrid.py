"""Potentials, known up to a constant, by conjugate gradients with aggregation multigrid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy.sparse import csr_array, csr_matrix
from scipy.sparse.csgraph import reverse_cuthill_mckee

from tmsguide.errors import SolverError
from tmsguide.num.aggregation import aggregates, smoothed_prolongator
from tmsguide.num.sparse_products import product, reordered, transpose
from tmsguide.num.sparse_rows import combine_row
from tmsguide.num.v_cycle import Level, Rows, level_of, over, rows_of, v_cycle, work_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = ["Multigrid", "build_multigrid", "solve_potential", "solve_potentials"]

_STRENGTH = 0.03  # links weaker than this do not join aggregates; halves the iterations against 0
_COARSEST = 100  # rows of the last matrix, inverted densely: more would wake the BLAS threads
_MOST_LEVELS = 12
_WIDTHS = (1, 4, 16)  # right-hand sides solved together: each width is compiled once


@dataclass(frozen=True, slots=True, eq=False)
class Multigrid:
    """A symmetric positive semidefinite matrix (N, N) and its multigrid hierarchy.

    ``order`` (N,) brings linked nodes close together in memory; ``rows`` is the matrix in that
    order, ``levels`` run from fine to coarse in single precision, ``coarsest`` (C, C) is the
    pseudo-inverse of the last matrix; ``edge`` cuts the rows into blocks for threads.
    """

    matrix: csr_array
    order: NDArray[np.int32]
    rows: Rows
    levels: list[Level]
    coarsest: Singles
    edge: NDArray[np.int64]


def build_multigrid(matrix: csr_array) -> Multigrid:
    """Give the hierarchy of a stiffness matrix whose null space is the constants.

    Deterministic and the same for any number of threads: nothing is drawn or estimated. Rows are
    sorted along the mesh first, so that blocks of them have few links to each other.

    Raises
    ------
    SolverError
        Not square, or a diagonal entry that is not positive and finite.

    References
    ----------
    Vanek, Mandel & Brezina 1996, Computing 56:179, doi:10.1007/BF02238511;
    Cuthill & McKee 1969, Proc. 24th ACM Conf. 157, doi:10.1145/800195.805928.
    """
    diagonal = matrix.diagonal()
    bad = np.flatnonzero(~(np.isfinite(diagonal) & (diagonal > 0)))
    if matrix.shape[0] != matrix.shape[1] or len(bad):
        raise SolverError(
            f"given a matrix {matrix.shape} with {len(bad)} diagonal entries that are not "
            "positive numbers, needed a square stiffness matrix; drop nodes that no cell uses and "
            "give every cell a volume and a conductivity"
        )
    order = reverse_cuthill_mckee(csr_matrix(matrix), symmetric_mode=True).astype(np.int32)
    fine = reordered(matrix, order)
    levels: list[Level] = []
    current = fine
    while current.shape[0] > _COARSEST and len(levels) < _MOST_LEVELS:
        aggregate = aggregates(current, _STRENGTH)
        if not 0 <= aggregate.max() < 0.9 * current.shape[0]:
            break  # nothing left to gather
        up = smoothed_prolongator(current, aggregate)
        down = transpose(up)
        levels.append(level_of(current, up, down))
        current = product(down, product(current, up))
    # the null space, constants, is at rounding level: far under 1e-9 of the largest eigenvalue
    coarsest = np.linalg.pinv(current.toarray(), rcond=1e-9, hermitian=True)
    edge = np.linspace(0, fine.shape[0], 9 if fine.shape[0] > 8192 else 2).astype(np.int64)
    return Multigrid(
        matrix, order, rows_of(fine, np.float64), levels, coarsest.astype(np.float32), edge
    )


def solve_potential(
    multigrid: Multigrid, rhs: Floats, *, tolerance: float = 1e-8, most_steps: int = 200
) -> Floats:
    """Give the potential (N,) of mean zero that solves ``matrix @ potential = rhs``.

    ``rhs`` (N,) must sum to nearly zero (no net source); what is left of its mean is taken off.
    Stops at a relative residual of ``tolerance``.

    Raises
    ------
    SolverError
        Not converged after ``most_steps`` steps, or a right-hand side that does not fit.
    """
    return solve_potentials(multigrid, rhs[:, None], tolerance=tolerance, most_steps=most_steps)[
        :, 0
    ]


def solve_potentials(
    multigrid: Multigrid, rhs: Floats, *, tolerance: float = 1e-8, most_steps: int = 200
) -> Floats:
    """Give the potentials (N, K) of mean zero for each column of ``rhs`` (N, K).

    Columns go 16 together through memory; each stops at its own relative residual of
    ``tolerance``. Otherwise as `solve_potential`.

    Raises
    ------
    SolverError
        A column not converged after ``most_steps`` steps, or columns that do not fit.
    """
    n = multigrid.matrix.shape[0]
    if rhs.ndim != 2 or rhs.shape[0] != n or not np.isfinite(rhs).all():
        raise SolverError(
            f"given right-hand sides {rhs.shape}, needed finite numbers ({n}, K): one row for "
            "each node of the matrix"
        )
    out = np.empty(rhs.shape)
    first = 0
    while first < rhs.shape[1]:
        left = rhs.shape[1] - first
        width = next((w for w in _WIDTHS if w >= left), _WIDTHS[-1])
        part = slice(first, min(first + width, rhs.shape[1]))
        block = np.zeros((n, width))
        block[:, : part.stop - first] = rhs[multigrid.order, part]
        solved = _solve_block(multigrid, block, tolerance, most_steps)
        out[multigrid.order, part] = solved[:, : part.stop - first]
        first = part.stop
    return out


def _solve_block(multigrid: Multigrid, rhs: Floats, tolerance: float, most_steps: int) -> Floats:
    """Preconditioned conjugate gradients on scaled columns (N, W); ``rhs`` is overwritten."""
    rhs -= rhs.mean(axis=0)
    size = np.linalg.norm(rhs, axis=0)
    scale = np.where(size > 0, size, 1.0)
    rhs /= scale
    going, left, rz = size > 0, np.minimum(size, 1.0), np.ones(len(size))
    x, p, q, r = np.zeros_like(rhs), np.zeros_like(rhs), np.empty_like(rhs), rhs
    edge, rows = multigrid.edge, multigrid.rows
    work = work_for(multigrid.levels, multigrid.coarsest, len(size))
    single = work.rhs[0]
    single[:] = r
    for step in range(most_steps + 1):
        if not going.any():
            x *= scale
            return np.asarray(x - x.mean(axis=0))
        if step == most_steps:
            break
        z = v_cycle(multigrid.levels, multigrid.coarsest, work)
        before, rz = rz, sum(over(edge, partial(_dots, r, z)))
        over(edge, partial(_turn, np.where(going, rz / before, 0.0), z, p))
        pq = sum(over(edge, partial(_multiply, work.lanes, rows, p, q)))
        length = np.where(going & (pq > 0), rz / np.where(pq > 0, pq, 1.0), 0.0)
        left = np.sqrt(sum(over(edge, partial(_advance, length, p, q, x, r, single))))
        going &= left > tolerance
        rz = np.where(going, rz, 1.0)
    raise SolverError(
        f"the potential did not reach a relative residual of {tolerance:g} in {most_steps} steps "
        f"(now {left.max():.1e}); the mesh may hold flat tetrahedra or "
        "conductivities that differ too widely"
    )


@njit(cache=True, nogil=True)
def _dots(a: Any, b: Any, first: int, last: int) -> Any:
    total = np.zeros(a.shape[1])
    for i in range(first, last):
        for c in range(a.shape[1]):
            total[c] += a[i, c] * b[i, c]
    return total


@njit(cache=True, nogil=True)
def _turn(keep: Any, z: Any, p: Any, first: int, last: int) -> None:
    for i in range(first, last):
        for c in range(p.shape[1]):
            p[i, c] = z[i, c] + keep[c] * p[i, c]


@njit(cache=True, nogil=True)
def _multiply(lanes: Any, rows: Any, p: Any, q: Any, first: int, last: int) -> Any:
    """Write ``q = matrix @ p`` and give the block's share of ``p · q``."""
    start, column, value = rows
    total = np.zeros(len(lanes))
    for i in range(first, last):
        combine_row(lanes, q, i, p, 0.0, 1.0, value, column, start[i], start[i + 1], p)
        for c in range(len(lanes)):
            total[c] += p[i, c] * q[i, c]
    return total


@njit(cache=True, nogil=True)
def _advance(
    length: Any, p: Any, q: Any, x: Any, r: Any, single: Any, first: int, last: int
) -> Any:
    """Step along ``p`` and give the block's share of the residuals' squares."""
    total = np.zeros(p.shape[1])
    for i in range(first, last):
        for c in range(p.shape[1]):
            x[i, c] += length[c] * p[i, c]
            r[i, c] -= length[c] * q[i, c]
            single[i, c] = r[i, c]
            total[c] += r[i, c] * r[i, c]
    return total
