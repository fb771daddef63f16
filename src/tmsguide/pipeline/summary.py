"""The few numbers of a run, as a file and as words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What ``summary.json`` holds, where it lies, and what this very run took."""

    path: Path
    content: Mapping[str, Any]
    wall_s: float
    peak_rss_gb: float

    def lines(self) -> list[str]:
        """Give the words that end a run on the terminal."""
        c = self.content
        x, y, z = c["target_mni_mm"]
        lines = [
            f"scan: {c['verdict']} ({c['usable_minutes']:.1f} usable minutes)",
            *(f"  - {problem}" for problem in c["problems"]),
            f"target: {c['target_method']}, {c['mni_space']} {x:.0f} {y:.0f} {z:.0f} mm"
            + self._region(),
            *self._support(),
            f"field: {c['e_at_target_v_per_m']:.2f} V/m at the target per A/us of coil current",
        ]
        if "planted_error_mm" in c:
            inside = "inside" if c["planted_inside_region"] else "OUTSIDE"
            lines.append(
                f"synthetic person: target found {c['planted_error_mm']:.1f} mm from the planted "
                f"truth, which lies {inside} the stated region"
            )
        root = self.path.parents[1]
        lines += [
            f"report:     {root / c['report']}",
            f"figures:    {root / c['figures']}",
            f"navigators: {root / c['navigators']}",
            f"took {self.wall_s:.0f} s; peak memory {self.peak_rss_gb:.1f} GB",
        ]
        return lines

    def _region(self) -> str:
        c = self.content
        if c["region_radius_mm"] is None:
            return ", no region: this method is not read from the scan"
        share = 100 * c["region_confidence"]
        return (
            f", {share:.0f} % region {c['region_cm3']:.1f} cm³ of grey matter, within "
            f"{c['region_radius_mm']:.0f} mm"
        )

    def _support(self) -> list[str]:
        c = self.content
        if c["support"] is None:
            return []
        return [f"advice: {c['support']}", *(f"  - {reason}" for reason in c["support_reasons"])]
