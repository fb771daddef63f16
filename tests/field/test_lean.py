"""A coil in fewer elements: the same field, the same symmetries, nothing else touched."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import GeometryError
from tmsguide.field import figure8_70mm, lean
from tmsguide.field.coils.lean import discrete_gauss
from tmsguide.field.coils.turns import Turn, find_turns, join, lay
from tmsguide.num.wires import magnetic_field, vector_potential


def dense(coil, pieces=400):
    """Every turn in pieces so many that the field from 6 mm on is exact."""
    return join(lay(turn, pieces) for turn in find_turns(coil.position_m, coil.element_m)[0])


def below(coil, gap_m, n=1500):
    """Points in a plane so far below the lowest wire."""
    rng = np.random.default_rng(0)
    plane = np.full(n, coil.position_m[:, 2].max() + gap_m)
    return np.column_stack([rng.uniform(-0.1, 0.1, n), rng.uniform(-0.06, 0.06, n), plane])


# Measured, largest error over largest value: A 6.5e-4, 1.4e-4, 3.6e-5, 5.0e-7;
# B 1.1e-2, 2.1e-3, 4.9e-4, 4.0e-6. 6 mm below the winding is the casing's face.
@pytest.mark.parametrize(
    ("gap_m", "limit_a", "limit_b"),
    [(6e-3, 1e-3, 1.6e-2), (8e-3, 2e-4, 3e-3), (10e-3, 5e-5, 7e-4), (20e-3, 7e-7, 6e-6)],
)
def test_figure8_in_288_elements_is_the_figure8_of_circles(coil, gap_m, limit_a, limit_b):
    found = lean(coil)
    assert len(found.position_m) <= 300
    points = below(coil, gap_m)
    for field, limit in ((vector_potential, limit_a), (magnetic_field, limit_b)):
        ours, want = (
            field(points, p, e)
            for p, e in ((found.position_m, found.element_m), dense(coil))
        )  # fmt: skip
        worst = np.linalg.norm(ours - want, axis=1).max()
        assert worst < limit * np.linalg.norm(want, axis=1).max()


@pytest.mark.parametrize(("clearance_m", "tolerance"), [(4e-3, 1e-3), (8e-3, 1e-5), (15e-3, 2e-4)])
def test_the_tolerance_asked_for_holds_all_round_one_wing(clearance_m, tolerance):
    radii = np.array([0.02, 0.023, 0.027, 0.028, 0.031, 0.04])
    wing = [Turn(np.array([0.01, 0, -0.02]), np.array([0.6, 0, 0.8]), r) for r in radii]
    position, element = join(lay(turn, 60) for turn in wing)
    coil = replace(figure8_70mm(), position_m=position, element_m=element)
    found = lean(coil, clearance_m=clearance_m, tolerance=tolerance)
    assert len(found.position_m) < 360
    truth = dense(coil, 600)
    rng = np.random.default_rng(1)
    direction = rng.normal(size=(3000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    points = truth[0][rng.integers(0, len(truth[0]), 3000)] + clearance_m * direction
    gap = np.array([np.linalg.norm(truth[0] - p, axis=1).min() for p in points])
    points = points[gap > 0.999 * clearance_m]
    want = vector_potential(points, *truth)
    ours = vector_potential(points, found.position_m, found.element_m)
    error = np.linalg.norm(ours - want, axis=1).max() / np.linalg.norm(want, axis=1).max()
    assert (
        error < 1.05 * tolerance
    )  # the rule is checked at a grid of points: measured .92 at most


def test_moment_and_symmetries_stay(coil):
    found = lean(coil)
    for sign in (-1.0, 1.0):
        wing = [np.sign(c.position_m[:, 0]) == sign for c in (coil, found)]
        moments = [
            0.5 * np.cross(c.position_m, c.element_m)[w].sum(axis=0)
            for c, w in zip((coil, found), wing, strict=True)
        ]
        assert_close(moments[1], moments[0], EXACT)  # quadratic in the radius: the rule is exact
    rng = np.random.default_rng(2)
    points = rng.uniform(-0.05, 0.05, (20, 3)) + np.array([0, 0, 0.06])
    here, across_x, across_y = (
        vector_potential(points * m, found.position_m, found.element_m)
        for m in ([1, 1, 1], [-1, 1, 1], [1, -1, 1])
    )
    # Mirrored in x, currents go round the other wing the same way along y; in y, against it.
    assert_close(across_x * [-1, 1, 1], here, EXACT)
    assert_close(across_y * [-1, 1, 1], here, EXACT)


def test_what_is_no_circle_stays(coil):
    rng = np.random.default_rng(3)
    corners = rng.normal(size=(30, 3))
    loop = np.roll(corners, -1, axis=0) - corners
    odd = replace(coil, position_m=corners + 0.5 * loop, element_m=loop)
    assert lean(odd) is odd
    both = replace(
        coil,
        position_m=np.concatenate([coil.position_m, odd.position_m]),
        element_m=np.concatenate([coil.element_m, odd.element_m]),
    )
    mixed = lean(both)
    assert len(mixed.position_m) == len(lean(coil).position_m) + 30
    assert (mixed.element_m[-30:] == loop).all()


def test_a_coil_of_few_straight_sides_is_no_circle(coil):
    hexagon = lay(Turn(np.zeros(3), np.array([0, 0, 1.0]), 0.05), 6)
    odd = replace(coil, position_m=hexagon[0], element_m=hexagon[1])
    assert lean(odd) is odd


def test_lean_of_lean_keeps_the_field(coil):
    once = lean(coil, tolerance=1e-5)
    twice = lean(once)
    assert len(twice.position_m) == len(lean(coil).position_m)
    points = below(coil, 8e-3)
    want = vector_potential(points, *dense(coil))
    ours = vector_potential(points, twice.position_m, twice.element_m)
    size = Tol(2e-4, "the second tolerance on top of the first: measured 1.4e-4")
    assert_close(ours, want, size)


@pytest.mark.parametrize("nodes", range(1, 8))
def test_discrete_gauss_has_its_degree_and_no_more(nodes):
    rng = np.random.default_rng(4)
    at, weight = rng.uniform(-1, 1, 8), rng.uniform(0.5, 2, 8)
    x, w = discrete_gauss(at, weight, nodes)
    assert (w > 0).all()
    assert at.min() <= x.min()
    assert x.max() <= at.max()
    for degree in range(2 * nodes):
        assert_close((w * x**degree).sum(), (weight * at**degree).sum(), EXACT, scale=1.0)
    beyond = np.polynomial.Polynomial.fromroots(x) ** 2
    assert (weight * beyond(at)).sum() > 1e-9  # the rule gives 0


def test_as_many_nodes_as_points_gives_the_points_back():
    at, weight = np.linspace(1, 2, 9), np.arange(1.0, 10)
    x, w = discrete_gauss(at, weight, 9)
    assert_close(x, at, EXACT)
    assert_close(w, weight, EXACT)


@pytest.mark.parametrize("wrong", [{"clearance_m": 0.0}, {"tolerance": -1.0}])
def test_nonsense_is_refused(coil, wrong):
    with pytest.raises(GeometryError, match="needed: both above 0"):
        lean(coil, **wrong)
