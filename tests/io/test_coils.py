"""Coil files of SimNIBS: read as they are meant, each fault named, no mutation crashes."""

import base64
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.refusals import refused
from tests.shared_data import shared
from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.field import figure8_70mm
from tmsguide.io import read_coil
from tmsguide.io.coils.ccd import parse_ccd, parse_tcd
from tmsguide.num.wires import dipole_potential, vector_potential

CCD = (
    "# toy.ccd version 1.0;dIdtmax=97.5;stimulator=Pulse One;brand=Acme;coilname=Toy;\n"
    "2\n# centers and weighted directions\n"
    "1e-2 0 -5e-3 0 0 1e-5\n-1e-2 0 -5e-3 0 0 -1e-5\n"
)
BOX = {
    "points": [[-40, -30, 0], [40, -30, 0], [40, 30, 0], [-40, 30, 0], [0, 0, -20]],
    "faces": [[0, 1, 2], [0, 2, 3], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
}


def tcd(**changes):
    """A coil of one wire square and one dipole, in a casing, as a fresh object."""
    corner = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * 20.0
    middle = 0.5 * (corner + np.roll(corner, -1, axis=0))
    root = {
        "name": "Toy",
        "brand": "Acme",
        "coilCasing": 0,
        "coilElementList": [
            {
                "stimulator": 0,
                "type": 2,
                "points": [[x, y, -5.0] for x, y in middle],
                "values": [[x, y, 0.0] for x, y in np.roll(corner, -1, axis=0) - corner],
            },
            {"stimulator": 0, "type": 1, "points": [[0, 0, -8]], "values": [[0, 0, 2e-5]]},
        ],
        "stimulatorList": [{"name": "Pulse One", "maxdIdt": 1.2e8}],
        "coilModels": [BOX],
    }
    return root | changes


def packed(value, kind="<f8"):
    """As SimNIBS writes: base64 of zlib of the bare numbers."""
    return base64.b64encode(zlib.compress(np.array(value).astype(kind).tobytes())).decode()


def packed_bare(value):
    return base64.b64encode(np.array(value, dtype="<f8").tobytes()).decode()


def packed_json(value):
    """As its schema has it."""
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


def as_bytes(root):
    return json.dumps(root).encode()


def test_a_ccd_file_says_what_it_says():
    coil = parse_ccd(CCD.encode(), Path("toy.ccd"))
    assert coil.name == "Acme Toy"
    assert coil.max_didt_a_per_s == 97.5e6
    assert_close(coil.dipole_position_m, [[0.01, 0, -0.005], [-0.01, 0, -0.005]], EXACT)
    assert_close(coil.dipole_moment_m2, [[0, 0, 1e-5], [0, 0, -1e-5]], EXACT)
    assert len(coil.position_m) == len(coil.casing_m) == 0
    assert_close(coil.casing_half_size_m, [0.01, 0, 0.0025], EXACT)


def test_a_ccd_file_without_facts_or_with_foreign_line_ends():
    bare = "\n".join(line for line in CCD.split("\n") if not line.startswith("#"))
    for text in (bare, bare.replace("\n", "\r\n")):
        coil = parse_ccd(text.encode(), Path("folder/bare.ccd"))
        assert coil.name == "bare"
        assert np.isnan(coil.max_didt_a_per_s)
        assert len(coil.dipole_position_m) == 2


@pytest.mark.parametrize("pack", [lambda v: v, packed, packed_bare, packed_json])
def test_a_tcd_file_in_millimetres_plain_or_packed(pack):
    root = tcd()
    for element in root["coilElementList"]:
        element["points"], element["values"] = pack(element["points"]), pack(element["values"])
    coil = parse_tcd(as_bytes(root), Path("toy.tcd"))
    assert coil.name == "Acme Toy"
    assert coil.max_didt_a_per_s == 1.2e8
    assert_close(coil.element_m.sum(axis=0), np.zeros(3), EXACT, scale=0.04)
    assert_close(0.5 * np.cross(coil.position_m, coil.element_m).sum(axis=0)[2], 0.04**2, EXACT)
    assert_close(coil.dipole_position_m, [[0, 0, -0.008]], EXACT)
    assert_close(coil.dipole_moment_m2, [[0, 0, 2e-5]], EXACT)
    assert_close(coil.casing_half_size_m, [0.04, 0.03, 0.01], EXACT)


@pytest.mark.parametrize(
    "box", [BOX, {"points": packed(BOX["points"]), "faces": packed(BOX["faces"], "<i8")}]
)
def test_casing_points_lie_all_over_it(box):
    casing = parse_tcd(as_bytes(tcd(coilModels=[box])), "toy").casing_m
    rng = np.random.default_rng(0)
    face = np.column_stack(
        [rng.uniform(-0.04, 0.04, 50), rng.uniform(-0.03, 0.03, 50), np.zeros(50)]
    )
    gap = np.linalg.norm(face[:, None] - casing, axis=2).min(axis=1)
    assert gap.max() < 0.005  # steps of at most 5 mm along each side
    assert casing[:, 2].max() == 0.0


def test_deformations_stand_at_their_initial_values_in_order():
    root = tcd(
        deformRangeList=[{"initial": 90.0, "range": [0, 90]}, {"initial": 7.0, "range": [0, 9]}],
        deformList=[
            {"deformRange": 0, "type": "rot2p", "point1": [10, 0, 0], "point2": [10, 0, 5]},
            {"deformRange": 1, "type": "x"},
        ],
    )
    root["coilElementList"] = [
        {
            "stimulator": 0, "type": 1, "points": [[12, 0, -8]], "values": [[1e-5, 0, 0]],
            "deformations": [0, 1], "elementCasing": 0,
        }
    ]  # fmt: skip
    coil = parse_tcd(as_bytes(root), "toy")
    assert_close(coil.dipole_position_m, [[0.017, 0.002, -0.008]], EXACT)
    assert_close(coil.dipole_moment_m2, [[0, 1e-5, 0]], EXACT)
    assert_close(coil.casing_m[:, 1].max(), 0.03, STORED)  # 40 - 10 mm, turned: and as it stood
    assert_close(coil.casing_m[:, 0].max(), 0.047, STORED)  # 10 + 30 + 7 mm


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("2\n", "3\n"), ["3 dipoles announced", "2 rows"]),
        (("2\n", "two\n"), ["'two'", "number of dipoles"]),
        (("1e-2 0 -5e-3 0", "1e-2 -5e-3 0"), ["dipole 1", "needed 6"]),
        (("1e-2 0 -5e-3 0 0 1e-5", "1e-2 0 nan 0 0 1e-5"), ["positions number 1", "not finite"]),
        (("1e-2 0 -5e-3 0 0 1e-5", "1e-2 0 -5e-3 0 0 inf"), ["moments", "not finite"]),
        (("1e-2 0 -5e-3 0 0 1e-5", "1e-2 0 x 0 0 1e-5"), ["no number"]),
        (("1e-2 0 -5e-3 0 0 1e-5", "10 0 -5 0 0 1e-5"), ["reach 10", "unit"]),
        (("dIdtmax=97.5", "dIdtmax=strong"), ["dIdtmax", "'strong'", "A/µs"]),
        (("dIdtmax=97.5", "dIdtmax=-1"), ["dIdtmax", "positive"]),
        ((CCD, ""), ["nothing"]),
        ((CCD, "# only words\n"), ["nothing"]),
        ((CCD, "0\n"), ["0 dipoles"]),
    ],
)
def test_each_fault_of_a_ccd_file_is_named(change, words):
    refused(parse_ccd, CCD.replace(*change).encode(), "toy.ccd", words=["toy.ccd", *words])


