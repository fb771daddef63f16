"""Brainsight text files: targets out, targets and samples in.

Axes (SimNIBS to Brainsight, its own inverse): x and z point the other way, y the same.
Positions are in the NIfTI's world, RAS+ millimetres.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import LIMIT_BYTES, one_line, text_of
from tmsguide.io.navigators.markers import (
    NavigatorMarker,
    foreign_name,
    numbers,
    one_frame,
    pose_from_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.model import Frame

__all__ = ["BRAINSIGHT_FROM_SIMNIBS", "coordinate_system", "decode", "encode"]

BRAINSIGHT_FROM_SIMNIBS = np.diag([-1.0, 1.0, -1.0])
_FORM_NAMES = {1: "Scanner", 2: "Aligned", 3: "Talairach", 4: "MNI-152", 5: "Other-Template"}
_POSITION = ("Loc. X", "Loc. Y", "Loc. Z")
_AXES = tuple(f"m{axis}n{row}" for axis in range(3) for row in range(3))
_READ = ("Target Name", "Sample Name")


def coordinate_system(*, version: int, form: str, code: int) -> str:
    """Give Brainsight's name of a NIfTI's world.

    ``form`` ("Q" or "S") and ``code`` are those of the T1w that is loaded in Brainsight, as in
    `NiftiHeader`. Version 14 (Brainsight 2.5.3) names form and code, version 12 the code alone.

    Examples
    --------
    >>> coordinate_system(version=14, form="Q", code=1)
    'NIfTI:Q:Scanner'
    >>> coordinate_system(version=12, form="Q", code=2)
    'NIfTI:Aligned'
    """
    if form not in ("Q", "S") or code not in _FORM_NAMES:
        raise InputError(
            f"form {form!r} with code {code} is no NIfTI orientation; needed Q or S, code 1 to 5"
        )
    if version == 14:
        return f"NIfTI:{form}:{_FORM_NAMES[code]}"
    if version == 12:
        return f"NIfTI:{_FORM_NAMES[code]}"
    raise InputError(f"Brainsight file version {version} cannot be written; needed 12 or 14")


def encode(
    markers: Sequence[NavigatorMarker], *, version: int = 14, form: str = "Q", code: int = 1
) -> bytes:
    """Give a Brainsight target file, 6 decimals (so that axes stay square to 1e-6).

    Parameters
    ----------
    markers
        Poses of one frame, whose world is that of the T1w loaded in Brainsight.
    version
        14 for Brainsight 2.5.3 and later, 12 for older ones.
    form, code
        Orientation form and code of that T1w, from `NiftiHeader`.
    """
    one_frame(markers)
    lines = [
        f"# Version: {version}",
        f"# Coordinate system: {coordinate_system(version=version, form=form, code=code)}",
        "# Created by: tmsguide",
        "# Units: millimetres, degrees, milliseconds, and microvolts",
        "# Encoding: UTF-8",
        "# Notes: Each column is delimited by a tab. Each value within a column is delimited by "
        "a semicolon.",
        "# " + "\t".join(("Target Name", *_POSITION, *_AXES)),
    ]
    for marker in markers:
        axes = marker.matsimnibs[:3, :3] @ BRAINSIGHT_FROM_SIMNIBS
        row = [*marker.matsimnibs[:3, 3], *axes.T.ravel()]  # m0n0..m0n2 is the first axis
        lines.append("\t".join([marker.name, *(f"{round(v, 6) + 0.0:.6f}" for v in row)]))
    return ("\n".join(lines) + "\n").encode("utf-8")


def decode(data: bytes, *, frame: Frame) -> tuple[NavigatorMarker, ...]:
    """Give the poses of all targets and samples in a Brainsight file; ``frame`` is its T1w's.

    Columns are found by their header, so any version is read. Points without axes are skipped.

    Raises
    ------
    InputError
        No Brainsight text, coordinates that are not the NIfTI's world, no pose, or a bad one.
    """
    if len(data) > LIMIT_BYTES:
        raise InputError(f"Brainsight file of {len(data)} bytes; needed at most {LIMIT_BYTES}")
    lines = re.split(r"\r\n|\r|\n", text_of(data, "Brainsight file"))
    _check_system(lines)
    found: list[NavigatorMarker] = []
    header: list[str] | None = None
    for line in lines:
        if line.startswith("#"):
            words = [cell.strip() for cell in line.lstrip("# ").split("\t")]
            header = words if len(words) > 1 else header if ":" in line else None
        elif line.strip() and header and header[0] in _READ:
            marker = _row(line, header, frame)
            if marker is not None:
                found.append(marker)
    if not found:
        raise InputError(
            "Brainsight file holds no target or sample with a coil pose; export targets with "
            "their orientation"
        )
    return tuple(found)


def _check_system(lines: list[str]) -> None:
    for line in lines:
        match = re.match(r"#\s*Coordinate system:\s*(.*)", line, flags=re.IGNORECASE)
        if match and match[1].strip().lower().startswith("nifti:"):
            return
        if match:
            raise InputError(
                f"Brainsight file is in the coordinate system {one_line(match[1])!r}; needed the "
                "NIfTI's own; export again with a NIfTI coordinate system chosen"
            )
    raise InputError("no Brainsight file: it states no coordinate system; export it again")


def _row(line: str, header: list[str], frame: Frame) -> NavigatorMarker | None:
    cells = dict(zip(header, [cell.strip() for cell in line.split("\t")], strict=False))
    wanted = [cells.get(column, "(null)") for column in (*_POSITION, *_AXES)]
    if "(null)" in wanted:
        return None
    name = foreign_name(cells[header[0]], "unnamed")
    values = numbers(wanted, name)
    axes = values[3:].reshape(3, 3).T @ BRAINSIGHT_FROM_SIMNIBS
    return NavigatorMarker(name, pose_from_axes(axes, values[:3]), frame)
