"""Candidates all over the scalp: how even, how open, how far."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.placement.heads import FRAME, SEMI_AXES_MM, coil, ellipsoid, point
from tests.tolerance import Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI, Points, Surface
from tmsguide.placement import candidates, clears_head, reachable, scalp_entry

PLANE = Points(np.array([[0.0, 90.0, 10.0], [-70.0, -10.0, -10.0], [70.0, -10.0, -10.0]]), FRAME)
UP = np.array([0.0, -0.2, 1.0]) / np.hypot(0.2, 1.0)
GRID = {"standoff_mm": 4.0, "coil": coil()}
TARGET = point(-42.0, 38.0, 34.0)


@pytest.fixture(scope="module")
def scalp():
    return ellipsoid()


@pytest.fixture(scope="module")
def found(scalp):
    return reachable(scalp, PLANE, step_mm=5.0, angle_deg=45.0, **GRID)


def under(c):
    points = c.matsimnibs[:, :3, 3] + c.standoff_mm[:, None] * c.matsimnibs[:, :3, 2]
    return np.unique(points.round(6), axis=0)


def on_scalp(n, seed):
    u = np.random.default_rng(seed).standard_normal((n, 3))
    return u / np.linalg.norm(u, axis=1, keepdims=True) * SEMI_AXES_MM


def test_no_scalp_above_the_plane_is_farther_than_a_step(found):
    points = under(found)
    places = on_scalp(4000, 1)
    places = places[(places - PLANE.xyz_mm[0]) @ UP > 0]
    assert len(places) > 1000
    far = cKDTree(points).query(places)[0]
    assert far.max() < 5.05  # promised 5 and 0.03 for the chords; measured 3.3
    assert cKDTree(points).query(points, k=2)[0][:, 1].min() > 5.0 * 5 / 6 - 1e-5
    assert ((points - PLANE.xyz_mm[0]) @ UP > -1e-5).all()
    area = len(points) * 5.0**2
    whole = 4 * np.pi * 87.0**2 * (places.shape[0] / 4000)
    assert 0.7 < area / whole < 1.5  # points per square step; measured 1.4


def test_near_a_target_only_its_surroundings_are_covered(scalp):
    near = reachable(
        scalp, PLANE, near=TARGET, radius_mm=30.0, step_mm=4.0, angle_deg=90.0, **GRID
    )
    entry = scalp_entry(scalp, TARGET).xyz_mm[0]
    far = np.linalg.norm(under(near) - entry, axis=1)
    assert far.min() < 2.0
    assert 28.0 < far.max() <= 30.0 + 1e-5


def test_a_hundred_thousand_poses_of_the_clinics_grid(scalp):
    many = reachable(scalp, PLANE, near=TARGET, radius_mm=60.0, **GRID)
    assert len(many) >= 100_000
    assert len(set(many.angle_deg.round(6))) >= 36
    sample = many.matsimnibs[::997]
    assert clears_head(scalp, coil(), sample).all()


def test_poses_are_those_of_the_grid_at_the_same_points(scalp):
    """Normals, axes and half turn are the same rule as for a target's neighbourhood."""
    one = reachable(scalp, PLANE, near=TARGET, radius_mm=1.0, step_mm=3.0, angle_deg=10.0, **GRID)
    grid = candidates(scalp, TARGET, radius_mm=1.0, step_mm=3.0, angle_deg=10.0, **GRID)
    assert len(one) == len(grid) == 18
    assert np.linalg.norm(one.matsimnibs[0, :3, 3] - grid.matsimnibs[0, :3, 3]) < 0.5
    close = Tol(0.01, "the nearest net point is up to half a millimetre off")
    assert_close(one.matsimnibs[:, :3, :3], grid.matsimnibs[:, :3, :3], close)
    assert_close(one.angle_deg, grid.angle_deg, close)


def roofed(scalp, at, *, gap_mm):
    """The scalp with a small closed box hanging ``gap_mm`` over it at ``at``, like a lobe."""
    up = at / np.linalg.norm(at)
    side = np.cross(up, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(up, side), up])
    corners = np.array([(x, y, z) for z in (0, 1) for y in (-1, 1) for x in (-1, 1)], dtype=float)
    box = at + (corners * [8.0, 8.0, 2.0] + [0.0, 0.0, gap_mm]) @ frame
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    v = scalp.vertices.xyz_mm
    return Surface(
        Points(np.concatenate([v, box]), FRAME), np.concatenate([scalp.triangles, faces + len(v)])
    )


def test_scalp_under_other_scalp_is_left_out(scalp):
    at = scalp_entry(scalp, TARGET).xyz_mm[0]
    rough = roofed(scalp, at, gap_mm=8.0)
    grid = {"radius_mm": 25.0, "step_mm": 2.0, "angle_deg": 180.0, "max_standoff_mm": 40.0}
    open_points = under(reachable(rough, PLANE, near=point(*(0.6 * at)), **grid, **GRID))
    depth = np.abs(((open_points / SEMI_AXES_MM) ** 2).sum(axis=1) - 1)
    # the normals splay a little round the box; measured 5.5
    beneath = (np.linalg.norm(open_points - at, axis=1) < 5.0) & (depth < 0.01)
    assert not beneath.any()
    bare = under(reachable(scalp, PLANE, near=TARGET, **grid, **GRID))
    assert (np.linalg.norm(bare - at, axis=1) < 5.0).any()


def test_same_input_same_poses(scalp, found):
    again = reachable(scalp, PLANE, step_mm=5.0, angle_deg=45.0, **GRID)
    assert (again.matsimnibs == found.matsimnibs).all()


def test_no_plane_and_wrong_sizes_are_refused(scalp):
    line = Points(np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), FRAME)
    with pytest.raises(GeometryError, match="make no plane"):
        reachable(scalp, line, **GRID)
    with pytest.raises(GeometryError, match="three points, given 2"):
        reachable(scalp, Points(PLANE.xyz_mm[:2], FRAME), **GRID)
    with pytest.raises(GeometryError, match="step_mm must be above 0"):
        reachable(scalp, PLANE, **GRID, step_mm=-1.0)
    with pytest.raises(FrameError, match="the plane is in MNI"):
        reachable(scalp, Points(PLANE.xyz_mm, MNI), **GRID)
    high = Points(PLANE.xyz_mm + np.array([0.0, 0.0, 300.0]), FRAME)
    with pytest.raises(GeometryError, match="none of 0 poses"):
        reachable(scalp, high, **GRID)
