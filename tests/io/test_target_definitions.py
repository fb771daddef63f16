import json

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.io.damage import survives
from tests.io.images import save
from tests.io.refusals import refused
from tests.tolerance import STORED, assert_close
from tmsguide.errors import InputError
from tmsguide.io.target_definitions import map_space, read_definition, read_weight_map
from tmsguide.targeting.definitions import Compared, Pick, TargetDefinition

AFFINE = np.array([[-8.0, 0, 0, 72], [0, 8, 0, -100], [0, 0, 8, -64], [0, 0, 0, 1]])
OWN = """
title = "our circuit"
compared = "weighted-map"
pick = "cluster"
map_file = "maps/own_space-MNI152NLin2009cAsym_stat.nii.gz"
positive = true
"""


def weights(path, *, shape=(19, 22, 20), affine=AFFINE):
    return save(path, np.random.default_rng(0).normal(size=shape).astype(np.float32), affine)


def toml(folder, text=OWN, name="own-circuit.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_definition_has_the_name_of_its_file_and_maps_beside_it(tmp_path):
    image = weights(tmp_path / "maps" / "own_space-MNI152NLin2009cAsym_stat.nii.gz")
    found = read_definition(toml(tmp_path))
    assert found.name == "own-circuit"
    assert (found.compared, found.pick) == (Compared.WEIGHTED_MAP, Pick.CLUSTER)
    assert found.map_file == str(image.resolve())
    assert found.positive
    assert not found.lacks_map
    assert read_definition(toml(tmp_path, OWN.replace("maps/", f"{tmp_path}/maps/"))) == found


def test_areas_may_be_images_too(tmp_path):
    image = weights(tmp_path / "area.nii.gz")
    text = 'title = "t"\ncompared = "seed"\npick = "cone"\n'
    text += '[search]\nmap_file = "area.nii.gz"\n[seed]\nmap_file = "./area.nii.gz"\n'
    found = read_definition(toml(tmp_path, text))
    assert found.search.map_file == found.seed.map_file == str(image.resolve())
    assert not found.search.mni_mm


def test_a_byte_order_mark_does_no_harm(tmp_path):
    weights(tmp_path / "maps" / "own_space-MNI152NLin2009cAsym_stat.nii.gz")
    plain = read_definition(toml(tmp_path))
    assert read_definition(toml(tmp_path, "\ufeff" + OWN)) == plain


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("own.toml", OWN, ["map_file", "own_space-MNI152NLin2009cAsym", "is not there"]),
        ("own.txt", OWN, ["does not end in .toml"]),
        ("sgacc-peak.toml", OWN, ["built-in targeting method; rename"]),
        ("my own.toml", OWN, ["cannot be named 'my own'", "single hyphens"]),
        ("own.toml", OWN.replace("maps/own", "x\\u0000"), ["map_file", "control characters"]),
        ("own.toml", OWN.replace("maps/own", "x" * 5000), ["map_file", "at most 2000 characters"]),
        ("own.toml", OWN.replace("maps/own", "x" * 1900), ["map_file", "cannot be looked for"]),
        ("own.toml", 'title="t"\ncompared="circuit"\npick="peak"', ["map_file is missing"]),
        ("own.toml", "title =", ["definition own is not valid TOML", "mend that line"]),
        ("own.toml", "#" * 70_000, ["larger than 0.064 MB"]),
    ],
)
def test_refusals_tell_what_to_mend(tmp_path, name, text, words):
    refused(read_definition, toml(tmp_path, text, name), words=words)


def test_missing_files_and_other_files_are_refused(tmp_path):
    refused(read_definition, tmp_path / "none.toml", words=["does not exist"])
    (tmp_path / "folder.toml").mkdir()
    refused(read_definition, tmp_path / "folder.toml", words=["is a folder"])
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    refused(read_definition, tmp_path / "binary.toml", words=["not UTF-8"])
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "own.json").write_text("{}")
    text = OWN.replace("own_space-MNI152NLin2009cAsym_stat.nii.gz", "own.json")
    refused(read_definition, toml(tmp_path, text), words=["own.json", "no NIfTI image"])


