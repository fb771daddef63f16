"""Potentials, known up to a constant, by conjugate gradients with aggregation multigrid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyamg
from scipy.sparse import csr_array, csr_matrix

from tmsguide.errors import SolverError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Multigrid", "build_multigrid", "solve_potential", "solve_potentials"]

_STRENGTH = 0.03  # links weaker than this do not join aggregates; halves the iterations against 0


@dataclass(frozen=True, slots=True, eq=False)
class Multigrid:
    """A symmetric positive semidefinite matrix (N, N) and its multigrid hierarchy."""

    matrix: csr_array
    hierarchy: Any


def build_multigrid(matrix: csr_array) -> Multigrid:
    """Give the hierarchy of a stiffness matrix whose null space is the constants.

    Deterministic: prolongators are smoothed with local row sums, not with a random-start
    eigenvalue estimate.

    References
    ----------
    Vanek, Mandel & Brezina 1996, Computing 56:179, doi:10.1007/BF02238511;
    Bell, Olson & Schroder 2022, JOSS 7(72):4142, doi:10.21105/joss.04142 (pyamg).
    """
    hierarchy = pyamg.smoothed_aggregation_solver(
        csr_matrix(matrix),
        B=np.ones((matrix.shape[0], 1)),
        symmetry="symmetric",
        strength=("symmetric", {"theta": _STRENGTH}),
        smooth=("jacobi", {"omega": 4.0 / 3.0, "weighting": "local"}),
        presmoother=("gauss_seidel", {"sweep": "forward"}),
        postsmoother=("gauss_seidel", {"sweep": "backward"}),
        improve_candidates=None,
        max_coarse=500,
        coarse_solver="pinv",
    )
    return Multigrid(matrix, hierarchy)


def solve_potential(
    multigrid: Multigrid, rhs: Floats, *, tolerance: float = 1e-8, most_steps: int = 200
) -> Floats:
    """Give the potential (N,) of mean zero that solves ``matrix @ potential = rhs``.

    ``rhs`` (N,) must sum to nearly zero (no net source); what is left of its mean is taken off.
    Stops at a relative residual of ``tolerance``.

    Raises
    ------
    SolverError
        Not converged after ``most_steps`` steps.
    """
    b = rhs - rhs.mean()
    size = float(np.linalg.norm(b))
    x: Floats = np.zeros_like(b)
    if size == 0.0:
        return x
    r = b.copy()
    z = _cycle(multigrid, r)
    p = z.copy()
    rz = float(r @ z)
    for _ in range(most_steps):
        q = multigrid.matrix @ p
        step = rz / float(p @ q)
        x += step * p
        r -= step * q
        if float(np.linalg.norm(r)) <= tolerance * size:
            return np.asarray(x - x.mean())
        z = _cycle(multigrid, r)
        previous, rz = rz, float(r @ z)
        p = z + (rz / previous) * p
    raise SolverError(
        f"the potential did not reach a relative residual of {tolerance:g} in {most_steps} steps "
        f"(now {float(np.linalg.norm(r)) / size:.1e}); the mesh may hold flat tetrahedra or "
        "conductivities that differ too widely"
    )


def solve_potentials(
    multigrid: Multigrid, rhs: Floats, *, tolerance: float = 1e-8, most_steps: int = 200
) -> Floats:
    """Give the potentials (N, K) of mean zero for each column of ``rhs`` (N, K).

    Each column as `solve_potential` does it.

    Raises
    ------
    SolverError
        A column did not converge after ``most_steps`` steps.
    """
    out = np.empty(rhs.shape)
    for k, column in enumerate(rhs.T):
        out[:, k] = solve_potential(multigrid, column, tolerance=tolerance, most_steps=most_steps)
    return out


def _cycle(multigrid: Multigrid, residual: Floats) -> Floats:
    """One V-cycle from zero: symmetric, so it preconditions conjugate gradients."""
    x: Floats = multigrid.hierarchy.solve(residual, maxiter=1, tol=1e-300)
    return x
