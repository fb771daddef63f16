"""A Gmsh mesh file section by section: versions 2.x and 4.1, text and binary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.meshes import msh2 as mesh_msh2
from tmsguide.io.meshes import msh4 as mesh_msh4
from tmsguide.io.meshes.elements import Elements, rows_of
from tmsguide.io.meshes.numbers import BinaryNumbers, Cursor, TextNumbers, damaged
from tmsguide.io.meshes.values import ElementValues, read_values, values_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.io.meshes.numbers import Numbers

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["GmshMesh", "parse_msh"]


@dataclass(frozen=True, slots=True, eq=False)
class GmshMesh:
    """The tetrahedra of a file, in the order of their numbers.

    ``nodes_mm`` (N, 3), every node of the file; ``cells`` (M, 4) into it; ``label`` (M,) physical
    group (a tissue number in head meshes); ``values`` per cell by name, (M,) or (M, C).
    """

    nodes_mm: Floats
    cells: Ints
    label: Ints
    values: Mapping[str, Floats]


@dataclass(slots=True)
class _Found:
    """What the sections read so far have given."""

    version: int = 0
    order: str | None = None  # byte order of binary files, None for text
    volumes: dict[int, int] = field(default_factory=dict)
    nodes: tuple[Ints, Floats] | None = None
    elements: Elements | None = None
    values: list[ElementValues] = field(default_factory=list)


def parse_msh(data: bytes, name: str) -> GmshMesh:
    """Give the tetrahedra in the bytes of a Gmsh mesh; ``name`` is for the errors.

    Triangles, lines and points are passed over, as are sections with values on nodes.

    Raises
    ------
    InputError
        Another format or version, a truncated or odd file, solids that are no 4-node tetrahedra.

    References
    ----------
    Gmsh reference manual, "MSH file format" (4.1) and "MSH file format version 2 (Legacy)".
    """
    cursor = Cursor(data, name)
    found = _Found()
    while True:
        cursor.skip_blanks()
        if cursor.left <= 0:
            break
        head = cursor.line()
        if head[:1] != b"$" or len(head) < 2:
            raise damaged(name, f"{head[:20]!r} where a section should start; is it a .msh file")
        _section(head[1:], cursor, found)
        cursor.skip_blanks()
        if cursor.line() != b"$End" + head[1:]:
            raise damaged(name, f"section {head[:30]!r} is longer than it says")
    if found.nodes is None or found.elements is None:
        raise damaged(name, "no nodes or no elements in it")
    return _assembled(found.nodes, found.elements, found.values, name)


def _section(title: bytes, cursor: Cursor, found: _Found) -> None:
    if title == b"MeshFormat":
        found.version, found.order = _format(cursor)
        return
    if title in (b"Nodes", b"Elements", b"Entities", b"ElementData") and not found.version:
        raise damaged(cursor.name, "no $MeshFormat before its first section")
    order = found.order
    if title == b"Nodes" and found.version == 2:
        if order is None:
            found.nodes = mesh_msh2.text_nodes(cursor)
        else:
            found.nodes = mesh_msh2.binary_nodes(cursor, order)
    elif title == b"Elements" and found.version == 2:
        if order is None:
            found.elements = mesh_msh2.text_elements(cursor)
        else:
            found.elements = mesh_msh2.binary_elements(cursor, order)
    elif title == b"Entities":
        found.volumes = mesh_msh4.read_entities(_numbers(title, cursor, order))
    elif title == b"Nodes":
        found.nodes = mesh_msh4.read_nodes(_numbers(title, cursor, order), cursor.name)
    elif title == b"Elements":
        found.elements = mesh_msh4.read_elements(
            _numbers(title, cursor, order), found.volumes, cursor.name
        )
    elif title == b"ElementData":
        found.values.append(read_values(cursor, order))
    else:
        cursor.text_before(b"$End" + title)


def _numbers(title: bytes, cursor: Cursor, order: str | None) -> Numbers:
    if order is None:
        return TextNumbers.before(cursor, b"$End" + title)
    return BinaryNumbers(cursor, order)


def _format(cursor: Cursor) -> tuple[int, str | None]:
    """Major version and byte order, from ``version file-type data-size`` and a binary 1."""
    words = cursor.line().split()
    if len(words) != 3:
        raise damaged(cursor.name, f"{b' '.join(words)[:40]!r} where version and type are due")
    version, kind, size = words
    if version not in (b"2", b"2.0", b"2.1", b"2.2", b"4.1"):
        raise InputError(
            f"{one_line(cursor.name)} is a Gmsh mesh of version "
            f"{one_line(version.decode('utf-8', 'replace'))}; needed 2.2 or 4.1. Save it again "
            "as one of these, for instance with gmsh -save -format msh41"
        )
    if kind not in (b"0", b"1") or size != b"8":
        raise damaged(cursor.name, "it is neither text nor binary with 8-byte numbers")
    if kind == b"0":
        return int(version[:1]), None
    one = cursor.array(np.dtype("<i4"), 1)[0]
    if one not in (1, 1 << 24):
        raise damaged(cursor.name, "its byte order cannot be told")
    return int(version[:1]), "<" if one == 1 else ">"


def _assembled(
    nodes: tuple[Ints, Floats], elements: Elements, values: list[ElementValues], name: str
) -> GmshMesh:
    number, places = nodes
    if not np.isfinite(places).all():
        raise damaged(name, "node positions that are NaN or endless")
    return GmshMesh(
        nodes_mm=np.ascontiguousarray(places),
        cells=np.ascontiguousarray(rows_of(elements.corners, number, name, "node")),
        label=elements.label,
        values=values_by_name(values, elements.number, name),
    )
