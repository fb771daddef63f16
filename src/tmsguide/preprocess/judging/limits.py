"""Limits of scan quality, read once from the table that ships with the room."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from tmsguide.errors import InputError

__all__ = ["QualityLimit", "quality_limit", "quality_limits"]


@dataclass(frozen=True, slots=True)
class QualityLimit:
    """Where one number of a scan begins to need words.

    ``own_choice`` marks what we set ourselves; ``verified`` is False where the cited source was
    not read.
    """

    name: str
    value: float
    unit: str
    source: str
    own_choice: bool
    verified: bool


@lru_cache(maxsize=1)
def quality_limits() -> tuple[QualityLimit, ...]:
    """Give every limit of the table, in its order.

    Examples
    --------
    >>> [limit.name for limit in quality_limits()][:2]
    ['least_usable_s', 'short_usable_s']
    """
    text = files("tmsguide.preprocess").joinpath("data/quality_limits.toml").read_text("utf-8")
    return tuple(QualityLimit(**row) for row in tomllib.loads(text)["limit"])


def quality_limit(name: str) -> float:
    """Give the value of one limit.

    Raises
    ------
    InputError
        The table has no such limit; the message lists those it has.

    Examples
    --------
    >>> quality_limit("mean_fd_mm")
    0.25
    """
    for limit in quality_limits():
        if limit.name == name:
            return limit.value
    known = ", ".join(limit.name for limit in quality_limits())
    raise InputError(f"there is no quality limit {name!r}; the table has {known}")
