"""Elements of a Gmsh mesh: the tetrahedra among them, with number and label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.meshes.numbers import damaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["TETRAHEDRON", "Elements", "element_block", "joined", "nodes_of", "rows_of"]

TETRAHEDRON = 4

# Gmsh reference manual, "MSH file format": element type to number of nodes
_NODES = {1: 2, 2: 3, 3: 4, 4: 4, 5: 8, 6: 6, 7: 5, 8: 3, 9: 6, 10: 9, 11: 10, 12: 27, 13: 18}
_NODES |= {14: 14, 15: 1, 16: 8, 17: 20, 18: 15, 19: 13, 20: 9, 21: 10, 22: 12, 23: 15, 24: 15}
_NODES |= {25: 21, 26: 4, 27: 5, 28: 6, 29: 20, 30: 35, 31: 56, 92: 64, 93: 125}
_OTHER_SOLIDS = {
    5: "8-node hexahedra",
    6: "6-node prisms",
    7: "5-node pyramids",
    11: "10-node tetrahedra",
    12: "27-node hexahedra",
    13: "18-node prisms",
    14: "14-node pyramids",
    17: "20-node hexahedra",
    18: "15-node prisms",
    19: "13-node pyramids",
    29: "20-node tetrahedra",
    30: "35-node tetrahedra",
    31: "56-node tetrahedra",
    92: "64-node hexahedra",
    93: "125-node hexahedra",
}


@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """Tetrahedra of a file: ``number`` (M,), ``label`` (M,), ``corners`` (M, 4) node numbers."""

    number: Ints
    label: Ints
    corners: Ints


def nodes_of(kind: int, name: str) -> int:
    """How many nodes an element type has.

    Raises
    ------
    InputError
        A type that Gmsh does not define, or a solid other than the 4-node tetrahedron.
    """
    if kind in _OTHER_SOLIDS:
        raise InputError(
            f"{one_line(name)} holds {_OTHER_SOLIDS[kind]}; needed 4-node tetrahedra. Export the "
            "mesh as first-order tetrahedra"
        )
    if kind not in _NODES:
        raise damaged(name, f"element type {kind} does not exist")
    return _NODES[kind]


def element_block(
    kind: int, number: NDArray[Any], label: NDArray[Any], corners: NDArray[Any]
) -> Elements:
    """Give the tetrahedra of a block: all of it, or none where it holds points, lines, faces."""
    if kind != TETRAHEDRON:
        number, label, corners = number[:0], label[:0], np.empty((0, 4), dtype=np.int64)
    return Elements(number.astype(np.int64), label.astype(np.int64), corners.astype(np.int64))


def joined(blocks: Sequence[Elements], name: str) -> Elements:
    """Give all blocks as one, in ascending element number.

    Raises
    ------
    InputError
        No tetrahedra, or two of one number.
    """
    if not any(len(block.number) for block in blocks):
        raise InputError(
            f"{one_line(name)} holds no tetrahedra; give a head mesh, not a surface or a result "
            "on surfaces"
        )
    number = np.concatenate([block.number for block in blocks])
    label = np.concatenate([block.label for block in blocks])
    corners = np.concatenate([block.corners for block in blocks])
    if (np.diff(number) <= 0).any():
        order = np.argsort(number, kind="stable")
        number, label, corners = number[order], label[order], corners[order]
        if (np.diff(number) == 0).any():
            raise damaged(name, "two elements have one number")
    return Elements(number, label, corners)


def rows_of(wanted: Ints, known: Ints, name: str, what: str) -> Ints:
    """Find at which row of ``known`` numbers (N,) each wanted number stands.

    Raises
    ------
    InputError
        A wanted number is not known, or a known one stands twice.
    """
    n = len(known)
    if n and known[0] == 1 and known[-1] == n and (np.diff(known) == 1).all():
        rows, found = wanted - 1, (wanted >= 1) & (wanted <= n)
    else:
        order = np.argsort(known, kind="stable")
        ranked = known[order]
        if (np.diff(ranked) == 0).any():
            raise damaged(name, f"two {what}s have one number")
        place = np.minimum(np.searchsorted(ranked, wanted), max(n - 1, 0))
        found = ranked[place] == wanted if n else np.zeros(wanted.shape, dtype=np.bool_)
        rows = order[place] if n else np.zeros(wanted.shape, dtype=np.int64)
    if not found.all():
        raise damaged(
            name, f"{int((~found).sum())} references to {what}s that the file does not hold"
        )
    return np.asarray(rows, dtype=np.int64)
