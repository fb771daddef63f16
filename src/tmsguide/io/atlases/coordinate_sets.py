"""The sets of brain places that nilearn bundles, with the networks their authors gave them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.atlases.network_names import network_of
from tmsguide.io.documents import one_line, read_bytes, text_of
from tmsguide.io.templates import bundled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["COORDINATE_SETS", "CoordinateSet", "coordinate_set"]


@dataclass(frozen=True, slots=True, eq=False)
class CoordinateSet:
    """P places of a published set: ``mni_mm`` (P, 3), each a ball of ``radius_mm`` (P,).

    ``networks`` are plain words, ``unassigned`` where the bundled file names none; ``names`` are
    unique. ``space`` is the template as far as the authors say.
    """

    name: str
    mni_mm: NDArray[np.float64]
    names: tuple[str, ...]
    networks: tuple[str, ...]
    radius_mm: NDArray[np.float64]
    space: str
    source: str


def coordinate_set(name: str) -> CoordinateSet:
    """Give a set that ships inside nilearn: one of `COORDINATE_SETS`, no internet needed.

    ``seitzman-2018``: 300 places, cortex, subcortex and cerebellum, 13 networks (15 places
    unassigned). ``power-2011``: 264 places; the bundled file has no networks, so all are
    ``unassigned``. ``dosenbach-2010``: 160 places, 6 networks.

    Raises
    ------
    InputError
        No set of that name, or its bundled file is damaged.
    EngineError
        The installed nilearn does not bundle it.

    Examples
    --------
    >>> s = coordinate_set("seitzman-2018")
    >>> s.mni_mm.shape, len(set(s.networks))
    ((300, 3), 14)
    """
    if name not in _READERS:
        raise InputError(
            f"coordinate set {one_line(name)!r} is unknown; choose one of "
            f"{', '.join(COORDINATE_SETS)}"
        )
    return _READERS[name]()


def _seitzman() -> CoordinateSet:
    rows = _rows("seitzman_2018_ROIs_300inVol_MNI_allInfo.txt", r"\s+", 6)
    regions = _regions("seitzman_2018_ROIs_anatomicalLabels.txt", len(rows))
    return CoordinateSet(
        name="seitzman-2018",
        mni_mm=_numbers(rows, 0, 3),
        names=tuple(f"{region} {k}" for k, region in enumerate(regions, start=1)),
        networks=tuple(network_of(f"seitzman:{row[5]}") for row in rows),
        radius_mm=_numbers(rows, 3, 4)[:, 0],
        space="MNI152",
        source="Seitzman et al. 2020, doi:10.1016/j.neuroimage.2019.116290",
    )


def _regions(file: str, count: int) -> list[str]:
    """Give a region's name per place: the first line tells what the numbers below it mean."""
    head, *lines = text_of(read_bytes(bundled(file)), file).split()
    words = dict(pair.split("=", 1) for pair in head.split(",") if "=" in pair)
    if len(lines) != count or not set(lines) <= set(words):
        raise _damaged(file)
    return [_SEITZMAN_REGIONS.get(words[line], words[line]) for line in lines]


_SEITZMAN_REGIONS = {
    "cortexMid": "midline cortex",
    "cortexL": "left cortex",
    "cortexR": "right cortex",
    "basalGanglia": "basal ganglia",
}


def _power() -> CoordinateSet:
    rows = _rows("power_2011.csv", ",", 4)
    return CoordinateSet(
        name="power-2011",
        mni_mm=_numbers(rows, 1, 4),
        names=tuple(f"place {row[0]}" for row in rows),
        networks=tuple(network_of(f"power:{row[0]}") for row in rows),
        radius_mm=np.full(len(rows), 5.0),  # 10 mm diameter, Power 2011
        space="MNI152",
        source="Power et al. 2011, doi:10.1016/j.neuron.2011.09.006",
    )


def _dosenbach() -> CoordinateSet:
    rows = _rows("dosenbach_2010.csv", ",", 6)
    return CoordinateSet(
        name="dosenbach-2010",
        mni_mm=_numbers(rows, 1, 4),
        names=tuple(f"{row[4]} {row[0]}" for row in rows),
        networks=tuple(network_of(f"dosenbach:{row[5]}") for row in rows),
        radius_mm=np.full(len(rows), 5.0),  # 10 mm diameter, Dosenbach 2010 (unverified)
        space="MNI152",
        source="Dosenbach et al. 2010, doi:10.1126/science.1194144",
    )


def _rows(file: str, separator: str, width: int) -> list[list[str]]:
    """Give the cells below the header line of a bundled table."""
    lines = text_of(read_bytes(bundled(file)), file).splitlines()[1:]
    rows = [re.split(separator, line.strip()) for line in lines if line.strip()]
    if not rows or any(len(row) != width for row in rows):
        raise _damaged(file)
    return rows


def _numbers(rows: list[list[str]], first: int, last: int) -> NDArray[np.float64]:
    return np.array([row[first:last] for row in rows], dtype=np.float64)


def _damaged(file: str) -> InputError:
    return InputError(
        f"{file}, as the installed nilearn bundles it, has another layout than expected; install "
        "nilearn 0.14 as pinned"
    )


_READERS: dict[str, Callable[[], CoordinateSet]] = {
    "seitzman-2018": _seitzman,
    "power-2011": _power,
    "dosenbach-2010": _dosenbach,
}

#: Names that `coordinate_set` knows.
COORDINATE_SETS = tuple(_READERS)
