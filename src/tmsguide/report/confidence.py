"""How far to trust the individual target, in words: the verdict, the region, what moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.model import Support
from tmsguide.report import sentences
from tmsguide.report.quantities import millimetres, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.model import Advice, Region, Reliability, Target
    from tmsguide.report.entries import AgreementEntry

__all__ = ["AdviceBox", "DoubtRow", "advice_box", "doubts", "extent", "reliability", "steadiness"]

#: Colour class and sign of each verdict about the individual target.
LOOK = {
    Support.INDIVIDUAL: ("good", "✓"),
    Support.SCAN_MORE: ("care", "!"),
    Support.GROUP: ("stop", "✕"),
}
#: What each source of doubt is, by the name it usually has.
SOURCES = {
    "scan time": "the noise of a scan of this length: target found again on resampled data",
    "seed position": "where the seed truly lies in this person, within the error of alignment",
    "global signal": "the same target with the brain's mean signal removed or left in",
    "smoothing": "the same target from more or less blurred images",
    "resolution": "places nearer to each other than the images' blur cannot be told apart",
}
#: A reason with these words tells the minutes already.
NEED = "would be needed"


@dataclass(frozen=True, slots=True)
class AdviceBox:
    """The verdict about the individual target, with the look of its box."""

    look: str
    sign: str
    title: str
    minutes: str
    reasons: tuple[str, ...]
    todo: str


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One source of doubt, how far it alone moves the target, and what it is."""

    name: str
    moved: str
    says: str


def advice_box(advice: Advice, agreement: AgreementEntry | None = None) -> AdviceBox:
    """Give the verdict, why, at how many minutes, and what a clinician does with it."""
    look, sign = LOOK[advice.support]
    return AdviceBox(
        look=look,
        sign=sign,
        title=sentences.sentence(advice.support.value),
        minutes=_minutes(advice),
        reasons=tuple(sentences.sentence(reason) for reason in advice.reasons),
        todo=_todo(advice, _nearest_site(agreement)),
    )


def _minutes(advice: Advice) -> str:
    usable, needed = f"{_whole(advice.usable_min)} usable minutes", advice.needed_min
    if advice.support is Support.INDIVIDUAL:
        return f"{usable}."
    if any(NEED in reason for reason in advice.reasons):
        return f"{usable} so far; the need is extrapolated from this scan itself."
    if needed is None or not math.isfinite(needed):
        return f"{usable}; more scan time would not help, or these data cannot tell how much."
    return f"{usable}; about {_whole(needed)} would be needed, judged by this scan's resamples."


def _whole(minutes: float) -> str:
    return f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"


def _todo(advice: Advice, nearest: str) -> str:
    if advice.support is Support.INDIVIDUAL:
        return (
            "Aim at the target below. Supported means that another scan would lead to about the "
            "same place, not that this place helps more than a group target."
        )
    group = f"use a group target{nearest}, which needs a plan of its own"
    pose = "the pose below aims at the individual target"
    if advice.support is Support.GROUP:
        return f"For treatment {group}: {pose}."
    missing = (advice.needed_min or 0.0) - advice.usable_min
    if missing <= 0:
        return f"Repeat the scan, awake and still, or {group}: {pose}."
    return (
        f"Add about {max(1, math.ceil(missing))} minutes of rest, awake and still (more if much "
        f"of it is lost to motion), or {group}: {pose}."
    )


def _nearest_site(agreement: AgreementEntry | None) -> str:
    sites = agreement.group_distance_mm if agreement is not None else {}
    if not sites:
        return ""
    name, away = min(sites.items(), key=lambda item: item[1])
    return f" (nearest: {name}, {millimetres(away)} from the individual one)"


def extent(region: Region) -> str:
    """Give how large the region is: volume of grey matter and radius.

    Examples
    --------
    >>> import numpy as np
    >>> from tmsguide.model import MNI, Points, Region
    >>> extent(Region(Points(np.zeros((1, 3)), MNI), 4.21, 8.04, 0.95))
    '4.2 cm³ of grey matter; as a ball round the target, a radius of 8 mm'
    """
    return (
        f"{significant(region.volume_cm3)} cm³ of grey matter; as a ball round the target, a "
        f"radius of {millimetres(region.radius_mm)}"
    )


def doubts(spread_mm: Mapping[str, float]) -> tuple[DoubtRow, ...]:
    """Give the sources of doubt, the one that moves the target furthest first."""
    known = sorted(spread_mm.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        DoubtRow(
            name=name.replace("_", " ")[:1].upper() + name.replace("_", " ")[1:],
            moved=millimetres(moved),
            says=SOURCES.get(name.replace("_", " ").lower(), ""),
        )
        for name, moved in known
        if math.isfinite(moved)
    )


def reliability(given: Reliability) -> str:
    """Give how near two scans would agree, against blind picks, in one sentence."""
    steady = 100 * given.corrected
    said = (
        f"Two scans like this one would differ by {millimetres(given.apart_mm)} on average, "
        f"blind picks from the same search area by {millimetres(given.chance_mm)}"
    )
    if not steady > 0:
        return f"{said}: no better than chance."
    return f"{said}. Where 0 % is chance and 100 % always the same place, that is {steady:.0f} %."


def steadiness(target: Target) -> str:
    """Give a target's reliability for a column: mm apart, and the chance-corrected share."""
    given = target.reliability
    if given is None:
        return "–"
    return f"{millimetres(given.apart_mm)} ({max(0.0, 100 * given.corrected):.0f} %)"
