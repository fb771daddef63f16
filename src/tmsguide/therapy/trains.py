"""Single trains against the safety tables, and what a protocol rests on beyond them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tmsguide.model import Finding, Verdict
from tmsguide.therapy.library import Basis, rule, standing, train_tables

if TYPE_CHECKING:
    from tmsguide.model import Protocol
    from tmsguide.therapy.library import TrainTable

__all__ = ["Support", "inter_train_findings", "support", "train_findings"]


class Support(Enum):
    """What carries a train: the tables, a clearance, a randomised trial, or nothing."""

    WITHIN_TABLE = "within_table"
    CLEARED_LABEL_EXCEEDS_TABLE = "cleared_label_exceeds_table"
    PUBLISHED_RCT = "published_RCT"
    UNSUPPORTED = "unsupported"


def support(protocol: Protocol, *, dose_percent_rmt: float) -> Support:
    """Give what carries the protocol at a dose.

    A clearance or a trial counts only while nothing is harsher than in the library's entry of the
    same name: pattern, train, pause, sessions of a day and dose.
    """
    if all(_within(t, protocol, dose_percent_rmt) for t in train_tables()):
        return Support.WITHIN_TABLE
    entry = standing(protocol.name)
    if entry is None or not _no_harsher(protocol, entry.protocol, dose_percent_rmt):
        return Support.UNSUPPORTED
    return {
        Basis.CLEARED: Support.CLEARED_LABEL_EXCEEDS_TABLE,
        Basis.RCT: Support.PUBLISHED_RCT,
        Basis.SERIES: Support.UNSUPPORTED,
    }[entry.basis]


def train_findings(
    protocol: Protocol, *, dose_percent_rmt: float, label_covers_age: bool
) -> tuple[Finding, ...]:
    """Give what each table says of the train, and the verdict that follows.

    Beyond a table a clearance that covers the person's age is allowed, a trial or a clearance for
    other ages warns, anything else is forbidden.
    """
    tables = [_table_finding(t, protocol, dose_percent_rmt) for t in train_tables()]
    carried = support(protocol, dose_percent_rmt=dose_percent_rmt)
    verdict = {
        Support.WITHIN_TABLE: Verdict.ALLOW,
        Support.CLEARED_LABEL_EXCEEDS_TABLE: Verdict.ALLOW if label_covers_age else Verdict.WARN,
        Support.PUBLISHED_RCT: Verdict.WARN,
        Support.UNSUPPORTED: Verdict.FORBID,
    }[carried]
    source = rule("train_support")
    entry = standing(protocol.name)
    reference = source.reference if entry is None else entry.protocol.source
    own = Finding("train_support", verdict, _support_words(carried), reference, source.verified)
    return (*tables, own)


def inter_train_findings(protocol: Protocol, *, dose_percent_rmt: float) -> tuple[Finding, ...]:
    """Give the verdict on the pause between trains (plain trains only)."""
    source = rule("inter_train")
    low, high = source.numbers["unsafe_s"], source.numbers["safe_s"]
    fast = protocol.burst_hz >= source.numbers["from_hz"]
    strong = dose_percent_rmt > source.numbers["above_percent_rmt"]
    if not (fast and strong and protocol.trains > 1 and protocol.pulses_per_burst == 1):
        return ()
    pause = protocol.inter_train_s
    if pause <= low:
        verdict, words = Verdict.FORBID, f"not above {low:g} s: seizures have followed such trains"
    elif pause < high:
        verdict, words = Verdict.WARN, f"shorter than the {high:g} s that were found safe"
    else:
        verdict, words = Verdict.ALLOW, f"at least the {high:g} s that were found safe"
    reason = f"The pause between trains is {pause:g} s, {words}."
    return (Finding("inter_train_pause", verdict, reason, source.reference, source.verified),)


def _patterned(protocol: Protocol) -> bool:
    return protocol.pulses_per_burst > 1


def _within(table: TrainTable, protocol: Protocol, dose: float) -> bool:
    limit = table.limit_s(protocol.burst_hz, dose)
    return not _patterned(protocol) and protocol.train_s <= limit * (1 + 1e-9)


def _no_harsher(given: Protocol, entry: Protocol, dose: float) -> bool:
    same_rhythm = given.burst_hz == entry.burst_hz and given.pulse_hz == entry.pulse_hz
    at_most = (
        (given.pulses_per_burst, entry.pulses_per_burst),
        (given.bursts_per_train, entry.bursts_per_train),
        (given.trains, entry.trains),
        (given.sessions_per_day, entry.sessions_per_day),
        (dose, entry.intensity_cap_percent_rmt),
        (entry.inter_train_s if given.trains > 1 else 0.0, given.inter_train_s),
        (entry.session_gap_min if given.sessions_per_day > 1 else 0.0, given.session_gap_min),
    )
    return same_rhythm and all(a <= b for a, b in at_most)


def _table_finding(table: TrainTable, protocol: Protocol, dose: float) -> Finding:
    """Say what a table holds of the train; exceeding it is a warning, `support` decides."""
    checked = "" if table.verified else " (numbers not yet checked against the paper)"
    if _patterned(protocol):
        verdict, reason = Verdict.ALLOW, f"{table.title} does not cover theta burst patterns."
    else:
        limit = table.limit_s(protocol.burst_hz, dose)
        inside = _within(table, protocol, dose)
        verdict = Verdict.ALLOW if inside else Verdict.WARN
        train = f"Trains of {protocol.train_s:g} s at {protocol.burst_hz:g} Hz and {dose:g} %"
        if limit == 0:
            reason = f"{train} are beyond {table.title}{checked}."
        else:
            words = "are within" if inside else "exceed"
            reason = f"{train} {words} the {limit:g} s of {table.title}{checked}."
    return Finding(f"train_{table.name}", verdict, reason, table.reference, table.verified)


def _support_words(carried: Support) -> str:
    return {
        Support.WITHIN_TABLE: "The trains are within the safety tables.",
        Support.CLEARED_LABEL_EXCEEDS_TABLE: (
            "The trains are outside the classical safety tables, as delivered by cleared devices "
            "with exactly this protocol."
        ),
        Support.PUBLISHED_RCT: (
            "The trains are outside the classical safety tables; randomised trials delivered this "
            "protocol, but no clearance is known to us."
        ),
        Support.UNSUPPORTED: (
            "The trains are outside the classical safety tables and neither a clearance nor a "
            "randomised trial of exactly this protocol carries them."
        ),
    }[carried]
