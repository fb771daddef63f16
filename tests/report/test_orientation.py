"""Where the handle points and the current flows, against poses worked out by hand."""

import numpy as np
import pytest

from tests.report import builders
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.model import MNI, Affine, Coil, Frame, Placement, Points
from tmsguide.report import orientation

FRAME = Frame("sub-x/T1w")


def pose_on_top(handle_xy):
    """A coil flat on the vertex: z down, handle along the given horizontal direction."""
    y = -np.array([*handle_xy, 0.0]) / np.linalg.norm(handle_xy)
    z = np.array([0, 0, -1.0])
    m = np.eye(4)
    m[:3, 0], m[:3, 1], m[:3, 2] = np.cross(y, z), y, z
    return Placement(m, FRAME, 1e6, 4.0)


@pytest.mark.parametrize(
    ("handle", "angle"),
    [((0, -1), 0), ((-1, -1), 45), ((1, -1), 45), ((-1, 0), 90), ((-1, 1), 135), ((0, 1), 180)],
)
def test_angle_to_the_midline_of_a_flat_coil(handle, angle):
    pose = pose_on_top(handle)
    assert_close(
        orientation.handle_direction(pose), np.array([*handle, 0]) / np.linalg.norm(handle), EXACT
    )
    got = orientation.angle_to_midline_deg(pose.matsimnibs, np.eye(3))
    assert_close(got, float(angle), EXACT, scale=180)


@pytest.mark.parametrize("side", [-1, 1])
def test_outwards_is_away_from_the_vertex_on_either_side(side):
    middle = np.array([-side * 30.0, 0, 0])  # the coil sits on that side of it
    for handle, turn in [((side, -1), 45), ((-side, -1), -45), ((side, 1), 135), ((0, -1), 0)]:
        pose = pose_on_top(handle).matsimnibs
        got = orientation.turn_outwards_deg(pose, np.eye(3), middle)
        assert_close(got, float(turn), EXACT, scale=180)


def test_outwards_is_downwards_on_the_side_of_the_head():
    pose = np.eye(4)
    pose[:3, 1], pose[:3, 2] = (0, 0, 1), (1, 0, 0)  # left temple, handle down
    pose[:3, 0] = np.cross(pose[:3, 1], pose[:3, 2])
    pose[:3, 3] = (-80, 0, 0)
    got = orientation.turn_outwards_deg(pose, np.eye(3), np.zeros(3))
    assert_close(got, 90.0, EXACT)


def test_a_turned_head_is_levelled_first():
    turn = builders.rotation(2, 30)
    pose = pose_on_top((0, -1))
    turned = pose.matsimnibs.copy()
    turned[:3, :3] = turn @ turned[:3, :3]
    assert_close(
        orientation.angle_to_midline_deg(turned, turn.T), 0.0, Tol(1e-9, "arctan2"), scale=1
    )
    assert_close(orientation.angle_to_midline_deg(turned, np.eye(3)), 30.0, Tol(1e-12, "one turn"))


def test_head_axes_are_the_rotation_of_the_map_even_when_it_also_scales():
    matrix = np.eye(4)
    turn = builders.rotation(0, 12) @ builders.rotation(1, -7)
    matrix[:3, :3], matrix[:3, 3] = 1.1 * turn, (3, -8, 20)
    spread = Points(np.random.default_rng(0).normal(0, 40, (50, 3)), FRAME)
    got = orientation.head_axes(Affine(matrix, source=FRAME, target=MNI), spread)
    assert_close(got, turn, Tol(1e-12, "Kabsch is exact for a similarity; measured 4e-16"))


def test_induced_current_opposes_a_rising_coil_current():
    # one straight element along +x just above the origin of the coil frame
    wire = Coil("wire", np.array([[0, 0, -0.005]]), np.array([[0.01, 0, 0]]), 1e8, (1, 1, 1), "-")
    pose = pose_on_top((0, -1))
    along = pose.matsimnibs[:3, 0]
    assert_close(orientation.induced_direction(wire, pose), -along, EXACT)
    falling = Placement(pose.matsimnibs, FRAME, -1e6, 4.0)
    assert_close(orientation.induced_direction(wire, falling), along, EXACT)
