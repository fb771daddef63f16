"""How strong, in words: the field at the target beside the motor cortex's, with its range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.report import quantities

if TYPE_CHECKING:
    from tmsguide.report.entries import DoseEntry, Triple

__all__ = ["DoseWords", "dose_words"]


@dataclass(frozen=True, slots=True)
class DoseWords:
    """Lines of (what, value, remark), methods of (method, output, range, remark), and notes."""

    lines: tuple[tuple[str, str, str], ...]
    methods: tuple[tuple[str, str, str, str], ...]
    notes: tuple[str, ...]


def dose_words(entry: DoseEntry | None) -> DoseWords | None:
    """Give the dose section, or None where no dose was worked out."""
    if entry is None:
        return None
    more = "more" if entry.motor_over_target[0] >= 1 else "less"
    lines = (
        ("Mean field in the target", _range(entry.target_v_per_m, "V/m"), ""),
        (
            "Mean field in the hand's motor cortex, same coil and dI/dt",
            _range(entry.motor_v_per_m, "V/m"),
            "coil over the average hand area on this brain, not over a measured hot spot",
        ),
        (
            "Motor cortex over target",
            _range(entry.motor_over_target, "times"),
            f"the target needs {more} output for the field that the motor cortex has at threshold",
        ),
        ("Scalp to target", quantities.millimetres(entry.depth_target_mm), ""),
        ("Scalp to motor cortex", quantities.millimetres(entry.depth_m1_mm), ""),
    )
    return DoseWords(lines, tuple(_method(*m) for m in entry.methods), entry.notes)


def _range(value: Triple, unit: str) -> str:
    middle, low, high = (quantities.significant(v, 3) for v in value)
    return f"{middle} {unit} ({low} to {high})"


def _method(name: str, value: Triple, limit: str) -> tuple[str, str, str, str]:
    middle, low, high = value
    span = f"{low:.0f} to {high:.0f} %" if high - low >= 0.5 else "–"
    return (
        name[:1].upper() + name[1:],
        f"{middle:.0f} %",
        span,
        f"held by {limit}" if limit else "",
    )
