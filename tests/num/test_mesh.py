"""Lattice, level-set cutting and mesh algebra against geometry that is known."""

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num.lattice import body_centred_lattice
from tmsguide.num.levelset_cut import Partition, cut
from tmsguide.num.tetrahedra import (
    barycentres,
    boundary_triangles,
    cells_of_nodes,
    compact,
    face_counts,
    largest_part,
    volumes,
    walk_order,
)

SPHERE = Tol(7e-3, "chords for arcs: measured 4.5e-3 with steps of 1.5 in a radius of 10")
SPLIT = Tol(1e-10, "volumes of split cells are rounded at the new nodes: measured 3e-12")


def everywhere(points):
    return np.ones(len(points), dtype=bool)


def lattice(box=(7.0, 8.0, 9.0), step=1.5):
    nodes, cells = body_centred_lattice(np.zeros(3), np.array(box), step, inside=everywhere)
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return nodes, cells


def whole(nodes, cells):
    return Partition(nodes, cells, np.zeros(len(cells), np.uint8), np.zeros(len(nodes), bool))


def ball(radius, centre=(0.3, -0.2, 0.1)):
    return lambda p: radius - np.linalg.norm(p - np.array(centre), axis=1)


def ball_lattice(radius, step=1.5):
    nodes, cells = body_centred_lattice(
        np.full(3, -radius - 2), np.full(3, radius + 2), step, inside=lambda p: ball(radius)(p) > 0
    )
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return whole(nodes, cells)


def test_lattice_cells_are_congruent_and_conforming():
    nodes, cells = lattice()
    assert_close(volumes(nodes, cells), np.full(len(cells), 1.5**3 / 12), EXACT)
    assert len(face_counts(cells)) == 3
    edge = np.linalg.norm(
        nodes[cells[:, [0, 0, 0, 1, 1, 2]]] - nodes[cells[:, [1, 2, 3, 2, 3, 3]]], axis=2
    )
    assert np.allclose(np.unique(edge.round(9)), [1.5 * 3**0.5 / 2, 1.5])


def test_a_larger_box_holds_the_same_lattice():
    small, _ = body_centred_lattice(np.zeros(3), np.full(3, 6.0), 1.5, inside=everywhere)
    large, _ = body_centred_lattice(np.full(3, -2.9), np.full(3, 7.0), 1.5, inside=everywhere)
    assert {tuple(p) for p in small} <= {tuple(p) for p in large}


def test_a_plane_is_met_exactly():
    nodes, cells = lattice()
    normal = np.array([0.6, -0.48, 0.64])
    mesh = cut(whole(nodes, cells), lambda p: p @ normal - 2.345, parent=0, child=1)
    assert (volumes(mesh.nodes, mesh.cells) > 0).all()
    border = np.intersect1d(mesh.cells[mesh.label == 0], mesh.cells[mesh.label == 1])
    away = np.abs(mesh.nodes[border] @ normal - 2.345)
    assert (away < 1e-12).mean() > 0.95  # the rest stop short so that no cell goes flat
    assert away.max() < 0.01 * 1.5  # measured 0


def test_a_surface_inside_a_box_keeps_the_box():
    nodes, cells = lattice()
    mesh = cut(whole(nodes, cells), ball(1.9, (3.7, 4.4, 4.5)), parent=0, child=1)
    volume = volumes(mesh.nodes, mesh.cells)
    assert_close(volume.sum(), volumes(nodes, cells).sum(), SPLIT)
    gap = np.linalg.norm(barycentres(mesh.nodes, mesh.cells) - [3.7, 4.4, 4.5], axis=1) - 1.9
    assert (gap[mesh.label == 1] < 0).all()
    assert (gap[mesh.label == 0] > -0.05 * 1.5).all()  # flat faces cut corners off a sphere


