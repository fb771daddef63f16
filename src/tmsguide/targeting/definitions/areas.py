"""Areas of the brain as unions of balls: those of the literature, and those that users write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.targeting.definitions.methods import Spheres
from tmsguide.targeting.definitions.values import refuse_others
from tmsguide.targeting.landmarks import landmark, landmarks

if TYPE_CHECKING:
    from tmsguide.targeting.definitions.values import Table

__all__ = ["left_dlpfc", "parse_spheres"]

#: Radius of each sphere of the left DLPFC, mm (Fox 2013; Cash 2021 as coded in contarg).
_SPHERE_MM = 20.0

_MOST_SPHERES = 64
_LEAST_MM, _MOST_MM = 1.0, 60.0
_KEYS = ("landmarks", "mni_mm", "radius_mm", "mirrored", "map_file")


def left_dlpfc() -> Spheres:
    """Give the left DLPFC of the literature: 20 mm round BA9, BA46, the 5 cm site and F3.

    References
    ----------
    Fox et al. 2013, NeuroImage 66:151 (PMC3594474); Cash et al. 2021, 10.1002/hbm.25330.

    Examples
    --------
    >>> left_dlpfc().mni_mm[0], left_dlpfc().radius_mm
    ((-41.0, 16.0, 54.0), 20.0)
    """
    centres = tuple(place.mni_mm for place in landmarks() if "search" in place.roles)
    return Spheres(centres, _SPHERE_MM)


def parse_spheres(table: Table) -> Spheres:
    """Give the area that a table of a definition describes.

    Its centres are ``landmarks`` by name and ``mni_mm``, its ``radius_mm`` one for all;
    ``mirrored`` puts the centres on the other side of the midline. Instead, ``map_file`` names an
    image that is above 0 inside.

    Raises
    ------
    InputError
        Nothing, too much or nonsense is given.
    """
    refuse_others(table, _KEYS)
    image = table.words("map_file")
    if image:
        extra = [key for key in _KEYS[:4] if key in table.content]
        if extra:
            raise InputError(
                f"{table.where}: map_file and {extra[0]} are both given; keep one of them"
            )
        return Spheres(map_file=image)
    centres = [*_named(table), *(table.place("mni_mm", row) for row in _rows(table, "mni_mm"))]
    if not 1 <= len(centres) <= _MOST_SPHERES:
        raise InputError(
            f"{table.where} has {len(centres)} centres; needed 1 to {_MOST_SPHERES} as landmarks "
            "or mni_mm, or a map_file"
        )
    side = -1.0 if table.flag("mirrored") else 1.0
    return Spheres(
        tuple((side * x + 0.0, y, z) for x, y, z in centres),  # no -0
        table.number("radius_mm", _LEAST_MM, _MOST_MM, default=None),
    )


def _named(table: Table) -> list[tuple[float, float, float]]:
    found = []
    for name in _rows(table, "landmarks"):
        if not isinstance(name, str):
            raise table.wrong("landmarks", name, 'names of landmarks such as ["ba9", "ba46"]')
        try:
            found.append(landmark(name).mni_mm)
        except InputError as error:
            raise InputError(f"{table.where}, landmarks: {error}") from error
    return found


def _rows(table: Table, key: str) -> list[object]:
    value = table.content.get(key, [])
    if not isinstance(value, list) or len(value) > _MOST_SPHERES:
        raise table.wrong(key, value, f"a list in brackets of at most {_MOST_SPHERES}")
    return value
