"""SimNIBS coil poses: ``matsimnibs`` as JSON with its conventions stated, or as bare text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.documents import one_line, parse_json, text_of
from tmsguide.io.navigators.markers import NavigatorMarker, foreign_name, one_frame
from tmsguide.io.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = ["decode", "decode_text", "encode", "encode_text"]

_CONVENTION = (
    "matsimnibs: 4 x 4, coil millimetres to world RAS+ millimetres of the T1w; columns are the "
    "coil's x (lateral), y (away from the handle), z (into the head) and its centre"
)


def encode(markers: Sequence[NavigatorMarker]) -> bytes:
    """Give a JSON file of named ``matsimnibs``; numbers are written in full."""
    frame = one_frame(markers)
    positions = [
        {"name": m.name, "matsimnibs": m.matsimnibs, "target_mm": m.target_mm} for m in markers
    ]
    content = {"convention": _CONVENTION, "frame": frame.name, "positions": positions}
    return json_text(content).encode("utf-8")


def decode(data: bytes, *, frame: Frame) -> tuple[NavigatorMarker, ...]:
    """Read what `encode` wrote.

    Raises
    ------
    InputError
        No such JSON, or a matrix that is no pose.
    FrameError
        The file was written for another frame.
    """
    content = parse_json(data, "SimNIBS position file")
    stated = content.get("frame")
    if stated != frame.name:
        raise FrameError(
            f"SimNIBS positions are in {one_line(stated)}, needed {frame.name}; choose the "
            "file of that person"
        )
    positions = content.get("positions")
    if not isinstance(positions, list) or not positions:
        raise InputError('SimNIBS position file has no "positions"; write it again')
    return tuple(_position(item, frame) for item in positions)


def _position(item: object, frame: Frame) -> NavigatorMarker:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise InputError("a SimNIBS position has no name; write the file again")
    target = item.get("target_mm")
    name = foreign_name(item["name"], "pose")
    return NavigatorMarker(
        name,
        _numbers(item.get("matsimnibs"), name),
        frame,
        None if target is None else _numbers(target, name),
    )


def _numbers(value: object, name: str) -> NDArray[np.float64]:
    try:
        array: NDArray[np.float64] = np.array(value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"SimNIBS position {one_line(name)!r} holds no numbers") from error
    return array


def encode_text(marker: NavigatorMarker) -> bytes:
    """Give one ``matsimnibs`` as four lines of four numbers, written in full."""
    rows = (" ".join(repr(float(v)) for v in row) for row in marker.matsimnibs)
    return ("\n".join(rows) + "\n").encode("utf-8")


def decode_text(data: bytes, *, name: str, frame: Frame) -> NavigatorMarker:
    """Read one 4 x 4 matrix of numbers parted by spaces, tabs or commas; # starts a comment.

    Raises
    ------
    InputError
        Not 16 numbers, or they are no pose.
    """
    lines = [line.partition("#")[0] for line in text_of(data, name).splitlines()]
    words = " ".join(lines).replace(",", " ").split()
    try:
        numbers = np.array([float(word) for word in words[:17]])
    except ValueError as error:
        raise InputError(
            f"matsimnibs {one_line(name)!r} holds no number: {one_line(error)}"
        ) from (error)
    if numbers.size != 16:
        raise InputError(f"matsimnibs {one_line(name)!r} holds not 16 numbers; needed 4 x 4")
    return NavigatorMarker(name, numbers.reshape(4, 4), frame)
