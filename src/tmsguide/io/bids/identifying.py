"""Which metadata of a scan may be copied into what is written: an allow-list, key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from tmsguide.io.documents import read_toml_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["allowed", "allowed_keys"]

#: No scan has more slices, echoes or volumes than this in one list.
_LONGEST = 20_000
#: A task's name as it stands in file names already (the BIDS entity).
_NAME = re.compile(r"[A-Za-z0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class _Field:
    """What one key may hold; ``low`` and ``high`` for numbers, ``words`` for words."""

    kind: str
    low: float = 0.0
    high: float = 0.0
    words: tuple[str, ...] = ()


def allowed(metadata: Mapping[str, object]) -> dict[str, object]:
    """Give the fields of a sidecar that tell how a scan was made, and nothing else.

    A field passes if its key is listed and its value is of the listed kind and range; names,
    dates, places, serial numbers and free text pass nowhere.

    Examples
    --------
    >>> allowed({"EchoTime": 0.03, "PatientName": "A^B", "Manufacturer": "A^B", "FlipAngle": "A"})
    {'EchoTime': 0.03}
    """
    fields = _fields()
    return {
        key: list(value) if isinstance(value, (list, tuple)) else value
        for key, value in metadata.items()
        if key in fields and _fits(value, fields[key])
    }


def allowed_keys() -> tuple[str, ...]:
    """Give the keys that may pass, in the order of the table."""
    return tuple(_fields())


@lru_cache(maxsize=1)
def _fields() -> dict[str, _Field]:
    table = read_toml_resource("tmsguide.io.data", "shared_metadata.toml")
    rows = cast("Mapping[str, Mapping[str, Any]]", table["field"])
    return {
        key: _Field(
            kind=row["kind"],
            low=row.get("low", 0.0),
            high=row.get("high", 0.0),
            words=tuple(row.get("words", ())),
        )
        for key, row in rows.items()
    }


def _fits(value: object, field: _Field) -> bool:
    if field.kind == "flag":
        return isinstance(value, bool)
    if field.kind == "word":
        return isinstance(value, str) and value in field.words
    if field.kind == "name":
        return isinstance(value, str) and _NAME.fullmatch(value) is not None
    if field.kind == "numbers" and isinstance(value, (list, tuple)):
        return len(value) <= _LONGEST and all(_number(v, field) for v in value)
    return _number(value, field)


def _number(value: object, field: _Field) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return field.low <= value <= field.high  # False for not-a-number, and safe for any integer
