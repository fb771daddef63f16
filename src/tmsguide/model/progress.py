"""How long work says what it is doing: a callback that takes a short phrase."""

from __future__ import annotations

__all__ = ["silent"]


def silent(_phrase: str) -> None:
    """Take a phrase and say nothing: the default wherever progress may be heard."""
