"""Casings against a ball (closed form) and against bumps (solid angle of the scalp)."""

from dataclasses import replace

import numpy as np
import pytest

from tests.placement.heads import FRAME, coil, ellipsoid, icosphere, point, with_bump
from tests.tolerance import Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI, Placement, Points, Surface
from tmsguide.placement import candidates, casing_gap_mm, clears_head, refuse_cutting, scalp_entry
from tmsguide.placement.skin import is_inside, skin

R = 85.0
TARGET = point(-42.0, 38.0, 34.0)
#: The middles of the ball's 3 mm triangles lie up to 3²/(6·85) = 0.018 mm inside it.
CHORD = Tol(0.03, "mm: flat triangles of 3 mm; measured 0.019")
MAP = Tol(0.05, "mm: chords, on a flank, and a map of 1 mm squares; measured 0.024")


@pytest.fixture(scope="module")
def ball():
    v, triangles = icosphere(5)
    return Surface(Points(R * v, FRAME), triangles)


def facing(direction, height_mm, turn=0.0):
    """A pose over the ball along ``direction``, its face ``height_mm`` from the ball's centre."""
    up = np.asarray(direction) / np.linalg.norm(direction)
    side = np.cross(up, [0.3, 0.4, 0.5])
    side /= np.linalg.norm(side)
    y = np.cos(turn) * side + np.sin(turn) * np.cross(up, side)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = np.cross(y, -up), y, -up
    pose[:3, 3] = height_mm * up
    return pose


def shifted(pose, right_mm):
    moved = pose.copy()
    moved[:3, 3] += right_mm * pose[:3, 0]
    return moved


def bent(casing_mm):
    return replace(coil(), casing_m=np.asarray(casing_mm, dtype=float) / 1e3)


def wings(slope=0.55):
    """A casing like a double cone's: two wings that come down beside the head."""
    x, y = (a.ravel() for a in np.meshgrid(np.arange(-60.0, 61, 5), np.arange(-40.0, 41, 5)))
    return np.stack([x, y, slope * np.abs(x)], axis=1)


DIRECTIONS = np.random.default_rng(11).standard_normal((12, 3))


def test_gap_of_a_flat_face_over_a_ball_is_its_height_over_the_pole(ball):
    heights = np.linspace(80.0, 95.0, 12)
    poses = np.stack([facing(d, h, turn=h) for d, h in zip(DIRECTIONS, heights, strict=True)])
    gap = casing_gap_mm(ball, coil(), poses)
    assert_close(gap, heights - R, CHORD, scale=1.0)
    assert (clears_head(ball, coil(), poses) == (heights >= R)).all()


def test_gap_of_a_face_beside_the_pole_is_taken_at_its_rim(ball):
    """Moved by 70 mm, a face of half width 20 reaches to 50 mm from the pole."""
    poses = np.stack([shifted(facing(d, R), 70.0) for d in DIRECTIONS])
    expected = R - np.sqrt(R**2 - 50.0**2)
    gap = casing_gap_mm(ball, coil(20.0, 30.0), poses)
    # on the flank the same depth along the normal is longer along the axis
    assert_close(gap, np.full(12, expected), Tol(0.04, "mm; measured 0.025"), scale=1.0)


def test_gap_of_wings_over_a_ball_follows_the_circle(ball):
    points = wings()
    under = np.sqrt(R**2 - points[:, 0] ** 2 - points[:, 1] ** 2)
    expected = (95.0 - points[:, 2] - under).min()
    poses = np.stack([facing(d, 95.0, turn=d[0]) for d in DIRECTIONS])
    gap = casing_gap_mm(ball, bent(points), poses)
    assert -3.0 < expected < -0.3  # the wings cut the ball although the middle hangs 10 mm free
    assert_close(gap, np.full(12, expected), MAP, scale=1.0)
    assert not clears_head(ball, bent(points), poses).any()
    flat = casing_gap_mm(ball, coil(), poses)
    assert_close(flat, np.full(12, 10.0), CHORD, scale=1.0)


def test_a_post_on_one_side_meets_the_bump_on_that_side_only(ball):
    """A mirrored casing would meet the bump at the other side."""
    up = np.array([0.0, 0.0, 1.0])
    pose = facing(up, R + 6.0)
    post = [[50.0, 20.0, 10.0]]
    at = pose[:3, :3] @ [50.0, 20.0, 0.0]
    on_ball = np.array([at[0], at[1], np.sqrt(R**2 - at[:2] @ at[:2])])
    rough = with_bump(ball, on_ball, height_mm=12.0, width_mm=6.0)
    before = casing_gap_mm(ball, bent(post), pose[None])[0]
    assert_close(before, R + 6.0 - 10.0 - on_ball[2], Tol(0.05, "mm"), scale=1.0)
    after = casing_gap_mm(rough, bent(post), pose[None])[0]
    assert before - after > 8.0  # the bump leans outward there
    for x, y in ((-50.0, 20.0), (50.0, -20.0)):
        other = casing_gap_mm(rough, bent([[x, y, 10.0]]), pose[None])[0]
        assert abs(other - before) < 0.05


