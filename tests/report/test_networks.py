"""Networks of one person: the right cell, the right words, and what one scan cannot say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tests.report import rich
from tests.report.test_page import page_of, read
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.model import Deviation, NetworkMeans
from tmsguide.report import (
    connectome_figure,
    deviation_table,
    network_figure,
    network_words,
    style,
)


def small(z, half=0.1):
    z = np.asarray(z, float)
    names = tuple("ABCDEFG"[: len(z)])
    return NetworkMeans(names, z, z - half, z + half, np.ones(z.shape, int))


def drawn(means, monkeypatch):
    kept = []
    monkeypatch.setattr(style, "png", lambda figure, label: kept.append(figure) or b"")
    network_figure.network_figure(means, "x")
    return kept[0]


def test_a_mean_whose_interval_holds_zero_is_uncertain():
    means = small([[0.5, 0.05], [0.05, -0.3]])
    assert network_figure.uncertain(means).tolist() == [[False, True], [True, False]]
    unknown = small([[np.nan, 0.2], [0.2, 0.3]])
    assert network_figure.uncertain(unknown)[0, 0]


def test_uncertain_cells_are_paler_than_sure_ones():
    sure, unsure = (
        network_figure._colours(small([[0.5, -0.2], [-0.2, 0.5]], half))[0] for half in (0.1, 0.3)
    )
    assert unsure[1, 0].min() > sure[1, 0].min() + 0.2
    assert_close(sure[0, 1], [1, 1, 1], EXACT)  # above the diagonal stands the interval


def test_values_stand_in_their_cells(monkeypatch):
    figure = drawn(small([[0.5, -0.2, 0.0], [-0.2, 0.4, 0.3], [0.0, 0.3, 0.6]]), monkeypatch)
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert cells[(0, 1)] == "−0.20"  # row B, column A
    assert cells[(1, 0)] == "−0.30\n−0.10"  # row A, column B
    assert cells[(2, 2)] == "+0.60"
    assert cells[(0, 2)] == "0.00"


@pytest.mark.parametrize("count", [1, 2, 13, 20])
def test_names_of_networks_do_not_overlap(count, monkeypatch):
    names = [f"{k} network of a rather long name$" for k in range(count)]
    figure = drawn(rich.means(names), monkeypatch)
    renderer = figure.canvas.get_renderer()
    width, height = figure.get_size_inches() * style.DPI
    level = [t for t in figure.texts if t.get_rotation() == 0]
    boxes = [text.get_window_extent(renderer) for text in level]
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_words_name_the_strongest_and_the_weakest():
    z = [[0.5, -0.2, 0.1], [-0.2, 0.4, 0.3], [0.1, 0.3, 0.2]]
    within, between = network_words._extremes(small(z))
    assert "most in A (+0.50, interval +0.40 to +0.60), least in C (+0.20" in within
    assert "together most are B and C (+0.30" in between
    assert "against each other: A and B (−0.20" in between


def test_no_opposition_is_told_where_there_is_none():
    said = network_words._extremes(small([[0.5, 0.1, 0.1], [0.1, 0.4, 0.3], [0.1, 0.3, 0.2]]))
    assert "against" not in said[1]
    assert "together least" in said[1]


def test_unknown_means_are_passed_over():
    z = np.full((3, 3), np.nan)
    assert network_words._extremes(small(z)) == ()
    z[0, 0], z[1, 1] = 0.3, 0.1
    assert len(network_words._extremes(small(z))) == 1


def test_intervals_are_counted_once_per_pair_and_chance_is_said():
    said = network_words._intervals(small([[0.5, 0.05], [0.05, 0.4]]))
    assert said.startswith("2 of 3 means")
    assert "about 0.15 miss" in said
    assert "nothing about illness" in said


def test_the_page_tells_networks_cautions_and_graph(full, full_report):
    text = read(full_report.html).text["clinician"]
    for part in (
        "52 parcels in 13 networks",
        "mostly noise",
        "Modularity",
        "0.41",
        "My own summary",
        "12 parcels have no signal",
        "no reference to other",
    ):
        assert part in text
    assert "Networks" not in read(page_of(replace(full, connectome=None), full_report)).text[""]


def test_single_connections_are_never_listed(full, full_report):
    text = read(full_report.html).text["clinician"]
    assert not any(name in text for name in full.connectome.names)


@pytest.mark.parametrize("name", ["z", "networks", "means"])
def test_misfits_are_refused(full, name):
    wrong = {
        "z": np.zeros((3, 3)),
        "networks": ("a",),
        "means": replace(full.connectome.means, low=np.zeros((2, 2))),
    }[name]
    with pytest.raises(InputError, match=f"{name}.* has shape .*for 52 parcels and 13 networks"):
        replace(full.connectome, **{name: wrong})


def test_comparison_with_others_is_told_and_listed_farthest_first(full, full_report):
    section = deviation_table.deviation_section(full.deviation, ())
    assert [row.off for row in section.rows] == ["−3.6", "+2.4", "+2.1"]
    assert [row.stands_out for row in section.rows] == [True, False, False]
    assert (section.rows[0].value, section.rows[0].usual) == ("−0.16", "0.00 to 0.40")
    assert section.sentences[1].startswith("3 of 15 measures lie outside")
    text = read(full_report.html).text["clinician"]
    assert "no diagnosis" in text
    assert text.count("may be chance") == 2
    said = replace(full, deviation_words=("Only this is said.",))
    assert "Only this is said." in read(page_of(said, full_report)).text["clinician"]


def test_unknown_measures_are_not_outside_and_a_long_list_is_cut():
    count = 30
    z = np.full(count, 3.0)
    z[0] = np.nan
    zero = np.zeros(count)
    found = Deviation(tuple(f"m{k}" for k in range(count)), z, zero, zero - 2, zero + 2, z,
                      np.where(np.isnan(z), np.nan, 0.5), "nobody", 1.5)  # fmt: skip
    section = deviation_table.deviation_section(found, ())
    assert len(section.rows) == 20
    assert section.more == 9
    assert "m0" not in [row.name for row in section.rows]
    assert "29 of 29" in section.sentences[1]


def test_the_page_without_a_cohort_compares_with_nobody(full, full_report):
    html = page_of(replace(full, deviation=None), full_report)
    assert "Compared with other people" not in html


def test_parcels_are_drawn_network_by_network(full, monkeypatch):
    rng = np.random.default_rng(2)
    mixed = rng.permutation(52)
    given = full.connectome
    networks = tuple(given.networks[k] for k in mixed)
    given = replace(given, networks=(*networks[:-1], "not among the means"))
    order = connectome_figure.by_network(given)
    sorted_networks = [given.networks[k] for k in order]
    assert sorted(order.tolist()) == list(range(52))
    assert sorted_networks[-1] == "not among the means"
    changes = sum(a != b for a, b in itertools.pairwise(sorted_networks))
    assert changes == len(set(sorted_networks)) - 1
    dark = replace(given, z=np.full((52, 52), np.nan))
    assert connectome_figure.connectome_figure(dark, "$x").startswith(b"\x89PNG")
