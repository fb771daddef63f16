import numpy as np
import pytest

from tests.oracles.ellipsoid import outward_normals
from tests.placement.heads import (
    FRAME,
    HALF_X_MM,
    HALF_Y_MM,
    SEMI_AXES_MM,
    coil,
    ellipsoid,
    mirrored,
    point,
    with_bump,
)
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI
from tmsguide.placement import candidates, scalp_entry

TARGET = point(-42.0, 38.0, 34.0)
GRID = {"radius_mm": 25.0, "step_mm": 3.0, "angle_deg": 10.0, "standoff_mm": 4.0, "coil": coil()}


@pytest.fixture(scope="module")
def scalp():
    return ellipsoid()


@pytest.fixture(scope="module")
def found(scalp):
    return candidates(scalp, TARGET, **GRID)


def under(c):
    """Scalp points below the coil centres."""
    return c.matsimnibs[:, :3, 3] + c.standoff_mm[:, None] * c.matsimnibs[:, :3, 2]


def test_axes_are_orthonormal_and_right_handed(found):
    r = found.matsimnibs[:, :3, :3]
    eye = np.broadcast_to(np.eye(3), r.shape)
    assert_close(r.transpose(0, 2, 1) @ r, eye, EXACT)
    assert np.linalg.det(r).min() > 0
    assert_close(np.cross(r[:, :, 1], r[:, :, 2]), r[:, :, 0], EXACT)
    assert (found.matsimnibs[:, 3] == [0, 0, 0, 1]).all()


def test_axis_lies_along_the_inward_scalp_normal(found):
    cosine = -(outward_normals(under(found), SEMI_AXES_MM) * found.matsimnibs[:, :3, 2]).sum(
        axis=1
    )
    assert np.rad2deg(np.arccos(cosine.min())) < 1.0  # measured 0.2


def test_coil_stands_off_by_the_distance_asked_for(scalp, found):
    assert (found.standoff_mm == 4.0).all()  # nothing to clear on a convex head
    on_scalp = ((under(found) / SEMI_AXES_MM) ** 2).sum(axis=1)
    assert_close(on_scalp, np.ones(len(found)), Tol(1.5e-3, "chords of 4 mm triangles: 0.04 mm"))
    gap = np.linalg.norm(found.matsimnibs[:, :3, 3] - under(found), axis=1)
    assert_close(gap, np.full(len(found), 4.0), EXACT)


def test_grid_fills_the_disc_with_the_step(scalp, found):
    points = np.unique(under(found).round(6), axis=0)
    entry = scalp_entry(scalp, TARGET).xyz_mm[0]
    far = np.linalg.norm(points - entry, axis=1)
    assert far.min() < 1e-5  # the nearest scalp point is one of them
    assert far.max() <= 25.0
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() > 2.99
    assert gaps.min(axis=1).max() < 3.4  # the plane's grid stretches where the scalp slopes
    assert len(points) > 0.85 * np.pi * (25 / 3) ** 2
    assert len(found) == 18 * len(points)


def handles(c):
    return -c.matsimnibs[:, :3, 1]


@pytest.mark.parametrize(("side", "turns"), [(-1, (-95.0, 76.0)), (1, (-75.0, 96.0))])
def test_handle_points_backwards_and_away_from_the_vertex(scalp, side, turns):
    found = candidates(scalp, point(side * 42.0, 38.0, 34.0), **GRID)
    assert sorted(set(found.angle_deg)) == list(np.arange(*turns, 10.0))
    usual = handles(found)[np.isclose(found.angle_deg, side * 45.0)]
    assert (usual[:, 1] < -0.4).all()
    assert (side * usual[:, 0] > 0.3).all()  # to the side where the coil sits
    assert not np.isclose(np.abs(found.angle_deg), 105.0).any()


