"""Checks that coil files of every format share: whole numbers of finite vectors, sane sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LARGEST_M", "LIMIT_BYTES", "LIMIT_ELEMENTS", "box_half_size", "vectors"]

LIMIT_BYTES = 50_000_000
LIMIT_ELEMENTS = 1_000_000
LARGEST_M = 1.0  # no part of a coil lies a metre off its centre: metres and millimetres mixed up


def vectors(value: object, name: object, what: str, *, unit_m: float = 1.0) -> Floats:
    """Give ``value`` as vectors (N, 3), multiplied by ``unit_m``; ``what`` is for the error.

    Raises
    ------
    InputError
        Not a list of three finite numbers each, none or too many of them, or larger than 1 m
        (1 m² for moments).
    """
    try:
        rows = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{one_line(name)}: {what} are no table of numbers ({one_line(error)}); "
            "needed three numbers for each; export the coil again"
        ) from error
    if rows.ndim != 2 or rows.shape[1] != 3 or not 0 < len(rows) <= LIMIT_ELEMENTS:
        raise InputError(
            f"{one_line(name)}: {what} have the shape {rows.shape}; needed three numbers for each "
            f"of 1 to {LIMIT_ELEMENTS} of them; export the coil again"
        )
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise InputError(
            f"{one_line(name)}: {what} number {bad + 1} is not finite; export the coil again"
        )
    rows = rows * unit_m
    largest = float(np.abs(rows).max())
    if largest > LARGEST_M:
        raise InputError(
            f"{one_line(name)}: {what} reach {largest:.3g} in metres and amperes, needed at most "
            f"{LARGEST_M:g}; the file's unit is probably another one"
        )
    return rows


def box_half_size(points_m: Floats) -> tuple[float, float, float]:
    """Give half the sizes (m) of the box about points (N, 3), symmetric in x and y, face at z=0.

    Points before the face (z > 0: a bent coil) do not count for its thickness.
    """
    x, y = np.abs(points_m[:, :2]).max(axis=0)
    return float(x), float(y), max(0.0, -0.5 * float(points_m[:, 2].min()))
