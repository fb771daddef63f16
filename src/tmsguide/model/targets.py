"""A stimulation target on the cortex, how sure we are of it, and what a scan can support."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.model.spaces import Points

__all__ = ["Advice", "Region", "Reliability", "Support", "Target"]


class Support(Enum):
    """What the scan says about aiming at this person's own target, in words a clinician reads."""

    INDIVIDUAL = "individual target supported"
    SCAN_MORE = "scan more before relying on an individual target"
    GROUP = "prefer a group target"


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where the true place may lie, with ``confidence``.

    ``places`` (R, 3) are the places of the search area inside the region, of ``volume_cm3`` in
    all (grey matter only; on a surface times 2.5 mm of cortex); ``radius_mm`` that of the ball
    round the target. ``spread_mm`` names every source of doubt that was tried with the root mean
    square distance by which it alone moves the target.
    """

    places: Points
    volume_cm3: float
    radius_mm: float
    confidence: float
    spread_mm: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How near two scans of this length would agree, against chance.

    ``apart_mm`` is the mean distance between the targets of two resampled scans, ``chance_mm``
    that between two places drawn blindly from the same search area: a small area makes any method
    look reliable.
    """

    apart_mm: float
    chance_mm: float

    @property
    def corrected(self) -> float:
        """1 where the same place is always found, 0 where it is as good as drawn blindly."""
        return 1.0 - self.apart_mm / self.chance_mm


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether this scan supports an individual target, and why.

    ``needed_min`` is the usable time at which it would, extrapolated from the resamples; None
    where more time would not help or cannot be told.
    """

    support: Support
    usable_min: float
    needed_min: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One place on the cortex: ``point`` is (1, 3).

    ``score`` is the method's own figure at the point (Fisher z for connectivity methods, NaN for
    group and scalp-rule targets). ``samples`` (B, 3) are the places found on resampled data and
    ``region_radius_mm`` the radius round ``point`` that is meant to hold the true place with
    ``confidence``, None where the method has no resampling. ``source`` cites the method, ``name``
    is that of its definition (``sgacc-cluster``).
    """

    point: Points
    score: float
    method: str
    source: str
    samples: Points | None = None
    region_radius_mm: float | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    name: str = ""
    region: Region | None = None
    reliability: Reliability | None = None
    advice: Advice | None = None