def test_handle_never_points_before_the_face_on_a_flat_scalp(scalp):
    """Where the scalp is level, the half turn is told by the horizontal direction alone."""
    lean = np.deg2rad(15.0)
    for side in (-1, 1):
        top = candidates(scalp, point(side * 12.0, 0.0, 60.0), **{**GRID, "radius_mm": 5.0})
        along = handles(top)[:, :2] @ np.array([side * np.sin(lean), -np.cos(lean)])
        assert along.min() > -0.05  # the scalp there slopes by 10 degrees
        assert along.max() > 0.98


def test_on_the_middle_the_handle_points_straight_back(scalp):
    top = candidates(scalp, point(0.0, 0.0, 60.0), **{**GRID, "radius_mm": 1.0})
    assert sorted(set(top.angle_deg)) == list(np.arange(-80.0, 91.0, 10.0))
    assert handles(top)[:, 1].max() < 1e-12


def test_side_is_told_by_the_scalp_and_not_by_the_scanner(found):
    """The whole left head lies at positive x here."""
    shift = np.array([150.0, 0.0, 0.0])
    moved = candidates(ellipsoid(centre=shift), point(*(TARGET.xyz_mm[0] + shift)), **GRID)
    assert (moved.matsimnibs[:, 0, 3] > 0).all()
    assert_close(moved.angle_deg, found.angle_deg, EXACT)


def test_full_turn_adds_the_reversed_coils(scalp, found):
    whole = candidates(scalp, TARGET, **GRID, full_turn=True)
    assert len(whole) == 2 * len(found)
    assert sorted(set(whole.angle_deg)) == list(np.arange(-175.0, 176.0, 10.0))
    usual = np.isin(whole.angle_deg, found.angle_deg)
    assert_close(whole.matsimnibs[usual], found.matsimnibs, EXACT, scale=100.0)


def test_positive_angle_turns_left_seen_from_outside(scalp):
    top = candidates(scalp, point(0.0, 0.0, 60.0), **{**GRID, "radius_mm": 1.0})
    left = top.matsimnibs[top.angle_deg == 90.0][0]
    assert left[0, 1] < -0.99  # y axis to -x, the person's left
    assert left[2, 2] < -0.99  # z into the head


def raised_scalp(scalp):
    """A blunt ear 60 mm to the side of the target's scalp point, under the coil's long side."""
    entry = scalp_entry(scalp, TARGET).xyz_mm[0]
    beside = entry + 60.0 * np.array([-0.25, -0.9, -0.3])
    on_scalp = beside / np.sqrt(((beside / SEMI_AXES_MM) ** 2).sum())
    return with_bump(scalp, on_scalp, height_mm=30.0, width_mm=10.0), on_scalp


def scalp_samples(scalp, *, at, within_mm):
    """Points every 0.6 mm on all triangles within a distance of ``at``, (N, 3)."""
    corners = scalp.vertices.xyz_mm[scalp.triangles]
    corners = corners[np.linalg.norm(corners.mean(axis=1) - at, axis=1) < within_mm]
    grid = np.array([(i, j, 6 - i - j) for i in range(7) for j in range(7 - i)])
    return np.einsum("wc,fcx->wfx", grid / 6.0, corners).reshape(-1, 3)


def highest_over_face(samples, pose, *, half_mm=(HALF_X_MM, HALF_Y_MM)):
    """Height of the highest sample over the casing's face, -inf if none is over it."""
    local = (samples - pose[:3, 3]) @ pose[:3, :3]
    over = (np.abs(local[:, :2]) <= half_mm).all(axis=1)
    return np.max(-local[over, 2], initial=-np.inf)


