from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.head.colin import ELECTRODES, colin
from tests.head.scalps import ball, equator
from tests.shared_data import shared
from tests.tolerance import Tol, assert_close
from tmsguide.errors import FrameError, InputError
from tmsguide.head.marks.ten_twenty import Grid, ten_twenty
from tmsguide.io import read_surface_gifti
from tmsguide.model import MNI, Landmarks, Points

FACETS = Tol(2e-3, "3 mm facets on a 90 mm ball; measured 5e-4 of the radius")
ROUND = Tol(2e-5, "a taut line drops nearly straight points from one end; 3e-6 measured")


def midway(a, b, c):
    """Halfway from ``a`` to ``b`` along the circle through a, b and c (circumcircle in 3-D)."""
    u, v = a - c, b - c
    n = np.cross(u, v)
    centre = c + np.cross((u @ u) * v - (v @ v) * u, n) / (2 * n @ n)
    half = (a - centre + b - centre) / 2
    return centre + half * np.linalg.norm(a - centre) / np.linalg.norm(half)


def test_sphere_in_closed_form():
    found = ten_twenty(ball(), equator())
    low = np.deg2rad(18)  # a tenth of half a circle above the equator

    def at(east_deg, height):
        turn = np.deg2rad(east_deg)
        return 90 * np.array(
            [np.sin(turn) * np.cos(height), np.cos(turn) * np.cos(height), np.sin(height)]
        )

    expected = {
        "Cz": at(0, np.pi / 2),
        "Fpz": at(0, low),
        "Fz": at(0, np.deg2rad(54)),
        "Oz": at(180, low),
        "T7": at(-90, low),
        "C4": at(90, np.deg2rad(54)),
        "Fp1": at(-18, low),
        "F7": at(-54, low),
        "P8": at(126, low),
        "O2": at(162, low),
    }
    expected["F3"] = midway(expected["F7"], expected["Fz"], at(54, low))
    for name, place in expected.items():
        assert_close(found.at(name), place, FACETS)


def test_left_is_odd():
    found = ten_twenty(ball((75.0, 95.0, 85.0)), equator((75.0, 95.0, 85.0)), Grid.TEN_TEN)
    for name, (x, _, _) in zip(found.names, found.points.xyz_mm, strict=True):
        number = name.lstrip("ACFOPTpz")
        side = 0 if not number else (-1 if int(number) % 2 else 1)
        assert np.sign(np.round(x, 3)) == side, name
    assert len(found.names) == len(set(found.names)) == 61
    assert set(Grid.TEN_TWENTY.names) < set(found.names)
    assert len(Grid.TEN_TWENTY.names) == 21


@settings(max_examples=6, deadline=None)
@given(
    st.tuples(st.floats(70, 80), st.floats(85, 100), st.floats(80, 95)),
    st.floats(-0.05, 0.08),
    st.floats(-0.05, 0.08),
)
def test_symmetric_head_gives_mirrored_positions(axes, brow, occiput):
    def shape(v):
        return 1 + brow * np.exp(-8 * (1 - v[:, 1])) + occiput * np.exp(-8 * (1 + v[:, 1]))

    scalp = ball(axes, shape=shape, subdivisions=4)
    found = ten_twenty(scalp, equator(np.array(axes) * [1, 1, 1]), Grid.TEN_TEN)
    for name in found.names:
        number = name.lstrip("ACFOPTpz")
        twin = name
        if number:
            n = int(number)
            twin = name.removesuffix(number) + str(n + 1 if n % 2 else n - 1)
        assert_close(found.at(twin), found.at(name) * [-1, 1, 1], ROUND, scale=90)


def test_turned_head_gives_turned_positions():
    a, b = np.deg2rad([12.0, -7.0])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    axes = (75.0, 95.0, 85.0)
    scalp, marks = ball(axes), equator(axes)

    def moved(points):
        return Points(points.xyz_mm @ turn.T + [5.0, -20, 30], points.frame)

    here = ten_twenty(scalp, marks)
    there = ten_twenty(
        replace(scalp, vertices=moved(scalp.vertices)), replace(marks, points=moved(marks.points))
    )
    assert_close(there.points.xyz_mm, moved(here.points).xyz_mm, FACETS)


def test_uncertainty_follows_the_landmarks():
    sure = ten_twenty(ball(), equator(uncertainty_mm=0.0))
    rough = ten_twenty(ball(), equator(uncertainty_mm=6.0))
    assert not sure.uncertainty_mm.any()
    # four independent landmarks: nothing between them is worse than they, nothing much better
    assert 2.0 < rough.uncertainty_mm.min() < rough.uncertainty_mm.max() < 9.0
    hidden = replace(equator(), uncertainty_mm=np.array([np.inf, 0, 0, 0]))
    there = ten_twenty(ball(), hidden)
    spread = dict(zip(there.names, there.uncertainty_mm, strict=True))
    # an error of the nasion shifts Fpz by nine tenths and Oz by one tenth of it, fore and aft
    assert spread["Fpz"] == pytest.approx(9.0, abs=2.0)
    assert spread["Oz"] < 3.0


def test_wrong_input_is_refused():
    marks = equator()
    short = Landmarks(
        marks.names[:3], Points(marks.points.xyz_mm[:3], marks.points.frame), np.zeros(3)
    )
    with pytest.raises(InputError, match="RPA"):
        ten_twenty(ball(), short)
    with pytest.raises(FrameError, match="map them"):
        ten_twenty(ball(), replace(marks, points=Points(marks.points.xyz_mm, MNI)))


def test_template_head_agrees_with_published_positions():
    """Jurcak's unambiguous 10-10 positions on a template scalp, from its own four landmarks."""
    table = shared("eeg_caps_mni/EEG10-10_UI_Jurak_2007.csv").read_text("utf-8").splitlines()
    rows = [line.split(",") for line in table]
    published = {row[4]: np.array(row[1:4], dtype=float) for row in rows}
    scalp = read_surface_gifti(shared("heads/spm/scalp_2562.surf.gii"), frame=MNI)
    names = ("Nz", "Iz", "LPA", "RPA")
    at = np.stack([published[name] for name in names])
    found = ten_twenty(scalp, Landmarks(names, Points(at, MNI), np.zeros(4)), Grid.TEN_TEN)
    off = [np.linalg.norm(found.at(name) - published[name]) for name in found.names]
    assert np.mean(off) < 4.0  # measured 2.9 mm; the scalps are not the same mesh
    assert np.linalg.norm(found.at("F3") - published["F3"]) < 4.5  # measured 3.0 mm


def test_colin27_agrees_with_positions_digitised_on_it():
    anatomy, scalp, _ = colin()
    names = ("Nz", "Iz", "LPA", "RPA")
    at = np.array([ELECTRODES[name] for name in names])
    marks = Landmarks(names, Points(at, anatomy.t1w.frame), np.zeros(4))
    found = ten_twenty(scalp, marks)
    off = [np.linalg.norm(found.at(name) - ELECTRODES[name]) for name in found.names]
    assert np.mean(off) < 1.8  # measured 1.2 mm
    assert max(off) < 4.0  # measured 2.7 mm
