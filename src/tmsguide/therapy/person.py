"""Rules on whom it is delivered to: age, motor threshold, ears, the data behind the target."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.model import Finding, ScanVerdict, Verdict
from tmsguide.therapy.library import Threshold, rule, standing

if TYPE_CHECKING:
    from tmsguide.model import Protocol, Quality, Subject, Target

__all__ = [
    "MtMethod",
    "age_findings",
    "field_findings",
    "hearing_findings",
    "label_covers",
    "quality_findings",
    "target_findings",
    "threshold_findings",
]

_OVERRIDE = "Needs a written reason by the responsible physician, with consent of the guardians."


class MtMethod(Enum):
    """How the motor threshold was found."""

    EMG = "EMG"
    VISUAL = "visible twitch"
    UNKNOWN = "not recorded"


def label_covers(protocol: Protocol, age_years: float | None) -> bool:
    """Tell whether a clearance of the protocol covers this age; an unknown age counts as adult."""
    entry = standing(protocol.name)
    if entry is None:
        return False
    group = "adult" if age_years is None else _age_group(age_years)
    return group in entry.ages


def age_findings(protocol: Protocol, subject: Subject) -> tuple[Finding, ...]:
    """Give the verdict on age: cleared, off-label, or not recorded.

    Raises
    ------
    InputError
        If the age is not between 0 and 130 years.
    """
    age = subject.age_years
    if age is None:
        reason = "Age not recorded; below 22 years other clearances apply."
        return (_finding("age", Verdict.WARN, reason, "age"),)
    if not 0 <= age <= 130:
        raise InputError(f"age of {subject.label} is {age:g} years; give 0 to 130 or leave it out")
    covered, group = label_covers(protocol, age), _age_group(age)
    if covered and group == "adult":
        reason = "Adult; the protocol is cleared for adults with depression."
        return (_finding("age", Verdict.ALLOW, reason, "age"),)
    if covered:
        reason = (
            f"{age:g} years: cleared at 15-21 years as an adjunct for depression, with the "
            "devices named in the clearance only."
        )
        return (_finding("age", Verdict.ALLOW, reason, "age"),)
    if group == "adult":
        reason = "Adult; no clearance of this protocol is known to us."
        return (_finding("age", Verdict.WARN, reason, "age"),)
    return (_finding("age", Verdict.WARN, _minor_reason(protocol, age, group), "age"),)


def threshold_findings(
    protocol: Protocol, *, rmt_percent_mso: float | None, mt_method: MtMethod
) -> tuple[Finding, ...]:
    """Give what is missing or doubtful about the motor threshold."""
    entry = standing(protocol.name)
    found = []
    if entry is not None and entry.threshold is Threshold.ACTIVE:
        reason = (
            "The intensity is in % of the ACTIVE motor threshold; with the resting threshold the "
            "dose would be too high. Measure the active threshold."
        )
        found.append(_finding("active_threshold", Verdict.WARN, reason, "active_threshold"))
    elif rmt_percent_mso is None:
        reason = (
            "Resting motor threshold not given: the dose is in % of it only. Measure it with the "
            "treatment coil before the first session."
        )
        found.append(_finding("motor_threshold", Verdict.WARN, reason, "threshold_needed"))
    if mt_method is MtMethod.VISUAL:
        reason = (
            "The threshold was judged by visible twitch, on average 11 % (up to 28 %) higher than "
            "by EMG: the dose may exceed its limits by as much."
        )
        found.append(_finding("threshold_method", Verdict.WARN, reason, "threshold_method"))
    elif rmt_percent_mso is not None and mt_method is MtMethod.UNKNOWN:
        reason = "How the threshold was found is not recorded; by visible twitch it is too high."
        found.append(_finding("threshold_method", Verdict.WARN, reason, "threshold_method"))
    return tuple(found)


def hearing_findings() -> tuple[Finding, ...]:
    """Remind of ear protection."""
    least = rule("hearing").numbers["protection_db"]
    reason = f"Ear protection of {least:g} dB or more for everyone in the room, at every session."
    return (_finding("hearing", Verdict.ALLOW, reason, "hearing"),)


def quality_findings(quality: Quality | None) -> tuple[Finding, ...]:
    """Say whether the functional scan carries an individual target."""
    if quality is None:
        reason = "No quality of a functional scan given; an individual target cannot be trusted."
        return (_finding("scan_quality", Verdict.WARN, reason, "quality"),)
    minutes = f"{quality.usable_s / 60:.0f} usable minutes"
    details = "".join(f" {p.rstrip('.')}." for p in quality.problems)
    if quality.verdict is ScanVerdict.GOOD:
        return (_finding("scan_quality", Verdict.ALLOW, f"Scan good, {minutes}.", "quality"),)
    reason = (
        f"The individual target rests on weak data: {quality.verdict.value}, {minutes}.{details}"
    )
    return (_finding("scan_quality", Verdict.WARN, reason, "quality"),)


def target_findings(target: Target) -> tuple[Finding, ...]:
    """Say how wide the region is that the target could lie in."""
    wide, radius = rule("target_region").numbers["wide_mm"], target.region_radius_mm
    if radius is None:
        reason = "The target has no measured uncertainty (a group or rule-based place)."
        return (_finding("target_region", Verdict.WARN, reason, "target_region"),)
    share = f"{100 * target.confidence:.0f} % " if target.confidence is not None else ""
    words = f"The {share}region of the target has a radius of {radius:.0f} mm"
    if not radius <= wide:  # also for NaN
        reason = f"{words}, wider than {wide:g} mm: compare with the group targets."
        return (_finding("target_region", Verdict.WARN, reason, "target_region"),)
    return (_finding("target_region", Verdict.ALLOW, f"{words}.", "target_region"),)


def field_findings(protocol: Protocol, ratio: float | None) -> tuple[Finding, ...]:
    """Report the dose that would equal the motor cortex's field; it never raises the dose."""
    if ratio is None:
        return ()
    if not ratio > 0:
        raise InputError(f"the field ratio of motor cortex to target is {ratio:g}; needed above 0")
    equal, cap = 100 * ratio, protocol.intensity_cap_percent_rmt
    words = f"A field as strong as the motor cortex's at threshold would take {equal:.0f} %"
    if equal > cap:
        reason = f"{words}, above the cap of {cap:g} %: the dose is not raised to it."
        return (_finding("field_ratio", Verdict.WARN, reason, "field_ratio"),)
    reason = f"{words} of the resting threshold; reported only."
    return (_finding("field_ratio", Verdict.ALLOW, reason, "field_ratio"),)


def _age_group(age_years: float) -> str:
    numbers = rule("age").numbers
    if age_years >= numbers["adult_years"]:
        return "adult"
    return "adolescent" if age_years >= numbers["youngest_cleared_years"] else "child"


def _minor_reason(protocol: Protocol, age_years: float, group: str) -> str:
    if group == "child":
        return f"{age_years:g} years: off-label, no TMS is cleared below 15 years. {_OVERRIDE}"
    if protocol.sessions_per_day > 1:
        what = "accelerated courses are cleared for adults only"
    elif protocol.pulses_per_burst > 1:
        what = "theta burst is off-label at this age unless the device's own label says so"
    else:
        what = "this protocol is off-label at this age"
    return f"{age_years:g} years: {what}. {_OVERRIDE}"


def _finding(name: str, verdict: Verdict, reason: str, source: str) -> Finding:
    own = rule(source)
    return Finding(name, verdict, reason, own.reference, own.verified)
