"""Tables of numbers that ship with the package, as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from tmsguide.errors import InputError
from tmsguide.io.documents import read_toml_resource
from tmsguide.model import Tissue

__all__ = ["Conductivity", "conductivities"]


@dataclass(frozen=True, slots=True)
class Conductivity:
    """Conductivity of one tissue in S/m, with the range reported and where it comes from.

    ``range_verified`` is False where we cite the range without having re-read it in its paper.
    """

    sigma_s_per_m: float
    low_s_per_m: float
    high_s_per_m: float
    source: str
    range_verified: bool


def conductivities() -> dict[Tissue, Conductivity]:
    """Give the default conductivity of each tissue but air.

    Examples
    --------
    >>> conductivities()[Tissue.CSF].sigma_s_per_m
    1.654
    """
    table = cast("dict[str, dict[str, Any]]", _tissues())
    return {
        Tissue[name]: Conductivity(
            sigma_s_per_m=row["sigma_s_per_m"],
            low_s_per_m=row["low"],
            high_s_per_m=row["high"],
            source=row["source"],
            range_verified=row["range_verified"],
        )
        for name, row in table.items()
    }


def _tissues() -> object:
    table = read_toml_resource("tmsguide.io.data", "conductivities.toml").get("tissue")
    if not isinstance(table, dict):
        raise InputError("conductivities.toml has no [tissue] tables; install tmsguide again")
    return table
