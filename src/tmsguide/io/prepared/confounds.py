"""Tables of confounds as fMRIPrep and XCP-D write them: one row per volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_tsv

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_confounds"]


def read_confounds(path: Path) -> dict[str, NDArray[np.float64]]:
    """Give each numeric column of a confounds table as (T,) float64.

    ``n/a`` is NaN: fMRIPrep writes it in the first row of derivatives and displacements.

    Raises
    ------
    InputError
        No rows, or a cell that is neither a number nor ``n/a``.
    """
    columns = read_tsv(path)
    if not columns or not next(iter(columns.values())):
        raise InputError(f"{one_line(path)} has no rows; needed one per BOLD volume")
    return {name: _numbers(name, cells, path) for name, cells in columns.items()}


def _numbers(column: str, cells: list[str], path: Path) -> NDArray[np.float64]:
    try:
        values = np.array([np.nan if c in ("n/a", "") else float(c) for c in cells])
    except ValueError as error:
        raise InputError(
            f"{one_line(path)} column {one_line(column)!r} holds no number ({one_line(error)}); "
            "needed numbers or n/a"
        ) from error
    if np.isinf(values).any():
        raise InputError(f"{one_line(path)} column {one_line(column)!r} holds infinity; mend it")
    return values
