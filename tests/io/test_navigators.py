"""Poses survive every navigator format, and left stays left from image header to every file."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.io.images import ORIENTATIONS, SHAPE, save
from tests.io.refusals import refused
from tests.oracles import navigator_files as shown_by
from tests.shared_data import shared
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import FrameError, InputError
from tmsguide.io import check_t1w, read_t1w
from tmsguide.io.navigators import (
    NavigatorMarker,
    brainsight,
    encode_all,
    localite,
    marker_from_plan,
    simnibs,
    table,
)
from tmsguide.io.navigators.markers import rigid
from tmsguide.model import Frame, Placement, Points, Target, native_frame

HERE = native_frame("01")
SIX_DECIMALS = Tol(2e-8, "6 decimals on positions up to 100 mm")
AXES_OF_SIX = Tol(2e-6, "6 decimals on unit vectors, then squared again")


def turn(seed):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def pose(centre, seed=1):
    matrix = np.eye(4)
    matrix[:3, :3] = turn(seed)
    matrix[:3, 3] = centre
    return matrix


names = (
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
    .filter(lambda name: name[0] not in "#<")
    .filter(str.isprintable)
)
position = st.floats(-150, 150).map(lambda v: v + 0.0)
marker = st.builds(
    lambda name, x, y, z, seed, target: NavigatorMarker(name, pose((x, y, z), seed), HERE, target),
    names,
    position,
    position,
    position,
    st.integers(0, 2**32 - 1),
    st.none() | st.tuples(position, position, position).map(np.array),
)
markers = st.lists(marker, min_size=1, max_size=4, unique_by=lambda m: m.name)
AWKWARD = [NavigatorMarker("a \"b\" & c>d;'e' ж", pose((1, 2, 3)), HERE)]


def same(read, written, *, exact, targets):
    assert [m.name for m in read] == [m.name for m in written]
    for a, b in zip(read, written, strict=True):
        tolerances = (EXACT, EXACT) if exact else (SIX_DECIMALS, AXES_OF_SIX)
        assert_close(a.matsimnibs[:3, 3], b.matsimnibs[:3, 3], tolerances[0], scale=100)
        assert_close(a.matsimnibs[:3, :3], b.matsimnibs[:3, :3], tolerances[1])
        assert a.frame == b.frame
        if targets and b.target_mm is not None:
            np.testing.assert_array_equal(a.target_mm, b.target_mm)
        else:
            assert a.target_mm is None


@settings(max_examples=30, deadline=None)
@example(AWKWARD)
@given(markers)
def test_brainsight_round_trip(written):
    for version in (12, 14):
        read = brainsight.decode(brainsight.encode(written, version=version), frame=HERE)
        same(read, written, exact=False, targets=False)


@settings(max_examples=30, deadline=None)
@example(AWKWARD)
@given(markers)
def test_localite_round_trip(written):
    for encode in (localite.encode, localite.encode_gum):
        for space in ("RAS", "LPS"):
            read = localite.decode(encode(written, space=space), frame=HERE)
            same(read, written, exact=True, targets=False)


@settings(max_examples=30, deadline=None)
@example(AWKWARD)
@given(markers)
def test_simnibs_round_trip(written):
    same(simnibs.decode(simnibs.encode(written), frame=HERE), written, exact=True, targets=True)
    for one in written:
        read = simnibs.decode_text(simnibs.encode_text(one), name=one.name, frame=HERE)
        same([read], [one], exact=True, targets=False) if one.target_mm is None else None
        np.testing.assert_array_equal(read.matsimnibs, one.matsimnibs)


@settings(max_examples=30, deadline=None)
@example(AWKWARD)
@given(markers)
def test_table_round_trip(written):
    same(table.decode(*table.encode(written), frame=HERE), written, exact=True, targets=True)


def test_every_change_of_axes_is_a_rotation():
    for matrix in (
        brainsight.BRAINSIGHT_FROM_SIMNIBS,
        localite.LOCALITE_FROM_SIMNIBS,
        *(m[:3, :3] for m in localite._WORLD_FROM.values()),
    ):
        assert np.linalg.det(matrix) == 1
        np.testing.assert_array_equal(matrix @ matrix, np.eye(3))


# --- left stays left


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_left_stays_left_from_header_to_every_file(tmp_path, name):
    """A bright voxel at x = -40 RAS: its pose is left in every file, read as the vendor reads."""
    affine = ORIENTATIONS[name]
    inverse = np.linalg.inv(affine)
    voxel = np.rint(inverse[:3, :3] @ [-38.0, 10, 12] + inverse[:3, 3]).astype(int)
    data = np.ones(SHAPE, np.int16)
    data[tuple(voxel)] = 9999
    path = save(tmp_path / "T1w.nii.gz", data, affine)
    volume = read_t1w(path, frame=HERE).volume
    header = check_t1w(path)

    at = np.argwhere(volume.data == volume.data.max())[0]
    centre = volume.frame_from_voxel[:3, :3] @ at + volume.frame_from_voxel[:3, 3]
    assert centre[0] < -34
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])  # z into a left head: +x
    matrix[:3, 3] = centre
    placement = Placement(matrix, HERE, 1e6, 4.0)
    target = Target(Points(centre[None] + [10, 0, 0], HERE), -0.3, "m", "s")
    one = marker_from_plan("left", placement, target)
    into, ahead = matrix[:3, 2], matrix[:3, 1]

    files = encode_all([one], form=header.form, code=header.code)
    seen = {
        "brainsight": shown_by.brainsight(files["brainsight.txt"].decode()),
        "instrument": shown_by.localite(files["localite_instrument.xml"].decode(), "Marker"),
        "gum": shown_by.localite(files["localite_gum.xml"].decode(), "InstrumentMarker"),
        "lps": shown_by.localite(localite.encode([one], space="LPS").decode(), "Marker"),
    }
    for shown in seen.values():
        got = shown["left"]
        assert got[0][0] < -34
        assert_close(got[0], centre, SIX_DECIMALS, scale=100)
        assert_close(got[1], into, AXES_OF_SIX)
        assert_close(got[2], ahead, AXES_OF_SIX)
    assert b"NIfTI:Q:Scanner" in files["brainsight.txt"]

    positions = json.loads(files["simnibs.json"])["positions"]
    np.testing.assert_array_equal(positions[0]["matsimnibs"], matrix)
    assert positions[0]["target_mm"][0] == centre[0] + 10
    text = [line.split() for line in files["simnibs_matsimnibs.txt"].decode().splitlines()]
    np.testing.assert_array_equal(np.array(text, float), matrix)
    columns, row = (line.split("\t") for line in files["poses.tsv"].decode().splitlines())
    assert float(row[columns.index("centre_x_mm")]) == centre[0]
    assert float(row[columns.index("into_head_x")]) == 1
    assert json.loads(files["poses.json"])["Frame"] == HERE.name


def test_lps_files_turn_x_round():
    one = [NavigatorMarker("left", pose((-40, 20, 30)), HERE)]
    assert shown_by.stored_x(localite.encode(one).decode(), "Marker") == [-40]
    assert shown_by.stored_x(localite.encode(one, space="LPS").decode(), "Marker") == [40]
    assert shown_by.stored_x(
        localite.encode_gum(one, space="LPS").decode(), "InstrumentMarker"
    ) == [40]


@pytest.mark.parametrize("flip", [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
def test_mirrored_axes_are_refused_by_every_format(flip):
    """The published script that turns one axis only writes a mirrored coil: no reader takes it."""
    mirrored = pose((-40, 0, 0))
    mirrored[:3, :3] *= flip
    refused(NavigatorMarker, "a", mirrored, HERE, words=["mirrored", "left"])
    text = simnibs.encode_text(NavigatorMarker("a", pose((-40, 0, 0)), HERE)).decode()
    rows = [[float(w) for w in line.split()] for line in text.splitlines()]
    rows = [[v * f for v, f in zip(row, [*flip, 1], strict=True)] for row in rows[:3]] + rows[3:]
    data = "\n".join(" ".join(map(repr, row)) for row in rows).encode()
    refused(simnibs.decode_text, data, name="a", frame=HERE, words=["mirrored"])


# --- files of other programs


POSE = [f"m{axis}n{row}" for axis in range(3) for row in range(3)]
PLACE = ["Loc. X", "Loc. Y", "Loc. Z"]
F3_ROW = "F3 -45.1 30.2 50.3 -0.707 0.707 0.000 0.707 0.707 0.000 0.000 0.000 -1.000"
SAMPLE_ROW = "0 F3 -44 30 51 1 0 0 0 1 0 0 0 1 0.4"
FOREIGN_ROWS = [
    ["\ufeff# Version: 8"],
    ["# Coordinate system: NIfTI:Scanner"],
    ["# Created by: Brainsight 2.3.10"],
    ["# units: millimetres, degrees, milliseconds, and microvolts"],
    ["# Encoding: UTF-8"],
    ["# Target Name", *PLACE, *POSE],
    ["point only", "1.0", "2.0", "3.0", *["(null)"] * 9],
    [
        "F3",
        *[
            "-45.1",
            "30.2",
            "50.3",
            "-0.707",
            "0.707",
            "0.000",
            "0.707",
            "0.707",
            "0.000",
            "0.000",
            "0.000",
            "-1.000",
        ],
    ],
    ["# Sample Name", "Session Name", "Index", "Assoc. Target", *PLACE, *POSE, "Dist. to Target"],
    [
        "Sample 1",
        "Session 1",
        "0",
        "F3",
        *["-44", "30", "51", "1", "0", "0", "0", "1", "0", "0", "0", "1", "0.4"],
    ],
    ["# Planned Landmark Name", *PLACE],
    ["Nasion", "0.0", "90.0", "0.0"],
]
FOREIGN = "\r\n".join("\t".join(row) for row in FOREIGN_ROWS).encode()


def test_older_brainsight_file_with_three_decimals():
    target, sample = brainsight.decode(FOREIGN, frame=HERE)
    assert (target.name, sample.name) == ("F3", "Sample 1")
    np.testing.assert_array_equal(target.matsimnibs[:3, 3], [-45.1, 30.2, 50.3])
    axes = target.matsimnibs[:3, :3]
    assert_close(axes.T @ axes, np.eye(3), EXACT)
    half = np.sqrt(0.5)
    assert_close(axes, [[half, half, 0], [-half, half, 0], [0, 0, 1]], Tol(1e-9, "squared again"))
    np.testing.assert_array_equal(sample.matsimnibs[:3, :3], np.diag([-1, 1, -1]))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"NIfTI:Scanner", b"Brainsight", ["'Brainsight'", "NIfTI coordinate system"]),
        (b"NIfTI:Scanner", b"World", ["'World'"]),
        (b"# Coordinate system", b"# Something", ["no coordinate system"]),
        (b"-0.707", b"-0.680", ["'F3'", "square"]),
        (b"-0.707", b"nought", ["'F3'", "no number"]),
        (b"-45.1", b"nan", ["'F3'", "finite"]),
        (b"-45.1", b"1e300", ["'F3'", "1e5 mm"]),
        (b"-1.000", b"1.000", ["'F3'", "mirrored"]),
        (b"m0n0", b"x", ["no target"]),
        (b"Version", b"V\xff", ["UTF-8"]),
    ],
)
def test_brainsight_files_refused(old, new, words):
    assert old in FOREIGN
    refused(brainsight.decode, FOREIGN.replace(old, new), frame=HERE, words=words)


def test_brainsight_names_the_world_that_is_loaded():
    one = [NavigatorMarker("a", pose((1, 2, 3)), HERE)]
    for version, form, code, word in [
        (14, "Q", 1, "NIfTI:Q:Scanner"),
        (14, "S", 2, "NIfTI:S:Aligned"),
        (14, "Q", 4, "NIfTI:Q:MNI-152"),
        (12, "Q", 1, "NIfTI:Scanner"),
        (12, "S", 5, "NIfTI:Other-Template"),
    ]:
        text = brainsight.encode(one, version=version, form=form, code=code).decode()
        assert f"# Version: {version}\n# Coordinate system: {word}\n" in text
    refused(brainsight.encode, one, version=13, words=["12 or 14"])
    refused(brainsight.encode, one, code=0, words=["code 1 to 5"])


def test_localite_files_refused():
    good = localite.encode([NavigatorMarker("a", pose((1, 2, 3)), HERE)])

    def bad(old, new, *words):
        assert old in good
        refused(localite.decode, good.replace(old, new), frame=HERE, words=words)

    bad(b'"RAS"', b'"RSA"', "RSA", "RAS (NIfTI) or LPS")
    bad(b' coordinateSpace="RAS"', b"", "coordinateSpace")
    bad(b"InstrumentMarkerList", b"TriggerMarkerList", "TriggerMarkerList")
    bad(b"Matrix4D", b"ColVec3D", "no Matrix4D")
    bad(b"data12", b"data99", "data12")
    bad(b"</InstrumentMarkerList>", b"", "XML")
    bad(b'set="true"', b'set="false"', "no set instrument marker")
    bad(b'data33="+1.0', b'data33="+2.0', "last row")


def test_entity_bombs_are_refused_before_they_are_parsed():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    refused(localite.decode, bomb + b"<x>&b;</x>", frame=HERE, words=["document type"])
    refused(localite.decode, bomb.lower(), frame=HERE, words=["document type"])
    wide = "<!DOCTYPE x [<!ENTITY a 'aa'>]><x/>".encode("utf-16")
    refused(localite.decode, wide, frame=HERE, words=["UTF-8"])
    deep = b"<a>" * 200_000 + b"</a>" * 200_000
    refused(localite.decode, deep, frame=HERE, words=["InstrumentMarkerList"])


def test_size_limits(monkeypatch):
    for module in (localite, brainsight):
        monkeypatch.setattr(module, "LIMIT_BYTES", 1000)
        refused(module.decode, b"x" * 1001, frame=HERE, words=["at most 1000"])


def test_peer_pose_is_taken_as_it_is():
    """A pose that SimNIBS itself solved is right-handed and points into the head."""
    path = shared("peer_fields/head195_e_brain.npz")
    with np.load(path) as stored:
        matrix = stored["matsimnibs_dlpfc"]
    one = NavigatorMarker("dlpfc", matrix, HERE)
    with np.load(shared("peer_fields/head195_mesh.npz")) as mesh:
        middle = mesh["node_mm"].mean(axis=0)
    for data in (brainsight.encode([one]), localite.encode([one])):
        module = brainsight if data.startswith(b"#") else localite
        (read,) = module.decode(data, frame=HERE)
        inward = middle - read.matsimnibs[:3, 3]
        assert inward @ read.matsimnibs[:3, 2] > 0.8 * np.linalg.norm(inward)


# --- guards


def test_frames_do_not_mix():
    ours = NavigatorMarker("a", pose((1, 2, 3)), HERE)
    other = NavigatorMarker("b", pose((1, 2, 3)), native_frame("02"))
    for encode in (brainsight.encode, localite.encode, simnibs.encode, table.encode):
        refused(encode, [ours, other], words=["several frames"], error=FrameError)
        refused(encode, [ours, ours], words=["same name"])
        refused(encode, [], words=["no markers"])
    elsewhere = native_frame("02")
    refused(
        simnibs.decode, simnibs.encode([ours]), frame=elsewhere, words=["sub-02"], error=FrameError
    )
    refused(table.decode, *table.encode([ours]), frame=elsewhere, error=FrameError)
    target = Target(Points(np.zeros((1, 3)), Frame("x")), 0.0, "m", "s")
    placement = Placement(pose((1, 2, 3)), HERE, 1e6, 4.0)
    refused(marker_from_plan, "a", placement, target, words=["x"], error=FrameError)


@pytest.mark.parametrize("name", ["", " a", "a\tb", "a\nb", "#a", "<a", "a\0", "a" * 101])
def test_names_that_would_break_a_file(name):
    refused(NavigatorMarker, name, pose((1, 2, 3)), HERE)


def test_rounding_is_squared_again_and_shear_is_not():
    clean = pose((1, 2, 3), seed=4)
    assert_close(rigid(np.round(clean, 3), "a"), clean, Tol(2e-4, "3 decimals (measured 9e-5)"))
    sheared = clean.copy()
    sheared[:3, 0] += 0.02 * sheared[:3, 1]
    refused(rigid, sheared, "a", words=["off unit length or square"])
    scaled = clean.copy()
    scaled[:3, :3] *= 1.01
    refused(rigid, scaled, "a", words=["off unit length or square"])
    refused(rigid, clean.T, "a", words=["transposed"])


# --- anything at all


def seeds():
    good = [NavigatorMarker("a", pose((-40, 20, 30)), HERE, np.array([1.0, 2, 3]))]
    rows, described = table.encode(good)
    return {
        "brainsight": (brainsight.encode(good), lambda b: brainsight.decode(b, frame=HERE)),
        "foreign": (FOREIGN, lambda b: brainsight.decode(b, frame=HERE)),
        "localite": (localite.encode(good), lambda b: localite.decode(b, frame=HERE)),
        "gum": (localite.encode_gum(good), lambda b: localite.decode(b, frame=HERE)),
        "simnibs": (simnibs.encode(good), lambda b: simnibs.decode(b, frame=HERE)),
        "text": (
            simnibs.encode_text(good[0]),
            lambda b: [simnibs.decode_text(b, name="a", frame=HERE)],
        ),
        "table": (rows, lambda b: table.decode(b, described, frame=HERE)),
        "table json": (described, lambda b: table.decode(rows, b, frame=HERE)),
    }


WORDS = b'\0 \xff \t \n # < > " - nan 1e999 1e300 null []'.split(b" ")
PIECES = st.sampled_from([b"", *WORDS]) | st.binary(max_size=3)


@pytest.mark.parametrize("kind", seeds())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files_are_poses_or_refused_never_worse(kind, data):
    raw, decode = seeds()[kind]
    raw = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 4))] = data.draw(PIECES)
    words = ""
    try:
        read = decode(bytes(raw))
    except (InputError, FrameError) as error:
        words = str(error)
    else:
        for one in read:
            axes = one.matsimnibs[:3, :3]
            assert_close(axes.T @ axes, np.eye(3), Tol(1e-8, "exact by rigid()"))
            assert np.linalg.det(axes) > 0
    assert "\n" not in words
