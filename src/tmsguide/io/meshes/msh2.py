"""Nodes and elements of Gmsh's MSH format 2.2, the one SimNIBS writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.io.meshes.elements import Elements, element_block, joined, nodes_of
from tmsguide.io.meshes.numbers import Cursor, TextNumbers, damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["binary_elements", "binary_nodes", "text_elements", "text_nodes"]

_MOST_TAGS = 1000  # one per partition; real files have two


def text_nodes(cursor: Cursor) -> tuple[Ints, Floats]:
    """Give node numbers (N,) and positions (N, 3) of a ``$Nodes`` section written as text."""
    count = cursor.whole()
    numbers = TextNumbers.before(cursor, b"$EndNodes")
    rows = numbers.reals(4 * max(count, 0)).reshape(-1, 4)
    return TextNumbers(rows[:, 0], cursor.name).ints(len(rows)), rows[:, 1:].copy()


def binary_nodes(cursor: Cursor, order: str) -> tuple[Ints, Floats]:
    """Give node numbers (N,) and positions (N, 3) of a binary ``$Nodes`` section."""
    count = cursor.whole()
    rows = cursor.array(np.dtype([("id", order + "i4"), ("xyz", order + "f8", 3)]), count)
    return rows["id"].astype(np.int64), rows["xyz"].astype(np.float64)


def text_elements(cursor: Cursor) -> Elements:
    """Give the tetrahedra of an ``$Elements`` section written as text.

    A line is ``number type tags tag... node...``; lines of one type and tag count in a row are
    read as one block.
    """
    total = cursor.whole()
    numbers = TextNumbers.before(cursor, b"$EndElements")
    stream = numbers.ints(len(numbers.values))
    blocks = []
    at = done = 0
    while done < total:
        if at + 3 > len(stream):
            raise damaged(cursor.name, f"{total} elements announced and {done} found")
        kind, tags = int(stream[at + 1]), _tag_count(stream[at + 2], cursor)
        width = 3 + tags + nodes_of(kind, cursor.name)
        rows = _rows_alike(stream[at:], width, (1, 2), total - done)
        if len(rows) == 0:
            raise damaged(cursor.name, f"{total} elements announced and {done} found")
        blocks.append(
            element_block(kind, rows[:, 0], _first_tag(rows, 3, tags), rows[:, 3 + tags :])
        )
        at += rows.size
        done += len(rows)
    return joined(blocks, cursor.name)


def binary_elements(cursor: Cursor, order: str) -> Elements:
    """Give the tetrahedra of a binary ``$Elements`` section.

    Blocks have a header ``type count tags``; writers that open a block for every element are read
    as quickly as those that do not, because blocks of one element in a row count as one.
    """
    total = cursor.whole()
    stream = np.frombuffer(cursor.data, order + "i4", cursor.left // 4, cursor.at)
    blocks = []
    at = done = 0
    while done < total:
        if at + 3 > len(stream):
            raise damaged(cursor.name, f"{total} elements announced and {done} found")
        kind, count = int(stream[at]), int(stream[at + 1])
        tags = _tag_count(stream[at + 2], cursor)
        width = 1 + tags + nodes_of(kind, cursor.name)
        if count == 1:
            rows = _rows_alike(stream[at:], 3 + width, (0, 1, 2), total - done)[:, 3:]
            at += 3 * len(rows)
        else:
            at += 3
            rows = stream[at : at + max(count, 0) * width]
            rows = rows[: len(rows) // width * width].reshape(-1, width)
        if not 0 < len(rows) <= total - done or len(rows) < count:
            raise damaged(cursor.name, f"a block of {count} elements where {total - done} remain")
        blocks.append(
            element_block(kind, rows[:, 0], _first_tag(rows, 1, tags), rows[:, 1 + tags :])
        )
        at += rows.size
        done += len(rows)
    cursor.at += 4 * at
    return joined(blocks, cursor.name)


def _tag_count(value: Any, cursor: Cursor) -> int:
    if not 0 <= value <= _MOST_TAGS:
        raise damaged(cursor.name, f"an element with {value} tags")
    return int(value)


def _first_tag(rows: NDArray[Any], column: int, tags: int) -> Ints:
    """Physical group of each row; elements without tags belong to none, 0."""
    if tags == 0:
        return np.zeros(len(rows), dtype=np.int64)
    return rows[:, column].astype(np.int64)


def _rows_alike(
    stream: NDArray[Any], width: int, columns: tuple[int, ...], most: int
) -> NDArray[Any]:
    """Leading rows (K, width) of a stream that agree with the first one in some columns."""
    most = min(most, len(stream) // width)
    rows = stream[: most * width].reshape(most, width)
    alike, step = 0, 16
    while alike < most:
        part = rows[alike : alike + step]
        same = np.ones(len(part), dtype=np.bool_)
        for column in columns:
            same &= part[:, column] == rows[0, column]
        if not same.all():
            return rows[: alike + int(np.argmin(same))]
        alike += len(part)
        step *= 4
    return rows
