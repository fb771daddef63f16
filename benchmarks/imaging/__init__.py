"""Imaging: how near the truth motion, alignment, tissues and landmarks are, and how long it takes.

Every part runs in a process of its own. The seconds and memory that are reported come from
`times`, which in a full run comes last and alone; the others run two at a time, on one thread
each, the longest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.children import Child, side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KEYS", "run"]

_BESIDE = ("heads", "landmarks", "alignment")
#: The figures with a goal; None where the data for one are not beside the checkout.
KEYS = (
    "motion_rms_error_mm",
    "coregistration_error_mm",
    "coregistration_refused",
    "dice_brain",
    "dice_gm",
    "dice_wm",
    "dice_skull",
    "dice_scalp",
    "mni_landmark_error_mm",
    "seconds_anatomy",
    "seconds_bold_300_volumes",
    "sgacc_dlpfc_r_forrest02",
    "peak_rss_gb",
)


def run(*, quick: bool) -> dict[str, object]:
    """Measure every figure of `KEYS` and what stands behind them; ``quick`` on coarse people."""
    beside = (*_BESIDE, "times") if quick else _BESIDE
    alone = () if quick else ("times",)
    words = ("--quick",) if quick else ()
    parts = dict(
        zip(
            beside,
            side_by_side([Child("imaging.part", (name, *words)) for name in beside]),
            strict=True,
        )
    )
    parts |= {name: Child("imaging.part", (name, *words)).result() for name in alone}
    return _merged([part["figures"] for part in parts.values()]) | {
        "absent": [f"{name}: {part['absent']}" for name, part in parts.items() if part["absent"]],
        "parts": {
            name: {key: part[key] for key in ("wall_s", "cpu_s", "peak_rss_gb")}
            for name, part in parts.items()
        },
    }


def _merged(figures: list[Mapping[str, Any]]) -> dict[str, object]:
    """Give the figures with a goal first, then all others in their order."""
    found: dict[str, object] = {}
    for part in figures:
        found |= part
    return {key: found.get(key) for key in KEYS} | found
