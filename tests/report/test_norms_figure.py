"""The picture of deviations: blue is less, red is more, strong is outside, framed stands out."""

import io

import numpy as np
import pytest

from tmsguide.model import Deviation
from tmsguide.report import norms_figure as figures
from tmsguide.report import style
from tmsguide.report.norms_figure import norms_figure


def network_names(count):
    labels = [f"Network {chr(65 + k)}" for k in range(count)]
    names = [f"within:{a}" for a in labels]
    return tuple(
        names + [f"between:{a}:{b}" for k, a in enumerate(labels) for b in labels[k + 1 :]]
    )


def found(names, z, q=None):
    z = np.asarray(z, float)
    q = np.ones_like(z) if q is None else np.asarray(q, float)
    zero = np.zeros_like(z)
    return Deviation(names, z, zero, zero - 1.96, zero + 1.96, z, q, "x: 99 people", 1.0)


def picture(png):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float) / 255


def ink(made):
    """Pixels of strong blue, strong red above the key, and near black."""
    above = made[: -figures._KEY_PX - 60]
    red, green, blue = above[..., 0], above[..., 1], above[..., 2]
    return (
        int(np.sum((blue - red > 0.35) & (blue > 0.5))),
        int(np.sum((red - blue > 0.35) & (green < 0.3))),
    )


def test_only_what_lies_outside_is_drawn_strong():
    names = network_names(5)
    z = np.zeros(15)
    nothing = ink(picture(norms_figure(found(names, z), "01")))
    z[0] = 1.9
    inside = ink(picture(norms_figure(found(names, z), "01")))
    assert nothing == inside == (0, 0)
    z[0], z[7] = 2.6, -2.6
    blue, red = ink(picture(norms_figure(found(names, z), "01")))
    cell = figures._CELL_PX**2
    assert 0.5 * cell < blue < cell
    assert 0.5 * cell < red < cell


def test_a_frame_marks_what_stands_out():
    names = network_names(4)
    z = np.zeros(10)
    z[4] = -3.0
    plain = picture(norms_figure(found(names, z), "01"))
    q = np.ones(10)
    q[4] = 0.01
    framed = picture(norms_figure(found(names, z, q), "01"))
    dark = [int(np.sum(made.max(axis=2) < 0.3)) for made in (plain, framed)]
    assert dark[1] > dark[0] + 200


def test_a_measure_lies_where_its_networks_cross():
    """between A and C: first column, third row."""
    names = network_names(4)
    z = np.zeros(10)
    z[names.index("between:Network A:Network C")] = 3.0
    made = picture(norms_figure(found(names, z), "01"))
    rows, columns = np.nonzero(made[:-240, :, 0] - made[:-240, :, 2] > 0.4)
    z[:] = 0
    z[names.index("within:Network A")] = 3.0
    corner = picture(norms_figure(found(names, z), "01"))
    rows0, columns0 = np.nonzero(corner[:-240, :, 0] - corner[:-240, :, 2] > 0.4)
    assert abs(columns.mean() - columns0.mean()) < 2
    assert abs(rows.mean() - rows0.mean() - 2 * figures._CELL_PX) < 2


@pytest.mark.parametrize("count", [1, 2, 7, 13, 20])
def test_nothing_overlaps_and_nothing_leaves_the_page(count):
    names = network_names(count)
    rng = np.random.default_rng(1)
    from tmsguide.norms import networks_in

    pairs = networks_in(names)
    networks = sorted({n for p in pairs.values() for n in p})
    figure = figures._matrix(found(names, rng.normal(size=len(names)) * 2), pairs, networks)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    width, height = figure.get_size_inches() * style.DPI
    matrix, bar = figure.axes
    words = [t for t in (*figure.texts, bar.xaxis.label) if t.get_text()]
    boxes = [t.get_window_extent(renderer) for t in words]
    boxes.append(matrix.get_window_extent(renderer))
    for k, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= width
        assert box.y0 >= 0
        assert box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[:k])
    labels = [t.get_window_extent(renderer) for t in matrix.texts]
    assert min(box.x0 for box in labels) >= 0
    key = bar.get_window_extent(renderer)
    assert min(box.y0 for box in labels) > key.y1


def test_ends_differ_for_colour_blind_readers():
    """Blue and red ends stay apart where red and green light are told apart badly.

    Deuteranopia after Viénot, Brettel & Mollon 1999, 10.1002/(SICI)1520-6378(199908)24:4<243.
    """
    seen = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    for z in (2.0, 3.0):
        blue, red = style.colour(np.array([-z, z]), figures._STOPS, -4.0, 4.0)
        assert np.linalg.norm(seen @ blue**2.2 - seen @ red**2.2) > 0.2


def test_other_measures_and_many_networks_become_lines():
    names = tuple(f"thickness {k}" for k in range(60))
    rng = np.random.default_rng(2)
    z = rng.normal(size=60)
    z[5] = np.nan
    made = picture(norms_figure(found(names, z), "01"))
    few = picture(norms_figure(found(names[:3], z[:3]), "01"))
    assert made.shape[0] > few.shape[0]
    assert picture(norms_figure(found(network_names(25), np.zeros(325)), "01")).shape[0] < 800


def test_missing_measures_are_named_not_coloured():
    names = network_names(3)
    z = np.full(6, np.nan)
    z[1] = 0.5
    assert ink(picture(norms_figure(found(names, z, z * 0 + 1), "01"))) == (0, 0)


def test_same_deviation_same_bytes():
    made = found(network_names(3), np.arange(6) - 3.0)
    assert norms_figure(made, "01") == norms_figure(made, "01")
