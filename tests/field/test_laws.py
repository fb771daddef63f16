"""Laws that the field of any coil in any head must keep."""

from dataclasses import replace

import numpy as np
import pytest

from tests.field.heads import egg_head, over_the_top
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import Gauge, figure8_70mm, prepare, primary_field, solve
from tmsguide.field.primary import placed
from tmsguide.model import Placement, Points, native_frame
from tmsguide.num.linear_fem import weak_divergence

RESOLVED = Tol(1e-5, "solves stop at 1e-6; measured 3e-14 as long as rounding changes no step")

OTHER_BOXES = Tol(5e-4, "boxes of the primary field lie along other axes; measured 1e-4")


@pytest.fixture(scope="module")
def field(egg, coil):
    return solve(egg, coil, over_the_top(58.0, turn=0.3, tilt=0.1, shift=(4.0, -3.0)))


def test_field_is_linear_in_didt(egg, coil, field):
    twice = solve(egg, coil, replace(field.placement, didt_a_per_s=-2e6))
    assert_close(twice.e_v_per_m, -2 * field.e_v_per_m, EXACT)


def test_no_change_of_current_no_field(egg, coil, field):
    assert not solve(egg, coil, replace(field.placement, didt_a_per_s=0.0)).e_v_per_m.any()


def test_scaling_every_conductivity_changes_nothing(egg, coil, field):
    head = replace(egg.head, sigma_s_per_m=7.5 * egg.head.sigma_s_per_m)
    assert_close(solve(prepare(head), coil, field.placement).e_v_per_m, field.e_v_per_m, RESOLVED)


def test_turning_head_and_coil_together_turns_the_field(egg, coil, field):
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = turn, [120.0, -40.0, 33.0]
    nodes = egg.head.nodes.xyz_mm @ turn.T + move[:3, 3]
    head = replace(egg.head, nodes=Points(nodes, egg.head.nodes.frame))
    placement = replace(field.placement, matsimnibs=move @ field.placement.matsimnibs)
    turned = solve(prepare(head), coil, placement)
    assert_close(turned.e_v_per_m, field.e_v_per_m @ turn.T, OTHER_BOXES)
    assert_close(turned.recovered_v_per_m, field.recovered_v_per_m @ turn.T, OTHER_BOXES)


def test_no_net_current_leaves_any_node(egg, field):
    head = egg.head
    current = (head.sigma_s_per_m * egg.volume_m3)[:, None] * field.e_v_per_m
    where = placed(figure8_70mm(), field.placement.matsimnibs)
    potential = where.potential(egg.nodes_m, Gauge.RADIAL, egg.centre_m)
    a_dot = 1e6 * potential[head.cells].mean(axis=1)
    primary = (head.sigma_s_per_m * egg.volume_m3)[:, None] * a_dot
    left = weak_divergence(egg.nodes_m, head.cells, current)
    scale = np.linalg.norm(weak_divergence(egg.nodes_m, head.cells, primary))
    assert np.linalg.norm(left) < 2e-6 * scale


def test_the_same_head_gives_the_same_field_again(egg, coil, field):
    again = solve(prepare(egg_head()), coil, field.placement)
    assert np.array_equal(again.e_v_per_m, field.e_v_per_m)


def test_field_falls_with_distance(egg, coil):
    grey = egg.head.tissue == 2
    strength = [
        np.linalg.norm(solve(egg, coil, over_the_top(h)).recovered_v_per_m[grey], axis=1).max()
        for h in (58.0, 63.0, 73.0)
    ]
    assert strength[0] > 1.1 * strength[1] > 1.1**2 * strength[2]


def test_a_placement_of_another_frame_is_refused(egg, coil):
    pose = over_the_top(58.0, frame=native_frame("other"))
    with pytest.raises(FrameError, match="sub-other"):
        solve(egg, coil, pose)


@pytest.mark.parametrize("height", [20.0, 42.0])  # windings 6 mm above: in the brain, in the scalp
def test_windings_inside_the_head_are_refused(egg, coil, height):
    with pytest.raises(GeometryError, match="winding elements"):
        solve(egg, coil, over_the_top(height))


def test_a_flat_tetrahedron_is_refused(egg):
    nodes = egg.head.nodes.xyz_mm.copy()
    nodes[egg.head.cells[0, 0]] = nodes[egg.head.cells[0, 1]]
    with pytest.raises(GeometryError, match="no positive volume"):
        prepare(replace(egg.head, nodes=Points(nodes, egg.head.nodes.frame)))


def test_a_conductivity_of_zero_is_refused(egg):
    with pytest.raises(GeometryError, match="positive conductivity"):
        prepare(replace(egg.head, sigma_s_per_m=np.zeros(len(egg.head.cells))))


def test_primary_field_is_in_volts_per_metre_of_a_moved_coil(coil):
    points = np.random.default_rng(0).uniform(-0.05, 0.05, (5, 3))
    pose = over_the_top(80.0)
    shifted = pose.matsimnibs.copy()
    shifted[:3, 3] += [10.0, 0, 0]
    moved = Placement(shifted, pose.frame, pose.didt_a_per_s, 4.0)
    there = primary_field(coil, moved, points + np.array([0.01, 0, 0]))
    assert_close(there, primary_field(coil, pose, points), EXACT)
