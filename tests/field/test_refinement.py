"""A finer mesh of the same gyrated head hardly changes the field at the target."""

import numpy as np
import pytest
from benchmarks.field.heads import meshed

from tmsguide.field import figure8_70mm, prepare, roi_around, solve
from tmsguide.head import mesh_outline
from tmsguide.model import Placement, Points, Tissue
from tmsguide.placement import candidates

WAY = np.array([-0.6, 0.55, 0.58])  # towards the left frontal cortex


def target_of(head):
    """A place 4 mm inside the grey matter furthest to the left front."""
    grey = head.nodes.xyz_mm[np.unique(head.cells[head.tissue == Tissue.GM])]
    return Points(grey[np.argmax(grey @ WAY)][None] - 4.0 * WAY, head.nodes.frame)


def strength(head, target, pose):
    prepared = prepare(head)
    roi = roi_around(head, target, 10.0)
    e = np.linalg.norm(solve(prepared, figure8_70mm(), pose).recovered_v_per_m[roi], axis=1)
    return float(prepared.volume_m3[roi] @ e / prepared.volume_m3[roi].sum())


@pytest.mark.slow
def test_field_at_the_target_changes_little_from_half_a_million_to_two_million_nodes():
    coarse = meshed(2.75)
    assert 400_000 < len(coarse.nodes) < 600_000
    target = target_of(coarse)
    among = candidates(
        mesh_outline(coarse),
        target,
        radius_mm=4.0,
        step_mm=2.0,
        angle_deg=45.0,
        standoff_mm=5.0,
        coil=figure8_70mm(),
    )
    pose = Placement(among.matsimnibs[0], among.frame, 1e6, 5.0)
    first = strength(coarse, target, pose)
    del coarse
    fine = meshed(1.64)
    assert len(fine.nodes) > 1_700_000
    last = strength(fine, target, pose)
    assert abs(last / first - 1) < 0.03  # measured 0.006
