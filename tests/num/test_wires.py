"""Potential and field of wires and dipoles: closed forms, curl, divergence, threads."""

import numpy as np
import pytest
from numba import get_num_threads, set_num_threads
from scipy.special import ellipe, ellipk

from tests.oracles.sphere_field import loop_axis_b
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import GeometryError
from tmsguide.num.wires import dipole_field, dipole_potential, magnetic_field, vector_potential

DIFFERENCE = Tol(3e-7, "central differences of 1e-5 m: measured 1.5e-7")
PAIRS = [(vector_potential, magnetic_field), (dipole_potential, dipole_field)]


def loop(radius=0.03, n=96):
    """Pieces enough for rounding alone from 20 mm off (midpoint rule on a circle)."""
    t = (np.arange(n) + 0.5) * 2 * np.pi / n
    position = radius * np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    element = 2 * np.pi * radius / n * np.stack([-np.sin(t), np.cos(t), 0 * t], axis=1)
    return position, element


def sources(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.04, 0.04, (37, 3)), rng.normal(size=(37, 3))


def off_axis_loop(a, rho, z):
    """A_phi, B_rho and B_z of a 1 A loop (Jackson, Classical Electrodynamics, 5.5)."""
    m = 4 * a * rho / ((a + rho) ** 2 + z**2)
    K, E = ellipk(m), ellipe(m)
    far, near = (a + rho) ** 2 + z**2, (a - rho) ** 2 + z**2
    a_phi = 4e-7 * a / np.sqrt(far) * ((2 - m) * K - 2 * E) / m
    b_rho = 2e-7 * z / (rho * np.sqrt(far)) * (-K + (a * a + rho * rho + z * z) / near * E)
    b_z = 2e-7 / np.sqrt(far) * (K + (a * a - rho * rho - z * z) / near * E)
    return a_phi, b_rho, b_z


@pytest.mark.parametrize("height", [0.02, -0.035, 0.08])
def test_loop_on_its_axis(height):
    found = magnetic_field(np.array([[0, 0, height]]), *loop())
    assert_close(found, [[0, 0, loop_axis_b(0.03, height)]], EXACT)


def test_loop_off_its_axis_by_elliptic_integrals():
    rng = np.random.default_rng(2)
    rho, z = rng.uniform(0.005, 0.09, 50), rng.uniform(0.02, 0.08, 50)
    turn = rng.uniform(0, 2 * np.pi, 50)
    outward = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    around = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    points = rho[:, None] * outward + z[:, None] * [0, 0, 1]
    a_phi, b_rho, b_z = off_axis_loop(0.03, rho, z)
    assert_close(vector_potential(points, *loop()), a_phi[:, None] * around, EXACT)
    want = b_rho[:, None] * outward + b_z[:, None] * [0, 0, 1]
    assert_close(magnetic_field(points, *loop()), want, EXACT)


def test_dipole_closed_form():
    moment = np.array([[0, 0, 2.0]])
    at = np.array([[0, 0, 0.05], [0.05, 0, 0]])
    b = dipole_field(at, np.zeros((1, 3)), moment)
    assert_close(b, 2e-7 / 0.05**3 * np.array([[0, 0, 2], [0, 0, -1]]), EXACT)
    a = dipole_potential(at, np.zeros((1, 3)), moment)
    assert_close(a, 2e-7 / 0.05**2 * np.array([[0, 0, 0], [0, 1, 0]]), EXACT)


def test_a_small_loop_is_a_dipole():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(20, 3))
    points *= 0.1 / np.linalg.norm(points, axis=1)[:, None]
    small = loop(radius=1e-4)
    dipole = np.zeros((1, 3)), np.array([[0, 0, np.pi * 1e-8]])
    size = Tol(1e-5, "the next multipole, 1.5 (radius/distance)^2 = 1.5e-6: measured 1.1e-6")
    assert_close(magnetic_field(points, *small), dipole_field(points, *dipole), size)
    assert_close(vector_potential(points, *small), dipole_potential(points, *dipole), size)


@pytest.mark.parametrize(("potential", "field"), PAIRS)
def test_field_is_the_curl_of_the_potential_and_has_no_divergence(potential, field):
    rng = np.random.default_rng(4)
    points = rng.uniform(-0.04, 0.04, (20, 3)) + np.array([0, 0, 0.1])
    source = sources(5)
    jacobian_a, jacobian_b = (
        np.stack(
            [(f(points + h, *source) - f(points - h, *source)) / 2e-5 for h in 1e-5 * np.eye(3)],
            axis=2,
        )
        for f in (potential, field)
    )
    pairs = ((2, 1), (0, 2), (1, 0))
    curl = np.stack([jacobian_a[:, i, j] - jacobian_a[:, j, i] for i, j in pairs], axis=1)
    assert_close(curl, field(points, *source), DIFFERENCE)
    divergence = np.trace(jacobian_b, axis1=1, axis2=2)
    assert_close(divergence, 0 * divergence, DIFFERENCE, scale=np.abs(jacobian_b).max())


@pytest.mark.parametrize("function", [f for pair in PAIRS for f in pair])
def test_threads_and_neighbours_never_change_a_bit(function):
    points = np.random.default_rng(6).normal(size=(101, 3)) + np.array([0, 0, 3])
    whole = function(points, *sources(7))
    threads = get_num_threads()
    set_num_threads(1)
    try:
        assert (function(points, *sources(7)) == whole).all()
        assert (function(points[17:18], *sources(7)) == whole[17]).all()
    finally:
        set_num_threads(threads)


@pytest.mark.parametrize("function", [f for pair in PAIRS for f in pair])
def test_a_point_on_the_conductor_is_refused(function):
    position, strength = sources(8)
    with pytest.raises(GeometryError, match=r"point 1, .*conductor"):
        function(np.stack([position[0] + 1, position[5]]), position, strength)


@pytest.mark.parametrize("function", [f for pair in PAIRS for f in pair])
def test_no_sources_give_no_field(function):
    none = np.empty((0, 3))
    assert (function(np.ones((4, 3)), none, none) == 0).all()
