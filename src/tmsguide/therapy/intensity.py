"""Intensity by every method side by side: plain threshold, cortical depth, matched field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.therapy.dose import dose
from tmsguide.therapy.dosing import (
    DepthRule,
    disagreement_percent_mso,
    field_matching_note,
    field_matching_source,
)

if TYPE_CHECKING:
    from tmsguide.model import Protocol

__all__ = ["Estimate", "Intensities", "Intensity", "Limit", "Method", "intensities"]


class Method(Enum):
    """How an intensity was found."""

    PROTOCOL = "percent of motor threshold"
    DEPTH = "threshold adjusted for cortical depth"
    FIELD = "field matched to motor cortex"


class Limit(Enum):
    """What held an intensity back."""

    NONE = "none"
    CAP = "the protocol's cap"
    OUTPUT = "the stimulator's full output"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the range that holds it nine times in ten."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intensity:
    """The intensity that one method gives, in % of stimulator output (MSO).

    ``percent_mso`` may be set on the dial: never above the protocol's cap nor 100 %. ``low`` and
    ``high`` are its range, held by the same limit, or equal to it where none is known;
    ``unclamped_percent_mso`` is what the method asked for, ``percent_rmt`` the dial's value in %
    of the resting threshold.
    """

    method: Method
    percent_mso: float
    low_percent_mso: float
    high_percent_mso: float
    percent_rmt: float
    unclamped_percent_mso: float
    limit: Limit
    source: str


@dataclass(frozen=True, slots=True)
class Intensities:
    """Every method's intensity, the prescribed one first, and what must be said with them.

    ``apart_percent_mso`` is the largest difference between methods before any limit.
    """

    items: tuple[Intensity, ...]
    apart_percent_mso: float
    notes: tuple[str, ...]


def intensities(
    protocol: Protocol,
    *,
    rmt_percent_mso: float,
    depth_target_mm: float | None = None,
    depth_m1_mm: float | None = None,
    rule: DepthRule = DepthRule.STOKES_2005,
    motor_over_target: Estimate | None = None,
) -> Intensities:
    """Give the intensities that the person's data allow, side by side.

    Depth: `dose` with the slope of ``rule``; the range spans the three papers' slopes. Field: the
    protocol's percentage of the output that gives the target what the motor cortex had at
    threshold, which is the threshold times ``motor_over_target``, E at the hand's motor cortex
    over E at the target (each under its own placement) at equal output; so with the coil, the
    stimulator and the pulse of the threshold. Its range is that of the ratio. None of them
    replaces the prescribed intensity, the first.

    Raises
    ------
    InputError
        A threshold outside (0, 100] %, depths or a ratio that cannot be, or a protocol whose
        intensity refers to the active threshold.
    """
    given = dose(protocol, rmt_percent_mso=rmt_percent_mso)
    if given.percent_mso is None:
        raise InputError(
            f"{protocol.name} is given in % of the ACTIVE motor threshold, the threshold at hand "
            "is the resting one; measure the active threshold, nothing is converted"
        )
    held = _Ceiling(protocol.intensity_cap_percent_rmt, rmt_percent_mso)
    prescribed = protocol.intensity_percent_rmt / 100 * rmt_percent_mso
    items = [_limited(Method.PROTOCOL, [prescribed] * 3, held, protocol.source)]
    notes: list[str] = []
    if depth_target_mm is not None and depth_m1_mm is not None:
        found = {
            r: _by_depth(protocol, rmt_percent_mso, depth_target_mm, depth_m1_mm, r)
            for r in DepthRule
        }
        asked = [found[rule], min(found.values()), max(found.values())]
        items.append(_limited(Method.DEPTH, asked, held, rule.source))
    if motor_over_target is not None:
        notes += _ratio_notes(motor_over_target)
        ratio = motor_over_target
        asked = [given.percent_mso * r for r in (ratio.value, ratio.low, ratio.high)]
        items.append(_limited(Method.FIELD, asked, held, field_matching_source()))
    asked = [item.unclamped_percent_mso for item in items]
    apart = max(asked) - min(asked)
    return Intensities(tuple(items), apart, (*_limit_notes(items), *_apart_notes(items), *notes))


@dataclass(frozen=True, slots=True)
class _Ceiling:
    cap_percent_rmt: float
    rmt_percent_mso: float

    @property
    def percent_mso(self) -> float:
        return min(self.cap_percent_rmt / 100 * self.rmt_percent_mso, 100.0)


def _limited(method: Method, asked: list[float], ceiling: _Ceiling, source: str) -> Intensity:
    """Hold value, low and high under the ceiling."""
    most = ceiling.percent_mso
    value, low, high = (min(a, most) for a in asked)
    which = Limit.OUTPUT if most == 100.0 else Limit.CAP
    return Intensity(
        method=method,
        percent_mso=value,
        low_percent_mso=low,
        high_percent_mso=high,
        percent_rmt=100 * value / ceiling.rmt_percent_mso,
        unclamped_percent_mso=asked[0],
        limit=which if asked[0] > most else Limit.NONE,
        source=source,
    )


def _by_depth(
    protocol: Protocol, threshold: float, target_mm: float, m1_mm: float, rule: DepthRule
) -> float:
    found = dose(
        protocol,
        rmt_percent_mso=threshold,
        depth_target_mm=target_mm,
        depth_m1_mm=m1_mm,
        slope_percent_mso_per_mm=rule.percent_mso_per_mm,
    ).unclamped_percent_mso
    if found is None:
        raise InputError("no depth-adjusted dose; give a threshold and both depths")
    return found


def _ratio_notes(ratio: Estimate) -> list[str]:
    if not (
        0 < ratio.low <= ratio.high and ratio.value > 0 and isfinite(ratio.value + ratio.high)
    ):
        raise InputError(
            f"the field ratio of motor cortex to target is {ratio.value:g} ({ratio.low:g} to "
            f"{ratio.high:g}); needed positive numbers, low before high"
        )
    notes = [field_matching_note()]
    if not ratio.low <= ratio.value <= ratio.high:
        notes.append(
            f"The field ratio at standard conductivities, {ratio.value:.2f}, lies outside the "
            f"range that likely conductivities give, {ratio.low:.2f} to {ratio.high:.2f}."
        )
    return notes


def _limit_notes(items: list[Intensity]) -> list[str]:
    return [
        f"By {item.method.value}: held at {item.percent_mso:.0f} % of output by "
        f"{item.limit.value}; it would have been {item.unclamped_percent_mso:.0f} %."
        for item in items
        if item.limit is not Limit.NONE
    ]


def _apart_notes(items: list[Intensity]) -> list[str]:
    asked = [item.unclamped_percent_mso for item in items]
    if max(asked) - min(asked) <= disagreement_percent_mso():
        return []
    each = ", ".join(f"{i.method.value} {i.unclamped_percent_mso:.0f} %" for i in items)
    return [
        f"The methods differ by {max(asked) - min(asked):.0f} % of output before any limit "
        f"({each}). Check the depths, the motor hot spot and both placements; the protocol's own "
        "intensity is the one with evidence."
    ]
