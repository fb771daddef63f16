"""The radial gauge: closed forms, its laws, and the boxes that carry it to many nodes."""

import numpy as np
import pytest

from tests.oracles.sphere_field import sphere_e
from tests.tolerance import Tol, assert_close
from tmsguide.num.node_tree import build_node_tree, gather, sampling
from tmsguide.num.radial_adjoint import dipole_readings, wire_readings
from tmsguide.num.radial_gauge import dipole_radial_potential, wire_radial_potential
from tmsguide.num.wires import vector_potential

DIFFERENCES = Tol(1e-7, "central differences of 10 um; measured 3e-9")


def loop(radius=0.04, centre=(0.02, 0.0, 0.11), pieces=300):
    """A wire loop in a plane normal to z: places and lengths of its elements."""
    t = (np.arange(pieces) + 0.5) * 2 * np.pi / pieces
    place = np.stack([radius * np.cos(t), radius * np.sin(t), 0 * t], axis=1) + centre
    element = 2 * np.pi * radius / pieces * np.stack([-np.sin(t), np.cos(t), 0 * t], axis=1)
    return place, element


def points_in_the_head(n=60):
    """Points in a ball of 9 cm, with the middle and the rays to and from the wire among them."""
    rng = np.random.default_rng(0)
    p = rng.normal(size=(n, 3))
    p *= (rng.uniform(0, 0.09, n) / np.linalg.norm(p, axis=1))[:, None]
    wire = loop()[0]
    p[0] = 0.0
    p[1] = [0, 0, 0.05]
    p[2], p[3], p[4] = wire[7] * 0.5, -wire[9] * 0.6, wire[3] * 0.8 + 1e-12
    return p


def curl(field, points, h=1e-5):
    j = np.stack([(field(points + h * e) - field(points - h * e)) / (2 * h) for e in np.eye(3)], 2)
    return np.stack([j[:, 2, 1] - j[:, 1, 2], j[:, 0, 2] - j[:, 2, 0], j[:, 1, 0] - j[:, 0, 1]], 1)


def test_wire_potential_has_no_radial_part_and_the_curl_of_coulombs():
    points, (place, element) = points_in_the_head(), loop()
    a = wire_radial_potential(points, place, element)
    assert np.isfinite(a).all()
    assert np.abs((a * points).sum(axis=1)).max() < 1e-15 * np.abs(a).max()
    found = curl(lambda p: wire_radial_potential(p, place, element), points[1:])
    want = curl(lambda p: vector_potential(p, place, element), points[1:])
    assert_close(found, want, DIFFERENCES)


def test_dipole_potential_is_sarvas_field():
    points = points_in_the_head()[1:]
    place = np.array([[0.0, 0.02, 0.11], [0.05, 0.08, 0.04], [-0.1, 0.0, 0.02]])
    moment = np.random.default_rng(1).normal(size=(3, 3))
    found = dipole_radial_potential(points, place, moment)
    assert_close(found, -sphere_e(points, place, moment), Tol(1e-13, "the same closed form"))


def test_a_small_loop_is_a_dipole():
    radius = 1e-3
    points = points_in_the_head()[1:]
    wire = wire_radial_potential(points, *loop(radius, (0.0, 0.0, 0.12)))
    moment = np.array([[0.0, 0.0, np.pi * radius**2]])
    dipole = dipole_radial_potential(points, np.array([[0.0, 0.0, 0.12]]), moment)
    assert_close(wire, dipole, Tol(2e-4, "the loop's size; measured 7e-5"))


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(2)
    nodes = rng.normal(size=(20_000, 3))
    nodes *= (0.095 * rng.uniform(0, 1, 20_000) ** (1 / 3) / np.linalg.norm(nodes, axis=1))[
        :, None
    ]
    return nodes, build_node_tree(nodes)


def test_few_evaluations_give_the_potential_at_every_node(tree):
    nodes, boxes = tree
    place, element = loop(centre=(0.0, 0.0, 0.105))
    plan = sampling(boxes, place)
    assert len(plan.points) < 0.8 * len(nodes)
    found = plan.spread(wire_radial_potential(plan.points, place, element))
    want = wire_radial_potential(nodes, place, element)
    gap = np.linalg.norm(found - want, axis=1) / np.linalg.norm(want, axis=1).max()
    assert gap.max() < 3e-4  # measured 1e-4
    assert np.linalg.norm(found - want) < 2e-4 * np.linalg.norm(want)


def test_gathered_weights_act_as_those_at_nodes_on_polynomials(tree):
    nodes, boxes = tree
    weights = np.random.default_rng(3).normal(size=(len(nodes), 2))
    gathered = gather(boxes, weights)
    x, y, z = nodes.T
    values = x**4 * y - 3 * z**2 * x + 1
    whole = gathered[0]
    unit = np.cos((2 * np.arange(5) + 1) * np.pi / 10)
    cube = np.stack(np.meshgrid(unit, unit, unit, indexing="ij"), axis=-1).reshape(-1, 3)
    u, v, w = (boxes.middle[0] + boxes.half[0] * cube).T
    found = whole.T @ (u**4 * v - 3 * w**2 * u + 1)
    assert_close(found, weights.T @ values, Tol(1e-11, "sums of 20,000"))


@pytest.mark.parametrize("kind", ["wire", "dipole"])
def test_readings_outside_are_those_of_the_potential_inside(tree, kind):
    nodes, boxes = tree
    rng = np.random.default_rng(4)
    smooth = np.stack([nodes, np.roll(nodes, 1, axis=1) + 0.02], axis=2)
    weights = smooth * rng.uniform(0.5, 1.0, (len(nodes), 1, 1))
    centre = np.array([0.01, -0.005, 0.002])
    place, element = loop(centre=(0.0, 0.0, 0.108))
    if kind == "wire":
        seen = wire_readings(boxes, weights, place, centre)
        inside = wire_radial_potential(nodes - centre, place - centre, element)
    else:
        element = rng.normal(size=element.shape)
        seen = dipole_readings(boxes, weights, place, centre)
        inside = dipole_radial_potential(nodes - centre, place - centre, element)
    found = np.einsum("tqd,td->q", seen, element)
    want = np.einsum("ndq,nd->q", weights, inside)
    assert_close(found, want, Tol(3e-4, "boxes of fourth degree; measured 5e-5"))
