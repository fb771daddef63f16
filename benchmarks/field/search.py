"""Reciprocity: its agreement with full solves, its preparation, and placements per second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.field.timing import median_seconds

if TYPE_CHECKING:
    from tmsguide.field import Prepared
    from tmsguide.model import Points

__all__ = ["figures", "target_of"]

SIMNIBS_PER_CPU_SECOND = 3.0  # 540 placements by ADM in 182 CPU seconds, SimNIBS 4.5.0


def target_of(prepared: Prepared) -> Points:
    """Give a place in the left frontal cortex: the grey matter furthest that way."""
    from tmsguide.model import Points, Tissue

    head = prepared.head
    grey = np.flatnonzero(head.tissue == Tissue.GM)
    middle = 1e3 * prepared.barycentre_m[grey]
    way = np.array([-0.6, 0.55, 0.58])
    return Points(middle[np.argmax(middle @ way)][None] - 4.0 * way, head.nodes.frame)


def figures(prepared: Prepared, *, times: int) -> dict[str, object]:
    """Give the search's figures for one region of 10 mm and over 100,000 placements."""
    from tmsguide.field import figure8_70mm, mean_vector, reciprocal, roi_around, score, solve
    from tmsguide.field.primary import Gauge, node_potential, placed
    from tmsguide.field.reciprocity import node_weights
    from tmsguide.head import mesh_outline
    from tmsguide.model import Placement, Points
    from tmsguide.placement import candidates

    coil, target = figure8_70mm(), target_of(prepared)
    reading = mean_vector(prepared, roi_around(prepared.head, target, 10.0))
    start = time.perf_counter()
    among = candidates(
        mesh_outline(prepared.head),
        target,
        radius_mm=70.0,
        step_mm=2.0,
        angle_deg=5.0,
        standoff_mm=4.0,
        coil=coil,
    )
    proposed = time.perf_counter() - start
    reach = Points(among.matsimnibs[:, :3, 3], among.frame)
    adjoint, seconds = median_seconds(
        lambda: reciprocal(prepared, reading, reach=reach, coil=coil), times
    )
    cpu = time.process_time()
    scores, scoring = median_seconds(
        lambda: score(adjoint, coil, among.matsimnibs, didt_a_per_s=1e6), times
    )
    cpu = (time.process_time() - cpu) / (times + 1)
    best = np.argmax(np.linalg.norm(scores, axis=1))
    pose = Placement(among.matsimnibs[best], among.frame, 1e6, 4.0)
    want = reading.of(solve(prepared, coil, pose).recovered_v_per_m)
    where = placed(coil, pose.matsimnibs)
    a_dot = 1e6 * node_potential(prepared.tree, where, Gauge.RADIAL, prepared.centre_m)
    exact = np.einsum("ndq,nd->q", node_weights(prepared, reading), a_dot)
    size = np.linalg.norm(want)
    return {
        "adjoint_vs_forward_rel": float(f"{np.linalg.norm(exact - want) / size:.2g}"),
        "lookup_vs_forward_rel": float(f"{np.linalg.norm(scores[best] - want) / size:.2g}"),
        "search_prepare_seconds": round(seconds, 2),
        "candidates": len(among),
        "candidates_seconds": round(proposed, 2),
        "placements_per_second": round(len(among) / scoring),
        "speed_vs_simnibs_search": round(len(among) / cpu / SIMNIBS_PER_CPU_SECOND),
    }
