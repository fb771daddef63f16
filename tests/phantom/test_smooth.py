import numpy as np
import pytest

from tests.tolerance import Tol, assert_close
from tmsguide.phantom.smooth import expand, lattice_shape, smooth_field

SINGLE = Tol(1e-6, "single precision arithmetic; measured 1e-7")


@pytest.mark.parametrize(("degree", "first"), [(1, 0), (3, 1)])
def test_a_straight_line_stays_straight(degree, first):
    shape, step = (7, 9, 14), 3
    nodes = [n + 3 for n in lattice_shape(shape, step)]
    i, j, k = np.meshgrid(*(np.arange(n) - first for n in nodes), indexing="ij")
    lattice = (2.0 * i - 3.0 * j + 0.5 * k).astype(np.float32)
    x, y, z = np.meshgrid(*(np.arange(n) / step for n in shape), indexing="ij")
    assert_close(expand(lattice, shape, step, degree=degree), 2 * x - 3 * y + 0.5 * z, SINGLE)


def test_linear_expansion_runs_through_its_nodes():
    lattice = np.random.default_rng(3).standard_normal((3, 4, 5, 3), dtype=np.float32)
    full = expand(lattice, (9, 13, 17), 4)
    assert_close(full[::4, ::4, ::4], lattice, SINGLE)


def test_smooth_fields_have_unit_variance():
    draws = [smooth_field(np.random.default_rng(s), (21, 33, 27), 3.0).var() for s in range(40)]
    # 40 seeds: mean .998, standard error of the mean .014
    assert abs(np.mean(draws) - 1) < 0.05
