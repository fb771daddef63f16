"""Electrode and fiducial positions in SimNIBS' comma-separated files."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes, text_of
from tmsguide.model import Landmarks, Points

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Frame

__all__ = ["read_eeg_positions"]

_TYPES = ("Electrode", "ReferenceElectrode", "Fiducial")
#: Our guess for positions carried over from a template: unverified.
_UNCERTAINTY_MM = 5.0


def read_eeg_positions(path: Path, *, frame: Frame) -> Landmarks:
    """Read rows ``Type,x,y,z,name`` of electrodes, reference and fiducials.

    Rows of other types are passed over. SimNIBS carries the positions over from a template; 5 mm
    of uncertainty is our guess.

    Raises
    ------
    InputError
        The file cannot be read, holds no position, or a row that is none.
    """
    text = text_of(read_bytes(path), path)
    names: list[str] = []
    rows: list[list[float]] = []
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not row or row[0].strip() not in _TYPES:
            continue
        try:
            place = [float(cell) for cell in row[1:4]]
        except ValueError:
            place = []
        if len(place) < 3 or len(row) < 5 or not np.isfinite(place).all():
            raise InputError(
                f"{one_line(path)} row {number} is no position; needed Type,x,y,z,name with "
                "millimetres"
            )
        names.append(one_line(row[4]))
        rows.append(place)
    if not rows:
        raise InputError(
            f"{one_line(path)} holds no electrode and no fiducial; needed rows Type,x,y,z,name"
        )
    if len(set(names)) < len(names):
        raise InputError(f"{one_line(path)} names a position twice; rename one of them")
    return Landmarks(
        tuple(names), Points(np.array(rows), frame), np.full(len(rows), _UNCERTAINTY_MM)
    )
