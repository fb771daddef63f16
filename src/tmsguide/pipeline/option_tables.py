"""The placement options as tables: columns for a TSV, records for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tmsguide.placement import handle_angle_deg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.pipeline.options import Choice

__all__ = ["COLUMNS", "option_columns", "option_records"]

#: What each column of the table says.
COLUMNS = {
    "rank": "1 is the planned placement",
    "reason": "what the placement is best at, or near the best at",
    "target_v_per_m": "field in the target at the stated dI/dt, from a full solve",
    "expected_v_per_m": "the same, mean over the placement error of the stated guidance",
    "low_v_per_m": "the same, 5th percentile over the placement error",
    "focal_mm2": "cortex with at least half of the peak strength, smaller is more focal",
    "scalp_per_target": "peak strength in the scalp over the field in the target (pain proxy)",
    "dose_percent": "dI/dt for the planned placement's field in the target, percent of its dI/dt",
    "specificity": "share of the hotspot in wanted less that in avoided networks; n/a without",
    "x_mm": "middle of the casing's face, RAS+",
    "y_mm": "middle of the casing's face, RAS+",
    "z_mm": "middle of the casing's face, RAS+",
    "handle_deg": "handle from straight back, positive to the right as seen from outside",
    "standoff_mm": "gap from scalp to casing along the scalp normal",
}


def option_columns(options: Sequence[Choice]) -> dict[str, list[object]]:
    """Give the table of placements, one row each, the planned one first."""
    rows = [_row(rank, option) for rank, option in enumerate(options, start=1)]
    return {name: [row[name] for row in rows] for name in COLUMNS}


def option_records(options: Sequence[Choice]) -> list[dict[str, object]]:
    """Give the same with every pose as ``matsimnibs`` (4, 4), coil mm to head mm."""
    return [
        _row(rank, option) | {"matsimnibs": option.placement.matsimnibs.tolist()}
        for rank, option in enumerate(options, start=1)
    ]


def _row(rank: int, option: Choice) -> dict[str, object]:
    pose = option.placement
    x, y, z = (float(v) for v in pose.center_mm)
    return {
        "rank": rank,
        "reason": option.reason,
        **asdict(option.measures),
        "x_mm": x,
        "y_mm": y,
        "z_mm": z,
        "handle_deg": handle_angle_deg(pose),
        "standoff_mm": pose.standoff_mm,
    }
