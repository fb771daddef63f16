import numpy as np
from scipy import linalg

from tests.tolerance import Tol, assert_close
from tmsguide.num.positive_definite import geometric_mean, inverse_root, logarithm, root

SPECTRAL = Tol(1e-10, "eigenvalues against Schur; measured 1e-14")
STOPPED = Tol(1e-7, "the mean stops at 1e-9 per row; measured 2e-10")


def made(seed, size=5, many=()):
    x = np.random.default_rng(seed).standard_normal((*many, size, 3 * size))
    return x @ np.swapaxes(x, -1, -2) / (3 * size)


def test_roots_and_logarithms_are_scipys():
    matrix = made(0)
    assert_close(root(matrix), linalg.sqrtm(matrix).real, SPECTRAL)
    assert_close(inverse_root(matrix), linalg.inv(linalg.sqrtm(matrix)).real, SPECTRAL)
    assert_close(logarithm(matrix), linalg.logm(matrix).real, SPECTRAL)
    assert_close(logarithm(made(1, many=(4,)))[2], linalg.logm(made(1, many=(4,))[2]), SPECTRAL)


def test_the_mean_of_numbers_is_their_geometric_mean():
    assert_close(geometric_mean(np.array([[[2.0]], [[8.0]]])), [[4.0]], STOPPED)


def test_the_mean_moves_with_every_change_of_axes_and_with_inversion():
    some = made(2, many=(6,))
    turn = np.random.default_rng(3).standard_normal((5, 5))
    mean = geometric_mean(some)
    assert_close(geometric_mean(turn @ some @ turn.T), turn @ mean @ turn.T, STOPPED)
    assert_close(geometric_mean(np.linalg.inv(some)), np.linalg.inv(mean), STOPPED)
