"""The room's own TOML tables."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["table"]


@cache
def table(name: str) -> dict[str, Any]:
    """Give a TOML file of ``tmsguide.field.data`` (do not change what it gives)."""
    return tomllib.loads(files("tmsguide.field").joinpath(f"data/{name}").read_text("utf-8"))
