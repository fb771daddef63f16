from dataclasses import replace

import numpy as np
import pytest

from tests.head.scalps import ball
from tests.tolerance import Tol, assert_close
from tmsguide.errors import GeometryError
from tmsguide.head.marks.tape import tape

FRONT, TOP, BACK = np.array([0, 90.0, 0]), np.array([0, 0, 90.0]), np.array([0, -90.0, 0])
FACETS = Tol(1e-3, "chords of 3 mm triangles on a 90 mm ball: 1.5e-4 of the radius measured")


def test_half_a_great_circle():
    round_top = tape(ball(), FRONT, TOP, BACK)
    assert_close(round_top.length_mm, np.pi * 90, FACETS)
    at = round_top.scalp(np.array([0.1, 0.25, 0.5]))
    angle = np.pi * np.array([0.1, 0.25, 0.5])
    expected = 90 * np.stack([0 * angle, np.cos(angle), np.sin(angle)], axis=1)
    assert_close(at, expected, FACETS)
    assert round_top.fraction(expected[1]) == pytest.approx(0.25, abs=1e-3)


def test_tilted_ellipse():
    """From front to back of an ellipsoid over its side: half an ellipse, by its own arc length."""
    axes = np.array([75.0, 95.0, 85.0])
    round_side = tape(ball(axes), [0, 95.0, 0], np.array([-75.0, 0, 0]), np.array([0, -95.0, 0]))
    t = np.linspace(0, np.pi, 20001)
    line = np.stack([-75 * np.sin(t), 95 * np.cos(t), 0 * t], axis=1)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    assert_close(round_side.length_mm, arc[-1], FACETS)
    third = line[np.searchsorted(arc, arc[-1] / 3)]
    assert_close(round_side.scalp(np.array([1 / 3]))[0], third, FACETS)


def test_tape_spans_a_hollow():
    """A dent with a sharp rim of half angle a takes 2ar - 2r sin a off the tape."""
    a = 0.3
    dented = ball(shape=lambda v: np.where(v[:, 2] > np.cos(a), 0.9, 1.0), subdivisions=6)
    over = tape(dented, FRONT, TOP, BACK)
    saved = 2 * a * 90 - 2 * 90 * np.sin(a)  # 0.81 mm
    assert np.pi * 90 - over.length_mm == pytest.approx(
        saved, abs=0.2
    )  # measured 0.10: the rim is a triangle wide
    assert over.scalp(np.array([0.5]))[0, 2] == pytest.approx(81.0, abs=0.1)  # the scalp itself


def test_ears_are_left_out():
    def eared(v):
        return 1 + 0.14 * np.exp(-((np.linalg.norm(v - [-1, 0, 0], axis=1) / 0.1) ** 2))

    plain = tape(ball(), FRONT, np.array([-90.0, 0, 0]), BACK)
    round_ear = tape(ball(shape=eared), FRONT, np.array([-90.0, 0, 0]), BACK)
    assert not plain.ear.any()
    assert round_ear.ear[720]
    # the ear's foot, up to 1.2 mm high, stays: measured 0.6 mm of 283
    assert 0 <= round_ear.length_mm - plain.length_mm < 1.2


def test_points_on_a_line_are_refused():
    with pytest.raises(GeometryError, match="no plane"):
        tape(ball(), FRONT, np.array([0, 1.0, 0]), BACK)


def test_open_scalp_is_refused():
    whole = ball()
    kept = whole.vertices.xyz_mm[whole.triangles].mean(axis=1)[:, 2] < 60
    with pytest.raises(GeometryError, match="closed"):
        tape(replace(whole, triangles=whole.triangles[kept]), FRONT, TOP, BACK)
