"""Placement error on a ball, where slides, turns and tilts have closed forms."""

import numpy as np
import pytest

from tests.placement.heads import FRAME, coil, ellipsoid, icosphere, point
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import MNI, Points, Surface
from tmsguide.placement import (
    Guidance,
    PlacementError,
    candidates,
    expected_scores,
    held_poses,
    subset,
)
from tmsguide.placement.guidance import error_draws

R, GAP = 85.0, 4.0
GRID = {"radius_mm": 12.0, "step_mm": 6.0, "angle_deg": 45.0, "standoff_mm": GAP, "coil": coil()}


def only(*, position_mm=0.0, angle_deg=0.0, tilt_deg=0.0):
    return PlacementError(position_mm, angle_deg, tilt_deg, "set by the test")


@pytest.fixture(scope="module")
def ball():
    v, triangles = icosphere(6)
    return Surface(Points(R * v, FRAME), triangles)


@pytest.fixture(scope="module")
def among(ball):
    found = candidates(ball, point(-40.0, 30.0, 45.0), **GRID)
    return subset(found, np.arange(0, len(found), 7))


def loss_around(among, n):
    """A quadratic score of each candidate's own poses: less the squared distance from the plan."""

    def objective(poses):
        own = np.repeat(among.matsimnibs[:, :3, 3], n + 1, axis=0)
        return -((poses[:, :3, 3] - own) ** 2).sum(axis=1)

    return objective


def test_draws_are_independent_standard_normals():
    for n in (16, 64, 100):
        draws = error_draws(n)
        assert draws.shape == (n, 5)
        assert_close(draws.mean(axis=0), np.zeros(5), EXACT, scale=1.0)
        assert_close(draws.T @ draws / n, np.eye(5), EXACT)
    many = error_draws(2000)
    for probability, quantile in ((0.05, -1.6449), (0.25, -0.6745), (0.9, 1.2816)):
        # measured 0.01; chance alone would give up to about 0.1
        assert np.abs(np.quantile(many, probability, axis=0) - quantile).max() < 0.03
    assert (error_draws(64) == error_draws(64)).all()


@pytest.mark.parametrize("sd", [2.0, 6.0])
def test_quadratic_loss_by_sliding_is_known(ball, among, sd):
    """On a circle (R + g)² 2 (1 - sqrt(1 - r²/R²)), with E r² = 2 sd²."""
    n = 64
    result = expected_scores(loss_around(among, n), among, ball, error=only(position_mm=sd), n=n)
    r2 = (sd**2) * (error_draws(n)[:, :2] ** 2).sum(axis=1)
    each = 2 * (R + GAP) ** 2 * (1 - np.sqrt(1 - r2 / R**2))
    assert_close(each.mean(), (1 + GAP / R) ** 2 * 2 * sd**2, Tol(0.01, "flat; measured 0.004"))
    count = len(among)
    assert_close(result.planned, np.zeros(count), EXACT, scale=1.0)
    mesh = Tol(1e-3, "flat triangles of 1.5 mm; measured 6e-5")
    assert_close(result.expected, np.full(count, -each.mean()), mesh)
    assert_close(result.sd, np.full(count, each.std()), mesh)
    assert_close(result.low, np.full(count, -np.percentile(each, 95)), mesh)


def test_linear_scores_lose_nothing_on_average(ball, among):
    """Turns and tilts of equal chance to either side."""
    sd = 3.0
    n = 32
    own = np.repeat(among.matsimnibs, n + 1, axis=0)

    def turned(poses):
        across, along = (np.einsum("ki,ki->k", poses[:, :3, 1], own[:, :3, j]) for j in (0, 1))
        return np.rad2deg(np.arctan2(across, along))

    result = expected_scores(turned, among, ball, error=only(angle_deg=sd), n=n)
    count = len(among)
    small = Tol(1e-6, "degrees: rounding")
    assert_close(result.expected, np.zeros(count), small, scale=1.0)
    assert_close(result.sd, np.full(count, sd), small)
    error = only(angle_deg=sd)
    squared = expected_scores(lambda p: -(turned(p) ** 2), among, ball, error=error, n=n)
    assert_close(squared.expected, np.full(count, -(sd**2)), small)


