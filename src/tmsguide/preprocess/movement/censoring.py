"""Which frames are still enough, judged by motion without breathing and by the person's age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.preprocess.denoising.regression import check_usable, kept_frames
from tmsguide.preprocess.movement.breathing import (
    FilteredMotion,
    MotionFilter,
    fd_limit_for,
    filtered_motion,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import BoldSettings

    Floats = NDArray[np.float64]

__all__ = ["Censored", "censored"]


@dataclass(frozen=True, slots=True, eq=False)
class Censored:
    """The frames ``kept`` (T0,), the motion they were judged by and the limit that was used."""

    kept: NDArray[np.bool_]
    motion: FilteredMotion
    fd_limit_mm: float


def censored(
    parameters: Floats,
    tr_s: float,
    *,
    age_years: float | None,
    settings: BoldSettings,
    lost: NDArray[np.bool_],
    fd_mm: Floats | None = None,
) -> Censored:
    """Give the frames to keep of a run with motion ``parameters`` (T0, 6).

    ``lost`` (T0,) frames go whatever their motion; ``fd_mm`` is displacement as another program
    gives it. Without a limit in the settings it follows from age and filter.

    Raises
    ------
    QualityError
        Under two usable minutes.
    """
    moved = filtered_motion(
        parameters,
        tr_s,
        age_years=age_years,
        wanted=MotionFilter.named(settings.motion_filter),
        fd_mm=fd_mm,
    )
    limit = settings.fd_limit_mm
    limit_mm = fd_limit_for(age_years, moved.used) if limit is None else limit
    kept = kept_frames(
        np.where(lost, np.inf, moved.judged_mm),
        fd_limit_mm=limit_mm,
        dummy_volumes=settings.dummy_volumes,
    )
    check_usable(kept, tr_s=tr_s)
    return Censored(kept, moved, limit_mm)
