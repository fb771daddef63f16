"""What the chain is given of one functional run, and where it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.preprocess.frames import check_place, check_scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import Distortion, Frame, Points, Scan, Volume

    Floats = NDArray[np.float64]

__all__ = ["Person", "RawRun", "Unsmoothed"]


@dataclass(frozen=True, slots=True, eq=False)
class RawRun:
    """One run as acquired: its ``echoes`` by rising echo time (one for most scans).

    ``distortion`` gives the susceptibility distortion of the run's mean raw volume, in that
    volume's frame; None where the run has no fieldmap, and ``caution`` says so in words.
    """

    name: str
    echoes: tuple[Scan, ...]
    distortion: Callable[[Volume], Distortion] | None = None
    caution: str = ""

    def __post_init__(self) -> None:
        if not self.echoes:
            raise InputError(f"run {self.name} has no scan; give at least one echo")
        for scan in self.echoes:
            check_scan(scan)


@dataclass(frozen=True, slots=True, eq=False)
class Unsmoothed:
    """The kept frames of one run at G grey-matter voxels, before they are smoothed.

    ``percent`` (T, G) is in percent of each voxel's mean, confounds out, all frequencies in;
    ``cleaned`` (T, G) is band-passed and z-scored too. ``kept`` (T0,) marks the T frames.
    """

    percent: NDArray[np.float32]
    cleaned: NDArray[np.float32]
    where: Points
    kept: NDArray[np.bool_]
    tr_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """What the chain must know of the person beside the images.

    ``seed`` is one point in the T1w frame, the middle of the subgenual seed; ``in_dlpfc`` tells
    which of N points lie in the search region of the left dorsolateral prefrontal cortex (signal
    is judged in both); ``age_years`` decides breathing rates and the limit of displacement.
    ``local`` gives measures of single voxels by name, (G,) each, from what smoothing would blur;
    None where they are not wanted.
    """

    seed: Points
    in_dlpfc: Callable[[Points], NDArray[np.bool_]] | None = None
    age_years: float | None = None
    local: Callable[[Unsmoothed], Mapping[str, Floats]] | None = None

    def check(self, frame: Frame) -> None:
        """Refuse a seed outside ``frame``."""
        check_place(self.seed, frame)
