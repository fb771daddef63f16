"""How strong: what the protocol prescribes, and the depth adjustment shown beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.therapy.library import Threshold, standing

if TYPE_CHECKING:
    from tmsguide.model import Protocol

__all__ = ["Dose", "dose"]


@dataclass(frozen=True, slots=True)
class Dose:
    """The intensity of one protocol for one person.

    ``percent_rmt`` is prescribed and never above the protocol's cap; ``percent_mso`` the same on
    the stimulator's dial, None without a threshold. ``adjusted_*`` is the depth-adjusted dose,
    likewise capped, and ``unclamped_percent_mso`` what the formula gave before the cap.
    ``motor_equal_percent_rmt`` is only reported: the dose that would give the target the motor
    cortex's field.
    """

    percent_rmt: float
    percent_mso: float | None
    adjusted_percent_rmt: float | None
    adjusted_percent_mso: float | None
    unclamped_percent_mso: float | None
    motor_equal_percent_rmt: float | None
    notes: tuple[str, ...]


def dose(
    protocol: Protocol,
    *,
    rmt_percent_mso: float | None,
    depth_target_mm: float | None = None,
    depth_m1_mm: float | None = None,
    slope_percent_mso_per_mm: float = 3.0,
    e_field_ratio: float | None = None,
) -> Dose:
    """Give the dose: % of threshold, % of output, and the adjustment for scalp-cortex distance.

    The adjusted threshold is MT + slope x (target depth - motor depth), in % of output and mm.
    The slope was 3.0 in 2005, 2.8 in 2007 and 2.7 in 2013; it belongs to 50-70 mm coils.

    Raises
    ------
    InputError
        If the threshold is not in (0, 100] %, a depth is not positive, or they do not fit.

    References
    ----------
    Stokes et al. 2005, 10.1152/jn.00067.2005; 2007; 2013, 10.1152/jn.00510.2012.
    """
    _check(rmt_percent_mso, depth_target_mm, depth_m1_mm, e_field_ratio)
    cap = protocol.intensity_cap_percent_rmt
    percent = min(protocol.intensity_percent_rmt, cap)
    notes = []
    if percent < protocol.intensity_percent_rmt:
        notes.append(f"Lowered from {protocol.intensity_percent_rmt:g} % to the cap of {cap:g} %.")
    equal = None if e_field_ratio is None else 100 * e_field_ratio
    threshold = rmt_percent_mso
    entry = standing(protocol.name)
    if entry is not None and entry.threshold is Threshold.ACTIVE:
        threshold = None
        notes.append("In % of the ACTIVE motor threshold; not converted from the resting one.")
    if threshold is None:
        return Dose(percent, None, None, None, None, equal, tuple(notes))
    adjusted = unclamped = None
    if depth_target_mm is not None and depth_m1_mm is not None:
        deeper_mm = depth_target_mm - depth_m1_mm
        unclamped = percent / 100 * _adjusted(threshold, slope_percent_mso_per_mm * deeper_mm)
        adjusted = min(unclamped, cap / 100 * threshold)
        if adjusted < unclamped:
            notes.append(f"Depth-adjusted dose held at the cap of {cap:g} %.")
    mso = percent / 100 * threshold
    if max(mso, adjusted or 0.0) > 100:
        notes.append("More than the stimulator can give (100 % of its output).")
    relative = None if adjusted is None else 100 * adjusted / threshold
    return Dose(percent, mso, relative, adjusted, unclamped, equal, tuple(notes))


def _adjusted(threshold: float, shift: float) -> float:
    if threshold + shift <= 0:
        raise InputError(
            f"depths give a threshold of {threshold + shift:g} % of output; "
            "check the two scalp-to-cortex distances"
        )
    return threshold + shift


def _check(
    threshold: float | None, target: float | None, motor: float | None, ratio: float | None
) -> None:
    if threshold is not None and not 0 < threshold <= 100:
        raise InputError(
            f"resting motor threshold is {threshold:g} %; give % of stimulator output in (0, 100]"
        )
    for name, value in (("target", target), ("motor cortex", motor), ("field ratio", ratio)):
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"{name} value {value:g} must be positive and finite")
