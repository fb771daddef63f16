"""Values out of a table that a user wrote, each checked, each refusal in one line."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import Enum

    Choice = TypeVar("Choice", bound=Enum)

__all__ = ["Table", "choice", "refuse_others"]

#: A target lies in the head: no MNI coordinate of the brain is further out, mm.
_FURTHEST_MM = 120.0

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file with the words that tell the user where it stands."""

    content: Mapping[str, object]
    where: str

    def wrong(self, key: str, given: object, needed: str) -> InputError:
        """Say that ``key`` holds what it should not; None: it is not there."""
        what = "is missing" if given is None else f"is {_shown(given)}"
        return InputError(f"{self.where}: {_shown(key)[1:-1]} {what}; needed {needed}")

    def words(self, key: str) -> str:
        """Give a text on one line, empty where it is not given."""
        value = self.content.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, value, "text in quotes")
        line = " ".join(value.split())
        if len(line) > _LONGEST:
            raise self.wrong(key, line, f"at most {_LONGEST} characters")
        if not line.isprintable():
            raise self.wrong(key, line, "text without control characters")
        return line

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Give true or false."""
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false without quotes")
        return value

    def number(
        self, key: str, least: float, most: float, *, default: float | None, whole: bool = False
    ) -> float:
        """Give a number from least to most; a default of None: it has to be given."""
        value = self.content.get(key, default)
        found = _real(value)
        if found is None or not least <= found <= most or (whole and found != int(found)):
            kind = "a whole number" if whole else "a number"
            raise self.wrong(key, value, f"{kind} from {least:g} to {most:g}")
        return found

    def place(self, key: str, value: object) -> tuple[float, float, float]:
        """Take ``value``, found under ``key``, as one MNI place in mm."""
        numbers = [_real(v) for v in value] if isinstance(value, list) else []
        if len(numbers) != 3 or any(v is None or abs(v) > _FURTHEST_MM for v in numbers):
            raise self.wrong(
                key,
                value,
                f"x, y, z in MNI mm such as [-38, 44, 26], each within +-{_FURTHEST_MM:g}",
            )
        x, y, z = (v for v in numbers if v is not None)
        return x, y, z

    def table(self, key: str) -> Table:
        """Give a table inside this one, empty where it is not given."""
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, value, f"a table, begun by a line [{key}]")
        return Table(value, f"{self.where}, [{key}]")


def choice(table: Table, key: str, kind: type[Choice], *, default: Choice | None = None) -> Choice:
    """Give the member of an enumeration that the text under ``key`` names.

    Raises
    ------
    InputError
        It names none, or is missing and there is no default.
    """
    value = table.content.get(key)
    if value is None and default is not None:
        return default
    for member in kind:
        if value == member.value:
            return member
    raise table.wrong(key, value, "one of " + ", ".join(str(m.value) for m in kind))


def refuse_others(table: Table, known: Iterable[str]) -> None:
    """Refuse keys that are not known: most are slips of the pen, none is silently left out.

    Raises
    ------
    InputError
        There is such a key; the message lists those that are known.
    """
    known = tuple(known)
    for key in table.content:
        if key not in known:
            words = ", ".join(known) or "nothing for this kind of method"
            raise InputError(
                f"{table.where}: the key {_shown(key)} is not known; known are {words}. "
                "Correct or remove it"
            )


def _real(value: object) -> float | None:
    """Give a finite number, None for anything else; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _shown(value: object) -> str:
    """Show what was given, short, on one line."""
    try:
        words = repr(value)
    except (ValueError, RecursionError):  # a whole number of over 4300 digits, or nested too deep
        words = f"a {type(value).__name__} too large to show"
    return words if len(words) <= 80 else words[:77] + "..."
