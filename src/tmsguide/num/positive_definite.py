"""Symmetric positive definite matrices: roots, logarithms and their geometric mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["geometric_mean", "inverse_root", "logarithm", "root"]

_TOLERANCE = 1e-9
_STEPS = 200


def root(matrix: Floats) -> Floats:
    """Symmetric square root of positive definite matrices (..., P, P)."""
    return _spectral(matrix, np.sqrt)


def inverse_root(matrix: Floats) -> Floats:
    """Inverse of `root`, (..., P, P)."""
    return _spectral(matrix, lambda value: 1.0 / np.sqrt(value))


def logarithm(matrix: Floats) -> Floats:
    """Matrix logarithm of positive definite matrices (..., P, P); symmetric."""
    return _spectral(matrix, np.log)


def geometric_mean(matrices: Floats) -> Floats:
    """Give the matrix (P, P) nearest to all of (S, P, P) in the affine-invariant distance.

    Fixed-point steps along the mean logarithm, halved whenever they overshoot.

    Raises
    ------
    SolverError
        If the mean logarithm does not fall below 1e-9 per row.

    References
    ----------
    Pennec, Fillard & Ayache 2006, 10.1007/s11263-005-3222-z; Fletcher & Joshi 2007,
    10.1016/j.sigpro.2005.12.018.
    """
    mean: Floats = np.asarray(matrices.mean(axis=0))
    step, last = 1.0, np.inf
    for _ in range(_STEPS):
        half = inverse_root(mean)
        tangent = logarithm(half @ matrices @ half).mean(axis=0)
        size = float(np.linalg.norm(tangent)) / len(mean)
        if size < _TOLERANCE:
            return mean
        step = step / 2 if size > last else step
        last = size
        whole = root(mean)
        mean = whole @ _spectral(step * tangent, np.exp) @ whole
        mean = (mean + mean.T) / 2
    raise SolverError(
        f"the geometric mean of {len(matrices)} covariances stopped at {size:.1e} per row; "
        f"needed {_TOLERANCE:g}. Shrink the covariances more, or leave out the odd one"
    )


def _spectral(matrix: Floats, function: Callable[[Floats], Floats]) -> Floats:
    """Apply a function to the eigenvalues."""
    value, vector = np.linalg.eigh(matrix)
    return np.asarray((vector * function(value)[..., None, :]) @ np.swapaxes(vector, -1, -2))
