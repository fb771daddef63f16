"""Rules on what is delivered: intensity, pulses, spacing, coil, side, the protocol's standing."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.model import Finding, Verdict
from tmsguide.therapy.library import Basis, rule, standing

if TYPE_CHECKING:
    from tmsguide.model import Protocol, Target

__all__ = [
    "coil_findings",
    "intensity_findings",
    "pulse_findings",
    "require_sane",
    "side_findings",
    "spacing_findings",
    "standing_findings",
]


def require_sane(protocol: Protocol, *, dose_percent_rmt: float) -> None:
    """Refuse a protocol or dose that cannot exist, with an InputError that names the number."""
    p = protocol
    counts = (p.pulses_per_burst, p.bursts_per_train, p.trains, p.sessions_per_day, p.days)
    if min(counts) < 1:
        raise InputError(f"protocol {p.name}: counts must be at least 1, given {counts}")
    if not all(0 < v < inf for v in (p.pulse_hz, p.burst_hz, dose_percent_rmt)):
        raise InputError(
            f"protocol {p.name}: frequencies and dose must be above 0, given {p.pulse_hz:g} Hz, "
            f"{p.burst_hz:g} Hz and {dose_percent_rmt:g} %"
        )
    if not (p.inter_train_s >= 0 and p.session_gap_min >= 0):
        raise InputError(
            f"protocol {p.name}: pauses must be 0 or more, given {p.inter_train_s:g} s and "
            f"{p.session_gap_min:g} min"
        )
    if p.pulses_per_burst > 1 and p.pulses_per_burst / p.pulse_hz > 1 / p.burst_hz:
        raise InputError(
            f"protocol {p.name}: bursts of {p.pulses_per_burst} pulses at {p.pulse_hz:g} Hz do "
            f"not fit into {p.burst_hz:g} Hz; lower burst_hz or the pulses per burst"
        )


def intensity_findings(protocol: Protocol, *, dose_percent_rmt: float) -> tuple[Finding, ...]:
    """Give the verdict on the dose against the protocol's cap and the end of the tables."""
    source = rule("intensity_cap")
    cap = min(protocol.intensity_cap_percent_rmt, source.numbers["table_end_percent_rmt"])
    if dose_percent_rmt > cap:
        reason = f"The dose of {dose_percent_rmt:g} % is above the cap of {cap:g} %."
        return (_finding("intensity", Verdict.FORBID, reason, "intensity_cap"),)
    reason = f"The dose of {dose_percent_rmt:g} % is within the cap of {cap:g} %."
    return (_finding("intensity", Verdict.ALLOW, reason, "intensity_cap"),)


def pulse_findings(protocol: Protocol) -> tuple[Finding, ...]:
    """Give the verdict on pulses per day and in all."""
    numbers = rule("pulses").numbers
    day = protocol.pulses_per_session * protocol.sessions_per_day
    total = day * protocol.days
    highest, most = numbers["highest_per_day"], numbers["highest_in_all"]
    words = f"{day:,} pulses a day and {total:,} in all"
    entry = standing(protocol.name)
    published = entry is not None and (
        day <= entry.protocol.pulses_per_session * entry.protocol.sessions_per_day
        and protocol.days <= entry.protocol.days
    )
    if day > highest:
        verdict, reason = Verdict.FORBID, f"{words}: more per day than was ever published."
    elif total > most:
        verdict, reason = Verdict.WARN, f"{words}: more in all than the published {most:,.0f}."
    elif not published:
        verdict = Verdict.WARN
        reason = f"{words}: more than this protocol as published, or a protocol of your own."
    else:
        verdict, reason = Verdict.ALLOW, f"{words}, as published; no consensus cap exists."
    return (_finding("pulses", verdict, reason, "pulses"),)


def spacing_findings(protocol: Protocol) -> tuple[Finding, ...]:
    """Give the verdict on the gaps between several sessions of one day."""
    if protocol.sessions_per_day == 1:
        return ()
    needed = rule("spacing").numbers["gap_min"]
    words = f"{protocol.sessions_per_day} sessions a day, {protocol.session_gap_min:g} min apart"
    if protocol.session_gap_min < needed:
        reason = f"{words}: less than the {needed:g} min of the published accelerated course."
        return (_finding("spacing", Verdict.WARN, reason, "spacing"),)
    return (_finding("spacing", Verdict.ALLOW, f"{words}, as published.", "spacing"),)


def coil_findings(protocol: Protocol) -> tuple[Finding, ...]:
    """Warn where the protocol belongs to a coil that our placement and field do not model."""
    entry = standing(protocol.name)
    if entry is None or entry.coil == "figure-8":
        return ()
    reason = (
        f"This protocol belongs to the {entry.coil} coil. Placement and field were computed for a "
        "figure-8 coil and do not hold for it."
    )
    return (_finding("coil", Verdict.WARN, reason, "coil"),)


def side_findings(protocol: Protocol, target: Target) -> tuple[Finding, ...]:
    """Warn where the target lies on the other side than the protocol treats."""
    x = float(target.point.xyz_mm[0, 0])
    lies = "left" if x < 0 else "right"
    if protocol.side not in ("left", "right") or lies == protocol.side:
        return ()
    reason = (
        f"The protocol treats the {protocol.side} side, but the target lies at x = {x:.0f} mm, "
        f"to the {lies} of the scan's origin. Check the side before going on."
    )
    return (_finding("side", Verdict.WARN, reason, "side"),)


def standing_findings(protocol: Protocol) -> tuple[Finding, ...]:
    """Say how the protocol is regulated, and which of its numbers nobody checked."""
    entry = standing(protocol.name)
    cleared = entry is not None and entry.basis is Basis.CLEARED
    verdict = Verdict.ALLOW if cleared else Verdict.WARN
    found = [
        Finding("regulatory", verdict, protocol.regulatory, protocol.source, protocol.verified)
    ]
    if not protocol.verified:
        names = ", ".join(entry.unverified) if entry is not None else "all numbers"
        reason = f"Not checked against the source by us: {names}. Check before use."
        found.append(
            Finding("protocol_numbers", Verdict.WARN, reason, protocol.source, verified=False)
        )
    if entry is not None and entry.note:
        found.append(
            Finding("note", Verdict.ALLOW, entry.note, protocol.source, protocol.verified)
        )
    return tuple(found)


def _finding(name: str, verdict: Verdict, reason: str, source: str) -> Finding:
    own = rule(source)
    return Finding(name, verdict, reason, own.reference, own.verified)
