"""Planted transforms on lopsided images stored in every axis order."""

import numpy as np
import pytest
from scipy import ndimage

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.engines import register_deformable, register_linear, shared_information
from tmsguide.engines.itk import itk_from_volume, matrix_from_itk
from tmsguide.errors import EngineError, FrameError, InputError
from tmsguide.model import Affine, Frame, Points, Volume

ORTHONORMAL = Tol(1e-3, "greedy writes rigid matrices to about 1e-6; 1e-3 shows any scale")
FIXED, MOVING = Frame("fixed"), Frame("moving")
# x, y, z radius and centre (mm) and grey of blobs that no turn or mirror maps onto themselves
BLOBS = (
    ((0, 0, 0), (62, 78, 58), 1.0),
    ((-34, 22, 14), (14, 20, 10), -0.5),
    ((28, -30, 22), (10, 12, 18), 0.6),
    ((40, 30, -20), (9, 9, 9), -0.7),
    ((-20, -44, -18), (18, 8, 12), 0.4),
    ((6, 48, 26), (8, 14, 8), 0.5),
)
AXES = {
    "RAS": np.diag([5.0, 5.0, 5.0]),
    "LAS": np.diag([-5.0, 5.0, 5.0]),
    "PSR": np.array([[0, 0, 5.0], [-5.0, 0, 0], [0, 5.0, 0]]),
}


def head_value(xyz):
    """Grey of the lopsided head at world positions (..., 3)."""
    out = np.zeros(xyz.shape[:-1])
    for centre, radius, grey in BLOBS:
        r = np.sqrt((((xyz - np.array(centre)) / radius) ** 2).sum(-1))
        out += grey / (1 + np.exp((r - 1) * 14))
    return out


def oblique(axes, deg):
    a = np.deg2rad(deg)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return turn @ axes


def drawn(frame, axes, where=lambda xyz: xyz, *, invert=False, shape=(36, 42, 38)):
    matrix = np.eye(4)
    matrix[:3, :3] = axes
    matrix[:3, 3] = -axes @ (np.array(shape) / 2)
    index = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    data = head_value(where(index @ matrix[:3, :3].T + matrix[:3, 3]))
    return Volume((1 - data if invert else data).astype(np.float32), matrix, frame)


def planted(scale=(1.0, 1.0, 1.0)):
    """fixed_from_moving: nodded 14 degrees, turned 8, shifted, scaled."""
    a, b = np.deg2rad([14.0, 8.0])
    nod = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = nod @ turn * np.array(scale)
    matrix[:3, 3] = [9, -17, 12]
    return Affine(matrix, source=MOVING, target=FIXED)


def inside_points(frame, n=300):
    rng = np.random.default_rng(3)
    xyz = rng.uniform(-1, 1, (4 * n, 3))
    return Points(xyz[(xyz**2).sum(1) < 0.8][:n] * [58, 72, 54], frame)


def mean_error(truth, found, points):
    return np.linalg.norm(truth(points).xyz_mm - found(points).xyz_mm, axis=1).mean()


@pytest.mark.parametrize("axes", AXES)
def test_itk_images_keep_their_place(axes):
    volume = drawn(FIXED, oblique(AXES[axes], 11.0), shape=(7, 8, 9))
    image = itk_from_volume(volume)
    assert image.GetSize() == (7, 8, 9)
    assert_close(matrix_from_itk(image), volume.frame_from_voxel, EXACT)
    assert image.GetPixel(2, 3, 4) == volume.data[2, 3, 4]


def test_sheared_axes_are_refused():
    matrix = np.eye(4)
    matrix[0, 1] = 0.3
    with pytest.raises(InputError, match="right angles"):
        itk_from_volume(Volume(np.zeros((4, 5, 6)), matrix, FIXED))


@pytest.mark.parametrize("axes", AXES)
def test_rigid_recovers_a_planted_move(axes):
    truth = planted()
    fixed = drawn(FIXED, AXES["RAS"])
    moving = drawn(
        MOVING,
        oblique(AXES[axes], 9.0),
        lambda xyz: truth(Points(xyz.reshape(-1, 3), MOVING)).xyz_mm.reshape(xyz.shape),
    )
    found = register_linear(fixed, moving, dof=6)
    assert found.source == MOVING
    assert found.target == FIXED
    assert_close(found.matrix[:3, :3] @ found.matrix[:3, :3].T, np.eye(3), ORTHONORMAL)
    # measured .40 to .48 on 5 mm voxels
    assert mean_error(truth, found, inside_points(MOVING)) < 0.7


def test_affine_recovers_scales_and_inverted_contrast():
    truth = planted((1.08, 0.93, 1.04))
    fixed = drawn(FIXED, AXES["LAS"])
    moving = drawn(
        MOVING,
        AXES["PSR"],
        lambda xyz: truth(Points(xyz.reshape(-1, 3), MOVING)).xyz_mm.reshape(xyz.shape),
        invert=True,
    )
    found = register_linear(fixed, moving, dof=12)
    # measured 1.3 to 1.8 on 5 mm voxels
    assert mean_error(truth, found, inside_points(MOVING)) < 2.5


