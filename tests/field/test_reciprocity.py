"""Scores by reciprocity against direct solves of the same placements."""

from dataclasses import replace

import numpy as np
import pytest

from tests.field.heads import FRAME, over_the_top
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import (
    Gauge,
    mean_along,
    mean_vector,
    reciprocal,
    region_mean,
    roi_around,
    score,
    solve,
)
from tmsguide.field.primary import node_potential, placed
from tmsguide.field.reciprocity import node_weights
from tmsguide.model import Coil, Points, native_frame

ADJOINT = Tol(1e-5, "solves stop at 1e-6; measured 1e-7")
LOOKUP = Tol(8e-4, "grid and clusters: measured 5e-4 at worst, 4 mm off the scalp")

POSES = [
    over_the_top(58.0),
    over_the_top(58.5, turn=1.1, tilt=0.08, shift=(6.0, 2.0)),
    over_the_top(66.0, turn=-2.0, tilt=-0.15, shift=(-8.0, 9.0)),
]


@pytest.fixture(scope="module")
def roi(egg):
    return roi_around(egg.head, Points(np.array([[2.0, 3.0, 36.0]]), FRAME), 9.0)


@pytest.fixture(scope="module")
def prepared_roi(egg, roi, coil):
    reach = Points(np.array([pose.center_mm for pose in POSES]), FRAME)
    return reciprocal(egg, mean_vector(egg, roi), reach=reach, coil=coil)


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


def test_reach_of_another_frame_or_nowhere_and_an_empty_region_are_refused(egg, roi, coil):
    reading = mean_vector(egg, roi)
    other = Points(np.zeros((1, 3)), native_frame("other"))
    with pytest.raises(FrameError, match="sub-other"):
        reciprocal(egg, reading, reach=other, coil=coil)
    with pytest.raises(GeometryError, match="no place"):
        reciprocal(egg, reading, reach=Points(np.zeros((0, 3)), FRAME), coil=coil)
    with pytest.raises(GeometryError, match="marks 0"):
        mean_vector(egg, np.zeros_like(roi))


def test_adjoint_reads_what_the_solve_gives(egg, coil, roi):
    reading = mean_vector(egg, roi)
    weights = node_weights(egg, reading)
    for pose in POSES:
        a_dot = 1e6 * node_potential(
            egg.tree, placed(coil, pose.matsimnibs), Gauge.RADIAL, egg.centre_m
        )
        found = np.einsum("ndq,nd->q", weights, a_dot)
        want = reading.of(solve(egg, coil, pose).recovered_v_per_m)
        assert_close(found, want, ADJOINT)
        assert_close(want, region_mean(egg.head, solve(egg, coil, pose), roi), EXACT)


def test_one_direction_is_that_part_of_the_mean_vector(egg, coil, roi, prepared_roi):
    poses = np.array([p.matsimnibs for p in POSES])
    direction = np.array([0.6, 0.0, 0.8])
    reach = Points(poses[:, :3, 3], FRAME)
    one = reciprocal(egg, mean_along(egg, roi, 2 * direction), reach=reach, coil=coil)
    vector = score(prepared_roi, coil, poses, didt_a_per_s=1e6)
    assert_close(
        score(one, coil, poses, didt_a_per_s=1e6)[:, 0],
        vector @ direction,
        Tol(1e-5, "two adjoint solves to 1e-6 and single-precision grids"),
    )
    assert mean_along(egg, roi, np.tile(direction, (int(roi.sum()), 1))).weights.shape[0] == 1
    with pytest.raises(GeometryError, match="shape"):
        mean_along(egg, roi, np.ones((2, 3)))
    with pytest.raises(GeometryError, match="no length"):
        mean_along(egg, roi, np.zeros(3))


def test_dipole_coils_are_read_as_they_are_solved(egg, coil, roi):
    dipoles = Coil(
        "two dipoles",
        np.empty((0, 3)),
        np.empty((0, 3)),
        np.nan,
        (0.05, 0.03, 0.01),
        "test",
        dipole_position_m=np.array([[-0.02, 0.0, -0.006], [0.02, 0.01, -0.008]]),
        dipole_moment_m2=np.array([[0.0, 0.0, 0.03], [0.002, 0.0, -0.03]]),
    )
    poses = np.array([p.matsimnibs for p in POSES])
    reading = mean_vector(egg, roi)
    both = reciprocal(egg, reading, reach=Points(poses[:, :3, 3], FRAME), coil=dipoles)
    found = score(both, dipoles, poses, didt_a_per_s=1e6)
    for k, pose in enumerate(POSES):
        want = reading.of(solve(egg, dipoles, pose).recovered_v_per_m)
        assert_close(found[k], want, Tol(3e-3, "4 mm grid of a dipole's steeper field"))
    with pytest.raises(GeometryError, match="kind of sources"):
        score(both, coil, poses, didt_a_per_s=1e6)


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
