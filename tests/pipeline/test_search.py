"""The search on a prepared head: the best is the best, senses turn, networks and hands count."""

from dataclasses import replace

import numpy as np
import pytest

from tests.field.heads import FRAME, egg_head
from tests.tolerance import Tol, assert_close
from tmsguide.errors import GeometryError, InputError
from tmsguide.field import coil_named, mean_along, prepare, region_mean, solve
from tmsguide.head import mesh_outline
from tmsguide.model import Frame, Points, SearchSettings, Volume
from tmsguide.pipeline.options import Networks, placement_options
from tmsguide.pipeline.search import find_placement, guidance_named, robust_poses

TARGET = Points(np.array([[-24.0, 13.0, 24.0]]), FRAME)
COARSE = SearchSettings(
    radius_mm=10.0,
    step_mm=5.0,
    angle_deg=30.0,
    tested_poses=12,
    solved_poses=4,
    sheet_mm=4.0,
)
LOOKUP = Tol(2e-3, "grid of the reciprocal field, coil 4 mm off the scalp")


@pytest.fixture(scope="module")
def coil():
    return coil_named("figure8-70mm")


@pytest.fixture(scope="module")
def egg():
    return prepare(egg_head())


@pytest.fixture(scope="module")
def scalp(egg):
    return mesh_outline(egg.head)


@pytest.fixture(scope="module")
def found(egg, scalp, coil):
    return find_placement(egg, scalp, TARGET, coil=coil, settings=COARSE)


def test_the_best_beats_every_candidate_and_solves_to_its_score(egg, coil, found):
    assert found.best.score >= found.scores.max()
    assert all(r.score <= found.best.score for r in found.ranked)
    solved = region_mean(egg.head, solve(egg, coil, found.best.placement), found.roi)
    assert_close(found.best.score, float(np.linalg.norm(solved)), LOOKUP)


@pytest.mark.slow
def test_a_wanted_direction_reversed_reverses_the_coil(egg, scalp, coil):
    poses, scores = [], []
    for sense in (1.0, -1.0):
        towards = np.array([0.3, sense, 0.0]) * [sense, 1, 1]
        one = find_placement(
            egg,
            scalp,
            TARGET,
            coil=coil,
            settings=COARSE,
            reading_of=lambda prepared, roi, d=towards: mean_along(prepared, roi, d),
        )
        poses.append(one.best.placement.matsimnibs)
        scores.append(one.best.score)
        e = region_mean(egg.head, solve(egg, coil, one.best.placement), one.roi)
        assert e @ towards > 0.9 * np.linalg.norm(e) * np.linalg.norm(towards)
    assert scores[0] == pytest.approx(scores[1], rel=2e-3)
    assert poses[0][:3, 1] @ poses[1][:3, 1] < -0.99


def test_a_pose_inside_the_head_counts_for_nothing_and_spoils_no_other(found):
    good = found.among.matsimnibs[:5]
    sunk = good[2].copy()
    sunk[:3, 3] += 30 * sunk[:3, 2]
    mixed = np.concatenate([good[:2], sunk[None], good[2:]])
    scores = found.strength(mixed)
    assert scores[2] < -1e6
    np.testing.assert_array_equal(np.delete(scores, 2), found.strength(good))


@pytest.mark.slow
def test_a_cap_costs_more_field_than_a_navigator(egg, scalp, coil, found):
    cap = replace(COARSE, guidance="cap")
    loose = find_placement(egg, scalp, TARGET, coil=coil, settings=cap)
    low = []
    for one, settings in ((found, COARSE), (loose, cap)):
        tested = robust_poses(one, scalp, settings)
        np.testing.assert_array_equal(tested.poses.matsimnibs[0], one.best.placement.matsimnibs)
        assert (tested.low_share <= tested.expected_share).all()
        low.append(tested.low_share[0])
    assert low[1] < low[0] - 0.05 < 1.0


def test_networks_count_where_the_hotspot_lies(egg, scalp, coil, found):
    grid = np.diag([2.0, 2.0, 2.0, 1.0])
    grid[:3, 3] = -70
    x = -70 + 2.0 * np.arange(71)
    left = np.broadcast_to((x < 0)[:, None, None], (71, 71, 71))
    sides = (Volume(left, grid, FRAME), Volume(~left, grid, FRAME))
    means = []
    for wanted, avoided in (sides, sides[::-1]):
        options = placement_options(
            egg, scalp, found, coil=coil, settings=COARSE, networks=Networks(wanted, avoided)
        )
        means.append(options[0].measures.specificity)
    assert means[0] > 0.9  # the target lies left, and so does the strongest field
    assert means[0] == pytest.approx(-means[1])
    strange = Volume(left, grid, Frame("elsewhere"))
    with pytest.raises(InputError, match="elsewhere"):
        placement_options(
            egg, scalp, found, coil=coil, settings=COARSE, networks=Networks(strange)
        )


def test_what_cannot_be_searched_is_said(egg, scalp, coil):
    with pytest.raises(InputError, match="'wand' is unknown"):
        guidance_named("wand")
    out = Points(np.array([[-60.0, 40.0, 60.0]]), FRAME)
    with pytest.raises(GeometryError, match="outside the scalp"):
        find_placement(egg, scalp, out, coil=coil, settings=COARSE)
