"""The network of a parcel, in plain words, from the name its atlas gives it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, cast

from tmsguide.io.documents import read_toml_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

__all__ = ["UNASSIGNED", "faults_of", "network_of"]

#: The network of parcels whose atlas assigns none, or whose names say nothing of it.
UNASSIGNED = "unassigned"


def network_of(name: str) -> str:
    """Give the network that a parcel's name tells of, `UNASSIGNED` where it tells of none.

    Known are the names of Schaefer 2018, Yeo 2011, Tian 2020 and of the coordinate sets (their
    network's name after the set's, as ``seitzman:DefaultMode``); sources are in the table
    ``networks.toml``.

    Examples
    --------
    >>> network_of("7Networks_LH_SalVentAttn_PFCl_1")
    'salience and ventral attention'
    >>> network_of("Primary_visual_cortex")
    'unassigned'
    """
    for pattern, networks in _schemes():
        found = pattern.match(name)
        if found:
            return networks.get(found[1], UNASSIGNED)
    return UNASSIGNED


def faults_of(names: Iterable[str]) -> tuple[str, ...]:
    """Give what is known to be wrong with a table that holds these names, in words."""
    held = list(names)
    faults = cast("list[dict[str, str]]", _table()["fault"])
    return tuple(f["words"] for f in faults if any(re.match(f["pattern"], n) for n in held))


@cache
def _schemes() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    rows = cast("list[dict[str, Any]]", _table()["scheme"])
    return tuple((re.compile(row["pattern"]), row["networks"]) for row in rows)


def _table() -> Mapping[str, object]:
    return read_toml_resource("tmsguide.io.atlases", "networks.toml")
