import numpy as np
import pytest

from tests.head.scalps import FRAME, ball, equator
from tmsguide.errors import FrameError, GeometryError
from tmsguide.head.marks.tape_numbers import tape_numbers
from tmsguide.head.marks.ten_twenty import ten_twenty
from tmsguide.model import MNI, Points

RING = 90 * np.cos(np.deg2rad(18))  # radius of the circumference of a ball of 90 mm


def at(east_deg, from_top_deg):
    turn, down = np.deg2rad([east_deg, from_top_deg])
    xyz = 90 * np.array([np.sin(turn) * np.sin(down), np.cos(turn) * np.sin(down), np.cos(down)])
    return Points(xyz[None], FRAME)


@pytest.mark.parametrize(
    ("east_deg", "side"), [(-40.0, "left"), (25.0, "right"), (-130.0, "left")]
)
def test_ball_in_closed_form(east_deg, side):
    found = tape_numbers(ball(), equator(), at(east_deg, 50.0))
    assert found.side == side
    assert found.along_mm == pytest.approx(RING * np.deg2rad(abs(east_deg)), abs=0.3)
    assert found.from_vertex_mm == pytest.approx(90 * np.deg2rad(50), abs=0.3)
    assert found.circumference_mm == pytest.approx(2 * np.pi * RING, abs=0.3)
    assert found.nasion_inion_mm == pytest.approx(np.pi * 90, abs=0.3)
    assert found.ear_to_ear_mm == pytest.approx(np.pi * 90, abs=0.3)


def test_numbers_lead_back_to_f3():
    """On an ellipsoid F3 lies between Fp1 and T7, and nearer to Cz than the circumference is."""
    axes = (75.0, 95.0, 85.0)
    scalp, marks = ball(axes), equator(axes)
    grid = ten_twenty(scalp, marks)
    found = tape_numbers(scalp, marks, Points(grid.at("F3")[None], FRAME))
    assert found.side == "left"
    assert 0.1 < found.along_mm / (found.circumference_mm / 2) < 0.5
    mirrored = tape_numbers(scalp, marks, Points(grid.at("F4")[None], FRAME))
    assert mirrored.side == "right"
    assert mirrored.along_mm == pytest.approx(found.along_mm, abs=0.01)
    assert mirrored.from_vertex_mm == pytest.approx(found.from_vertex_mm, abs=0.01)


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (at(-40.0, 80.0), "below the circumference"),
        (at(-40.0, 1.0), "vertex"),
        (Points(at(-40.0, 50.0).xyz_mm * 0.6, FRAME), "off the scalp"),
    ],
)
def test_points_out_of_reach_are_refused(point, words):
    with pytest.raises(GeometryError, match=words):
        tape_numbers(ball(), equator(), point)


def test_other_frames_are_refused():
    with pytest.raises(FrameError, match="map"):
        tape_numbers(ball(), equator(), Points(at(-40.0, 50.0).xyz_mm, MNI))


def test_a_point_of_the_midline_needs_no_side():
    found = tape_numbers(ball(), equator(), at(0.0, 36.0))
    assert found.along_mm == pytest.approx(0.0, abs=0.05)
    assert found.from_vertex_mm == pytest.approx(90 * np.deg2rad(36), abs=0.3)
