"""Seconds from labels to a mesh, and from a mesh to fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.field.heads import sigma
from benchmarks.field.timing import median_seconds

if TYPE_CHECKING:
    from tmsguide.field import Prepared
    from tmsguide.model import HeadModel, Placement, Volume

__all__ = ["fields", "meshing", "placements"]

BLOCK = 16


def meshing(labels: Volume, *, edge_mm: float, times: int) -> dict[str, object]:
    """Give seconds and quality of a mesh of about a million nodes."""
    from tests.head.quality import quality

    from tmsguide.head import tetrahedralise

    head, seconds = median_seconds(
        lambda: tetrahedralise(labels, edge_mm=edge_mm, sigma_s_per_m=sigma()), times
    )
    return {
        "mesh_nodes": len(head.nodes),
        "mesh_cells": len(head.cells),
        "mesh_seconds": round(seconds, 2),
        **quality(head, labels),
    }


def fields(head: HeadModel, *, times: int) -> tuple[Prepared, dict[str, object]]:
    """Give seconds of the first, the next and each of many fields, and the prepared head."""
    from tmsguide.field import figure8_70mm, potentials, prepare, solve

    coil = figure8_70mm()
    poses = placements(prepare(head), BLOCK)
    _, first = median_seconds(lambda: solve(prepare(head), coil, poses[0]), times)
    prepared = prepare(head)
    _, following = median_seconds(lambda: solve(prepared, coil, poses[1]), times)
    members = [(coil, pose) for pose in poses]
    _, block = median_seconds(lambda: potentials(prepared, members), times)
    return prepared, {
        "field_nodes": len(head.nodes),
        "field_cells": len(head.cells),
        "first_field_seconds": round(first, 2),
        "next_field_seconds": round(following, 2),
        "batched_field_seconds": round(block / BLOCK, 3),
    }


def placements(prepared: Prepared, count: int) -> list[Placement]:
    """Give figure-8 placements all over the upper head, 4 mm off it."""
    from tmsguide.field import figure8_70mm
    from tmsguide.head import mesh_outline
    from tmsguide.model import Placement
    from tmsguide.pipeline.live import plane_under_brain
    from tmsguide.placement import reachable

    among = reachable(
        mesh_outline(prepared.head),
        plane_under_brain(prepared),
        standoff_mm=4.0,
        coil=figure8_70mm(),
        step_mm=12.0,
        angle_deg=30.0,
    )
    chosen = np.random.default_rng(0).choice(len(among), count, replace=False)
    return [
        Placement(among.matsimnibs[i], among.frame, 1e6, float(among.standoff_mm[i]))
        for i in chosen
    ]
