"""A stimulation target on the cortex, with how sure we are of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmsguide.model.spaces import Points

__all__ = ["Target"]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One place on the cortex: ``point`` is (1, 3).

    ``score`` is the method's own figure at the point (Fisher z for connectivity methods, NaN for
    group and scalp-rule targets). ``samples`` (B, 3) are the places found on resampled data and
    ``region_radius_mm`` the radius round ``point`` that is meant to hold the true place with
    ``confidence``, None where the method has no resampling. ``source`` cites the method.
    """

    point: Points
    score: float
    method: str
    source: str
    samples: Points | None = None
    region_radius_mm: float | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()
