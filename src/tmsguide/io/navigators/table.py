"""Coil poses as a plain table: one row per pose, with a JSON file that explains each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.documents import one_line, parse_json, parse_tsv
from tmsguide.io.navigators.markers import (
    NavigatorMarker,
    foreign_name,
    one_frame,
    pose_from_axes,
)
from tmsguide.io.writing import json_text, tsv_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.model import Frame

__all__ = ["decode", "encode"]

_GROUPS = {
    "centre": ("mm", "centre of the coil casing's head-side face"),
    "lateral": ("1", "unit vector of the coil's x axis, lateral"),
    "front": ("1", "unit vector of the coil's y axis, away from the handle"),
    "into_head": ("1", "unit vector of the coil's z axis, into the head"),
    "target": ("mm", "cortical target that the pose was made for"),
}


def _columns(group: str) -> list[str]:
    unit = "_mm" if _GROUPS[group][0] == "mm" else ""
    return [f"{group}_{axis}{unit}" for axis in "xyz"]


def encode(markers: Sequence[NavigatorMarker]) -> tuple[bytes, bytes]:
    """Give (TSV, JSON): positions and axes in RAS+ millimetres, numbers written in full."""
    frame = one_frame(markers)
    columns: dict[str, list[object]] = {"name": [m.name for m in markers]}
    described: dict[str, object] = {
        "Frame": frame.name,
        "CoordinateSystem": "RAS+: x to the person's right, y forward, z up",
        "name": {"Description": "name of the pose"},
    }
    parts = [dict(zip(_GROUPS, _vectors(m), strict=True)) for m in markers]
    for group, (unit, description) in _GROUPS.items():
        for axis, column in enumerate(_columns(group)):
            columns[column] = [part[group][axis] for part in parts]
            described[column] = {"Description": f"{description}, {'xyz'[axis]}", "Units": unit}
    return tsv_text(columns).encode("utf-8"), json_text(described).encode("utf-8")


def _vectors(marker: NavigatorMarker) -> list[list[float]]:
    pose = marker.matsimnibs
    target = np.full(3, np.nan) if marker.target_mm is None else marker.target_mm
    return [v.tolist() for v in (pose[:3, 3], pose[:3, 0], pose[:3, 1], pose[:3, 2], target)]


def decode(table: bytes, description: bytes, *, frame: Frame) -> tuple[NavigatorMarker, ...]:
    """Read what `encode` wrote.

    Raises
    ------
    InputError
        Missing columns or cells that are no numbers.
    FrameError
        The table was written for another frame.
    """
    stated = parse_json(description, "pose table description").get("Frame")
    if stated != frame.name:
        raise FrameError(
            f"pose table is in {one_line(stated)}, needed {frame.name}; choose that person's table"
        )
    columns = parse_tsv(table, "pose table")
    needed = ["name", *(column for group in _GROUPS for column in _columns(group))]
    absent = [column for column in needed if column not in columns]
    if absent:
        raise InputError(f"pose table lacks the columns {', '.join(absent)}; write it again")
    if not columns["name"]:
        raise InputError("pose table has no rows; needed one per pose")
    return tuple(_row(columns, i, frame) for i in range(len(columns["name"])))


def _row(columns: dict[str, list[str]], i: int, frame: Frame) -> NavigatorMarker:
    name = foreign_name(columns["name"][i], f"pose {i + 1}")
    try:
        vectors = {
            group: np.array([_number(columns[column][i]) for column in _columns(group)])
            for group in _GROUPS
        }
    except ValueError as error:
        raise InputError(f"pose {one_line(name)!r} holds no number: {one_line(error)}") from error
    axes = np.stack([vectors["lateral"], vectors["front"], vectors["into_head"]], axis=1)
    target = vectors["target"]
    return NavigatorMarker(
        name,
        pose_from_axes(axes, vectors["centre"]),
        frame,
        None if np.isnan(target).all() else target,
    )


def _number(cell: str) -> float:
    return float("nan") if cell == "n/a" else float(cell)
