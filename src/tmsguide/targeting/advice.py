"""What a scan supports: an individual target, more scan time, or a group target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Advice, ScanVerdict, Support

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Region, Reliability

    Floats = NDArray[np.float64]

__all__ = ["Standing", "advise", "expected_error", "forecast_error", "minutes_needed"]

#: Mean distance of a person's own site from the published group sites, the nearest of them: what
#: a group target misses by. Set with the scatter of generated people (8 mm per axis), for whom
#: most own sites lie within 20 mm of the group's (Gregory 2025, 10.1101/2025.07.09.662866).
GROUP_MISS_MM = 11.0

#: An individual target must be expected clearly nearer than the group's: within this.
_ERROR_MM = 6.0
#: ... and its region no wider than most individual targets lie from the group's (Gregory 2025).
_RADIUS_MM = 15.0
#: ... and two scans agree much better than chance in the same search area.
_CORRECTED = 0.6
#: A target that moves further than this with the global signal is made by the cleaning.
_GLOBAL_SHIFT_MM = 15.0

#: Nobody is told to scan longer than this; beyond it the forecast says "more time would not do".
LONGEST_MIN = 60.0
#: An error falls with the square root of time, faster where a second place fades with time.
_SLOWEST, _FASTEST = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What one scan shows about one method's target.

    ``error_mm`` is its `expected_error`; ``parts_min`` and ``parts_error_mm`` the same for
    resamples of shorter parts of the scan, shortest first, the whole scan last;
    ``global_shift_mm`` how far the target moves when the global signal is kept, and ``group_mm``
    how far the nearest group target lies (NaN where not known); ``group_inside`` tells whether
    that lies in the region.
    """

    region: Region | None
    reliability: Reliability | None
    error_mm: float
    parts_min: tuple[float, ...]
    parts_error_mm: tuple[float, ...]
    verdict: ScanVerdict
    global_shift_mm: float = float("nan")
    group_mm: float = float("nan")
    group_inside: bool = False


def expected_error(point: Floats, samples: Floats, *, resolution_mm: float) -> float:
    """Mean distance in mm at which the true place is expected from the target ``point`` (3,).

    That of the samples (B, 3), NaN left out, with half the image's resolution at right angles.
    Infinite where no resample had a target.
    """
    found = samples[np.isfinite(samples).all(axis=1)]
    if not len(found):
        return float("inf")
    scatter = float(np.linalg.norm(found - point, axis=1).mean())
    return float(np.hypot(scatter, resolution_mm / 2))


def forecast_error(minutes: Floats, error_mm: Floats, at_min: float) -> float:
    """Error in mm expected from a scan of ``at_min``, from those of parts of this scan.

    A power law of time through the errors at two or more ``minutes``; the exponent is kept
    between -1/4 and -1, so that noise in few resamples cannot promise what no scan gives.
    """
    x, y = np.log(minutes), np.log(error_mm)
    slope = float(np.polyfit(x, y, 1)[0]) if len(x) > 1 else -0.5
    slope = -min(max(-slope, _SLOWEST), _FASTEST)
    return float(error_mm[-1] * (at_min / minutes[-1]) ** slope)


def minutes_needed(minutes: Floats, error_mm: Floats, *, goal_mm: float) -> float | None:
    """Least scan time at which `forecast_error` comes down to ``goal_mm``; None beyond an hour."""
    for at_min in np.arange(np.ceil(minutes[-1]), LONGEST_MIN + 0.5):
        if forecast_error(minutes, error_mm, float(at_min)) <= goal_mm:
            return float(at_min)
    return None


def advise(standing: Standing) -> Advice:
    """Say whether a scan supports an individual target, and why.

    Supported where the target is expected within 6 mm of the truth, its region is no wider than
    15 mm and two scans would agree much better than chance. Where not, the time at which it would
    be is forecast; is that beyond an hour, or the scan itself poor, a group target is preferred.
    """
    usable = standing.parts_min[-1]
    doubts = _doubts(standing)
    if not doubts and standing.verdict is not ScanVerdict.INSUFFICIENT:
        return Advice(Support.INDIVIDUAL, usable, usable, (_why(standing), *_beside(standing)))
    needed = minutes_needed(
        np.array(standing.parts_min), np.array(standing.parts_error_mm), goal_mm=_ERROR_MM
    )
    if needed is None:
        doubts.append(f"more than {LONGEST_MIN:.0f} min would be needed")
        return Advice(Support.GROUP, usable, None, (*doubts, *_beside(standing)))
    needed = float(max(needed, np.ceil(usable) + 1))
    doubts.append(f"about {needed:.0f} min of usable scan would be needed")
    return Advice(Support.SCAN_MORE, usable, needed, (*doubts, *_beside(standing)))


def _doubts(standing: Standing) -> list[str]:
    out = []
    if standing.verdict is ScanVerdict.INSUFFICIENT:
        out.append("the scan's quality does not carry an individual target")
    if standing.region is None or standing.reliability is None:
        return [*out, "most resampled scans have no target"]
    if standing.error_mm > _ERROR_MM:
        out.append(
            f"the target is expected {standing.error_mm:.0f} mm from the true place, a group "
            f"target {GROUP_MISS_MM:.0f} mm"
        )
    if standing.region.radius_mm > _RADIUS_MM:
        out.append(f"the true place may lie up to {standing.region.radius_mm:.0f} mm away")
    if standing.reliability.corrected < _CORRECTED:
        out.append(
            f"two such scans would agree within {standing.reliability.apart_mm:.0f} mm, places "
            f"drawn blindly within {standing.reliability.chance_mm:.0f} mm"
        )
    if standing.global_shift_mm > _GLOBAL_SHIFT_MM:
        out.append(
            f"the target moves {standing.global_shift_mm:.0f} mm when the global signal is kept"
        )
    return out


def _why(standing: Standing) -> str:
    return (
        f"the target is expected {standing.error_mm:.0f} mm from the true place, a group target "
        f"{GROUP_MISS_MM:.0f} mm"
    )


def _beside(standing: Standing) -> tuple[str, ...]:
    if not standing.group_inside:
        return ()
    return (
        f"a group target lies {standing.group_mm:.0f} mm away, within the region: this scan does "
        "not tell the two apart, so little is gained over it",
    )