def answers(read):
    """A definition, or a refusal of one line; any other error fails the test."""
    try:
        return isinstance(read(), TargetDefinition)
    except InputError as error:
        return len(str(error).splitlines()) == 1


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(lambda t: t.encode("utf-8", "surrogatepass")),
        st.tuples(st.integers(0, 130), st.integers(0, 130), st.binary(max_size=6)).map(
            lambda cut: OWN.encode()[: cut[0]] + cut[2] + OWN.encode()[cut[1] :]
        ),
    )
)
@example(b"a = " + b"[" * 20_000)
@example(b"a = " + b"{b=" * 10_000)
@example(b"x = 1979-13-45")
@example(b"compared = " + b"9" * 6000)
def test_any_bytes_give_a_definition_or_one_clear_line(tmp_path, data):
    if not (tmp_path / "maps").exists():
        weights(tmp_path / "maps" / "own_space-MNI152NLin2009cAsym_stat.nii.gz")
    path = tmp_path / "fuzz.toml"
    path.write_bytes(data)
    assert answers(lambda: read_definition(path))


def test_a_map_comes_with_its_values_place_and_space(tmp_path):
    path = weights(tmp_path / "own_space-MNI152NLin2009cAsym_stat.nii.gz")
    found = read_weight_map(path)
    assert found.frame.name == "MNI152NLin2009cAsym"
    assert_close(found.data, nib.load(path).get_fdata(), STORED)
    assert_close(found.frame_from_voxel, AFFINE, STORED)


def test_the_space_comes_from_the_name_then_the_sidecar_else_the_usual_with_a_note(tmp_path):
    named = tmp_path / "own_space-MNI152NLin2009cAsym_stat.nii.gz"
    assert map_space(named) == (read_weight_map(weights(named)).frame, "")
    plain = tmp_path / "circuit.nii.gz"
    frame, note = map_space(plain)
    assert frame.name == "MNI152NLin6Asym"
    assert "circuit.nii.gz names no space: taken as MNI152NLin6Asym" in note
    for key in ("SpatialReference", "Space"):
        (tmp_path / "circuit.json").write_text(json.dumps({key: "MNI152NLin2009aSym"}))
        assert map_space(plain)[0].name == "MNI152NLin2009aSym"
        assert map_space(plain)[1] == ""
    (tmp_path / "circuit.json").write_text(json.dumps({"SpatialReference": {"L": "x"}}))
    refused(map_space, plain, words=["SpatialReference is not text"])
    (tmp_path / "circuit.json").write_text(json.dumps({"Space": "Talairach"}))
    refused(map_space, plain, words=["is in space Talairach", "bring it to one of them"])
    refused(map_space, tmp_path / "a_space-T1w_stat.nii.gz", words=["is in space T1w"])


def test_maps_of_other_shapes_and_places_are_refused(tmp_path):
    series = weights(tmp_path / "four.nii.gz", shape=(19, 22, 20, 3))
    refused(read_weight_map, series, words=["holds 3 volumes", "one 3-D map"])
    away = AFFINE.copy()
    away[2, 3] = 30.0
    other = weights(tmp_path / "native.nii.gz", affine=away)
    refused(read_weight_map, other, words=["does not hold the origin of MNI 152"])
    empty = save(tmp_path / "zero.nii.gz", np.zeros((19, 22, 20), np.float32), AFFINE)
    refused(read_weight_map, empty, words=["empty (one value everywhere)"])
    holes = np.ones((19, 22, 20), np.float32)
    holes[3, 4, 5] = np.nan
    refused(read_weight_map, save(tmp_path / "nan.nii.gz", holes, AFFINE), words=["holds NaN"])


def test_a_damaged_map_gives_one_clear_line(tmp_path):
    path = weights(tmp_path / "own.nii.gz")
    survives(path, lambda: read_weight_map(path))
