"""Motion as another program's confounds table gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.preprocess.movement.motion import framewise_displacement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["given_motion"]

_FD_COLUMN = "framewise_displacement"
_MOTION_COLUMNS = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def given_motion(
    confounds: Mapping[str, NDArray[np.float64]], frames: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Give motion (T0, 6), FD (T0,) and steady frames (T0,) from another program's table."""
    missing = [name for name in _MOTION_COLUMNS if name not in confounds]
    if missing:
        raise InputError(
            f"the confounds table lacks {', '.join(missing)}; needed the six motion columns "
            f"{', '.join(_MOTION_COLUMNS)} (mm, rad)"
        )
    table = {name: np.asarray(values, np.float64) for name, values in confounds.items()}
    for name in (*_MOTION_COLUMNS, *(k for k in table if k == _FD_COLUMN)):
        if table[name].shape != (frames,):
            raise InputError(
                f"confound {name} has {table[name].size} values, the scan {frames} frames; "
                "check that both belong to one run"
            )
    motion = np.column_stack([table[name] for name in _MOTION_COLUMNS])
    if not np.isfinite(motion).all():
        raise InputError("the motion columns of the confounds table hold missing values")
    fd_mm = np.nan_to_num(table.get(_FD_COLUMN, framewise_displacement(motion)))
    steady = np.ones(frames, bool)
    for name, values in table.items():
        if name.startswith("non_steady_state_outlier"):
            steady &= values == 0
    return motion, fd_mm, steady
