"""Locating points in tetrahedra, and spreading points evenly."""

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num.cell_lattice import lattice_cells
from tmsguide.num.lattice import body_centred_lattice
from tmsguide.num.point_location import cell_grid, containing_cells, nearest_cells
from tmsguide.num.tetrahedra import barycentres
from tmsguide.num.thinning import spread_out


@pytest.fixture(scope="module")
def block():
    """A block of tetrahedra whose nodes are jostled, so that no face lies on a grid line."""
    nodes, cells = body_centred_lattice(
        np.zeros(3), np.array([7.0, 8.0, 9.0]), 1.0, inside=lambda p: np.ones(len(p), bool)
    )
    return nodes + np.random.default_rng(0).uniform(-0.1, 0.1, nodes.shape), cells


def places_of(nodes, cells, cell, weight):
    return np.einsum("pc,pck->pk", weight, nodes[cells[cell]])


def test_points_planted_in_cells_are_found_there(block):
    nodes, cells = block
    rng = np.random.default_rng(1)
    planted = rng.integers(0, len(cells), 3000)
    weight = rng.dirichlet(np.ones(4), 3000)
    points = places_of(nodes, cells, planted, weight)
    cell, found = containing_cells(cell_grid(nodes, cells), points)
    assert np.array_equal(cell, planted)
    assert_close(found, weight, Tol(1e-10, "volumes of jostled cells: measured 1e-14"))


def test_corners_and_face_middles_are_never_lost(block):
    nodes, cells = block
    grid = cell_grid(nodes, cells)
    for points in (nodes[cells].reshape(-1, 3), nodes[cells[:, :3]].mean(axis=1)):
        cell, weight = containing_cells(grid, points)
        assert (cell >= 0).all()
        assert (weight >= 0).all()
        assert_close(weight.sum(axis=1), np.ones(len(points)), EXACT)
        assert_close(places_of(nodes, cells, cell, weight), points, Tol(2e-6, "the slack"))


def test_points_outside_are_in_no_cell_and_take_the_nearest(block):
    nodes, cells = block
    grid = cell_grid(nodes, cells)
    rng = np.random.default_rng(2)
    direction = rng.normal(size=(200, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    middle = nodes.mean(axis=0)
    points = middle + 30.0 * direction
    cell, weight = containing_cells(grid, points)
    assert (cell == -1).all()
    assert (weight == 0).all()
    cell, weight, away = nearest_cells(grid, points)
    at = places_of(nodes, cells, cell, weight)
    assert_close(np.linalg.norm(at - points, axis=1), away, EXACT)
    least = np.linalg.norm(points[:, None] - nodes, axis=2).min(axis=1)
    # the nearest node is at most as near as the surface; no place is further by half an edge
    assert (away < least + 0.5).all()
    assert away.max() < 30.0
    inside = barycentres(nodes, cells)[::7]
    assert_close(nearest_cells(grid, inside)[2] + 1.0, np.ones(len(inside)), EXACT)


def test_a_lattice_agrees_with_points_one_by_one(block):
    nodes, cells = block
    shape = (8, 7, 11)  # cut on one side, too large on another
    cell, weight = lattice_cells(nodes, cells, shape)
    points = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 3)
    one, share = containing_cells(cell_grid(nodes, cells), points.astype(float))
    assert np.array_equal(cell.ravel(), one)
    assert (one >= 0).any()
    assert (one < 0).any()
    assert_close(weight.reshape(-1, 4), share, Tol(1e-6, "float32"))


def test_one_cell_and_cells_of_very_unequal_size_can_be_searched():
    nodes = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [900, 900, 900]])
    cells = np.array([[0, 1, 2, 3], [1, 2, 3, 4]])
    grid = cell_grid(nodes, cells)
    points = np.array([[0.1, 0.1, 0.1], [300.0, 300, 300], [1e4, 0, 0]])
    assert containing_cells(grid, points)[0].tolist() == [0, 1, -1]
    assert containing_cells(cell_grid(nodes, cells[:1]), points)[0].tolist() == [0, -1, -1]


def test_spread_out_points_keep_their_distance_and_leave_no_gap():
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 10, (4000, 3)) * [1.0, 1.0, 0.02]
    normals = np.tile([0.0, 0, 1], (4000, 1))
    kept = spread_out(points, normals, 0.9)
    away = np.linalg.norm(points[kept, None] - points[kept], axis=2)
    assert away[away > 0].min() >= 0.9
    assert np.linalg.norm(points[:, None] - points[kept], axis=2).min(axis=1).max() < 0.9
    assert np.array_equal(kept, spread_out(points, normals, 0.9))


def test_opposite_banks_do_not_thin_each_other():
    bank = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0), [0.0]), -1).reshape(-1, 3)
    both = np.concatenate([bank, bank + np.array([0, 0, 0.1])])
    up = np.tile([0.0, 0, 1], (25, 1))
    assert len(spread_out(both, np.concatenate([up, -up]), 0.9)) == 50
    assert len(spread_out(both, np.concatenate([up, up]), 0.9)) == 25
    assert len(spread_out(np.empty((0, 3)), np.empty((0, 3)), 1.0)) == 0
