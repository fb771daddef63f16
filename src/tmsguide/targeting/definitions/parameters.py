"""The numbers a targeting method can be given, read once from the table that ships with us."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tmsguide.targeting.definitions.methods import Compared, Pick

__all__ = ["Parameter", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a method: its default, the range that makes sense, what it does and whence.

    ``of`` is the value of the `Compared` or `Pick` it belongs to; ``whole`` where only whole
    numbers count.
    """

    of: str
    name: str
    default: float
    least: float
    most: float
    whole: bool
    meaning: str
    source: str


def parameters_of(compared: Compared, pick: Pick) -> tuple[Parameter, ...]:
    """Give the parameters that a method of this kind knows, in the table's order.

    Examples
    --------
    >>> from tmsguide.targeting.definitions.methods import Compared, Pick
    >>> [(p.name, p.default) for p in parameters_of(Compared.SEED, Pick.CLUSTER)]
    [('percentile', 10.0)]
    """
    return tuple(p for p in _table() if p.of in (compared.value, pick.value))


@lru_cache(maxsize=1)
def _table() -> tuple[Parameter, ...]:
    text = files("tmsguide.targeting").joinpath("data/parameters.toml").read_text("utf-8")
    return tuple(
        Parameter(
            of=row["of"],
            name=row["name"],
            default=float(row["default"]),
            least=float(row["least"]),
            most=float(row["most"]),
            whole=row.get("whole", False),
            meaning=row["meaning"],
            source=row["source"],
        )
        for row in tomllib.loads(text)["parameter"]
    )
