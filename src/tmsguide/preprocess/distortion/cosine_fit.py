"""Smoothest field that fits data: least squares with a penalty, solved in cosine coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Grid = NDArray[np.float32]

__all__ = ["bending", "fitted", "laplacian_eigenvalues", "penalised", "smooth_solution"]


def laplacian_eigenvalues(shape: tuple[int, ...], voxel_mm: NDArray[np.float64]) -> Grid:
    """Give the eigenvalues (X, Y, Z) of the negative Laplacian, per mm², of the cosine modes."""
    out = np.zeros(shape)
    for axis, (count, mm) in enumerate(zip(shape, voxel_mm, strict=True)):
        side = [1, 1, 1]
        side[axis] = count
        out = out + ((2 - 2 * np.cos(np.pi * np.arange(count) / count)) / mm**2).reshape(side)
    return out.astype(np.float32)


def bending(
    shape: tuple[int, ...], voxel_mm: NDArray[np.float64], *, wavelength_mm: float
) -> Grid:
    """Give a bending-energy penalty (X, Y, Z) of the cosine modes: 1 at ``wavelength_mm``.

    Against data of unit weight, ripples of that wavelength are halved, shorter ones vanish. A
    touch of membrane keeps what lies far from all data from running away.
    """
    squares = laplacian_eigenvalues(shape, voxel_mm) * np.float32((wavelength_mm / 2 / np.pi) ** 2)
    return np.asarray(squares**2 + np.float32(0.01) * squares, np.float32)


def smooth_solution(
    normal: Callable[[Grid], Grid],
    right: Grid,
    penalty: Grid,
    *,
    typical: Grid,
    start: Grid,
    tolerance: float,
    most_steps: int,
) -> Grid:
    """Give x (X, Y, Z) with ``normal(x) + penalty x = right``, penalty acting on cosine modes.

    Conjugate gradients over the cosine coefficients, preconditioned by ``typical`` (mean data
    weight per mode) plus the penalty; stops at the relative residual ``tolerance``.

    References
    ----------
    Hestenes & Stiefel 1952, J. Res. Natl. Bur. Stand. 49:409, doi:10.6028/jres.049.044.
    """
    inverse = np.asarray(1 / (penalty + typical), np.float32)

    def operate(z: Grid) -> Grid:
        return cosines(normal(values(z))) + penalty * z

    b = cosines(right)
    z = cosines(start)
    r = b - operate(z)
    y: Grid = inverse * r
    p = y
    energy = _dot(r, y)
    goal = tolerance**2 * max(_dot(b, inverse * b), 1e-30)
    for _ in range(most_steps):
        if energy <= goal:
            break
        q = operate(p)
        length = energy / _dot(p, q)
        z = z + np.float32(length) * p
        r = r - np.float32(length) * q
        y = inverse * r
        energy, before = _dot(r, y), energy
        p = y + np.float32(energy / before) * p
    return values(z)


def fitted(data: Grid, weight: Grid, penalty: Grid) -> Grid:
    """Give the field (X, Y, Z) of least ``weight`` (field - data)² plus penalty of its modes."""

    def normal(x: Grid) -> Grid:
        return weight * x

    return smooth_solution(
        normal,
        weight * data,
        penalty,
        typical=np.full((1, 1, 1), weight.mean() + 1e-6, np.float32),
        start=np.zeros_like(data),
        tolerance=1e-4,
        most_steps=200,
    )


def penalised(field: Grid, penalty: Grid) -> Grid:
    """Give the penalty's matrix times ``field`` (X, Y, Z)."""
    return values(penalty * cosines(field))


def cosines(field: Grid) -> Grid:
    """Give the orthonormal cosine coefficients (type II) of a grid."""
    return np.asarray(fft.dctn(field, norm="ortho"), np.float32)


def values(coefficients: Grid) -> Grid:
    """Give the grid of `cosines`."""
    return np.asarray(fft.idctn(coefficients, norm="ortho"), np.float32)


def _dot(a: Grid, b: Grid) -> float:
    return float(np.vdot(a, b))
