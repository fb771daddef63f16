"""What carries a dose from motor cortex to another place: slopes, the motor hot spot, sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.model import MNI, Points

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "DepthRule",
    "MotorHotspot",
    "Side",
    "disagreement_percent_mso",
    "field_matching_note",
    "field_matching_source",
    "motor_hotspot",
]


class DepthRule(Enum):
    """Which paper's slope of motor threshold with scalp-to-cortex distance; 2005 by default."""

    STOKES_2005 = "stokes-2005"
    STOKES_2007 = "stokes-2007"
    STOKES_2013 = "stokes-2013"

    @property
    def percent_mso_per_mm(self) -> float:
        """Give how much more output each millimetre takes.

        Examples
        --------
        >>> [rule.percent_mso_per_mm for rule in DepthRule]
        [3.0, 2.8, 2.7]
        """
        return float(_table()["slope"][self.value]["percent_mso_per_mm"])

    @property
    def source(self) -> str:
        """Give the paper."""
        return str(_table()["slope"][self.value]["source"])


class Side(Enum):
    """A hemisphere."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, eq=False)
class MotorHotspot:
    """Where the hand's motor cortex lies in `MNI`, and how the coil is held over it.

    ``current`` (3,) is the usual direction of the induced current in the brain, RAS, level with
    the horizon: from behind and outside to the front and the midline, ``coil_angle_deg`` from it.
    """

    point: Points
    current: NDArray[np.float64]
    coil_angle_deg: float
    source: str
    note: str
    verified: bool


def motor_hotspot(side: Side) -> MotorHotspot:
    """Give the average motor hot spot of a hand muscle, for want of the person's own.

    Examples
    --------
    >>> motor_hotspot(Side.RIGHT).point.xyz_mm.tolist()
    [[37.0, -21.0, 58.0]]
    """
    row = _table()["motor_hotspot"]
    mirror = np.array([1.0 if side is Side.LEFT else -1.0, 1.0, 1.0])
    angle = np.deg2rad(row["coil_angle_deg"])
    return MotorHotspot(
        point=Points(mirror * np.array([row["mni_mm"]]), MNI),
        current=mirror * np.array([np.sin(angle), np.cos(angle), 0.0]),
        coil_angle_deg=row["coil_angle_deg"],
        source=f"{row['source']}; {row['coil_angle_source']}",
        note=row["note"],
        verified=row["verified"],
    )


def disagreement_percent_mso() -> float:
    """Give the difference between methods, in % of output, above which it is pointed out."""
    return float(_table()["disagreement_percent_mso"])


def field_matching_note() -> str:
    """Give what must be said beside every field-matched dose."""
    return str(_table()["field"]["note"])


def field_matching_source() -> str:
    """Give where field-matched doses were studied."""
    return str(_table()["field"]["source"])


@cache
def _table() -> dict[str, Any]:
    text = files("tmsguide.therapy").joinpath("data", "dosing.toml").read_text("utf-8")
    return tomllib.loads(text)
