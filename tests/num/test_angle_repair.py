"""Repaired angles: flat cells mended, surfaces and everything else left as they were."""

import numpy as np

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num.angle_repair import repaired
from tmsguide.num.dihedral import least_dihedral_deg
from tmsguide.num.lattice import body_centred_lattice
from tmsguide.num.tetrahedra import barycentres, boundary_triangles, volumes

FILLED = Tol(1e-2, "nodes on the rim may leave it by hundredths of an edge: measured 2e-3")


def shaken(amount, seed=3):
    """A lattice in two halves, its nodes moved at random but not out of the middle plane."""
    nodes, cells = body_centred_lattice(
        np.zeros(3), np.full(3, 8.0), 1.0, inside=lambda p: np.ones(len(p), bool)
    )
    label = (barycentres(nodes, cells)[:, 2] > 4).astype(np.uint8)
    straddling = (nodes[cells][:, :, 2].min(1) < 4) & (nodes[cells][:, :, 2].max(1) > 4)
    cells, label = cells[~straddling], label[~straddling]
    move = np.random.default_rng(seed).uniform(-amount, amount, nodes.shape)
    move[nodes[:, 2] == 4, 2] = 0
    move[np.unique(boundary_triangles(cells))] = 0
    return nodes + move, cells, label


def test_the_worst_angle_grows_and_no_cell_turns_over():
    nodes, cells, label = shaken(0.32)
    before = least_dihedral_deg(nodes, cells)
    after = least_dihedral_deg(repaired(nodes, cells, label, aim_deg=20.0), cells)
    assert before.min() < 5
    assert after.min() > 15  # measured 20
    assert (after < 20).sum() < 0.1 * (before < 20).sum()


def test_surfaces_stay_where_they_are():
    nodes, cells, label = shaken(0.32)
    moved = repaired(nodes, cells, label, aim_deg=20.0)
    assert_close(volumes(moved, cells).sum(), volumes(nodes, cells).sum(), FILLED)
    rim = np.unique(boundary_triangles(cells))
    flat = rim[np.isclose(nodes[rim, 0], 0)]
    assert (moved != nodes).any()
    assert np.abs(moved[flat, 0]).max() < 0.15


def test_sound_cells_are_left_alone():
    nodes, cells, label = shaken(0.05)
    assert_close(repaired(nodes, cells, label, aim_deg=20.0), nodes, EXACT)


def test_the_same_mesh_gives_the_same_repair():
    mesh = shaken(0.32)
    assert repaired(*mesh, aim_deg=20.0).tobytes() == repaired(*mesh, aim_deg=20.0).tobytes()


def test_angles_of_a_known_tetrahedron():
    regular = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
    found = least_dihedral_deg(regular, np.array([[0, 2, 1, 3], [0, 1, 2, 3]]))
    assert_close(found.max(), np.degrees(np.arccos(1 / 3)), EXACT)
    assert found.min() == 0  # one of the two is turned inside out
