import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.tolerance import EXACT, assert_close
from tmsguide.num.rigid import (
    inverted,
    parameters_from_rigid,
    rigid_displacement_mm,
    rigid_from_parameters,
    rotation_angle_deg,
)


@pytest.mark.parametrize("seed", range(5))
def test_parameters_come_back(seed):
    rng = np.random.default_rng(seed)
    parameters, center = rng.normal(0, 0.5, 6), rng.normal(0, 50, 3)
    matrix = rigid_from_parameters(parameters, center)
    # the shift is the difference of numbers of size 50
    assert_close(parameters_from_rigid(matrix, center), parameters, EXACT, scale=50)
    assert_close(inverted(matrix) @ matrix, np.eye(4), EXACT, scale=50)


def test_rotation_is_about_the_centre_and_its_order_is_xyz():
    center = np.array([3.0, -4, 5])
    parameters = np.array([1, 2, 3, 0.1, 0.2, -0.3])
    matrix = rigid_from_parameters(parameters, center)
    expected = Rotation.from_euler("XYZ", parameters[3:]).as_matrix()
    assert_close(matrix[:3, :3], expected, EXACT)
    assert_close(matrix @ [*center, 1], [4, -2, 8, 1], EXACT)


@pytest.mark.parametrize("angle", [0.0, 1e-6, 30.0, 90.0, 179.0])
def test_angle_is_that_of_the_rotation(angle):
    axis = np.array([1.0, -2, 2]) / 3
    matrix = Rotation.from_rotvec(np.radians(angle) * axis).as_matrix()
    assert_close(rotation_angle_deg(matrix), angle, EXACT, scale=180)


def test_displacement_is_the_distance_of_the_images():
    shift = np.eye(4)
    shift[:3, 3] = 3, 4, 0
    points = np.random.default_rng(0).normal(size=(5, 3))
    assert_close(rigid_displacement_mm(shift, np.eye(4), points), np.full(5, 5.0), EXACT)
