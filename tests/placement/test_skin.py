import numpy as np
import pytest

from tests.oracles.ellipsoid import nearest_point, outward_normals
from tests.placement.heads import SEMI_AXES_MM, ellipsoid
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import GeometryError
from tmsguide.model import Points, Surface
from tmsguide.placement.skin import is_inside, nearest, plane_axes, project, skin, smooth_normals


@pytest.fixture(scope="module")
def on():
    return skin(ellipsoid())


def angles_deg(a, b):
    return np.rad2deg(np.arccos(np.clip((a * b).sum(axis=1), -1, 1)))


def some_points(rng, n):
    u = rng.standard_normal((n, 3))
    return u / np.linalg.norm(u, axis=1, keepdims=True) * SEMI_AXES_MM


def test_normals_agree_with_the_closed_form_within_a_degree(on):
    points = some_points(np.random.default_rng(3), 400)
    off = angles_deg(smooth_normals(on, points), outward_normals(points, SEMI_AXES_MM))
    assert off.max() < 1.0  # measured 0.13


def test_normals_stay_within_two_degrees_on_a_scalp_with_voxel_noise(on):
    rng = np.random.default_rng(4)
    scalp = ellipsoid()
    rough = scalp.vertices.xyz_mm + rng.uniform(-0.5, 0.5, scalp.vertices.xyz_mm.shape)
    noisy = skin(Surface(Points(rough, scalp.vertices.frame), scalp.triangles))
    points = some_points(rng, 200)
    off = angles_deg(smooth_normals(noisy, points), outward_normals(points, SEMI_AXES_MM))
    # a triangle alone is off by up to 30 degrees here; measured 1.1
    assert off.max() < 2.0


def test_nearest_point_agrees_with_lagrange(on):
    for inside in ((-40.0, 45.0, 30.0), (20.0, -60.0, 35.0), (55.0, 10.0, -20.0)):
        # flat triangles of 4 mm edge lie up to h^2/8R = 0.03 mm inside; tangentially measured 0.25
        expected = nearest_point(inside, SEMI_AXES_MM)
        found = nearest(on, np.array(inside))
        assert np.linalg.norm(found - expected) < 0.6
        depth = np.linalg.norm(expected - inside)
        assert abs(np.linalg.norm(found - inside) - depth) < 0.05


def test_nearest_point_beats_every_vertex_and_edge_middle(on):
    rng = np.random.default_rng(5)
    for q in rng.uniform(-50, 50, (20, 3)):
        best = np.linalg.norm(nearest(on, q) - q)
        assert best <= np.linalg.norm(on.vertices - q, axis=1).min() + 1e-12
        middles = 0.5 * (on.corners + np.roll(on.corners, 1, axis=1)).reshape(-1, 3)
        assert best <= np.linalg.norm(middles - q, axis=1).min() + 1e-12
        assert best <= np.linalg.norm(on.centroids - q, axis=1).min() + 1e-12


def test_inside_is_told_from_outside(on):
    unit = some_points(np.random.default_rng(6), 50)
    assert all(is_inside(on, p) for p in 0.97 * unit)
    assert not any(is_inside(on, p) for p in 1.03 * unit)


def test_projection_lands_on_the_outer_scalp_along_the_line(on):
    along = np.array([0.0, 0.0, 1.0])
    start = np.array([[10.0, 20.0, 70.0], [-15.0, 5.0, 95.0]])
    found = project(on, start, along, within_mm=40.0)
    assert_close(found[:, :2], start[:, :2], EXACT)
    a, b, c = SEMI_AXES_MM
    z = c * np.sqrt(1 - (start[:, 0] / a) ** 2 - (start[:, 1] / b) ** 2)
    assert_close(found[:, 2], z, Tol(1e-3, "chords of 4 mm triangles lie 0.03 mm inside"))


def test_projection_says_nan_where_the_line_misses(on):
    found = project(on, np.array([[200.0, 0.0, 0.0]]), np.array([0.0, 0.0, 1.0]), within_mm=300.0)
    assert np.isnan(found).all()


def test_plane_axes_are_right_handed_and_the_second_is_forward():
    rng = np.random.default_rng(7)
    normals = rng.standard_normal((50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    for n in [*normals, np.array([0.0, 1.0, 0.0])]:
        first, second = plane_axes(n)
        frame = np.stack([first, second, n])
        assert_close(frame @ frame.T, np.eye(3), EXACT)
        assert np.linalg.det(frame) > 0
        assert second[1] > 0 or abs(n[1]) > 0.99


@pytest.mark.parametrize("front", [1.0, -1.0])
def test_forward_does_not_jump_where_the_vertical_stands_in_for_it(front):
    """At the pole of forehead or occiput, and 7 degrees above it, the axes are nearly the same."""
    above = np.array([0.0, front * np.cos(np.deg2rad(7)), np.sin(np.deg2rad(7))])
    assert_close(
        plane_axes(np.array([0.0, front, 0.0])), plane_axes(above), Tol(0.13, "7 degrees")
    )


def test_inward_triangles_are_refused():
    scalp = ellipsoid(subdivisions=1)
    with pytest.raises(GeometryError, match="face inward"):
        skin(Surface(scalp.vertices, scalp.triangles[:, ::-1]))
