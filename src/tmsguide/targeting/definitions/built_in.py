"""The targeting methods that ship with the room."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.targeting.definitions.parsing import parse_definition

if TYPE_CHECKING:
    from tmsguide.targeting.definitions.methods import TargetDefinition

__all__ = ["definition", "definitions"]

#: The order in which methods are shown: individual ones of the left DLPFC, then those that need
#: a map, other signs and sides, group and scalp-rule sites, other conditions.
_ORDER = (
    *("sgacc-cluster", "sgacc-sweep", "sgacc-cone", "sgacc-peak"),
    *("sgacc-bilateral-cluster", "ba25-cluster", "own-weights-cluster"),
    *("saint-like", "network-patch"),
    *("group-weights-cluster", "convergent-circuit", "circuit-seed-cluster", "outcome-regression"),
    *("sgacc-positive-cluster", "right-dlpfc-cluster"),
    *("5cm-site", "beam-f3-site", "ba9-site", "ba46-site", "fox-2012-site", "weigand-2018-site"),
    *("dysphoric-site", "anxiosomatic-site", "dmpfc-site"),
    *("ocd-dmpfc-site", "ocd-pre-sma-site", "ocd-right-ofc-site"),
)


@lru_cache(maxsize=1)
def definitions() -> tuple[TargetDefinition, ...]:
    """Give every built-in targeting method, in the order in which they are shown.

    Examples
    --------
    >>> [d.name for d in definitions() if d.default][:3]
    ['sgacc-cluster', 'sgacc-sweep', 'sgacc-cone']
    """
    folder = files("tmsguide.targeting").joinpath("data/definitions")
    return tuple(
        parse_definition(folder.joinpath(f"{name}.toml").read_text("utf-8"), name=name)
        for name in _ORDER
    )


def definition(name: str) -> TargetDefinition:
    """Give the built-in targeting method of that name.

    Raises
    ------
    InputError
        There is none; the message lists those there are.

    Examples
    --------
    >>> definition("sgacc-cluster").parameters["percentile"]
    10.0
    """
    for one in definitions():
        if one.name == name:
            return one
    raise InputError(
        f"there is no targeting method {name[:80]!r}; built in are {', '.join(_ORDER)}. "
        "Give one of these, or a TOML file of your own"
    )