@pytest.mark.parametrize("half_mm", [(90.0, 50.0), (45.0, 80.0)])  # each side decides once
def test_casing_is_lifted_by_the_least_amount_that_clears_a_bump(scalp, half_mm):
    rough, bump = raised_scalp(scalp)
    grid = {**GRID, "radius_mm": 9.0, "coil": coil(*half_mm)}
    found = candidates(rough, TARGET, **grid, max_standoff_mm=60.0)
    lift = found.standoff_mm - 4.0
    assert (lift >= 0).all()
    assert 0.2 < (lift > 0).mean() < 0.95  # some turns clear the bump, some do not
    # away from the bump the head is convex and cannot reach the face
    samples = scalp_samples(rough, at=bump, within_mm=45.0)
    heights = np.array([highest_over_face(samples, m, half_mm=half_mm) for m in found.matsimnibs])
    assert heights.max() < 1e-9  # never cuts
    # and touches: samples 0.6 mm apart on a slope of 1.8 miss at most this
    assert heights[lift > 0].min() > -1.1


def test_poses_lifted_too_far_are_dropped(scalp):
    rough, _ = raised_scalp(scalp)
    low = candidates(rough, TARGET, **{**GRID, "radius_mm": 9.0}, max_standoff_mm=6.0)
    high = candidates(rough, TARGET, **{**GRID, "radius_mm": 9.0}, max_standoff_mm=60.0)
    assert 0 < len(low) < len(high)
    assert len(low) == (high.standoff_mm <= 6.0).sum()


def test_mirrored_head_gives_mirrored_poses(scalp, found):
    other = candidates(mirrored(scalp), point(42.0, 38.0, 34.0), **GRID)
    flip = np.diag([-1.0, 1.0, 1.0])
    assert len(other) == len(found)
    matched = 0
    for angle in np.unique(found.angle_deg):
        mine = found.matsimnibs[found.angle_deg == angle]
        theirs = other.matsimnibs[np.isclose(other.angle_deg, -angle)]
        gap = np.linalg.norm(mine[:, None, :3, 3] @ flip - theirs[None, :, :3, 3], axis=2)
        pair = gap.argmin(axis=1)
        assert gap.min(axis=1).max() < 1e-9
        assert_close(theirs[pair][:, :3, 1:3], flip @ mine[:, :3, 1:3], Tol(1e-9, "same sums"))
        assert_close(theirs[pair][:, :3, 0], -mine[:, :3, 0] @ flip, Tol(1e-9, "same sums"))
        matched += len(mine)
    assert matched == len(found)


def test_left_stays_left(found):
    assert (found.matsimnibs[:, 0, 3] < -20).all()
    assert found.frame == FRAME


def test_same_input_same_poses(scalp, found):
    again = candidates(scalp, TARGET, **GRID)
    assert (again.matsimnibs == found.matsimnibs).all()


def test_moving_the_head_moves_the_poses(scalp, found):
    shift = np.array([13.0, -7.0, 31.0])
    moved = candidates(ellipsoid(centre=shift), point(*(TARGET.xyz_mm[0] + shift)), **GRID)
    assert_close(moved.matsimnibs[:, :3, :3], found.matsimnibs[:, :3, :3], Tol(1e-9, "rounding"))
    assert_close(
        moved.matsimnibs[:, :3, 3] - shift, found.matsimnibs[:, :3, 3], Tol(1e-9, "rounding")
    )


def test_target_outside_the_head_is_refused(scalp):
    with pytest.raises(GeometryError, match=r"outside the scalp of sub-ball/T1w.*same scan"):
        candidates(scalp, point(-90.0, 38.0, 34.0), **GRID)


def test_target_in_another_frame_is_refused(scalp):
    with pytest.raises(FrameError, match="MNI152NLin2009aSym, the scalp in sub-ball/T1w"):
        candidates(scalp, point(-42.0, 38.0, 34.0, frame=MNI), **GRID)


def test_no_pose_that_clears_is_said(scalp):
    with pytest.raises(GeometryError, match=r"none of \d+ poses .* clears the head"):
        candidates(scalp, TARGET, **GRID, max_standoff_mm=3.0)


@pytest.mark.parametrize("wrong", ["radius_mm", "step_mm", "angle_deg"])
def test_sizes_must_be_positive(scalp, wrong):
    with pytest.raises(GeometryError, match=f"{wrong} must be above 0"):
        candidates(scalp, TARGET, **{**GRID, wrong: 0.0})
