"""Number tables packed into one string, as SimNIBS writes them into `.tcd` files."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.coils.numbers import LIMIT_BYTES
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["unpacked"]

_ROW_BYTES = 24  # three numbers of eight bytes


def unpacked(value: object, name: object, kind: type[np.float64] | type[np.int64]) -> object:
    """Give the table that a string holds; what is no string comes back as it is.

    A string is base64 of rows of three little-endian 64-bit numbers (``kind``), or of JSON as
    SimNIBS' schema has it, either of them squeezed by zlib or not.

    Raises
    ------
    InputError
        The string holds none of these, or unfolds to over 50 MB; ``name`` is for the error.
    """
    if not isinstance(value, str):
        return value
    try:
        data = _unfolded(base64.b64decode(value, validate=True), name)
        if data[:1] == b"[":
            table: object = json.loads(data)
            return table
        return _rows(data, kind)
    except (ValueError, zlib.error, RecursionError) as error:
        raise InputError(
            f"{one_line(name)}: packed numbers cannot be unpacked ({one_line(error)}); needed "
            "base64 of rows of three numbers; export the coil again"
        ) from error


def _unfolded(data: bytes, name: object) -> bytes:
    if data[:1] != b"\x78" or int.from_bytes(data[:2], "big") % 31:  # RFC 1950: zlib's header
        return data
    engine = zlib.decompressobj()
    whole = engine.decompress(data, LIMIT_BYTES)
    if engine.unconsumed_tail:
        raise InputError(
            f"{one_line(name)}: packed numbers exceed {LIMIT_BYTES / 1e6:g} MB; check that it is "
            "the right file"
        )
    if not engine.eof:
        raise ValueError("cut off")
    return whole


def _rows(data: bytes, kind: type[np.float64] | type[np.int64]) -> NDArray[np.float64]:
    if len(data) % _ROW_BYTES:
        raise ValueError(f"{len(data)} bytes are no rows of three 64-bit numbers")
    return np.frombuffer(data, dtype=np.dtype(kind).newbyteorder("<")).reshape(-1, 3).astype(float)
