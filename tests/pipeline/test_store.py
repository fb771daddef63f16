"""The store: found again by content, complete or absent."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmsguide.errors import InputError
from tmsguide.io.bundles import read_bundle, type_table, write_bundle
from tmsguide.pipeline.store import Store, step_key


class Mood(Enum):
    FAIR = "fair"


@dataclass(frozen=True)
class Inner:
    values: np.ndarray
    mood: Mood


@dataclass(frozen=True)
class Outer:
    inner: Inner
    notes: tuple[str, ...]
    table: dict[str, float]
    nothing: None = None


TYPES = type_table(Inner, Outer, Mood)


def outer(seed=0):
    values = np.random.default_rng(seed).normal(size=(2, 3))
    return Outer(Inner(values, Mood.FAIR), ("a", "b"), {"x": 1.5, "y": float("nan")})


def test_bundle_round_trip(tmp_path):
    write_bundle(tmp_path, {"it": outer(), "n": 3, "none": None}, TYPES)
    back = read_bundle(tmp_path, TYPES)
    assert (back["it"].inner.values == outer().inner.values).all()
    assert back["it"].inner.mood is Mood.FAIR
    assert back["it"].notes == ("a", "b")
    assert back["it"].table["x"] == 1.5
    assert np.isnan(back["it"].table["y"])
    assert (back["n"], back["none"]) == (3, None)


def test_bundle_refuses_unknown_types_both_ways(tmp_path):
    with pytest.raises(InputError, match="Inner"):
        write_bundle(tmp_path, {"it": outer().inner}, {})
    write_bundle(tmp_path, {"it": outer()}, TYPES)
    with pytest.raises(InputError, match="unknown type"):
        read_bundle(tmp_path, {})


@given(st.binary(max_size=60))
def test_damaged_bundle_gives_one_clear_error(tmp_path_factory, junk):
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder, {"it": np.zeros(3)}, TYPES)
    (folder / "arrays.npz").write_bytes(junk)
    with pytest.raises(InputError, match="delete that folder"):
        read_bundle(folder, TYPES)


def test_second_run_computes_nothing_and_changes_are_seen(tmp_path):
    store, calls = Store(tmp_path, TYPES), []

    def work():
        calls.append(1)
        return {"it": outer(len(calls))}

    first = store.run("step", work, version=1, settings={"a": 1}, inputs={"t1w": "x"})
    again = store.run("step", work, version=1, settings={"a": 1}, inputs={"t1w": "x"})
    assert len(calls) == 1
    assert again.reused
    assert not first.reused
    assert (again.content["it"].inner.values == first.content["it"].inner.values).all()
    for change in ({"version": 2}, {"settings": {"a": 2}}, {"inputs": {"t1w": "y"}}):
        arguments = {"version": 1, "settings": {"a": 1}, "inputs": {"t1w": "x"}} | change
        assert not store.run("step", work, **arguments).reused
    assert len(calls) == 4


def test_killed_step_leaves_nothing_half_written(tmp_path):
    store = Store(tmp_path, TYPES)

    def killed():
        return {"it": outer(), "bad": object()}

    with pytest.raises(InputError):
        store.run("step", killed, version=1, settings={}, inputs={})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".partial-left").mkdir()
    store.sweep()
    assert list(tmp_path.iterdir()) == []


def test_key_does_not_depend_on_the_order_of_inputs():
    one = step_key("s", 1, {"a": 1, "b": 2}, {"x": "1", "y": "2"})
    two = step_key("s", 1, {"b": 2, "a": 1}, {"y": "2", "x": "1"})
    assert one == two
