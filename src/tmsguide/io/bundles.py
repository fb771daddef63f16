"""Keep any tree of our dataclasses as a folder: tree.json plus arrays.npz, never a pickle."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Types", "read_bundle", "type_table", "write_bundle"]

Types = dict[str, type[Any]]


def type_table(*types: type[Any]) -> Types:
    """Name the dataclasses and enums that a bundle may hold; nothing else is ever rebuilt.

    Raises
    ------
    InputError
        Two types share a name.
    """
    table: Types = {}
    for kind in types:
        if table.setdefault(kind.__name__, kind) is not kind:
            raise InputError(f"two stored types are called {kind.__name__}; rename one of them")
    return table


def write_bundle(folder: Path, content: Mapping[str, object], types: Types) -> None:
    """Write ``content`` into the existing ``folder``."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    tree = {name: _encode(value, arrays, types) for name, value in content.items()}
    with (folder / "arrays.npz").open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    (folder / "tree.json").write_text(json.dumps(tree), encoding="utf-8")


def read_bundle(folder: Path, types: Types) -> dict[str, Any]:
    """Read what `write_bundle` wrote.

    Raises
    ------
    InputError
        The folder is not a complete bundle, or holds a type that ``types`` does not name.
    """
    try:
        tree = json.loads((folder / "tree.json").read_text(encoding="utf-8"))
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise InputError(
            f"stored result {folder} cannot be read ({error}); delete that folder to recompute it"
        ) from error
    return {name: _decode(value, arrays, types) for name, value in tree.items()}


def _encode(value: object, arrays: dict[str, Any], types: Types) -> object:
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Enum) and type(value).__name__ in types:
        return {"enum": type(value).__name__, "name": value.name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value).__name__
        if types.get(kind) is not type(value):
            raise InputError(f"{kind} is not among the types that a stored result may hold")
        fields = dataclasses.fields(value)
        return {
            "type": kind,
            "fields": {f.name: _encode(getattr(value, f.name), arrays, types) for f in fields},
        }
    if isinstance(value, tuple | list):
        return {"sequence": [_encode(item, arrays, types) for item in value]}
    if hasattr(value, "items"):
        return {"map": {str(k): _encode(v, arrays, types) for k, v in value.items()}}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise InputError(f"a stored result cannot hold {type(value).__name__}")


def _decode(node: Any, arrays: Mapping[str, Any], types: Types) -> Any:
    if not isinstance(node, dict):
        return node
    if "array" in node:
        return arrays[node["array"]]
    if "enum" in node:
        return types[node["enum"]][node["name"]]  # type: ignore[index]
    if "sequence" in node:
        return tuple(_decode(item, arrays, types) for item in node["sequence"])
    if "map" in node:
        return {name: _decode(item, arrays, types) for name, item in node["map"].items()}
    if "type" in node:
        if node["type"] not in types:
            raise InputError(f"a stored result names the unknown type {node['type']}")
        fields = {name: _decode(v, arrays, types) for name, v in node["fields"].items()}
        return types[node["type"]](**fields)
    return node["value"]