def test_left_stays_left():
    truth = planted()
    fixed = drawn(FIXED, AXES["LAS"])
    moving = drawn(
        MOVING,
        AXES["RAS"],
        lambda xyz: truth(Points(xyz.reshape(-1, 3), MOVING)).xyz_mm.reshape(xyz.shape),
    )
    found = register_linear(fixed, moving, dof=12)
    left = found.inverse()(Points(np.array([BLOBS[1][0]], dtype=float), FIXED))
    right = found.inverse()(Points(np.array([[34.0, 22, 14]]), FIXED))
    assert left.xyz_mm[0, 0] < right.xyz_mm[0, 0] - 50
    at = np.linalg.inv(moving.frame_from_voxel) @ [*left.xyz_mm[0], 1]
    seen = ndimage.map_coordinates(moving.data, at[:3, None], order=1)[0]
    assert seen < 0.65  # the dark blob; its mirror place shows 1.0


def test_far_headers_are_overcome():
    truth = planted()
    far = np.eye(4)
    far[:3, 3] = [140, -120, 90]
    fixed = drawn(FIXED, AXES["RAS"])
    moving = drawn(
        MOVING,
        AXES["RAS"],
        lambda xyz: truth(Points(xyz.reshape(-1, 3), MOVING)).xyz_mm.reshape(xyz.shape),
    )
    moved = Volume(moving.data, far @ moving.frame_from_voxel, MOVING)
    found = register_linear(fixed, moved, dof=6)
    there = truth @ Affine(np.linalg.inv(far), source=MOVING, target=MOVING)
    points = Points(inside_points(MOVING).xyz_mm + far[:3, 3], MOVING)
    assert mean_error(there, found, points) < 0.7


def test_noise_is_refused():
    rng = np.random.default_rng(0)
    noise = Volume(
        rng.standard_normal((36, 42, 38)).astype(np.float32),
        drawn(FIXED, AXES["RAS"]).frame_from_voxel,
        MOVING,
    )
    with pytest.raises(EngineError, match="could not be lined up"):
        register_linear(drawn(FIXED, AXES["RAS"]), noise, dof=6)


def test_odd_dof_is_refused():
    image = drawn(FIXED, AXES["RAS"], shape=(7, 8, 9))
    with pytest.raises(InputError, match="dof"):
        register_linear(image, image, dof=9)


def test_shared_information_falls_with_distance():
    fixed, moving = drawn(FIXED, AXES["RAS"]), drawn(MOVING, AXES["RAS"])
    scores = []
    for shift in (0.0, 8.0, 30.0):
        matrix = np.eye(4)
        matrix[0, 3] = shift
        scores.append(
            shared_information(fixed, moving, Affine(matrix, source=MOVING, target=FIXED))
        )
    assert scores[0] > scores[1] > scores[2] > 0
    assert scores[0] > 0.9


@pytest.fixture(scope="module")
def bent():
    """A planted smooth bend, and what the engine makes of it."""
    truth = planted((1.05, 0.96, 1.02))

    def bend(xyz):
        x, y, z = np.moveaxis(truth(Points(xyz.reshape(-1, 3), MOVING)).xyz_mm, -1, 0)
        moved = [x + 4 * np.sin(y / 24), y + 3 * np.cos(z / 22), z + 4 * np.sin(x / 26)]
        return np.stack(moved, -1).reshape(xyz.shape)

    fixed = drawn(FIXED, AXES["LAS"])
    moving = drawn(MOVING, oblique(AXES["RAS"], 7.0), bend)
    to_fixed, to_moving = register_deformable(fixed, moving, initial=truth)
    return bend, to_fixed, to_moving


def test_bend_is_found(bent):
    bend, to_fixed, _ = bent
    points = inside_points(MOVING)
    truth = bend(points.xyz_mm)
    error = np.linalg.norm(to_fixed(points).xyz_mm - truth, axis=1)
    start = np.linalg.norm(planted((1.05, 0.96, 1.02))(points).xyz_mm - truth, axis=1)
    # flat regions of the blobs say nothing about where they went; borders pull the rest along
    assert np.median(error) < 0.5 * np.median(start)


def test_warps_undo_each_other(bent):
    _, to_fixed, to_moving = bent
    points = inside_points(MOVING)
    error = np.linalg.norm(to_moving(to_fixed(points)).xyz_mm - points.xyz_mm, axis=1)
    assert error.max() < 0.5


def test_warp_fades_to_the_affine(bent):
    _, to_fixed, _ = bent
    corner = Points(np.array([[-150.0, -160.0, -150.0]]), MOVING)
    away = to_fixed(corner).xyz_mm - planted((1.05, 0.96, 1.02))(corner).xyz_mm
    assert np.abs(away).max() < 1.0


def test_wrong_initial_is_refused():
    image = drawn(FIXED, AXES["RAS"], shape=(7, 8, 9))
    other = Volume(image.data, image.frame_from_voxel, MOVING)
    with pytest.raises(FrameError, match="initial maps"):
        register_deformable(image, other, initial=planted().inverse())


@pytest.mark.slow
def test_the_same_images_give_the_same_warp():
    """Greedy adds noise to its images; a fixed seed makes it the same noise each time."""
    truth = planted((1.05, 0.96, 1.02))
    fixed, moving = drawn(FIXED, AXES["LAS"]), drawn(MOVING, oblique(AXES["RAS"], 7.0))
    first, _ = register_deformable(fixed, moving, initial=truth)
    again, _ = register_deformable(fixed, moving, initial=truth)
    assert (first.displacement_mm == again.displacement_mm).all()
