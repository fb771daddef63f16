"""The sphere oracle obeys Maxwell's equations on its own."""

import numpy as np

from tests.oracles.sphere_field import dipole_b_rate, loop_axis_b, loops_as_dipoles, sphere_e

POSITION = np.array([[0.01, -0.02, 0.115], [0.05, 0.06, 0.09]])
MOMENT = np.array([[3e5, -1e5, 4e5], [-2e5, 1e5, 1e5]])


def jacobian(f, r, h=1e-5):
    sides = [(f(r + h * e) - f(r - h * e)) / (2 * h) for e in np.eye(3)]
    return np.stack(sides, axis=2)  # (N, component, direction)


def test_sphere_field_is_tangential_without_divergence_and_obeys_faraday():
    rng = np.random.default_rng(1)
    r = rng.normal(size=(9, 3))
    r *= rng.uniform(0.02, 0.085, (9, 1)) / np.linalg.norm(r, axis=1, keepdims=True)
    e = sphere_e(r, POSITION, MOMENT)
    size = np.linalg.norm(e, axis=1)
    assert np.abs((e * r).sum(axis=1) / np.linalg.norm(r, axis=1) / size).max() < 1e-14
    J = jacobian(lambda x: sphere_e(x, POSITION, MOMENT), r)
    assert np.abs(np.trace(J, axis1=1, axis2=2)).max() < 1e-6 * np.abs(J).max()
    curl = np.stack(
        [J[:, 2, 1] - J[:, 1, 2], J[:, 0, 2] - J[:, 2, 0], J[:, 1, 0] - J[:, 0, 1]], axis=1
    )
    rate = dipole_b_rate(r, POSITION, MOMENT)
    assert np.abs(curl + rate).max() < 1e-6 * np.abs(rate).max()


def test_dipole_discs_have_the_moment_and_axis_field_of_their_turns():
    radii = np.array([0.027, 0.035, 0.043])
    position, moment = loops_as_dipoles(radii, np.zeros(3), 1.0)
    assert abs(moment[:, 2].sum() / (np.pi * radii**2).sum() - 1) < 1e-12
    b = dipole_b_rate(np.array([[0, 0, 0.05]]), position, moment)[0]
    want = sum(loop_axis_b(r, 0.05) for r in radii)
    assert abs(b[2] / want - 1) < 1e-6
    assert np.abs(b[:2]).max() < 1e-12 * abs(want)
