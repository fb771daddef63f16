"""Wires and gridded lookup against direct sums and closed forms."""

import numpy as np
import pytest

from tests.oracles.sphere_field import loop_axis_b
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num.cubic_lookup import integrate_along_wires
from tmsguide.num.wires import vector_potential

DIFFERENCE = Tol(1e-7, "central differences of 1e-4 m: measured 3e-8")


def loop(radius, n=64):
    t = (np.arange(n) + 0.5) * 2 * np.pi / n
    position = radius * np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    element = 2 * np.pi * radius / n * np.stack([-np.sin(t), np.cos(t), 0 * t], axis=1)
    return position, element


@pytest.mark.parametrize("height", [0.02, 0.035, 0.08])
def test_field_on_the_axis_of_a_loop(height):
    position, element = loop(0.03)
    step = 1e-4
    at = np.array([[step, 0, height], [-step, 0, height], [0, step, height], [0, -step, height]])
    A = vector_potential(at, position, element)
    b_z = ((A[0, 1] - A[1, 1]) - (A[2, 0] - A[3, 0])) / (2 * step)  # curl A along z
    want = loop_axis_b(0.03, height)
    assert_close(b_z, want, Tol(2e-5, "second-order differences of 1e-4 m: measured 8e-6"))


def test_vector_potential_is_the_plain_sum():
    rng = np.random.default_rng(0)
    points, position, element = rng.normal(size=(3, 57, 3))
    gap = np.linalg.norm(points[:, None] - position[None], axis=2)
    assert_close(vector_potential(points, position, element), 1e-7 * (1 / gap) @ element, EXACT)


def cubic_fields(p):
    x, y, z = p[..., 0], p[..., 1], p[..., 2]
    parts = [x**3 + y, x * y * z, z**3 - x**2, y**3 * z, x, 2 + 0 * x, z**2 * y, x * y**2, z - y]
    return np.stack(parts, axis=-1)


def test_lookup_is_exact_for_cubic_fields_under_any_pose():
    origin, step = np.array([-0.9, -1.1, -1.3]), 0.2
    index = np.stack(np.indices((11, 12, 13)), axis=-1)
    grid = cubic_fields(origin + step * index).reshape(11, 12, 13, 3, 3).astype(np.float32)
    rng = np.random.default_rng(2)
    position, element = rng.uniform(-0.3, 0.3, (2, 7, 3))
    turn = np.linalg.qr(rng.normal(size=(4, 3, 3)))[0]
    poses = np.concatenate([turn, rng.uniform(-0.1, 0.1, (4, 3, 1))], axis=2)
    found = integrate_along_wires(
        grid, origin, step, position=position, element=element, poses=poses
    )
    for k in range(4):
        at = position @ turn[k].T + poses[k, :, 3]
        want = np.einsum("dkc,dc->k", cubic_fields(at).reshape(-1, 3, 3), element @ turn[k].T)
        assert_close(found[k], want, Tol(1e-6, "single-precision grid"), scale=1.0)


def test_lookup_says_nan_off_the_grid_and_where_the_grid_is_unknown():
    grid = np.ones((8, 8, 8, 3, 3), dtype=np.float32)
    grid[0] = np.nan
    pose = np.eye(4)[None, :3]
    element = np.ones((1, 3))

    def at(*xyz):
        position = np.array([xyz], dtype=float)
        return integrate_along_wires(
            grid, np.zeros(3), 1.0, position=position, element=element, poses=pose
        )

    assert np.isfinite(at(3.5, 3.5, 3.5)).all()
    assert np.isnan(at(3.5, 3.5, 6.5)).all()
    assert np.isnan(at(1.5, 3.5, 3.5)).all()
