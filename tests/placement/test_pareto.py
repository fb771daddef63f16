"""The front against its definition, and its laws."""

import numpy as np
import pytest

from tests.placement.heads import coil, ellipsoid, point
from tmsguide.errors import InputError
from tmsguide.placement import Goal, Wish, candidates, compromise, pareto_front, shortlist

UP, DOWN = Goal.LARGER, Goal.SMALLER
GOALS = (UP, DOWN, UP, DOWN, UP)


def table(seed, rows=400, columns=5, *, steps=None):
    """Random values; with ``steps`` coarse, so that ties and equal rows abound."""
    values = np.random.default_rng(seed).standard_normal((rows, columns))
    return values if steps is None else np.round(values * steps) / steps


def dominated(values, goals):
    """By definition, every row against every other."""
    cost = values * [-g.value for g in goals]
    as_good = (cost[:, None] <= cost[None]).all(axis=2)
    better = (cost[:, None] < cost[None]).any(axis=2)
    return (as_good & better).any(axis=0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("columns", [1, 2, 3, 5])
@pytest.mark.parametrize("steps", [None, 2])
def test_front_is_what_the_definition_says(seed, columns, steps):
    values = table(seed, columns=columns, steps=steps)
    goals = GOALS[:columns]
    front = pareto_front(values, goals)
    assert front.tolist() == np.flatnonzero(~dominated(values, goals)).tolist()
    assert 0 < len(front) < len(values)


def test_front_knows_no_order_of_rows_columns_or_scales():
    values = table(7, steps=4)
    front = set(pareto_front(values, GOALS))
    rng = np.random.default_rng(8)
    rows, columns = rng.permutation(len(values)), rng.permutation(5)
    shuffled = values[rows][:, columns]
    assert {rows[i] for i in pareto_front(shuffled, [GOALS[c] for c in columns])} == front
    bent = np.exp(0.3 * values) * [1.0, 1e6, 1e-6, 3.0, 1.0] + [0.0, 5.0, -2.0, 0.0, 1.0]
    assert set(pareto_front(bent, GOALS)) == front
    assert set(pareto_front(-values, [DOWN if g is UP else UP for g in GOALS])) == front


def test_adding_a_dominated_row_changes_nothing_and_a_perfect_one_stands_alone():
    values = table(9)
    front = pareto_front(values, GOALS)
    good = np.array([g.value for g in GOALS])
    worse = np.vstack([values, values[front[0]] - 0.1 * good])
    assert pareto_front(worse, GOALS).tolist() == front.tolist()
    best = np.vstack([values, 10.0 * good])
    assert pareto_front(best, GOALS).tolist() == [len(values)]


def test_equal_rows_stay_together():
    values = np.tile([[1.0, 2.0], [2.0, 1.0]], (3, 1))
    assert pareto_front(values, (UP, UP)).tolist() == list(range(6))


def test_sums_that_round_alike_do_not_hide_domination():
    """1e16 swallows the difference in the sum; the columns tell it."""
    values = np.array([[1e16, 1.0], [1e16, 2.0], [-1e16, 0.0]])
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0]):
        front = pareto_front(values[order], (UP, UP))
        assert [order[i] for i in front] == [1]


def test_a_hundred_thousand_rows():
    values = table(10, rows=100_000)
    front = pareto_front(values, GOALS)
    assert 100 < len(front) < 10_000
    assert not dominated(values[front], GOALS).any()
    cost = values * [-g.value for g in GOALS]
    others = np.setdiff1d(np.arange(100_000), front)[::500]
    for i in others:
        beats = (cost[front] <= cost[i]).all(axis=1) & (cost[front] < cost[i]).any(axis=1)
        assert beats.any()


