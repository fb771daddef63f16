"""Seeded smooth fields: values on a coarse lattice, spread by splines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grid = NDArray[np.float32]

__all__ = ["expand", "lattice_shape", "smooth_field"]

# Mean square of the cubic B-spline weights along one axis (de Boor 1978): 151/315.
_CUBIC_POWER = (151 / 315) ** 1.5


def lattice_shape(shape: tuple[int, ...], step: int) -> tuple[int, ...]:
    """Give how many nodes, ``step`` voxels apart, cover a grid of ``shape``."""
    return tuple(-(-(n - 1) // step) + 1 for n in shape)


def expand(lattice: Grid, shape: tuple[int, ...], step: float, *, degree: int = 1) -> Grid:
    """Give a lattice (a, b, c, ...) on the full grid ``shape``, ``step`` voxels per node.

    Degree 1 runs through the node values; degree 3 is the smooth cubic B-spline, whose node k
    belongs to voxel (k - 1) step.
    """
    out = lattice
    for axis, count in enumerate(shape):
        weights = _weights(count, step, degree, lattice.shape[axis])
        out = np.moveaxis(np.tensordot(weights, out, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(out)


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], step: float) -> Grid:
    """Give a Gaussian random field of unit variance, correlated over about ``step`` voxels."""
    nodes = tuple(int((n - 1) / step) + 4 for n in shape)
    draw = rng.standard_normal(nodes, dtype=np.float32)
    return expand(draw, shape, step, degree=3) / np.float32(_CUBIC_POWER)


def _weights(count: int, step: float, degree: int, nodes: int) -> Grid:
    """Give spline weights, (count, nodes)."""
    at = np.arange(count) / step
    low = np.minimum(at.astype(np.int64), nodes - degree - 1)
    t = at - low
    if degree == 1:
        parts = [1 - t, t]
    else:
        parts = [
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        ]
    out = np.zeros((count, nodes), np.float32)
    for k, part in enumerate(parts):
        out[np.arange(count), low + k] = part
    return out
