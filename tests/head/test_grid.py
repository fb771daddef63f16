import numpy as np
import pytest

from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.head.grid import (
    block_mean,
    boxed,
    fine_grid,
    regridded,
    sampled,
    upright,
    warped_voxels,
)
from tmsguide.model import Frame, Points, Volume, Warp

FRAME, OTHER = Frame("a"), Frame("b")
OBLIQUE = np.array([[0.1, -2.0, 0.1], [0.2, 0.1, 2.5], [-3.0, 0.05, 0.2]])


def volume(axes=OBLIQUE, shape=(7, 8, 9)):
    matrix = np.eye(4)
    matrix[:3, :3] = axes
    matrix[:3, 3] = [4, -5, 6]
    return Volume(np.random.default_rng(0).random(shape), matrix, FRAME)


def at(v, index):
    return v.frame_from_voxel[:3, :3] @ index + v.frame_from_voxel[:3, 3]


def test_upright_keeps_every_voxel_in_its_place():
    v = volume()
    up = upright(v)
    assert up.data.shape == (8, 9, 7)
    assert (np.diag(up.frame_from_voxel)[:3] > 0).all()
    for index in [(0, 0, 0), (6, 2, 5), (3, 7, 8)]:
        world = at(v, np.array(index))
        back = np.linalg.inv(up.frame_from_voxel) @ [*world, 1]
        assert up.data[tuple(np.rint(back[:3]).astype(int))] == v.data[index]
        assert_close(at(up, np.rint(back[:3])), world, EXACT)


def test_fine_grid_shares_the_middle_of_the_box():
    v = volume()
    matrix, shape = fine_grid(v, 1.0)
    assert_close(np.linalg.norm(matrix[:3, :3], axis=0), np.ones(3), EXACT)
    middle = matrix @ [*((np.array(shape) - 1) / 2), 1]
    assert_close(middle[:3], at(v, (np.array(v.data.shape) - 1) / 2), EXACT)


@pytest.mark.parametrize("step", [1.0, 4.0])
def test_regridding_keeps_a_ramp(step):
    v = volume(np.diag([2.0, 2.0, 2.0]), (21, 24, 19))
    index = np.indices(v.data.shape).astype(float)
    ramp = Volume(index[0] + 2 * index[1] - index[2], v.frame_from_voxel, FRAME)
    out = regridded(ramp, *fine_grid(ramp, step))
    inner = (slice(3, -3),) * 3
    new = np.indices(out.data.shape).astype(float)
    back = np.linalg.inv(ramp.frame_from_voxel) @ out.frame_from_voxel
    old = np.tensordot(back[:3, :3], new, 1) + back[:3, 3, None, None, None]
    assert_close(out.data[inner], (old[0] + 2 * old[1] - old[2])[inner], STORED)


def test_block_mean_and_box_keep_places():
    v = volume(np.diag([1.0, 1.0, 1.0]), (7, 8, 9))
    small = block_mean(v, 2)
    assert small.data.shape == (3, 4, 4)
    assert_close(small.data[1, 2, 3], v.data[2:4, 4:6, 6:8].mean(), STORED)
    assert_close(at(small, np.array([1, 2, 3])), at(v, np.array([2.5, 4.5, 6.5])), EXACT)
    box = boxed(v, np.array([-2, 3, 1]), np.array([4, 10, 6]))
    assert box.data.shape == (6, 7, 5)
    assert box.data[2, 0, 0] == v.data[0, 3, 1]
    assert box.data[0].max() == 0
    assert_close(at(box, np.array([2, 0, 0])), at(v, np.array([0, 3, 1])), EXACT)


def test_warped_voxels_agree_with_the_warp():
    rng = np.random.default_rng(2)
    v = volume()
    grid = np.diag([4.0, 4.0, 4.0, 1.0])
    grid[:3, 3] = [-30, -30, -30]
    warp = Warp(rng.normal(size=(16, 17, 18, 3)).astype(np.float32), grid, FRAME, OTHER)
    into = np.diag([0.5, 0.5, 0.5, 1.0])
    got = warped_voxels(warp, v.frame_from_voxel, v.data.shape, into)
    index = np.argwhere(np.ones(v.data.shape))
    points = Points(index @ v.frame_from_voxel[:3, :3].T + v.frame_from_voxel[:3, 3], FRAME)
    want = 0.5 * warp(points).xyz_mm
    assert_close(got.reshape(3, -1).T, want, Tol(1e-5, "float32 coordinates"))
    assert sampled(np.ones((3, 3, 3), np.float32), np.full((3, 2), 40.0), outside=7.0)[0] == 7.0
