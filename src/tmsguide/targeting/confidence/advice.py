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

__all__ = [
    "GROUP_MISS_MM",
    "LONGEST_MIN",
    "Standing",
    "advise",
    "expected_error",
    "forecast_error",
    "minutes_needed",
]

# Every limit below was set on generated people (`phantom.rest`, 1,200 of them, seeds from 10,000);
# the verdict is measured on others.

#: What a group target misses a person's own site by, mean of generated people (9 to 10 mm for the
#: sites of Fox 2012 and Weigand 2018). Most individual targets lie within 20 mm of the group's
#: (Gregory 2025, 10.1101/2025.07.09.662866).
GROUP_MISS_MM = 10.0

#: An individual target must be expected clearly nearer to the truth than the group's.
_ERROR_MM = 6.0
#: A region wider than this reaches another gyrus: the target is one of several places.
_RADIUS_MM = 25.0
#: Two scans must agree much better than chance in the same search area.
_CORRECTED = 0.6
#: A target that moves further than this with the global signal is made by the cleaning.
_GLOBAL_SHIFT_MM = 10.0
#: Most individual targets lie within 20 mm of the group's (Gregory 2025), 998 in 1,000 sites of
#: generated people within 25 mm of the nearer one: a target further off that looks sure is more
#: likely another place that happens to be strong in this scan.
_FAR_MM = 25.0
#: Resamples of a shorter scan cannot tell how wrong it is: with so small an expected error 25 % of
#: targets from 5 min were worse than the group's, 7 % from 10, 6 % from 15 and 1 to 3 % from 30.
_LEAST_MIN = 12.0

#: Nobody is told to scan longer than this: about the rest in which targets were shown to come back
#: within millimetres (HCP, Cash 2021, 10.1002/hbm.25330).
LONGEST_MIN = 60.0

#: ... nor for less than half as long again: little more time leaves most doubts where they are.
_MORE = 1.5

#: Expected error of generated people, geometric mean: 10.6 mm at 10 min, 5.0 at 30, 3.4 at 60.
_AT_10_MIN_MM, _SLOPE = 10.6, -0.63
#: How much of a scan's excess over that is the person's own and not chance: t / (t + 50 min).
#: Measured 0.1 to 0.2 from 10 and 15 min, 0.44 from 30 min.
_OWN_MIN = 50.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What one scan shows about one method's target.

    ``error_mm`` is its `expected_error`; ``parts_min`` and ``parts_error_mm`` the same for
    resamples of shorter parts of the scan, shortest first, the whole scan last.
    ``global_shift_mm`` is how far the target moves with the other choice about the global signal,
    ``group_mm`` how far the nearest group target lies (NaN where not known); ``group_inside``
    tells whether that lies in the region, ``group_in_search`` whether the method could have found
    it: only then is the distance from it a measure of how unusual the target is.
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
    group_in_search: bool = False


def expected_error(point: Floats, samples: Floats, *, resolution_mm: float) -> float:
    """Mean distance in mm at which the true place is expected from the target ``point`` (3,).

    That of the samples (B, 3), NaN left out, with half the image's resolution at right angles.
    Infinite where no resample had a target.

    Examples
    --------
    >>> expected_error(np.array([1.5, 0, 0]), np.zeros((9, 3)), resolution_mm=4.0)
    2.5
    """
    found = samples[np.isfinite(samples).all(axis=1)]
    if not len(found):
        return float("inf")
    scatter = float(np.linalg.norm(found - point, axis=1).mean())
    return float(np.hypot(scatter, resolution_mm / 2))


def forecast_error(minutes: Floats, error_mm: Floats, at_min: float) -> float:
    """Error in mm expected from a scan of ``at_min``, from those of this scan and of its parts.

    ``error_mm`` belong to ``minutes``, the whole scan last. The usual error falls as the 0.63rd
    power of time. Of a scan's excess over it only the part that was found to be the person's own
    is carried on, more of a long scan's: whether a short scan is clear is mostly luck. Among
    generated people such a forecast from 10 or 15 for 30 min was within a factor of two of what
    the longer scan said in two of three.
    """
    excess = float(np.mean(np.log(error_mm / _usual_error(minutes))))
    own = minutes[-1] / (minutes[-1] + _OWN_MIN)
    return float(_usual_error(np.array(at_min)) * np.exp(own * excess))


