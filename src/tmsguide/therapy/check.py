"""All rules over one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.model import Verdict
from tmsguide.therapy.delivery import (
    coil_findings,
    intensity_findings,
    pulse_findings,
    require_sane,
    side_findings,
    spacing_findings,
    standing_findings,
)
from tmsguide.therapy.person import (
    MtMethod,
    age_findings,
    field_findings,
    hearing_findings,
    label_covers,
    quality_findings,
    target_findings,
    threshold_findings,
)
from tmsguide.therapy.screening import screening_findings
from tmsguide.therapy.trains import inter_train_findings, train_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tmsguide.model import Finding, Protocol, Quality, Subject, Target

__all__ = ["check", "worst"]


def check(
    protocol: Protocol,
    subject: Subject,
    *,
    dose_percent_rmt: float,
    rmt_percent_mso: float | None = None,
    mt_method: MtMethod = MtMethod.UNKNOWN,
    screening: Mapping[str, bool] | None = None,
    quality: Quality | None = None,
    target: Target | None = None,
    e_field_ratio: float | None = None,
) -> tuple[Finding, ...]:
    """Give every rule's finding on a protocol, a person and a dose, each with its source.

    ``dose_percent_rmt`` is the dose meant to be given; ``screening`` maps question keys to yes;
    ``e_field_ratio`` is the field strength in the motor cortex over that in the target at equal
    output of the stimulator.

    Raises
    ------
    InputError
        If protocol, dose, age or answers cannot be true.
    """
    require_sane(protocol, dose_percent_rmt=dose_percent_rmt)
    covered = label_covers(protocol, subject.age_years)
    dose = dose_percent_rmt
    return (
        *intensity_findings(protocol, dose_percent_rmt=dose),
        *train_findings(protocol, dose_percent_rmt=dose, label_covers_age=covered),
        *inter_train_findings(protocol, dose_percent_rmt=dose),
        *pulse_findings(protocol),
        *spacing_findings(protocol),
        *age_findings(protocol, subject),
        *standing_findings(protocol),
        *screening_findings(screening),
        *threshold_findings(protocol, rmt_percent_mso=rmt_percent_mso, mt_method=mt_method),
        *coil_findings(protocol),
        *quality_findings(quality),
        *(() if target is None else (*target_findings(target), *side_findings(protocol, target))),
        *field_findings(protocol, e_field_ratio),
        *hearing_findings(),
    )


def worst(findings: Iterable[Finding]) -> Verdict:
    """Give the gravest verdict among the findings, ALLOW if there are none."""
    order = (Verdict.ALLOW, Verdict.WARN, Verdict.FORBID)
    return max((f.verdict for f in findings), key=order.index, default=Verdict.ALLOW)