def test_nested_shells_keep_conforming_positive_and_their_volumes():
    mesh = ball_lattice(13.0)
    for child, radius in (
        (1, 13.0),
        (2, 11.0),
        (3, 10.0),
    ):
        mesh = cut(mesh, ball(radius), parent=child - 1, child=child)
    volume = volumes(mesh.nodes, mesh.cells)
    assert volume.min() > 1e-4 * 1.5**3
    assert len(face_counts(mesh.cells)) == 3
    for inner, outer in ((1, 13.0), (2, 11.0), (3, 10.0)):
        assert_close(volume[mesh.label >= inner].sum(), 4 / 3 * np.pi * outer**3, SPHERE)


def test_cutting_touches_no_other_label():
    mesh = cut(ball_lattice(9.0), ball(9.0), parent=0, child=1)
    outside = volumes(mesh.nodes, mesh.cells)[mesh.label == 0].sum()
    again = cut(mesh, lambda p: p[:, 0], parent=1, child=2)
    volume = volumes(again.nodes, again.cells)
    assert_close(volume[again.label == 0].sum(), outside, SPLIT)
    assert_close(volume.sum(), volumes(mesh.nodes, mesh.cells).sum(), SPLIT)


def boundary_area(mesh):
    a, b, c = (mesh.nodes[boundary_triangles(mesh.cells)[:, i]] for i in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_surfaces_that_cross_an_older_one_leave_no_hanging_nodes():
    mesh = cut(ball_lattice(9.0), ball(9.0), parent=0, child=1)
    outer = boundary_area(mesh)
    again = cut(mesh, lambda p: p[:, 0] - 0.4 * p[:, 1] - 0.1, parent=1, child=2)
    # a hanging node would leave faces with one cell only inside the mesh
    assert_close(boundary_area(again), outer, EXACT)
    assert (again.label == 2).any()


def test_a_surface_that_misses_every_cell_changes_nothing():
    nodes, cells = lattice()
    mesh = cut(whole(nodes, cells), lambda p: -1.0 - p[:, 0] ** 2, parent=0, child=1)
    assert np.array_equal(mesh.cells, cells)
    assert not mesh.label.any()


def test_boundary_is_closed_and_faces_outward():
    nodes, cells = lattice()
    a, b, c = (nodes[boundary_triangles(cells)[:, i]] for i in range(3))
    area = np.cross(b - a, c - a) / 2
    assert_close(area.sum(axis=0), np.zeros(3), EXACT, scale=1.0)
    flux = np.einsum("ij,ij->", area, (a + b + c) / 3) / 3  # divergence theorem
    assert_close(flux, volumes(nodes, cells).sum(), EXACT)


def test_only_the_largest_part_is_kept():
    nodes, cells = lattice()
    keep = (barycentres(nodes, cells)[:, 2] < 4) | (barycentres(nodes, cells)[:, 2] > 7)
    kept, cells, used = compact(nodes, cells[keep])
    assert len(kept) == len(np.unique(cells)) == len(used)
    part = largest_part(cells, volumes(kept, cells))
    z = barycentres(kept, cells)[:, 2]
    assert np.array_equal(part, z < 4)


def test_cells_of_nodes_lists_each_corner_once():
    _, cells = lattice()
    start, cell = cells_of_nodes(cells, cells.max() + 1)
    node = np.repeat(np.arange(len(start) - 1), np.diff(start))
    assert np.array_equal(np.sort(node), np.sort(cells.ravel()))
    assert (cells[cell] == node[:, None]).any(axis=1).all()


def test_walk_order_visits_every_point_and_mostly_neighbours():
    points = np.random.default_rng(1).uniform(0, 10, (3000, 3))
    order = walk_order(points)
    assert np.array_equal(np.sort(order), np.arange(3000))
    step = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert np.median(step) < 1.5  # measured 0.7; 5.3 without the order


@pytest.mark.parametrize("step", [2.0, 1.0])
def test_surface_error_is_second_order(step):
    mesh = cut(ball_lattice(8.0, step), ball(8.0), parent=0, child=1)
    error = 1 - volumes(mesh.nodes, mesh.cells)[mesh.label == 1].sum() / (4 / 3 * np.pi * 8**3)
    assert 0 < error < 0.0055 * step**2  # measured 0.0036 and 0.0038
