"""The live field: held-out error, laws, other coils, and refusing what it cannot do."""

import numpy as np
import pytest

from tests.field.heads import FRAME, over_the_top
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, GeometryError
from tmsguide.field import (
    Poses,
    at_places,
    build_live_field,
    circular_90mm,
    figure8_70mm,
    h1_like,
    live_field,
    places,
    solve,
)
from tmsguide.model import Placement, Points, native_frame


def poses(coil, count, seed):
    """Placements over the top of the egg, tilted with it, 3 to 12 mm off."""
    rng = np.random.default_rng(seed)
    gap = rng.uniform(3.0, 12.0, count)
    made = []
    for g in gap:
        tilt, turn = rng.uniform(-0.35, 0.35), rng.uniform(0, 2 * np.pi)
        height = 54.0 + g + 60.0 * abs(np.sin(tilt))
        made.append(over_the_top(height, turn=turn, tilt=tilt).matsimnibs)
    return Poses(coil, np.array(made), gap)


@pytest.fixture(scope="module")
def live(egg):
    grey = egg.barycentre_m[egg.head.tissue == 2][::7] * 1e3
    points = Points(grey, FRAME)
    coil = figure8_70mm()
    return build_live_field(
        egg,
        points,
        places(egg.head, points),
        family=[poses(coil, 160, 0)],
        held_out=[poses(coil, 12, 1)],
        modes=48,
        rng=np.random.default_rng(0),
    )


def test_held_out_error_is_small_and_told_by_clearance(live):
    assert live.held_error.max() < 0.0006  # measured 0.0002
    assert live.held_error.mean() < 0.0003  # measured 0.0001
    rows = live.error_by_clearance((3.0, 7.5, 12.1))
    assert sum(count for count, _, _ in rows) == 12
    assert max(most for _, _, most in rows) == live.held_error.max()


def test_live_field_is_the_solved_one(egg, live):
    pose = over_the_top(60.0, turn=0.7, tilt=0.1)
    found, misfit = live_field(live, figure8_70mm(), pose.matsimnibs[None], didt_a_per_s=2e6)
    field = solve(egg, figure8_70mm(), Placement(pose.matsimnibs, FRAME, 2e6, 4.0))
    want = at_places(egg.head, field.recovered_v_per_m, live.sites)
    direct = at_places(egg.head, field.e_v_per_m, live.sites)
    assert np.linalg.norm(found[0] - direct) < 0.02 * np.linalg.norm(direct)
    assert np.linalg.norm(found[0] - want) < 0.1 * np.linalg.norm(want)  # smoothed twice
    assert misfit.shape == (1,)


def test_live_field_is_linear_in_didt_and_the_same_in_a_batch(live):
    coil, given = figure8_70mm(), poses(figure8_70mm(), 3, 2)
    many, _ = live_field(live, coil, given.matsimnibs, didt_a_per_s=1e6)
    one, _ = live_field(live, coil, given.matsimnibs[1:2], didt_a_per_s=-2e6)
    assert_close(one[0], -2 * many[1], Tol(1e-4, "single precision; measured 3e-5"))


def test_another_coil_is_fitted_and_its_misfit_told(live):
    over = over_the_top(70.0).matsimnibs[None]
    _, misfit = live_field(live, circular_90mm(), over, didt_a_per_s=1e6)
    assert 0.002 < misfit[0] < 0.03  # measured 0.012: no round coil is in the family


def test_what_the_family_does_not_reach_is_refused(live):
    over = over_the_top(70.0).matsimnibs
    with pytest.raises(GeometryError, match="solve it in full"):
        live_field(live, h1_like(), over[None], didt_a_per_s=1e6)
    below = np.diag([1.0, -1.0, -1.0, 1.0]) @ over
    with pytest.raises(GeometryError, match="misfit"):
        live_field(live, figure8_70mm(), below[None], didt_a_per_s=1e6)


def test_too_few_placements_and_other_frames_are_refused(egg, live):
    coil = figure8_70mm()
    with pytest.raises(GeometryError, match="more placements"):
        build_live_field(
            egg,
            live.points,
            live.sites,
            family=[poses(coil, 5, 0)],
            held_out=[poses(coil, 2, 1)],
            modes=10,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(FrameError):
        build_live_field(
            egg,
            Points(live.points.xyz_mm, native_frame("other")),
            live.sites,
            family=[poses(coil, 5, 0)],
            held_out=[poses(coil, 2, 1)],
            modes=4,
            rng=np.random.default_rng(0),
        )


def test_the_same_draws_give_the_same_basis(egg, live):
    coil = figure8_70mm()
    again = build_live_field(
        egg,
        live.points,
        live.sites,
        family=[poses(coil, 160, 0)],
        held_out=[poses(coil, 12, 1)],
        modes=48,
        rng=np.random.default_rng(0),
    )
    assert_close(again.e_v_per_m, live.e_v_per_m, EXACT)
