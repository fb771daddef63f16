import nibabel as nib
import numpy as np
import pytest

from tests.phantom import reference_analysis as ref
from tests.tolerance import EXACT, assert_close
from tmsguide.model import MNI, Frame, Points
from tmsguide.phantom.motion import head_moves
from tmsguide.phantom.pose import draw_head, invert, jacobian, oblique_grid, rotation


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_warp_never_folds_and_moves_as_far_as_asked(seed):
    head = draw_head(np.random.default_rng(seed), Frame("sub-x/T1w"), warp_mm=8.0)
    assert jacobian(head.native_from_mni).min() > 0.2 * head.scale**3
    at = np.random.default_rng(0).uniform(-80, 80, (4000, 3))
    moved = head.native_from_mni(Points(at, MNI)).xyz_mm
    straight = at @ head.linear[:3, :3].T + head.linear[:3, 3]
    bend = np.linalg.norm(moved - straight, axis=1)
    assert 3 < bend.max() < 8 * 1.07 + 1e-3
    scales = np.linalg.norm(head.linear[:3, :3], axis=0)
    assert ((scales >= 0.93) & (scales <= 1.07)).all()


def test_warp_and_inverse_meet():
    head = draw_head(np.random.default_rng(8), Frame("sub-x/T1w"), warp_mm=8.0)
    grid = np.diag([2.0, 2.0, 2.0, 1.0])
    grid[:3, 3] = head.linear[:3, 3] - [90, 120, 100]
    back = invert(head, grid, (91, 121, 101))
    at = np.random.default_rng(1).uniform([-70, -90, -60], [70, 80, 80], (3000, 3))
    there = head.native_from_mni(Points(at, MNI))
    miss = np.linalg.norm(back(there).xyz_mm - at, axis=1)
    assert miss.max() < 0.15  # measured .079 mm: linear interpolation between 4 mm nodes


def test_scanner_grids_are_oblique_and_keep_the_centre():
    codes = set()
    for seed in range(12):
        matrix, shape = oblique_grid(
            np.random.default_rng(seed),
            np.array([90.0, 120.0, 100.0]),
            2.0,
            centre_mm=np.array([3.0, -7.0, 11.0]),
        )
        middle = matrix @ np.append((np.array(shape) - 1) / 2, 1)
        assert_close(middle[:3], [3.0, -7.0, 11.0], EXACT)
        assert_close(np.linalg.norm(matrix[:3, :3], axis=0), [2.0, 2.0, 2.0], EXACT)
        codes.add("".join(nib.aff2axcodes(matrix)))
        tilt = np.degrees(np.arccos(np.abs(matrix[:3, :3] / 2).max(axis=0)))
        assert 0.5 < tilt.max() < 8
    assert codes == {"RAS", "LAS"}


def test_head_moves_are_the_documented_rigid_motion():
    rng = np.random.default_rng(6)
    motion = rng.normal(0, [1, 1, 1, 0.02, 0.02, 0.02], (5, 6))
    centre = np.array([4.0, -20.0, 30.0])
    expected = np.stack([ref.rigid(row, centre) for row in motion])
    assert_close(head_moves(motion, centre), expected, EXACT)


def test_rotation_follows_the_right_hand():
    quarter = rotation(np.array([0.0, 0.0, np.pi / 2]))
    assert_close(quarter @ [1.0, 0, 0], [0.0, 1, 0], EXACT, scale=1)
