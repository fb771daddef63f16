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

    Rows of other types are passed over, as is a fiducial that an electrode has the name of (Iz in
    SimNIBS' SPM12 cap). SimNIBS carries the positions over from a template; 5 mm of uncertainty
    is our guess.

    Raises
    ------
    InputError
        The file cannot be read, holds no position, or a row that is none.
    """
    text = text_of(read_bytes(path), path)
    found: dict[str, tuple[str, list[float]]] = {}
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        if not row or row[0].strip() not in _TYPES:
            continue
        kind, place = row[0].strip(), _place(row)
        if place is None:
            raise InputError(
                f"{one_line(path)} row {number} is no position; needed Type,x,y,z,name with "
                "millimetres"
            )
        name = one_line(row[4])
        if name in found and found[name][0] == kind:
            raise InputError(f"{one_line(path)} names {name!r} twice; rename one of them")
        found.setdefault(name, (kind, place))
    if not found:
        raise InputError(
            f"{one_line(path)} holds no electrode and no fiducial; needed rows Type,x,y,z,name"
        )
    places = np.array([place for _, place in found.values()])
    spread_mm = np.full(len(found), _UNCERTAINTY_MM)
    return Landmarks(tuple(found), Points(places, frame), spread_mm)


def _place(row: list[str]) -> list[float] | None:
    if len(row) < 5:
        return None
    try:
        place = [float(cell) for cell in row[1:4]]
    except ValueError:
        return None
    return place if np.isfinite(place).all() else None