def test_compromise_of_a_circle_is_where_losses_are_even():
    angle = np.linspace(0, np.pi / 2, 2001)
    values = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    front = pareto_front(values, (UP, UP))
    assert len(front) == 2001
    even = compromise(values, front, (UP, UP), weights=(1, 1))
    assert abs(angle[even] - np.pi / 4) < 1e-3
    # three quarters of the weight: 3 (1 - cos a) = 1 - sin a
    first = compromise(values, front, (UP, UP), weights=(3, 1))
    assert abs(3 * (1 - np.cos(angle[first])) - (1 - np.sin(angle[first]))) < 5e-3
    assert compromise(values, front, (UP, UP), weights=(1, 0)) == 0
    assert compromise(values, front, (UP, UP), weights=(0, 2)) == 2000


def test_compromise_knows_no_units_and_is_on_the_front():
    values = table(11)
    front = pareto_front(values, GOALS)
    weights = (1.0, 2.0, 0.5, 1.0, 3.0)
    one = compromise(values, front, GOALS, weights=weights)
    assert one in front
    scaled = values * [1e3, 1e-3, 5.0, 1.0, 1.0] + 7.0
    assert compromise(scaled, front, GOALS, weights=weights) == one
    assert compromise(values, front, GOALS, weights=10 * np.array(weights)) == one


def test_poor_tables_are_refused():
    bad = table(1)
    bad[3, 2] = np.nan
    with pytest.raises(InputError, match="row 3 holds"):
        pareto_front(bad, GOALS)
    with pytest.raises(InputError, match="2 goals need a table"):
        pareto_front(table(1), (UP, UP))
    with pytest.raises(InputError, match="needed a front and 5 weights"):
        compromise(table(1), np.arange(3), GOALS, weights=(0, 0, 0, 0, 0))
    with pytest.raises(InputError, match="weights of at least 0"):
        compromise(table(1), np.arange(3), GOALS, weights=(1, -1, 0, 0, 0))


@pytest.fixture(scope="module")
def among():
    sizes = {"radius_mm": 24.0, "step_mm": 4.0, "angle_deg": 20.0, "standoff_mm": 4.0}
    return candidates(ellipsoid(subdivisions=4), point(-42.0, 38.0, 34.0), **sizes, coil=coil())


def far_from(among, place):
    return np.linalg.norm(among.matsimnibs[:, :3, 3] - place, axis=1)


def test_shortlist_names_compromise_and_the_best_in_each_wish(among):
    centres = among.matsimnibs[:, :3, 3]
    left, top = centres[centres[:, 0].argmin()], centres[centres[:, 2].argmax()]
    wishes = {
        "strength": Wish(-far_from(among, left)),
        "pain": Wish(far_from(among, top), Goal.SMALLER),
    }
    found = shortlist(among, wishes, didt_a_per_s=2e6)
    assert [o.reason for o in found] == ["compromise of all wishes", "best strength", "best pain"]
    assert found[1].values["strength"] == 0.0
    assert found[2].values["pain"] == 0.0
    between = found[0]
    assert between.values["strength"] < 0 < between.values["pain"]
    assert abs(between.values["strength"] + between.values["pain"]) < 4.0  # halfway, to a step
    assert found[0].placement.didt_a_per_s == 2e6
    table = np.stack([w.values for w in wishes.values()], axis=1)
    front = {tuple(row) for row in table[pareto_front(table, (UP, DOWN))]}
    assert all(tuple(o.values.values()) in front for o in found)


def test_wishes_that_agree_make_one_option(among):
    far = far_from(among, among.matsimnibs[100, :3, 3])
    found = shortlist(among, {"strength": Wish(-far), "reach": Wish(far, Goal.SMALLER)})
    assert [o.reason for o in found] == ["compromise of all wishes, best strength, best reach"]


def test_wishes_must_fit_the_candidates(among):
    with pytest.raises(InputError, match=r"strength has values \(3,\)"):
        shortlist(among, {"strength": Wish(np.zeros(3))})
    with pytest.raises(InputError, match="at least one wish"):
        shortlist(among, {})
