"""What the chain is given of one functional run, and where it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.preprocess.frames import check_place, check_scan

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import Distortion, Frame, Points, Scan, Volume

__all__ = ["Person", "RawRun"]


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
class Person:
    """What the chain must know of the person beside the images.

    ``seed`` is one point in the T1w frame, the middle of the subgenual seed; ``in_dlpfc`` tells
    which of N points lie in the search region of the left dorsolateral prefrontal cortex (signal
    is judged in both); ``age_years`` decides breathing rates and the limit of displacement.
    """

    seed: Points
    in_dlpfc: Callable[[Points], NDArray[np.bool_]] | None = None
    age_years: float | None = None

    def check(self, frame: Frame) -> None:
        """Refuse a seed outside ``frame``."""
        check_place(self.seed, frame)
