import numpy as np
from scipy import ndimage

from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.num.interpolation import sample_cubic, sample_linear, spline_coefficients

OBLIQUE = np.array(
    [[-0.9, 0.1, 0.05, 6.0], [0.12, 0.8, -0.3, 1.0], [0.02, 0.31, 0.85, -1.5], [0, 0, 0, 1]]
)


def _at(affine, points):
    return points @ affine[:3, :3].T + affine[:3, 3]


def _inner_points(shape, margin, rng):
    top = np.array(shape) - 1 - 2 * margin
    voxel = margin + rng.random((200, 3)) * top
    return _at(np.linalg.inv(OBLIQUE), voxel), voxel


def test_linear_gives_back_a_ramp_through_an_oblique_map():
    shape = (7, 8, 9)
    slope = np.array([1.0, -2.0, 4.0])
    grid = (np.indices(shape).T @ slope).T.astype(np.float32) + 3
    points, voxel = _inner_points(shape, 0.0, np.random.default_rng(1))
    assert_close(sample_linear(grid, OBLIQUE, points), voxel @ slope + 3, EXACT)


def test_linear_is_nan_outside_and_exact_on_the_last_voxel():
    grid = np.arange(7 * 8 * 9, dtype=np.float32).reshape(7, 8, 9)
    points = np.array([[6.0, 7, 8], [6.01, 7, 8], [0, -0.01, 0], [0, 0, 0]])
    values = sample_linear(grid, np.eye(4), points)
    assert np.isnan(values).tolist() == [False, True, True, False]
    assert values[0] == grid[6, 7, 8]
    assert values[3] == 0


def test_cubic_gives_back_the_voxels_it_was_made_from():
    rng = np.random.default_rng(2)
    grid = rng.normal(size=(7, 8, 9)).astype(np.float32)
    points = _at(np.linalg.inv(OBLIQUE), np.argwhere(np.ones(grid.shape)).astype(float))
    values = sample_cubic(spline_coefficients(grid), OBLIQUE, points)
    assert_close(values, grid.ravel(), STORED)


def test_cubic_gives_back_a_cubic_polynomial_away_from_the_edge():
    shape = (37, 38, 39)
    x, y, z = np.indices(shape) / 19.0 - 1
    grid = x**3 - 2 * y**2 * z + z - 0.5 * x * y * z
    points, voxel = _inner_points(shape, 12.0, np.random.default_rng(3))
    p, q, r = voxel.T / 19.0 - 1
    expected = p**3 - 2 * q**2 * r + r - 0.5 * p * q * r
    # float32 coefficients, mirrored edges 12 voxels away (0.27**12): measured 3.4e-7
    tol = Tol(2e-6, "float32 coefficients")
    values = sample_cubic(spline_coefficients(grid), OBLIQUE, points)
    assert_close(values, expected, tol)


def test_cubic_agrees_with_scipy_up_to_the_mirrored_edge():
    rng = np.random.default_rng(4)
    grid = rng.normal(size=(7, 8, 9)).astype(np.float32)
    voxel = rng.uniform(-0.5, [6.5, 7.5, 8.5], (500, 3))
    expected = ndimage.map_coordinates(grid.astype(float), voxel.T, order=3, mode="mirror")
    values = sample_cubic(spline_coefficients(grid), np.eye(4), voxel)
    assert_close(values, expected, STORED)


def test_cubic_is_zero_beyond_half_a_voxel():
    coefficients = spline_coefficients(np.ones((7, 8, 9)))
    points = np.array([[-0.51, 3, 3], [3, 7.51, 3], [3, 3, 8.51], [-0.49, 7.49, 8.49]])
    values = sample_cubic(coefficients, np.eye(4), points)
    assert values[:3].tolist() == [0, 0, 0]
    assert_close(values[3:], [1.0], STORED)
