"""Places of the TMS literature, read once from the table that ships with the room."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from tmsguide.errors import InputError
from tmsguide.model import MNI, Points

__all__ = ["Landmark", "landmark", "landmarks"]


@dataclass(frozen=True, slots=True)
class Landmark:
    """One place in MNI millimetres.

    ``roles`` hold ``search`` (a centre of the search mask), ``target`` (offered as a group
    target), ``site`` (a target only when asked for), ``seed`` or ``control``; ``verified`` is
    False where the cited source was not read.
    """

    name: str
    title: str
    mni_mm: tuple[float, float, float]
    roles: tuple[str, ...]
    source: str
    verified: bool

    @property
    def point(self) -> Points:
        """The place as one point in `MNI`."""
        return Points(np.array([self.mni_mm]), MNI)


@lru_cache(maxsize=1)
def landmarks() -> tuple[Landmark, ...]:
    """Give every landmark of the table, in its order.

    Examples
    --------
    >>> [p.name for p in landmarks() if "search" in p.roles]
    ['5cm', 'beam-f3', 'ba9', 'ba46']
    """
    text = files("tmsguide.targeting").joinpath("data/landmarks.toml").read_text("utf-8")
    return tuple(
        Landmark(
            name=row["name"],
            title=row["title"],
            mni_mm=(row["mni_mm"][0], row["mni_mm"][1], row["mni_mm"][2]),
            roles=tuple(row["roles"]),
            source=row["source"],
            verified=row["verified"],
        )
        for row in tomllib.loads(text)["landmark"]
    )


def landmark(name: str) -> Landmark:
    """Give the landmark of that name.

    Raises
    ------
    InputError
        If the table has no such name; the message lists those it has.

    Examples
    --------
    >>> landmark("sgacc").mni_mm
    (6.0, 16.0, -10.0)
    """
    for place in landmarks():
        if place.name == name:
            return place
    known = ", ".join(place.name for place in landmarks())
    raise InputError(f"there is no landmark {name[:80]!r}; the table has {known}")
