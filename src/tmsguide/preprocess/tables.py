"""The room's own TOML table."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["by_age", "denoising_table"]

#: Taken where the age is not known.
_ADULT_YEARS = 30.0


@cache
def denoising_table() -> dict[str, Any]:
    """Give ``data/denoising.toml`` (do not change what it gives)."""
    source = files("tmsguide.preprocess").joinpath("data/denoising.toml")
    return tomllib.loads(source.read_text("utf-8"))


def by_age(rows: list[dict[str, Any]], age_years: float | None) -> dict[str, Any]:
    """Give the row with the highest ``from_years`` not above the age; no age is an adult.

    Examples
    --------
    >>> rows = [{"from_years": 0, "is": "minor"}, {"from_years": 18, "is": "adult"}]
    >>> [by_age(rows, age)["is"] for age in (17.9, 18, None)]
    ['minor', 'adult', 'adult']
    """
    age = _ADULT_YEARS if age_years is None else age_years
    return max((r for r in rows if r["from_years"] <= age), key=lambda r: float(r["from_years"]))
