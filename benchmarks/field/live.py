"""The live field: its setup, its held-out error and milliseconds per placement."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tmsguide.field import Prepared

__all__ = ["figures"]

EDGES_MM = (3.0, 6.0, 9.0, 12.1)


def figures(prepared: Prepared, *, modes: int, held_out: int) -> dict[str, object]:
    """Build the live field once and read it for a hundred placements."""
    from tmsguide.field import figure8_70mm, live_field
    from tmsguide.head import mesh_outline
    from tmsguide.pipeline.live import build_live_head

    coil, scalp = figure8_70mm(), mesh_outline(prepared.head)
    start = time.perf_counter()
    head = build_live_head(
        prepared, scalp, coil, rng=np.random.default_rng(1), modes=modes, held_out=held_out
    )
    setup = time.perf_counter() - start
    live = head.field
    poses = np.stack([p.matsimnibs for p in _poses(prepared)])
    live_field(live, coil, poses[:1], didt_a_per_s=1e6)
    seconds = []
    for pose in poses:
        start = time.perf_counter()
        live_field(live, coil, pose[None], didt_a_per_s=1e6)
        seconds.append(time.perf_counter() - start)
    by_clearance = {
        f"{low:g}-{high:.0f} mm": [count, round(100 * mean, 3), round(100 * most, 3)]
        for (low, high), (count, mean, most) in zip(
            pairwise(EDGES_MM),
            live.error_by_clearance(EDGES_MM),
            strict=True,
        )
    }
    return {
        "live_modes": modes,
        "live_points": len(live.points),
        "live_setup_seconds": round(setup, 1),
        "live_ms_per_placement": round(1e3 * statistics.median(seconds), 2),
        "live_held_out": held_out,
        "live_rel_l2_mean_percent": round(100 * float(live.held_error.mean()), 3),
        "live_rel_l2_max_percent": round(100 * float(live.held_error.max()), 3),
        "live_count_mean_max_percent_by_clearance": by_clearance,
    }


def _poses(prepared: Prepared) -> list:  # type: ignore[type-arg]
    from benchmarks.field.solves import placements

    return placements(prepared, 100)