def test_a_coil_that_faces_away_or_sits_inside_is_refused(ball):
    away = facing([0.0, 0.0, 1.0], 90.0)
    away[:3, :3] = away[:3, :3] @ np.diag([-1.0, 1.0, -1.0])
    inside = facing([0.0, 0.0, 1.0], 60.0)
    assert_close(casing_gap_mm(ball, coil(), away[None])[0], -(R + 90.0), CHORD, scale=1.0)
    assert not clears_head(ball, coil(), np.stack([away, inside])).any()
    with pytest.raises(GeometryError, match=r"test cuts 25\.0 mm into the head.*lift the coil"):
        refuse_cutting(ball, coil(), Placement(inside, FRAME, 1e6, 4.0))
    refuse_cutting(ball, coil(), Placement(facing([0.0, 0.0, 1.0], 90.0), FRAME, 1e6, 5.0))


def test_a_coil_beside_the_head_has_no_gap_to_close(ball):
    pose = shifted(facing([0.0, 0.0, 1.0], 20.0), 200.0)
    assert casing_gap_mm(ball, coil(), pose[None])[0] == np.inf
    assert casing_gap_mm(ball, bent(wings()), pose[None])[0] == np.inf


def test_lifting_by_the_gap_just_touches(ball):
    for shape in (coil(), bent(wings())):
        poses = np.stack([facing(d, 70.0, turn=d[1]) for d in DIRECTIONS])
        gap = casing_gap_mm(ball, shape, poses)
        poses[:, :3, 3] += gap[:, None] * poses[:, :3, 2]
        assert_close(casing_gap_mm(ball, shape, poses), np.zeros(12), Tol(1e-9, "mm"), scale=1.0)


@pytest.fixture(scope="module")
def bumpy():
    scalp = ellipsoid(subdivisions=4)
    entry = scalp_entry(scalp, TARGET).xyz_mm[0]
    return with_bump(scalp, entry + np.array([-10.0, -25.0, 0.0]), height_mm=6.0, width_mm=7.0)


def test_bent_casings_are_lifted_until_no_point_is_inside_and_not_farther(bumpy):
    double = bent(wings(0.4))
    grid = {"radius_mm": 14.0, "step_mm": 7.0, "angle_deg": 45.0, "standoff_mm": 4.0}
    found = candidates(bumpy, TARGET, **grid, coil=double, max_standoff_mm=40.0)
    assert clears_head(bumpy, double, found.matsimnibs).all()
    lifted = found.standoff_mm > 4.0
    assert lifted.all()  # the wings always reach farther down than 4 mm
    assert np.ptp(found.standoff_mm) > 2.0  # the bump decides at some turns
    on = skin(bumpy)
    for pose in found.matsimnibs[::17]:
        world = wings(0.4) @ pose[:3, :3].T + pose[:3, 3]
        assert not any(is_inside(on, p - 0.1 * pose[:3, 2]) for p in world)
        assert any(is_inside(on, p + 0.1 * pose[:3, 2]) for p in world)


def test_candidates_of_a_flat_coil_clear_the_head(bumpy):
    grid = {"radius_mm": 20.0, "step_mm": 4.0, "angle_deg": 30.0, "standoff_mm": 2.0}
    found = candidates(bumpy, TARGET, **grid, coil=coil())
    gap = casing_gap_mm(bumpy, coil(), found.matsimnibs)
    lifted = found.standoff_mm > 2.0
    assert 0.2 < lifted.mean() < 0.95
    assert_close(gap[lifted], np.zeros(lifted.sum()), Tol(1e-9, "mm: it touches"), scale=1.0)
    assert gap[~lifted].min() >= -1e-9


def test_poses_of_wrong_shape_or_frame_are_refused(ball):
    with pytest.raises(GeometryError, match=r"\(K, 4, 4\) matrices, given \(4, 4\)"):
        casing_gap_mm(ball, coil(), np.eye(4))
    with pytest.raises(FrameError, match="own person's scalp"):
        refuse_cutting(ball, coil(), Placement(np.eye(4), MNI, 1e6, 4.0))
