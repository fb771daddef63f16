"""The 70 mm figure-8 coil: loops, moment, direction, and another program's model of it."""

from dataclasses import replace

import numpy as np

from tests.field.heads import over_the_top
from tests.shared_data import shared
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.field import figure8_70mm, primary_field


def under(coil, points_m, didt=1.0):
    """dA/dt in the coil's own frame."""
    pose = over_the_top(0.0, didt=didt)
    turn = pose.matsimnibs[:3, :3]
    return primary_field(coil, pose, points_m @ turn.T) @ turn


def test_every_loop_is_closed_and_inside_the_casing(coil):
    turns = coil.element_m.reshape(18, -1, 3)
    assert_close(turns.sum(axis=1), np.zeros((18, 3)), EXACT, scale=0.1)
    half = np.array(coil.casing_half_size_m)
    assert (np.abs(coil.position_m[:, :2]) < half[:2]).all()
    assert (coil.position_m[:, 2] < 0).all()
    assert (coil.position_m[:, 2] > -2 * half[2]).all()


def test_wings_have_the_moment_of_their_turns_and_opposite_signs(coil):
    moment = 0.5 * np.cross(coil.position_m, coil.element_m)
    left = coil.position_m[:, 0] < 0
    want = (np.pi * np.linspace(0.027, 0.043, 9) ** 2).sum()
    assert_close(moment[~left].sum(axis=0)[2], want, EXACT)
    assert_close(moment[left].sum(axis=0)[2], -want, EXACT)


def test_rising_current_drives_the_field_under_the_centre_away_from_the_handle(coil):
    for depth in (0.01, 0.02, 0.04):
        e = -under(coil, np.array([[0, 0, depth]]), didt=1e6)[0]
        assert e[1] > 0
        assert np.abs(e[[0, 2]]).max() < 1e-9 * e[1]


def test_wire_elements_are_fine_enough_from_five_millimetres(coil):
    finer = figure8_with(144)
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.07, 0.07, (300, 3))
    for gap, limit in ((0.005, 3e-3), (0.01, 6e-5)):  # measured 2.1e-3 and 4e-5
        points[:, 2] = gap - 0.006
        assert_close(under(coil, points), under(finer, points), Tol(limit, "36 pieces per turn"))


def figure8_with(pieces):
    """The same turns in more pieces, built here anew."""
    position, element = [], []
    t = (np.arange(pieces) + 0.5) * 2 * np.pi / pieces
    for side in (-1, 1):
        for radius in np.linspace(0.027, 0.043, 9):
            position.append(
                np.stack([side * 0.044 + radius * np.cos(t), radius * np.sin(t), 0 * t - 0.006], 1)
            )
            element.append(
                side * 2 * np.pi * radius / pieces * np.stack([-np.sin(t), np.cos(t), 0 * t], 1)
            )
    return replace(
        figure8_70mm(), position_m=np.concatenate(position), element_m=np.concatenate(element)
    )


def test_simnibs_model_of_the_magstim_coil_is_near(coil):
    path = shared("coils/simnibs/legacy_and_other/Magstim_70mm_Fig8.ccd")
    dipoles = np.loadtxt(path, comments="#", skiprows=2)
    position, moment = dipoles[:, :3], dipoles[:, 3:]
    rng = np.random.default_rng(1)
    for depth in (0.01, 0.03):
        points = np.column_stack([rng.uniform(-0.06, 0.06, (60, 2)), np.full(60, depth)])
        gap = points[:, None] - position
        theirs = 1e-7 * (np.cross(moment, gap) / np.linalg.norm(gap, axis=2)[..., None] ** 3).sum(
            axis=1
        )
        ours = under(coil, points)
        assert np.linalg.norm(ours - theirs) < 0.06 * np.linalg.norm(theirs)  # measured .039, .042
        shape = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
        assert shape > 0.999