def minutes_needed(minutes: Floats, error_mm: Floats, *, goal_mm: float) -> float | None:
    """Least scan time with a `forecast_error` of ``goal_mm`` or less, in whole minutes.

    At least 12 min and half as long again as this scan; None where that is beyond an hour.
    """
    least = max(np.ceil(_MORE * minutes[-1]), _LEAST_MIN)
    for at_min in np.arange(least, LONGEST_MIN + 0.5):
        if forecast_error(minutes, error_mm, float(at_min)) <= goal_mm:
            return float(at_min)
    return None


def advise(standing: Standing) -> Advice:
    """Say whether a scan supports an individual target, and why.

    Supported where at least 12 min of good scan put the target within 6 mm of the truth in the
    mean, its region is no wider than 25 mm, two scans would agree much better than chance, the
    global signal moves it by no more than 10 mm and it is no further than 25 mm from a group
    target that the method could have found. Where not, the time at which it would be is forecast;
    is that beyond an hour, a group target is preferred. That a group target lies within the
    region changes nothing, but is said.
    """
    usable = standing.parts_min[-1]
    doubts = _doubts(standing)
    beside = _beside(standing)
    if not doubts:
        return Advice(Support.INDIVIDUAL, usable, usable, (_expected(standing), *beside))
    needed = _needed(standing)
    if needed is None:
        doubts.append(f"more than {LONGEST_MIN:.0f} min would be needed")
        return Advice(Support.GROUP, usable, None, (*doubts, *beside))
    doubts.append(f"about {needed:.0f} min of usable scan would be needed")
    return Advice(Support.SCAN_MORE, usable, needed, (*doubts, *beside))


def _usual_error(minutes: Floats) -> Floats:
    return np.asarray(_AT_10_MIN_MM * (minutes / 10.0) ** _SLOPE)


def _needed(standing: Standing) -> float | None:
    if not np.isfinite(standing.error_mm):
        return None
    minutes, errors = np.array(standing.parts_min), np.array(standing.parts_error_mm)
    told = np.isfinite(errors)
    return minutes_needed(minutes[told], errors[told], goal_mm=_ERROR_MM)


def _doubts(standing: Standing) -> list[str]:
    out = []
    if standing.verdict is ScanVerdict.INSUFFICIENT:
        out.append("the scan's quality does not carry an individual target")
    usable = standing.parts_min[-1]
    if usable < _LEAST_MIN:
        out.append(
            f"{usable:.0f} min of usable scan; below {_LEAST_MIN:.0f} min a target can look sure "
            "and be wrong"
        )
    if standing.region is None or standing.reliability is None:
        return [*out, "most resampled scans have no target"]
    if standing.error_mm > _ERROR_MM:
        out.append(_expected(standing))
    if standing.region.radius_mm > _RADIUS_MM:
        out.append(f"the true place may lie up to {standing.region.radius_mm:.0f} mm away")
    if standing.reliability.corrected < _CORRECTED:
        out.append(
            f"two such scans would agree within {standing.reliability.apart_mm:.0f} mm, places "
            f"drawn blindly within {standing.reliability.chance_mm:.0f} mm"
        )
    if standing.group_in_search and standing.group_mm > _FAR_MM:
        out.append(
            f"the nearest group target lies {standing.group_mm:.0f} mm away; most individual "
            "targets lie within 20 mm of it"
        )
    if standing.global_shift_mm > _GLOBAL_SHIFT_MM:
        out.append(
            f"the target moves {standing.global_shift_mm:.0f} mm with the other choice about the "
            "global signal"
        )
    return out


def _expected(standing: Standing) -> str:
    return (
        f"the target is expected {standing.error_mm:.0f} mm from the true place, a group target "
        f"about {GROUP_MISS_MM:.0f} mm (generated people)"
    )


def _beside(standing: Standing) -> tuple[str, ...]:
    if not standing.group_inside:
        return ()
    return (
        f"a group target lies {standing.group_mm:.0f} mm away, within the region: this scan does "
        "not tell the two apart, so little is gained over it",
    )