def broken(**element):
    root = tcd()
    root["coilElementList"][1] |= element
    return root


TWO = [{"name": "A"}, {"name": "B"}]
MOVES = {"deformRangeList": [{"initial": 1, "range": [0, 9]}]}


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (tcd(coilElementList=[]), ["coilElementList", "missing, empty"]),
        (tcd(stimulatorList="none"), ["stimulatorList"]),
        (broken(stimulator=1) | {"stimulatorList": TWO}, ["2 stimulators", "needed one"]),
        (broken(stimulator="0"), ["'stimulator'"]),
        (broken(type=3, data=[], affine=[]), ["sampled field", "type 3"]),
        (broken(type=7), ["element type 7"]),
        (broken(points=[[1, 2]]), ["element points", "shape (1, 2)"]),
        (broken(points=[[1, 2, float("nan")]]), ["element points", "not finite"]),
        (broken(points=[[1, 2, "x"]]), ["element points", "table of numbers"]),
        (broken(points=[[0, 0, 1], [0, 0, 2]]), ["2 points and 1 values"]),
        (broken(points=[[0, 0, 5000]]), ["reach 5", "unit"]),
        (broken(points="%%%"), ["cannot be unpacked"]),
        (broken(points=base64.b64encode(b"\x78\x9cxx").decode()), ["cannot be unpacked"]),
        (broken(points=base64.b64encode(b"12345").decode()), ["5 bytes"]),
        (broken(points=base64.b64encode(zlib.compress(bytes(48))[:-6]).decode()), ["cut off"]),
        (broken(points=packed([[0, 0, np.nan]])), ["not finite"]),
        (broken(deformations=[0]), ["deformList"]),
        (broken(deformations=4), ["deformations"]),
        (broken(deformations=[1]) | MOVES | {"deformList": [{"type": "x"}]}, ["item 1"]),
        (
            broken(deformations=[0]) | MOVES | {"deformList": [{"type": "w", "deformRange": 0}]},
            ["deformation 'w'"],
        ),
        (tcd(coilCasing=4), ["item 4"]),
        (tcd(coilModels=[BOX | {"faces": [[0, 1, 9]]}]), ["point 9 of 5"]),
        (tcd(stimulatorList=[{"maxdIdt": -5}]), ["maxdIdt"]),
        (tcd(stimulatorList=[{"maxdIdt": "much"}]), ["maxdIdt", "much"]),
    ],
)
def test_each_fault_of_a_tcd_file_is_named(root, words):
    refused(parse_tcd, as_bytes(root), "toy.tcd", words=["toy.tcd", *words])


