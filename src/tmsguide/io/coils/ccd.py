"""Coil models of other programs: SimNIBS `.ccd` (dipoles, text) and `.tcd` (JSON).

Both use the coil frame that we use: x lateral, y away from the handle, z into the head, the middle
of the casing's face at the origin, so that the conductors of a flat coil lie at z < 0. Only units
are converted (`.ccd` is in metres, `.tcd` in millimetres). The sign of the current is kept as it
stands in the file: at a positive dI/dt the field under the centre points along +y in the models
of Magstim's 70 mm coil and along -y in those of MagVenture's figure-8 coils; ask
`tmsguide.field.rising_direction` for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.coils.numbers import LIMIT_BYTES, LIMIT_ELEMENTS, box_half_size, vectors
from tmsguide.io.coils.tcd import parse_tcd
from tmsguide.io.documents import one_line, read_bytes, text_of
from tmsguide.model import Coil

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["parse_ccd", "parse_tcd", "read_coil"]

_COLUMNS = 6  # x y z (m) and moment (m² for 1 A)


def read_coil(path: Path) -> Coil:
    """Read a coil model in a SimNIBS `.ccd` or `.tcd` file.

    Raises
    ------
    InputError
        The file is missing, larger than 50 MB, of another kind, damaged, holds more than a
        million elements or a number that is not finite, or needs what one current cannot drive.
    """
    kind = path.suffix.lower()
    if kind not in (".ccd", ".tcd"):
        raise InputError(
            f"{one_line(path)} is no coil file that can be read; needed a SimNIBS .ccd or .tcd "
            "file (for a .nii.gz field grid, take the .ccd or .tcd file of the same coil)"
        )
    data = read_bytes(path, limit_bytes=LIMIT_BYTES)
    return parse_ccd(data, path) if kind == ".ccd" else parse_tcd(data, path)


def parse_ccd(data: bytes, name: object) -> Coil:
    """Give the dipole coil in a `.ccd` file's bytes; ``name`` is for errors and the coil's name.

    A comment holds ``key=value;`` pairs (``coilname``, ``brand``, ``stimulator``, ``dIdtmax`` in
    A/µs); then comes the number of dipoles, then ``x y z mx my mz`` for each. The format knows no
    casing: the box is the smallest about the dipoles, the real casing some millimetres larger.

    Raises
    ------
    InputError
        The text does not follow that form.
    """
    lines = text_of(data, name).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    facts = _facts([line for line in lines if line.lstrip().startswith("#")])
    rows = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    table = _table(rows, name)
    position = vectors(table[:, :3], name, "dipole positions")
    moment = vectors(table[:, 3:], name, "dipole moments")
    bent = bool((position[:, 2] > 0).any())
    brand = " ".join(facts[key] for key in ("brand", "coilname") if key in facts)
    return Coil(
        name=one_line(brand or getattr(name, "stem", name)),
        position_m=np.empty((0, 3)),
        element_m=np.empty((0, 3)),
        max_didt_a_per_s=_largest_didt(facts, name),
        casing_half_size_m=box_half_size(position),
        source=one_line(f"file {getattr(name, 'name', name)}, SimNIBS .ccd dipole model"),
        dipole_position_m=position,
        dipole_moment_m2=moment,
        casing_m=position if bent else np.empty((0, 3)),
    )


def _facts(comments: list[str]) -> dict[str, str]:
    pairs = (part.split("=", 1) for line in comments for part in line.split(";"))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _largest_didt(facts: dict[str, str], name: object) -> float:
    given = facts.get("dIdtmax")
    if given is None:
        return float("nan")
    try:
        value = float(given) * 1e6
    except ValueError:
        value = float("nan")
    if not 0 < value < 1e10:
        raise InputError(
            f"{one_line(name)}: dIdtmax is '{one_line(given)}'; needed a positive number of A/µs; "
            "mend the comment line or delete the entry"
        )
    return value


def _table(
    rows: list[list[str]], name: object
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    if not rows or len(rows[0]) != 1 or not rows[0][0].isdecimal() or len(rows[0][0]) > 9:
        given = " ".join(rows[0]) if rows else "nothing"
        raise InputError(
            f"{one_line(name)}: the first line after the comment is '{one_line(given)}'; needed "
            "the number of dipoles, as in SimNIBS .ccd files"
        )
    count, body = int(rows[0][0]), rows[1:]
    if count != len(body) or not 0 < count <= LIMIT_ELEMENTS:
        raise InputError(
            f"{one_line(name)}: {count} dipoles announced and {len(body)} rows found; needed as "
            f"many rows, 1 to {LIMIT_ELEMENTS}; the file is cut off or damaged"
        )
    for number, row in enumerate(body, start=1):
        if len(row) != _COLUMNS:
            raise InputError(
                f"{one_line(name)}: dipole {number} has {len(row)} numbers; needed {_COLUMNS}: "
                "x y z in metres and three of the moment"
            )
    try:
        return np.array(body, dtype=np.float64).reshape(count, _COLUMNS)
    except ValueError as error:
        raise InputError(
            f"{one_line(name)}: a row holds no number ({one_line(error)}); mend or re-export it"
        ) from error
