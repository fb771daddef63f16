"""The plan: target, pose, protocol, dose and findings in one record."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tmsguide.errors import FrameError, InputError
from tmsguide.model import Plan, native_frame
from tmsguide.therapy.check import check
from tmsguide.therapy.dose import dose
from tmsguide.therapy.person import MtMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.model import Placement, Protocol, Quality, Subject, Target

__all__ = ["make_plan"]


def make_plan(
    subject: Subject,
    target: Target,
    placement: Placement,
    *,
    protocol: Protocol,
    e_at_target_v_per_m: float,
    depth_mm: float,
    alternatives: tuple[Target, ...] = (),
    rmt_percent_mso: float | None = None,
    mt_method: MtMethod = MtMethod.UNKNOWN,
    depth_m1_mm: float | None = None,
    screening: Mapping[str, bool] | None = None,
    quality: Quality | None = None,
    e_field_ratio: float | None = None,
) -> Plan:
    """Give the treatment plan with its capped dose and the findings on it.

    The rules see the larger of the prescribed and the depth-adjusted dose, for the clinic may give
    either.

    Raises
    ------
    FrameError
        If target, alternatives and pose are not all in this person's T1w frame.
    InputError
        If field or depth are not positive numbers, or a value of the rules cannot be true.
    """
    _one_person(subject, placement, (target, *alternatives))
    for name, value in (("field at the target", e_at_target_v_per_m), ("depth", depth_mm)):
        if not (isfinite(value) and value > 0):
            raise InputError(f"{name} is {value:g}; a plan needs a positive number")
    given = dose(
        protocol,
        rmt_percent_mso=rmt_percent_mso,
        depth_target_mm=depth_mm,
        depth_m1_mm=depth_m1_mm,
        e_field_ratio=e_field_ratio,
    )
    findings = check(
        protocol,
        subject,
        dose_percent_rmt=max(given.percent_rmt, given.adjusted_percent_rmt or 0.0),
        rmt_percent_mso=rmt_percent_mso,
        mt_method=mt_method,
        screening=screening,
        quality=quality,
        target=target,
        e_field_ratio=e_field_ratio,
    )
    return Plan(
        subject=subject,
        target=target,
        alternatives=alternatives,
        placement=placement,
        protocol=protocol,
        dose_percent_rmt=given.percent_rmt,
        e_at_target_v_per_m=e_at_target_v_per_m,
        depth_mm=depth_mm,
        findings=findings,
    )


def _one_person(subject: Subject, placement: Placement, targets: tuple[Target, ...]) -> None:
    own = native_frame(subject.label)
    given = [("the pose", placement.frame)]
    given += [(f"target {t.method}", t.point.frame) for t in targets]
    for what, frame in given:
        if frame != own:
            raise FrameError(
                f"{what} is in {frame.name}, the plan is for {own.name}; "
                "map it to this person's T1w frame first"
            )