def test_tilts_turn_the_axis_and_keep_the_place(ball, among):
    sd, n = 4.0, 64
    held = held_poses(among, ball, error=only(tilt_deg=sd), n=n)
    assert held.shape == (len(among), n, 4, 4)
    place = np.broadcast_to(among.matsimnibs[:, None, :3, 3], held[..., :3, 3].shape)
    assert_close(held[..., :3, 3], place, EXACT)
    cosine = np.einsum("kni,ki->kn", held[..., :3, 2], among.matsimnibs[:, :3, 2])
    expected = np.hypot(*np.tan(np.deg2rad(sd * error_draws(n)[:, 3:])).T)
    tangent = np.sqrt(1 / cosine**2 - 1)
    assert_close(tangent, np.broadcast_to(expected, tangent.shape), Tol(1e-6, "near 1"))
    axes = held[..., :3, :3]
    eye = np.broadcast_to(np.eye(3), axes.shape)
    assert_close(np.swapaxes(axes, -1, -2) @ axes, eye, EXACT)
    assert np.linalg.det(axes).min() > 0


def test_slides_stay_on_the_scalp_and_flat_on_it(ball, among):
    held = held_poses(among, ball, error=only(position_mm=5.0), n=16)
    far = np.linalg.norm(held[..., :3, 3], axis=-1)
    assert_close(far, np.full(far.shape, R + GAP), Tol(1e-3, "flat triangles; measured 7e-5"))
    inward = -held[..., :3, 3] / far[..., None]
    assert np.einsum("kni,kni->kn", inward, held[..., :3, 2]).min() > np.cos(np.deg2rad(0.5))


def test_more_error_costs_more_and_a_cap_more_than_a_navigator(ball, among):
    objective = loss_around(among, 64)
    none = expected_scores(objective, among, ball, error=only())
    navigated = expected_scores(objective, among, ball)
    cap = expected_scores(objective, among, ball, error=Guidance.CAP.error)
    assert_close(none.expected, none.planned, Tol(1e-9, "rebuilt"), scale=1.0)
    assert (none.expected > navigated.expected).all()
    assert (cap.expected < 10 * navigated.expected).all()  # (8.5 / 2)² = 18
    assert (cap.low < cap.expected).all()


def test_a_caps_draws_miss_as_far_as_was_measured():
    """Mean distance 10.66 mm and mean turn 5.99 degrees (Caulfield et al. 2022)."""
    draws = error_draws(4000)
    cap = Guidance.CAP.error
    miss = cap.position_sd_mm * np.hypot(draws[:, 0], draws[:, 1])
    assert abs(miss.mean() - 10.66) < 0.1
    assert abs(cap.angle_sd_deg * np.abs(draws[:, 2]).mean() - 5.99) < 0.1
    assert all(g.error.source for g in Guidance)


def test_the_peak_moves_off_a_cliff(ball, among):
    """The best plan lies at a cliff; the best expected score keeps away from it."""
    grid = {**GRID, "step_mm": 2.0, "radius_mm": 20.0, "angle_deg": 180.0}
    found = candidates(ball, point(0.0, 0.0, 60.0), **grid)

    def cliff(poses):
        x = poses[:, 0, 3]
        return np.where(x < 6.0, 1.0 + 0.05 * x, 0.0)

    result = expected_scores(cliff, found, ball, error=only(position_mm=3.0))
    planned_x = found.matsimnibs[np.argmax(result.planned), 0, 3]
    robust_x = found.matsimnibs[np.argmax(result.expected), 0, 3]
    assert planned_x > 3.5
    assert planned_x - robust_x > 3.0


def test_wrong_input_is_refused(ball, among):
    def flat(poses):
        return np.zeros(len(poses))

    with pytest.raises(GeometryError, match="even number of draws from 16, given 15"):
        expected_scores(flat, among, ball, n=15)
    with pytest.raises(GeometryError, match="at least 0"):
        only(position_mm=-1.0)
    with pytest.raises(FrameError, match="own person's scalp"):
        expected_scores(flat, among, ellipsoid(subdivisions=2, frame=MNI))
    with pytest.raises(GeometryError, match="one finite score per pose"):
        expected_scores(lambda p: np.zeros(3), among, ball)
    with pytest.raises(GeometryError, match=r"leaves the scalp at \d+ of"):
        expected_scores(flat, among, ball, error=only(position_mm=60.0))
