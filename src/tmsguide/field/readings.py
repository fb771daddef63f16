"""What is read from a field: its mean over a region, as a vector or along chosen directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.field.forward import Prepared

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["Reading", "mean_along", "mean_vector"]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Q weighted sums of the recovered E over ``cells`` (P,): ``weights`` (Q, P, 3)."""

    cells: Ints
    weights: Floats

    def of(self, recovered: Floats) -> Floats:
        """Read (Q,) from recovered E (M, 3), V/m."""
        return np.asarray(np.einsum("qpd,pd->q", self.weights, recovered[self.cells]))


def mean_vector(prepared: Prepared, roi: Bools) -> Reading:
    """Read the volume-weighted mean E vector over marked cells (M,): its x, y and z.

    Raises
    ------
    GeometryError
        The region is empty or not one flag per cell.
    """
    cells, share = _shares(prepared, roi)
    weights = np.zeros((3, len(cells), 3))
    for k in range(3):
        weights[k, :, k] = share
    return Reading(cells, weights)


def mean_along(prepared: Prepared, roi: Bools, direction: Floats) -> Reading:
    """Read the mean of E along a direction (3,), or along one per marked cell (P, 3).

    One unit vector per cell, such as the normal of the sulcal wall it lies in, gives the mean of
    that component; they are scaled to unit length.

    Raises
    ------
    GeometryError
        As `mean_vector`, or directions of the wrong number or without length.
    """
    cells, share = _shares(prepared, roi)
    given = np.asarray(direction, dtype=np.float64)
    if given.shape not in {(3,), (len(cells), 3)}:
        raise GeometryError(
            f"directions have shape {given.shape}; needed (3,) or one for each of {len(cells)} "
            "cells of the region"
        )
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    if not (np.isfinite(length) & (length > 0)).all():
        raise GeometryError("a direction has no length; give unit vectors")
    return Reading(cells, (share[:, None] * (given / length))[None])


def _shares(prepared: Prepared, roi: Bools) -> tuple[Ints, Floats]:
    count = len(prepared.head.cells)
    if roi.shape != (count,) or not roi.any():
        raise GeometryError(
            f"the region marks {int(np.count_nonzero(roi))} of {roi.shape} cells; needed one flag "
            f"for each of {count} cells, at least one of them set"
        )
    cells = np.flatnonzero(roi)
    volume = prepared.volume_m3[cells]
    return cells, volume / volume.sum()
