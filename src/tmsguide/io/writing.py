"""Files out, complete or not at all: each is written beside its name, then renamed onto it."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from contextlib import contextmanager
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "atomic_stream",
    "json_text",
    "plain",
    "tsv_text",
    "write_bytes",
    "write_json",
    "write_text",
    "write_tsv",
]


@contextmanager
def atomic_stream(path: Path) -> Iterator[BinaryIO]:
    """Open a stream whose bytes appear at ``path`` only if the block ends well.

    Raises
    ------
    InputError
        The folder or file cannot be written (permission, full disk).
    """
    partial = path.with_name(f".{uuid4().hex}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(
            f"cannot write {one_line(path)} ({one_line(error.strerror or error)}); "
            "check the folder's permissions and free space"
        ) from error


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows keeps no such handle
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(data: bytes, path: Path) -> Path:
    """Write ``data`` to ``path``, whole or not at all; gives ``path``."""
    with atomic_stream(path) as stream:
        stream.write(data)
    return path


def write_text(text: str, path: Path) -> Path:
    """Write UTF-8 text with line ends as they are; gives ``path``."""
    return write_bytes(text.encode("utf-8"), path)


def plain(value: object) -> object:
    """Turn dataclasses, enums, arrays, paths and mappings into what JSON can hold.

    NaN and infinity have no JSON form and become None.

    Raises
    ------
    TypeError
        A type with no plain form.

    Examples
    --------
    >>> plain({"a": (np.float32(0.5), float("nan"))})
    {'a': [0.5, None]}
    """
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return plain(value.value)
        case np.generic():  # before float: np.float64 is one, with another repr
            return plain(value.item())
        case int():
            return int(value)
        case float():
            return value if math.isfinite(value) else None
        case np.ndarray():
            return plain(value.tolist())
        case PurePath():
            return value.as_posix()
        case list() | tuple() | set() | frozenset():
            items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            return [plain(item) for item in items]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "items"):
        return {str(name): plain(item) for name, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no plain form")


def json_text(value: object) -> str:
    """Give ``value`` as indented JSON with a last line end."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(value: object, path: Path) -> Path:
    """Write any plain value, dataclass or array as JSON; gives ``path``."""
    return write_text(json_text(value), path)


def tsv_text(columns: Mapping[str, Sequence[object]]) -> str:
    """Give a table as tab-separated text; None and NaN become ``n/a`` (BIDS).

    Raises
    ------
    InputError
        Columns of unequal length, or a cell with a tab or line end in it.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(f"a table needs columns of one length, given {lengths}")
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return "".join("\t".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: object) -> str:
    value = plain(value)
    if value is None:
        return "n/a"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, float) else str(value)
    if any(c in text for c in "\t\r\n"):
        raise InputError(f"a table cell cannot hold tabs or line ends: {one_line(text)!r}")
    return text


def write_tsv(columns: Mapping[str, Sequence[object]], path: Path) -> Path:
    """Write columns as a TSV table; gives ``path``."""
    return write_text(tsv_text(columns), path)
