"""Scores by reciprocity against direct solves of the same placements."""

from dataclasses import replace

import numpy as np
import pytest

from tests.field.heads import FRAME, over_the_top
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import reciprocal, region_mean, roi_around, score, solve
from tmsguide.model import Points, native_frame

LOOKUP = Tol(8e-4, "grid, clusters and solves: measured 5e-4 at worst, 4 mm off the scalp")

POSES = [
    over_the_top(58.0),
    over_the_top(58.5, turn=1.1, tilt=0.08, shift=(6.0, 2.0)),
    over_the_top(66.0, turn=-2.0, tilt=-0.15, shift=(-8.0, 9.0)),
]


@pytest.fixture(scope="module")
def roi(egg):
    return roi_around(egg.head, Points(np.array([[2.0, 3.0, 36.0]]), FRAME), 9.0)


@pytest.fixture(scope="module")
def prepared_roi(egg, roi):
    reach = Points(np.array([pose.center_mm for pose in POSES]), FRAME)
    return reciprocal(egg, roi, reach=reach)


def test_scores_are_the_mean_of_the_solved_field(egg, coil, roi, prepared_roi):
    poses = np.array([p.matsimnibs for p in POSES])
    found = score(prepared_roi, coil, poses, didt_a_per_s=1e6)
    want = np.array([region_mean(egg.head, solve(egg, coil, p), roi) for p in POSES])
    for k in range(len(POSES)):
        assert_close(found[k], want[k], LOOKUP)


def test_scores_are_linear_in_didt_and_follow_their_pose(coil, prepared_roi):
    poses = np.array([p.matsimnibs for p in POSES])
    one = score(prepared_roi, coil, poses, didt_a_per_s=1e6)
    assert_close(score(prepared_roi, coil, poses[::-1], didt_a_per_s=3e6), 3 * one[::-1], EXACT)
    back = poses @ np.diag([-1.0, -1.0, 1.0, 1.0])  # half a turn reverses the current
    assert_close(score(prepared_roi, coil, back, didt_a_per_s=1e6), -one, Tol(1e-9, "other order"))


def test_a_coil_out_of_reach_or_deep_in_the_head_is_refused(coil, prepared_roi):
    poses = np.array([POSES[0].matsimnibs] * 3)
    poses[1, 0, 3] += 150.0
    with pytest.raises(GeometryError, match="first: 1"):
        score(prepared_roi, coil, poses, didt_a_per_s=1e6)
    poses[1] = poses[0]
    poses[2, 2, 3] = 20.0
    with pytest.raises(GeometryError, match="first: 2"):
        score(prepared_roi, coil, poses, didt_a_per_s=1e6)


def test_poses_that_are_no_matrices_are_refused(coil, prepared_roi):
    with pytest.raises(FrameError, match="4, 4"):
        score(prepared_roi, coil, np.eye(4), didt_a_per_s=1e6)


def test_reach_of_another_frame_and_an_empty_region_are_refused(egg, roi):
    with pytest.raises(FrameError, match="sub-other"):
        reciprocal(egg, roi, reach=Points(np.zeros((1, 3)), native_frame("other")))
    with pytest.raises(GeometryError, match="marks 0"):
        reciprocal(egg, np.zeros_like(roi), reach=Points(np.zeros((1, 3)), FRAME))


def test_the_best_of_many_turns_is_found(coil, prepared_roi):
    turns = np.linspace(0, np.pi, 19)
    poses = np.array([over_the_top(60.0, turn=t).matsimnibs for t in turns])
    along = score(prepared_roi, coil, poses, didt_a_per_s=1e6)
    coil_y = poses[:, :3, 1]
    cosine = (along * coil_y).sum(axis=1) / np.linalg.norm(along, axis=1)
    assert (cosine[np.argmax(np.linalg.norm(along, axis=1))]) > 0.9


def test_fields_do_not_change_what_they_were_given(coil, prepared_roi):
    poses = np.array([p.matsimnibs for p in POSES])
    before = poses.copy()
    score(prepared_roi, replace(coil), poses, didt_a_per_s=1e6)
    assert np.array_equal(poses, before)
