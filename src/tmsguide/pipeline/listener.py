"""Who hears how far a run has come; the command line draws it, tests collect it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Listener", "Silent"]


class Listener(Protocol):
    """Hears the life of each step."""

    def started(self, step: str) -> None: ...

    def said(self, text: str) -> None: ...

    def finished(self, step: str, seconds: float, *, reused: bool) -> None: ...


class Silent:
    """Hears and keeps quiet."""

    def started(self, step: str) -> None:
        """Ignore."""

    def said(self, text: str) -> None:
        """Ignore."""

    def finished(self, step: str, seconds: float, *, reused: bool) -> None:
        """Ignore."""
