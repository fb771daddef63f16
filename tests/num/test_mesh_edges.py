"""Edges and areas of meshes: counts of Euler, areas of known bodies, and what is left of them."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from tests.tolerance import EXACT, assert_close
from tmsguide.num.mesh_edges import edges_within, mesh_edges, vertex_areas


def ball(count: int, radius_mm: float) -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(5).standard_normal((count, 3))
    points *= radius_mm / np.linalg.norm(points, axis=1, keepdims=True)
    return points, ConvexHull(points).simplices.astype(np.int64)


def test_a_closed_surface_has_the_edges_that_euler_counts():
    points, triangles = ball(200, 1.0)
    edges = mesh_edges(triangles)
    assert len(points) - len(edges) + len(triangles) == 2
    assert (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)


def test_turning_triangles_round_changes_no_edge():
    _, triangles = ball(60, 1.0)
    assert np.array_equal(mesh_edges(triangles), mesh_edges(triangles[::-1, [2, 0, 1]]))


@pytest.mark.parametrize("radius_mm", [1.0, 37.0])
def test_areas_add_up_to_the_hull_and_near_the_ball(radius_mm):
    points, triangles = ball(3000, radius_mm)
    area = vertex_areas(points, triangles)
    assert_close(area.sum(), ConvexHull(points).area, EXACT)
    # a hull lies within its ball: 0.4 % less with 3,000 points, never more
    assert 0.99 < area.sum() / (4 * np.pi * radius_mm**2) < 1.0


def test_a_vertex_of_no_triangle_has_no_area():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [9, 9, 9]])
    assert vertex_areas(points, np.array([[0, 1, 2]]))[3] == 0.0


def test_edges_within_join_the_same_places_as_before():
    points, triangles = ball(150, 1.0)
    edges = mesh_edges(triangles)
    kept = np.random.default_rng(1).random(150) < 0.6
    left = edges_within(edges, kept)
    before = {tuple(map(tuple, points[e])) for e in edges if kept[e].all()}
    assert {tuple(map(tuple, points[kept][e])) for e in left} == before
    assert 0 < len(left) < len(edges)
    assert np.array_equal(edges_within(edges, np.ones(150, bool)), edges)
    assert edges_within(edges, np.zeros(150, bool)).shape == (0, 2)