def test_a_packed_bomb_is_refused_before_it_unfolds():
    bomb = base64.b64encode(zlib.compress(bytes(60_000_000))).decode()
    refused(parse_tcd, as_bytes(broken(points=bomb)), "bomb.tcd", words=["exceed 50 MB"])


def test_other_files_missing_files_and_huge_files_are_refused(tmp_path):
    refused(read_coil, tmp_path / "coil.nii.gz", words=[".ccd or .tcd"])
    refused(read_coil, tmp_path / "none.ccd", words=["does not exist"])
    huge = tmp_path / "huge.ccd"
    with huge.open("wb") as stream:
        stream.truncate(50_000_001)
    refused(read_coil, huge, words=["larger than 50 MB"])


cut = st.tuples(st.integers(0, 400), st.integers(0, 12), st.binary(max_size=6))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def read_or_refuse(parse, data):
    """The coil, or None where it was refused by name; anything else raised fails the test."""
    try:
        return parse(data, "mutant")
    except InputError as error:
        if "mutant" not in str(error):
            raise
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(cut, min_size=1, max_size=3))
def test_no_mutation_of_bytes_raises_anything_else(cuts):
    tight = broken(points=packed([[0, 0, -8.0]]), values=packed_bare([[0, 0, 2e-5]]))
    del tight["coilElementList"][0]
    for parse, whole in (
        (parse_ccd, CCD.encode()),
        (parse_tcd, as_bytes(tcd())),
        (parse_tcd, as_bytes(tight)),
    ):
        data = whole
        for start, length, new in cuts:
            data = data[:start] + new + data[start + length :]
        coil = read_or_refuse(parse, data)
        assert coil is None or np.isfinite(coil.dipole_moment_m2).all()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_of_a_tcd_files_values_raises_anything_else(data):
    root = broken(deformations=[0], elementCasing=0) | {
        "deformRangeList": [{"initial": 5, "range": [0, 9]}],
        "deformList": [
            {"deformRange": 0, "type": "rot2p", "point1": [0, 0, 0], "point2": [1, 0, 0]}
        ],
    }
    parse_tcd(as_bytes(root), "sound")
    place = root = json.loads(as_bytes(root))
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        deeper = [k for k in keys if isinstance(place[k], dict | list) and place[k]]
        if not deeper:
            break
        place = place[data.draw(st.sampled_from(deeper))]
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    place[data.draw(st.sampled_from(keys))] = data.draw(json_values)
    coil = read_or_refuse(parse_tcd, as_bytes(root))
    assert coil is None or np.isfinite(coil.position_m).all()


def test_every_measured_coil_is_read():
    folder = shared("coils/simnibs")
    files = sorted(folder.rglob("*.ccd"))
    assert len(files) == 26
    for path in files:
        coil = read_coil(path)
        announced = int(path.read_text().split("\n")[1])
        assert len(coil.dipole_position_m) == announced
        assert np.isnan(coil.max_didt_a_per_s) == (path.parent.name == "legacy_and_other")
        flat = (coil.dipole_position_m[:, 2] < 0).all()
        assert flat == (len(coil.casing_m) == 0)


def test_their_figure8_and_ours_drive_the_field_the_same_way():
    theirs = read_coil(shared("coils/simnibs/legacy_and_other/Magstim_70mm_Fig8.ccd"))
    ours = figure8_70mm()
    at = np.array([[0, 0, 0.02], [0, 0, 0.04]])
    a = -dipole_potential(at, theirs.dipole_position_m, theirs.dipole_moment_m2)
    b = -vector_potential(at, ours.position_m, ours.element_m)
    assert (a[:, 1] > 0).all()
    assert_close(b, a, Tol(0.03, "two models of one coil: measured 0.017"))
