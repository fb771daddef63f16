import numpy as np
import pytest

from tests.oracles.ellipsoid import nearest_point
from tests.placement.heads import FRAME, SEMI_AXES_MM, ellipsoid, icosphere, point
from tests.tolerance import Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI, Points, Surface
from tmsguide.placement import scalp_depth, scalp_distances, scalp_entry


@pytest.fixture(scope="module")
def ball():
    v, triangles = icosphere(5)
    return Surface(Points(90.0 * v, FRAME), triangles)


def test_depth_and_entry_agree_with_lagrange():
    inside = (-42.0, 38.0, 34.0)
    expected = nearest_point(inside, SEMI_AXES_MM)
    depth = np.linalg.norm(expected - inside)
    assert abs(scalp_depth(ellipsoid(), point(*inside)) - depth) < 0.05  # measured 0.02
    entry = scalp_entry(ellipsoid(), point(*inside))
    assert np.linalg.norm(entry.xyz_mm[0] - expected) < 0.5
    assert entry.frame == FRAME
    assert entry.xyz_mm[0, 0] < 0


def test_depth_of_a_target_outside_is_refused():
    with pytest.raises(GeometryError, match="outside the scalp"):
        scalp_depth(ellipsoid(), point(0.0, 0.0, 150.0))


def test_tape_follows_great_circles(ball):
    rng = np.random.default_rng(8)
    u = rng.standard_normal((12, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    first = np.array([[-0.5, 0.6, 0.62]])
    first /= np.linalg.norm(first)
    found = scalp_distances(ball, Points(90 * u, FRAME), Points(90 * first, FRAME))
    arcs = 90 * np.arccos(np.clip(u @ first[0], -1, 1))
    # a net path zigzags a little; a single chord is up to 0.07 % shorter than its arc
    assert (found / arcs > 0.999).all()
    assert (found / arcs < 1.015).all()  # measured 0.9993 to 1.0096


def test_tape_is_symmetric_and_keeps_the_triangle_rule(ball):
    a, b, c = point(0.0, 88.0, 10.0), point(-60.0, 60.0, 30.0), point(0.0, 5.0, 90.0)

    def tape(p, q):
        return scalp_distances(ball, p, q)[0]

    assert_close(tape(a, b), tape(b, a), Tol(2e-3, "the net gets one more node per end"))
    assert tape(a, c) <= tape(a, b) + tape(b, c) + 1e-6


def test_distance_to_itself_is_zero(ball):
    p = point(0.0, 0.0, 90.0)
    assert scalp_distances(ball, p, p)[0] < 1e-6


def test_landmark_off_the_scalp_or_in_another_frame_is_refused(ball):
    with pytest.raises(GeometryError, match="mm off the scalp"):
        scalp_distances(ball, point(0.0, 0.0, 130.0), point(0.0, 0.0, 90.0))
    with pytest.raises(FrameError, match="a landmark is in MNI"):
        scalp_distances(ball, point(0.0, 0.0, 90.0, frame=MNI), point(0.0, 0.0, 90.0))
