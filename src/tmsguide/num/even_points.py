"""Points that fill a unit cube evenly, for as many as are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["even_points"]


def even_points(count: int, dimensions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Give ``count`` points (count, dimensions) in [0, 1), far more even than random ones.

    Multiples of powers of the root of ``x^(d+1) = x + 1``, shifted by one random vector, so that
    the first few of them fill the cube as evenly as all.

    References
    ----------
    Niederreiter 1992, doi:10.1137/1.9781611970081, chapter 3 (Kronecker sequences); the step is
    that of M. Roberts 2018, "The unreasonable effectiveness of quasirandom sequences".
    """
    root = 2.0
    for _ in range(64):  # a contraction: 64 steps reach rounding level in any dimension
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    step = root ** -np.arange(1.0, dimensions + 1)
    return np.asarray((rng.random(dimensions) + np.arange(count)[:, None] * step) % 1.0)
