"""Plain-language phrases: what the numbers mean, said so that a clinician can act on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.model import Verdict
from tmsguide.report.quantities import duration, millimetres, significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Finding, Protocol, Subject

    Floats = NDArray[np.float64]

__all__ = [
    "RESEARCH_USE",
    "by_urgency",
    "depth",
    "direction",
    "field_strength",
    "handle",
    "handle_turn",
    "pattern",
    "person",
    "schedule",
    "side",
]

RESEARCH_USE = (
    "Research use only. Not a medical device; not cleared, approved or CE-marked. "
    "Not for diagnosis or treatment decisions except within an ethics-approved study, "
    "with a qualified clinician checking every value."
)


def side(x_mm: float) -> str:
    """Give the hemisphere of an MNI x coordinate."""
    return "left" if x_mm < -2 else "right" if x_mm > 2 else "midline"


def direction(vector: Sequence[float] | Floats) -> str:
    """Give a RAS direction in words: back or front, side, height; parts under 15° are left out.

    Examples
    --------
    >>> direction([-1.2, -1, 0.1])
    'backwards and to the left'
    >>> direction([0, 0, -2])
    'downwards'
    """
    given = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(given))
    if not length > 0:
        return "nowhere"
    names = {1: ("backwards", "forwards"), 0: ("to the left", "to the right"),
             2: ("downwards", "upwards")}  # fmt: skip
    parts = [
        pair[int(given[axis] > 0)]
        for axis, pair in names.items()
        if abs(given[axis]) >= length * math.sin(math.radians(15))
    ]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def handle(pointing: Sequence[float] | Floats, angle_deg: float) -> str:
    """Give the coil handle's direction in words and its angle to the head's midline.

    ``pointing`` is the RAS direction from the casing to the end of the handle, ``angle_deg`` the
    angle in the plane of the coil between it and straight back.

    Examples
    --------
    >>> handle([-0.7, -0.7, 0], 45.2)
    'Handle points backwards and to the left, 45° from the midline'
    >>> handle([-0.8, 0.1, -0.6], 96)
    'Handle points to the left and downwards, 84° from the midline and slightly to the front'
    """
    size, where = abs(angle_deg), direction(pointing)
    slant = min(size, 180 - size)
    seen = "along the midline" if slant < 2.5 else f"{slant:.0f}° from the midline"
    if size > 92.5 and "forwards" not in where:
        seen += " and slightly to the front"
    return f"Handle points {where}, {seen}"


def handle_turn(turn_deg: float) -> str:
    """Give how far the handle is turned from straight back, positive away from the vertex.

    Examples
    --------
    >>> handle_turn(45.2), handle_turn(-20.0), handle_turn(0.3)
    ('45° outwards', '20° inwards', '0°')
    """
    size = round(abs(turn_deg))
    if size in (0, 180):
        return f"{size}°"
    return f"{size}° {'outwards' if turn_deg > 0 else 'inwards'}"


def depth(scalp_to_target_mm: float, standoff_mm: float) -> str:
    """Give how deep the target lies, from the scalp and from the coil.

    Examples
    --------
    >>> depth(17.6, 4.0)
    '18 mm below the scalp; 22 mm from the face of the coil with 4 mm for hair and cap'
    """
    return (
        f"{millimetres(scalp_to_target_mm)} below the scalp; "
        f"{millimetres(scalp_to_target_mm + standoff_mm)} from the face of the coil "
        f"with {millimetres(standoff_mm)} for hair and cap"
    )


def field_strength(e_v_per_m: float, didt_a_per_s: float, max_didt_a_per_s: float) -> str:
    """Give the field at the target per unit of coil current change, and at full output.

    Examples
    --------
    >>> field_strength(1.234, 1e6, 1e8)
    '1.2 V/m for each A/µs of coil current change; about 120 V/m at full output (100 A/µs)'
    """
    per_unit = e_v_per_m / (didt_a_per_s / 1e6)
    words = f"{significant(per_unit)} V/m for each A/µs of coil current change"
    if not (math.isfinite(max_didt_a_per_s) and max_didt_a_per_s > 0):
        return words
    top = max_didt_a_per_s / 1e6
    return f"{words}; about {significant(per_unit * top)} V/m at full output ({top:.0f} A/µs)"


def pattern(protocol: Protocol) -> str:
    """Give the pulses of one session in words.

    Examples
    --------
    A 10 Hz protocol reads "40 pulses at 10 Hz (4 s), then 26 s pause, 75 times".
    """
    pulses = protocol.pulses_per_burst
    if pulses > 1:
        train = (
            f"bursts of {pulses} pulses at {protocol.pulse_hz:g} Hz, repeated at "
            f"{protocol.burst_hz:g} Hz for {protocol.train_s:g} s"
        )
    else:
        train = (
            f"{protocol.bursts_per_train} pulses at {protocol.burst_hz:g} Hz "
            f"({protocol.train_s:g} s)"
        )
    if protocol.trains > 1:
        train += f", then {protocol.inter_train_s:g} s pause, {protocol.trains} times"
    return f"{train}: {protocol.pulses_per_session} pulses in {duration(protocol.session_s)}"


def schedule(protocol: Protocol) -> str:
    """Give sessions and days in words."""
    per_day = protocol.sessions_per_day
    days = f"{protocol.days} treatment day" + ("s" if protocol.days != 1 else "")
    if per_day == 1:
        return f"one session a day on {days}"
    gap = duration(60 * protocol.session_gap_min)
    return f"{per_day} sessions a day, {gap} apart, on {days} ({per_day * protocol.days} in all)"


def person(subject: Subject) -> str:
    """Give who the person is, as far as the data say.

    Examples
    --------
    >>> from tmsguide.model import Subject
    >>> person(Subject("01", 17.4, "F")), person(Subject("01"))
    ('17 years, F', 'age and sex not given')
    """
    known = []
    if subject.age_years is not None:
        known.append(f"{math.floor(subject.age_years)} years")
    if subject.sex:
        known.append(subject.sex)
    if subject.handedness:
        known.append(f"handedness {subject.handedness}")
    return ", ".join(known) or "age and sex not given"


def by_urgency(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the findings with FORBID first, then WARN, then ALLOW; the given order within."""
    rank = {Verdict.FORBID: 0, Verdict.WARN: 1, Verdict.ALLOW: 2}
    return tuple(sorted(findings, key=lambda f: rank[f.verdict]))
