"""Targeting: how near planted targets are found, how honest their regions, how fast, how stable.

The timed part runs first and alone; the others run two at a time, on one thread each.
"""

from __future__ import annotations

from benchmarks.children import Child, side_by_side

__all__ = ["KEYS", "run"]

#: The figures with a goal; None where the data for one are not beside the checkout.
KEYS = (
    "planted_error_mm_30min",
    "planted_error_mm_15min",
    "planted_error_mm_5min",
    "coverage_95",
    "bootstrap_1000_seconds",
    "mask_volume_cm3",
    "mask_centre",
    "retest_connectome_self_r",
    "retest_connectome_other_r",
    "retest_fingerprint_percent",
    "retest_target_percentile",
    "verdict_regret",
)


def run(*, quick: bool) -> dict[str, object]:
    """Measure every figure of `KEYS` and what stands behind them."""
    words = ("--quick",) if quick else ()
    speed = Child("targeting.part", ("speed", *words)).result()
    beside = side_by_side([Child("targeting.part", (n, *words)) for n in ("planted", "retest")])
    parts = dict(zip(("speed", "planted", "retest"), (speed, *beside), strict=True))
    found: dict[str, object] = {}
    for part in parts.values():
        found |= part["figures"]
    return (
        {key: found.get(key) for key in KEYS}
        | found
        | {
            "parts": {
                name: {key: part[key] for key in ("wall_s", "cpu_s", "peak_rss_gb")}
                for name, part in parts.items()
            }
        }
    )
