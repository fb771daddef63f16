"""Values per element in a Gmsh mesh: the ``$ElementData`` sections, text and binary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.meshes.numbers import Cursor, TextNumbers, damaged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Field

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "ElementValues",
    "checked_values",
    "field_values",
    "read_values",
    "values_by_name",
    "values_section",
]

_MOST_TAGS = 100
_COMPONENTS = (1, 3, 9)  # scalar, vector, tensor: all that the format knows


@dataclass(frozen=True, slots=True, eq=False)
class ElementValues:
    """One section: its ``name``, element numbers (K,) and ``values`` (K, C)."""

    name: str
    number: Ints
    values: Floats


def field_values(field: Field) -> dict[str, Floats]:
    """Give a field as element values under the names SimNIBS uses, and recovered beside them.

    ``E`` (M, 3) and ``magnE`` (M,) are constant per element as solved; ``E_recovered`` and
    ``magnE_recovered`` are the smooth field. All in V/m.
    """
    return {
        "E": field.e_v_per_m,
        "magnE": np.linalg.norm(field.e_v_per_m, axis=1),
        "E_recovered": field.recovered_v_per_m,
        "magnE_recovered": np.linalg.norm(field.recovered_v_per_m, axis=1),
    }


def read_values(cursor: Cursor, order: str | None) -> ElementValues:
    """Read one section behind its heading; ``order`` is None where the file is text."""
    words = [cursor.line() for _ in range(_tags(cursor))]
    for _ in range(_tags(cursor)):
        cursor.line()
    whole = [cursor.whole() for _ in range(_tags(cursor))]
    if not words or len(whole) < 3 or whole[1] not in _COMPONENTS:
        raise damaged(cursor.name, "element values without name, components or count")
    name = one_line(words[0].decode("utf-8", "replace").strip('"'))
    components, count = whole[1], whole[2]
    if order is None:
        numbers = TextNumbers.before(cursor, b"$EndElementData")
        table = numbers.reals(count * (1 + components)).reshape(-1, 1 + components)
        number = TextNumbers(table[:, 0], cursor.name).ints(len(table))
        return ElementValues(name, number, table[:, 1:].copy())
    kind = np.dtype([("id", order + "i4"), ("v", order + "f8", (components,))])
    rows = cursor.array(kind, count)
    return ElementValues(name, rows["id"].astype(np.int64), rows["v"].astype(np.float64))


def _tags(cursor: Cursor) -> int:
    count = cursor.whole()
    if not 0 <= count <= _MOST_TAGS:
        raise damaged(cursor.name, f"{count} tags in element values")
    return count


def values_by_name(
    sections: Sequence[ElementValues], element: Ints, file: str
) -> dict[str, Floats]:
    """Give values of ascending elements (M,) as (M,) or (M, C) by name.

    Values on other elements only (surfaces) are left out. A later section of the same name gets a
    number behind it.

    Raises
    ------
    InputError
        Values for some of the elements but not for all, or two for one element.
    """
    found: dict[str, Floats] = {}
    for section in sections:
        place = np.minimum(np.searchsorted(element, section.number), len(element) - 1)
        known = element[place] == section.number
        place = place[known]
        if len(place) == 0:
            continue
        if len(place) != len(element) or (np.bincount(place, minlength=len(element)) != 1).any():
            raise InputError(
                f"{one_line(file)} has values {section.name!r} for {len(place)} of "
                f"{len(element)} tetrahedra; needed one for each. Export the whole result"
            )
        values = np.empty((len(element), section.values.shape[1]))
        values[place] = section.values[known]
        name, again = section.name, 2
        while name in found:
            name, again = f"{section.name} {again}", again + 1
        found[name] = values[:, 0] if values.shape[1] == 1 else values
    return found


def values_section(name: str, values: Floats) -> bytes:
    """Give values (M,) or (M, C) of elements 1 to M as a binary little-endian section."""
    table = values.reshape(len(values), -1)
    rows = np.empty(len(table), dtype=[("id", "<i4"), ("v", "<f8", (table.shape[1],))])
    rows["id"] = np.arange(1, len(table) + 1)
    rows["v"] = table
    head = f'$ElementData\n1\n"{name}"\n1\n0.0\n3\n0\n{table.shape[1]}\n{len(table)}\n'
    return head.encode() + rows.tobytes() + b"$EndElementData\n"


def checked_values(values: Mapping[str, Floats], n_cells: int) -> dict[str, Floats]:
    """Give values as float64 arrays, refusing what a mesh file cannot hold.

    Raises
    ------
    InputError
        Not one row per cell, other than 1, 3 or 9 numbers in it, or a name with odd characters.
    """
    checked = {}
    for name, given in values.items():
        table = np.asarray(given, dtype=np.float64)
        width = table.size // len(table) if len(table) else 0
        if len(table) != n_cells or width not in _COMPONENTS:
            raise InputError(
                f"values {one_line(name)!r} have shape {table.shape}; needed {n_cells} rows (one "
                "per tetrahedron) of 1, 3 or 9 numbers"
            )
        if not name or not all(c.isalnum() or c in "_ -.()|/" for c in name):
            raise InputError(f"{one_line(name)!r} cannot name values; use letters and digits")
        checked[name] = table.reshape(n_cells, -1) if table.ndim > 1 else table
    return checked
