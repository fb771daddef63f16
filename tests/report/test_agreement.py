"""All methods side by side: distances in their place, sentences that fit the numbers."""

from dataclasses import replace

import numpy as np
import pytest

from tests.report import rich
from tests.report.test_page import page_of, read
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.model import MNI, Points
from tmsguide.report import AgreementEntry, agreement_figure, agreement_words, links, style, tables


def entry(xyz, **changes):
    xyz = np.asarray(xyz, float)
    count = len(xyz)
    given = {
        "names": tuple(f"m{k}" for k in range(count)),
        "distance_mm": np.linalg.norm(xyz[:, None] - xyz[None], axis=2),
        "served_percent": np.full(count, 100.0),
        "served_v_per_m": np.full(count, 1.0),
    }
    return AgreementEntry(**given | changes)


def test_like_methods_stand_side_by_side():
    rng = np.random.default_rng(3)
    groups = np.repeat([[0, 0, 0], [60, 0, 0], [0, 80, 0]], 4, axis=0)
    shuffled = rng.permutation(12)
    given = entry((groups + rng.normal(0, 2, (12, 3)))[shuffled])
    order = agreement_figure.like_beside_like(given.distance_mm)
    assert sorted(order) == list(range(12))
    kinds = shuffled[list(order)] // 4
    assert np.count_nonzero(np.diff(kinds)) == 2  # three blocks, none torn
    assert order.index(0) < 6


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_the_matrix_is_drawn_for_few_and_many_and_names_do_not_overlap(count, monkeypatch):
    rng = np.random.default_rng(1)
    names = tuple(f"{k} $x_{k}$ " + "a very long name " * 9 for k in range(count))
    given = entry(rng.normal(0, 15, (count, 3)), names=names)
    kept = []
    monkeypatch.setattr(style, "png", lambda figure, label: kept.append(figure) or b"")
    agreement_figure.agreement_figure(given, "x")
    renderer = kept[0].canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in kept[0].texts]
    width, height = kept[0].get_size_inches() * style.DPI
    for i, box in enumerate(boxes):
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_two_drawings_are_the_same_bytes(full):
    first, second = (agreement_figure.agreement_figure(full.agreement, "x") for _ in range(2))
    assert first == second


def test_the_sentence_tells_nearest_farthest_and_middle_distance():
    given = entry([[0, 0, 0], [3, 0, 0], [0, 4, 0]])  # 3, 4 and 5 mm
    assert agreement_words.apart(given) == (
        "Any two of the 3 targets lie 3 mm to 5 mm apart, 4 mm in the middle case."
    )
    assert (
        agreement_words.apart(entry([[0, 0, 0], [3, 0, 0]])) == "The two targets lie 3 mm apart."
    )
    assert agreement_words.apart(entry([[0, 0, 0]])) == ""


def test_one_placement_serves_those_at_or_above_the_limit():
    given = entry(np.eye(5, 3), served_percent=np.array([100, 80, 79.9, np.nan, 95.0]))
    said = agreement_words.served(given)
    assert "at least 80 % of the target's field at numbers 1 and 4 too" in said
    assert "Number 2 would need a placement of its own" in said
    assert "3" not in said
    none = agreement_words.served(replace(given, served_percent=np.array([100, 9, 9, 9, 9.0])))
    assert "no other target 80 %" in none
    assert agreement_words.served(replace(given, served_percent=np.full(5, np.nan))) == ""


def test_consensus_names_the_methods_by_the_table_s_numbers():
    here = Points(np.array([[-40.0, 42.0, 29.0]]), MNI)
    given = entry(np.eye(5, 3), consensus=here, consensus_radius_mm=9.0,
                  consensus_methods=("m3", "m0", "m1"))  # fmt: skip
    said = agreement_words.consensus(given, here)
    assert "3 methods that read this scan meet within 9 mm of MNI −40, 42, 29 mm" in said
    assert "the target and numbers 1 and 3" in said
    assert "no proof" in said
    assert "no place on which several methods agree" in agreement_words.consensus(
        entry(np.eye(5, 3)), None
    )


def test_group_sites_come_nearest_first():
    given = entry(np.eye(3), group_distance_mm={"far": 27.0, "near": 3.2})
    assert agreement_words.group_sites(given).endswith("near 3.2 mm; far 27 mm.")
    assert agreement_words.group_sites(entry(np.eye(3))) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distance_mm", np.zeros((2, 3))),
        ("served_percent", np.zeros(2)),
        ("served_v_per_m", np.zeros(4)),
        ("assumes", ("one",)),
    ],
)
def test_misfits_are_refused(name, value):
    with pytest.raises(InputError, match=f"{name} has shape .*for 3 methods"):
        entry(np.eye(3), **{name: value})


def test_agreement_must_fit_the_targets(full):
    with pytest.raises(InputError, match="agreement has 12 values, needed 2"):
        replace(full, alternatives=full.alternatives[:1])


def test_table_tells_field_share_region_and_reliability_of_each_method(full):
    rows = tables.target_rows(full)
    percent = full.agreement.served_percent
    assert len(rows) == 12
    for row, share in zip(rows, percent, strict=True):
        assert row.share == (f"{share:.0f} %" if np.isfinite(share) else "–")
        assert row.served == (share >= 80)
    assert rows[2].region == "9.1 mm"
    assert rows[2].steady == "4.8 mm (81 %)"  # 1 - 4.8 / 25.3
    assert (rows[-1].region, rows[-1].steady) == ("–", "–")


def test_without_a_comparison_the_share_is_that_of_the_cortex_s_field(made):
    rows = tables.target_rows(made)
    assert rows[0].share == "100 %"
    assert not any(row.served for row in rows)
    dark = replace(made, cortex_e_v_per_m=np.full(len(made.cortex_z), np.nan))
    assert {row.share for row in tables.target_rows(dark)} == {"–"}


def test_every_method_is_on_the_page_with_its_source_linked(full, full_report):
    text = read(full_report.html).text["clinician"]
    for target, assumed in zip(full.alternatives, full.agreement.assumes[1:], strict=True):
        assert target.method in text
        assert assumed[1:] in text
    links_out = [a.get("href", "") for a in read(full_report.html).attributes]
    assert "https://doi.org/10.1016/j.biopsych.2012.04.028" in links_out
    assert "one placement serves them together" in text
    alone = page_of(replace(full, agreement=None), full_report)
    assert "one placement serves" not in read(alone).text["clinician"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("no identifier", [("no identifier", "")]),
        ("(Lancet, 10.1016/S0140-6736(18)30295-2).",
         [("(Lancet, ", "10.1016/S0140-6736(18)30295-2"), (").", "")]),
        ('10.1000/x"><script>', [("", "10.1000/x"), ('"><script>', "")]),
        ("z = 10.5/2", [("z = 10.5/2", "")]),
    ],
)  # fmt: skip
def test_identifiers_are_found_and_nothing_else(text, parts):
    assert links.doi_parts(text) == parts


def test_consensus_distance_matrix_is_that_of_the_targets(full):
    assert_close(rich.agreement(full).distance_mm, full.agreement.distance_mm, EXACT)
