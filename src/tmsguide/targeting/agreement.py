"""How far the targets of several methods lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Target

__all__ = ["agreement"]


def agreement(targets: Sequence[Target]) -> NDArray[np.float64]:
    """Distances in mm between every two targets, (K, K), symmetric with a zero diagonal.

    Raises
    ------
    InputError
        If there is no target.
    FrameError
        If the targets are in different frames.
    """
    if not targets:
        raise InputError("no target to compare; give at least one")
    frames = sorted({target.point.frame.name for target in targets})
    if len(frames) > 1:
        raise FrameError(f"targets are in {' and '.join(frames)}; map them to one frame first")
    xyz = np.concatenate([target.point.xyz_mm for target in targets])
    return np.asarray(np.linalg.norm(xyz[:, None] - xyz[None], axis=2))
