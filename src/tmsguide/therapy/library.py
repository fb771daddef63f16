"""The data of this room: protocols, safety tables, screening questions, sources of rules."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tmsguide.errors import InputError
from tmsguide.model import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Basis",
    "Rule",
    "ScreenItem",
    "Standing",
    "Threshold",
    "TrainTable",
    "protocol",
    "protocols",
    "rule",
    "screen_items",
    "screen_source",
    "standing",
    "train_tables",
]


class Basis(Enum):
    """What a protocol as a whole rests on."""

    CLEARED = "cleared"
    RCT = "rct"
    SERIES = "series"


class Threshold(Enum):
    """Which motor threshold an intensity refers to."""

    RESTING = "resting"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a library protocol stands: basis, who it is cleared for, what was not checked."""

    protocol: Protocol
    basis: Basis
    threshold: Threshold
    ages: tuple[str, ...]
    coil: str
    unverified: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class TrainTable:
    """Longest trains in seconds, ``train_s[i][j]`` at frequency i and intensity j."""

    name: str
    title: str
    reference: str
    verified: bool
    frequency_hz: tuple[float, ...]
    intensity_percent_rmt: tuple[float, ...]
    train_s: tuple[tuple[float, ...], ...]

    def limit_s(self, frequency_hz: float, intensity_percent_rmt: float) -> float:
        """Give the limit of the next higher row and column; 0 beyond the table."""
        for f, row in zip(self.frequency_hz, self.train_s, strict=True):
            if frequency_hz <= f:
                for i, limit in zip(self.intensity_percent_rmt, row, strict=True):
                    if intensity_percent_rmt <= i:
                        return limit
                return 0.0
        return 0.0


@dataclass(frozen=True, slots=True)
class ScreenItem:
    """One question asked before TMS; ``stop`` marks what excludes treatment."""

    key: str
    question: str
    stop: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule comes from, whether that was checked, and its numbers."""

    reference: str
    verified: bool
    numbers: Mapping[str, float]


def protocol(name: str) -> Protocol:
    """Give a protocol of the library by name.

    Raises
    ------
    InputError
        If the library has no such protocol; the message lists those it has.

    Examples
    --------
    >>> protocol("itbs600").pulses_per_session
    600
    """
    known = protocols()
    if name not in known:
        raise InputError(f"no protocol {name!r}; choose one of {', '.join(sorted(known))}")
    return known[name]


@cache
def protocols() -> Mapping[str, Protocol]:
    """Give all protocols of the library by name."""
    return MappingProxyType({name: s.protocol for name, s in _standings().items()})


def standing(name: str) -> Standing | None:
    """Give how a protocol stands, None for a name that the library does not know."""
    return _standings().get(name)


@cache
def train_tables() -> tuple[TrainTable, ...]:
    """Give the safety tables of single trains."""
    return tuple(
        TrainTable(
            name=name,
            title=t["title"],
            reference=t["reference"],
            verified=t["verified"],
            frequency_hz=tuple(t["frequency_hz"]),
            intensity_percent_rmt=tuple(t["intensity_percent_rmt"]),
            train_s=tuple(tuple(row) for row in t["train_s"]),
        )
        for name, t in _read("train_limits.toml").items()
    )


@cache
def screen_items() -> tuple[ScreenItem, ...]:
    """Give the questions to be asked before TMS, in order."""
    items = _read("screening.toml")["item"]
    return tuple(ScreenItem(i["key"], i["question"], i["stop"]) for i in items)


@cache
def screen_source() -> Rule:
    """Give the source of the screening questions."""
    table = _read("screening.toml")
    return Rule(table["reference"], table["verified"], MappingProxyType({}))


@cache
def rule(name: str) -> Rule:
    """Give the source and the numbers of one named rule."""
    table = _read("rules.toml")[name]
    numbers = {k: float(v) for k, v in table.items() if k not in ("reference", "verified")}
    return Rule(table["reference"], table["verified"], MappingProxyType(numbers))


@cache
def _standings() -> Mapping[str, Standing]:
    return {name: _standing(name, t) for name, t in _read("protocols.toml").items()}


def _standing(name: str, table: dict[str, Any]) -> Standing:
    own = {f.name: table[f.name] for f in fields(Protocol) if f.name != "name"}
    return Standing(
        protocol=Protocol(name=name, **own),
        basis=Basis(table["support"]),
        threshold=Threshold(table["threshold"]),
        ages=tuple(table["ages"]),
        coil=table["coil"],
        unverified=tuple(table["unverified"]),
        note=table["note"],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("tmsguide.therapy").joinpath("data", name).read_text("utf-8"))
