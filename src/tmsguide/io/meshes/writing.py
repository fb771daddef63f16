"""Head meshes as bytes of other programs' formats: Gmsh 2.2 and 4.1, VTK's VTU."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.io.meshes.elements import TETRAHEDRON
from tmsguide.io.meshes.values import values_section
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import HeadModel

    Floats = NDArray[np.float64]
    _Group = tuple[str, list[tuple[str, NDArray[Any]]]]

__all__ = ["MshVersion", "msh_pieces", "vtu_pieces"]

_VTK_TETRA = 10
_VTK_NAMES = {"float64": "Float64", "int32": "Int32", "int64": "Int64", "uint8": "UInt8"}


class MshVersion(Enum):
    """A version of Gmsh's format: SimNIBS reads and writes 2.2, Gmsh itself writes 4.1."""

    V2_2 = "2.2"
    V4_1 = "4.1"


def msh_pieces(
    head: HeadModel, values: Mapping[str, Floats], version: MshVersion
) -> Iterator[bytes]:
    """Give a binary little-endian Gmsh mesh in pieces, with values per tetrahedron.

    Nothing stands between binary data and the ``$End`` line behind them: the manual allows it and
    SimNIBS accepts nothing else behind values.
    """
    yield f"$MeshFormat\n{version.value} 1 8\n".encode()
    yield np.array([1], "<i4").tobytes() + b"\n$EndMeshFormat\n"
    yield from _version_2(head) if version is MshVersion.V2_2 else _version_4(head)
    for name, table in values.items():
        yield values_section(name, table)


def _version_2(head: HeadModel) -> Iterator[bytes]:
    n, m = len(head.nodes), len(head.cells)
    nodes = np.empty(n, dtype=[("id", "<i4"), ("xyz", "<f8", 3)])
    nodes["id"] = np.arange(1, n + 1)
    nodes["xyz"] = head.nodes.xyz_mm
    yield f"$Nodes\n{n}\n".encode() + nodes.tobytes() + b"$EndNodes\n"
    rows = np.empty((m, 7), dtype="<i4")
    rows[:, 0] = np.arange(1, m + 1)
    rows[:, 1] = rows[:, 2] = head.tissue  # physical group and elementary entity alike
    rows[:, 3:] = head.cells + 1
    block = np.array([TETRAHEDRON, m, 2], "<i4").tobytes() if m else b""
    yield f"$Elements\n{m}\n".encode() + block + rows.tobytes() + b"$EndElements\n"


def _version_4(head: HeadModel) -> Iterator[bytes]:
    """One volume per tissue; nodes belong to the first, as the format has no place for shared."""
    n, m = len(head.nodes), len(head.cells)
    tissues = np.unique(head.tissue)
    xyz = head.nodes.xyz_mm
    box = np.concatenate([xyz.min(axis=0), xyz.max(axis=0)]) if n else np.zeros(6)
    parts = [_sizes(0, 0, 0, len(tissues))]
    for tissue in tissues:
        parts += [_ints(tissue), box.astype("<f8").tobytes(), _sizes(1), _ints(tissue), _sizes(0)]
    yield b"$Entities\n" + b"".join(parts) + b"$EndEntities\n"
    first = int(tissues[0]) if len(tissues) else 1
    yield b"$Nodes\n" + _sizes(1, n, min(n, 1), n) + _ints(3, first, 0) + _sizes(n)
    yield np.arange(1, n + 1, dtype="<i8").tobytes() + xyz.astype("<f8").tobytes()
    yield b"$EndNodes\n$Elements\n" + _sizes(len(tissues), m, min(m, 1), m)
    for tissue in tissues:
        chosen = np.flatnonzero(head.tissue == tissue)
        rows = np.empty((len(chosen), 5), dtype="<i8")
        rows[:, 0] = chosen + 1
        rows[:, 1:] = head.cells[chosen] + 1
        yield _ints(3, tissue, TETRAHEDRON) + _sizes(len(chosen)) + rows.tobytes()
    yield b"$EndElements\n"


def _ints(*values: int) -> bytes:
    return np.array(values, "<i4").tobytes()


def _sizes(*values: int) -> bytes:
    return np.array(values, "<i8").tobytes()


def vtu_pieces(head: HeadModel, values: Mapping[str, Floats]) -> Iterator[bytes]:
    """Give a VTK unstructured grid in pieces: raw appended arrays behind an XML heading.

    Cells carry ``tissue``, ``sigma_s_per_m`` and ``values``; positions are millimetres RAS+.

    References
    ----------
    "VTK file formats", docs.vtk.org: UnstructuredGrid, appended data with UInt64 headers.
    """
    groups = _vtu_groups(head, values)
    yield _vtu_heading(head, groups).encode() + b"\n_"
    for _, arrays in groups:
        for _, array in arrays:
            yield np.array([array.nbytes], np.uint64).tobytes()
            yield np.ascontiguousarray(array).tobytes()
    yield b"\n</AppendedData>\n</VTKFile>\n"


def _vtu_groups(head: HeadModel, values: Mapping[str, Floats]) -> list[_Group]:
    """Arrays by section, in the order in which they are stored."""
    m = len(head.cells)
    return [
        ("Points", [("positions_mm", head.nodes.xyz_mm)]),
        (
            "Cells",
            [
                ("connectivity", head.cells.astype(np.int32).ravel()),
                ("offsets", np.arange(4, 4 * m + 1, 4, dtype=np.int64)),
                ("types", np.full(m, _VTK_TETRA, dtype=np.uint8)),
            ],
        ),
        (
            "CellData",
            [("tissue", head.tissue), ("sigma_s_per_m", head.sigma_s_per_m), *values.items()],
        ),
    ]


def _vtu_heading(head: HeadModel, groups: Sequence[_Group]) -> str:
    order = "LittleEndian" if sys.byteorder == "little" else "BigEndian"
    key = ", ".join(f"{t.value} {t.name}" for t in Tissue)
    lines = [
        '<?xml version="1.0"?>',
        f'<VTKFile type="UnstructuredGrid" version="1.0" byte_order="{order}" '
        'header_type="UInt64">',
        f"<!-- tissue: {key} -->",
        "<UnstructuredGrid>",
        f'<Piece NumberOfPoints="{len(head.nodes)}" NumberOfCells="{len(head.cells)}">',
    ]
    offset = 0
    for title, arrays in groups:
        lines.append(f"<{title}>")
        for name, array in arrays:
            width = array.shape[1] if array.ndim == 2 else 1
            lines.append(
                f'<DataArray type="{_VTK_NAMES[array.dtype.name]}" Name="{name}" '
                f'NumberOfComponents="{width}" format="appended" offset="{offset}"/>'
            )
            offset += 8 + array.nbytes
        lines.append(f"</{title}>")
    lines += ["</Piece>", "</UnstructuredGrid>", '<AppendedData encoding="raw">']
    return "\n".join(lines)
