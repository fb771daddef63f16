"""A coil's casing as points all over its surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.coils.numbers import LIMIT_ELEMENTS
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["surface_points"]

_STEP_M = 5e-3  # finer than what a scalp can hide between two points
_MOST_PARTS = 100  # of one edge: half a metre


def surface_points(corner_m: Floats, face: NDArray[np.int64], name: object) -> Floats:
    """Give points (V, 3), metres, at most 5 mm apart along each edge of triangles (F, 3).

    Raises
    ------
    InputError
        More points than a casing can need; ``name`` is for the error.
    """
    triangle = corner_m[face]
    edge = np.linalg.norm(np.roll(triangle, 1, axis=1) - triangle, axis=2).max(axis=1)
    parts = np.clip(np.ceil(edge / _STEP_M), 1, _MOST_PARTS).astype(np.int64)
    if int((parts**2).sum()) > 2 * LIMIT_ELEMENTS:
        raise InputError(
            f"{one_line(name)}: the casing needs over {LIMIT_ELEMENTS} points; needed a coarser "
            "or smaller casing"
        )
    points = [corner_m]
    for n in np.unique(parts[parts > 1]).tolist():
        a, b = np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)]).T / n
        weight = np.stack([1 - a - b, a, b], axis=1)
        points.append(np.einsum("wk,tkd->twd", weight, triangle[parts == n]).reshape(-1, 3))
    kept: Floats = np.unique(np.concatenate(points).round(6), axis=0)
    return kept
