"""Sobol' indices, evenly spread points and small systems against closed forms."""

import numpy as np
from scipy.sparse import csr_array

from tests.tolerance import Tol, assert_close
from tmsguide.num.even_points import even_points
from tmsguide.num.reduced_basis import (
    Family,
    coefficients,
    combined_matrix,
    empty,
    enlarged,
    without_last,
)
from tmsguide.num.sensitivity import mixed_samples, sobol_indices


def indices(function, dimensions, samples=40_000):
    one, other = np.random.default_rng(11).random((2, samples, dimensions))
    mixed = np.stack([function(m) for m in mixed_samples(one, other)])
    return sobol_indices(function(one), function(other), mixed)


def test_additive_model_splits_by_the_squares_of_its_weights():
    weight = np.array([1.0, 2.0, 0.0, 3.0])
    first, total = indices(lambda x: 5.0 + x @ weight, 4)
    want = weight**2 / (weight @ weight)
    assert_close(first, want, Tol(0.03, "4 SE at 40,000; measured .008"))
    assert_close(total, want, Tol(0.02, "4 SE at 40,000; measured .003"))
    assert total[2] == 0.0


def test_ishigami_function_in_closed_form():
    """Saltelli et al. 2008: shares of sin x + 7 sin² y + 0.1 z⁴ sin x on [-pi, pi]³."""

    def ishigami(u):
        x, y, z = np.pi * (2 * u.T - 1)
        return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)

    a, b = 7.0, 0.1
    of_x = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    of_y = a**2 / 8
    both = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = of_x + of_y + both
    first, total = indices(ishigami, 3)
    assert_close(first, np.array([of_x, of_y, 0.0]) / whole, Tol(0.06, "4 SE at 40,000"))
    assert_close(total, np.array([of_x + both, of_y, both]) / whole, Tol(0.05, "4 SE"))


def test_what_does_not_vary_has_no_shares():
    first, total = indices(lambda x: np.full(len(x), 2.0), 3, 100)
    assert not first.any()
    assert not total.any()


def test_even_points_integrate_better_than_random_ones():
    for dimensions in (1, 2, 5):
        points = even_points(256, dimensions, np.random.default_rng(4))
        assert points.shape == (256, dimensions)
        assert points.min() >= 0
        assert points.max() < 1
        # the mean of a random sample of 256 is off by .018; measured at worst .007
        assert np.abs(points.mean(axis=0) - 0.5).max() < 0.009


def test_even_points_begin_with_the_same_points_however_many_are_asked():
    few = even_points(5, 3, np.random.default_rng(4))
    many = even_points(50, 3, np.random.default_rng(4))
    assert np.array_equal(many[:5], few)


def family(parts, n, seed):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((parts, n, n))
    dense = root @ root.transpose(0, 2, 1)
    whole = csr_array(dense.sum(axis=0))
    return Family(whole, dense.reshape(parts, -1), rng.standard_normal((parts, n))), dense


def test_small_system_is_exact_once_it_holds_the_solution():
    given, dense = family(3, 12, seed=5)
    weights = np.array([0.7, 2.0, 1.1])
    solution = np.linalg.solve(np.tensordot(weights, dense, 1), weights @ given.loads)
    assert_close(combined_matrix(given, weights).toarray(), np.tensordot(weights, dense, 1), FEW)
    small = empty(given)
    for vector in (np.ones(12), np.arange(12.0), solution):
        small = enlarged(given, small, vector)
    found = small.basis @ coefficients(small, weights[None])[0]
    assert_close(found, solution, FEW)


def test_galerkin_solution_is_the_best_in_energy():
    given, dense = family(2, 10, seed=6)
    weights = np.array([1.3, 0.4])
    matrix = np.tensordot(weights, dense, 1)
    solution = np.linalg.solve(matrix, weights @ given.loads)
    small = empty(given)
    for vector in np.random.default_rng(1).standard_normal((3, 10)):
        small = enlarged(given, small, vector)
    gap = small.basis @ coefficients(small, weights[None])[0] - solution
    assert_close(small.basis.T @ matrix @ gap, np.zeros(3), FEW, scale=1.0)


def test_taking_a_vector_away_undoes_adding_it():
    given, _ = family(2, 8, seed=8)
    one = enlarged(given, empty(given), np.arange(8.0))
    back = without_last(enlarged(given, one, np.ones(8)))
    for found, want in ((back.basis, one.basis), (back.stiffness, one.stiffness)):
        assert np.array_equal(found, want)
    assert np.array_equal(back.load, one.load)


def test_a_vector_without_energy_adds_nothing():
    given, _ = family(2, 6, seed=7)
    assert enlarged(given, empty(given), np.zeros(6)).load.shape == (2, 0)
    assert coefficients(empty(given), np.ones((4, 2))).shape == (4, 0)


FEW = Tol(1e-9, "dense algebra with condition numbers up to 1e4")
