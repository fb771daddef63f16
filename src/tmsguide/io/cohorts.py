"""A reference cohort, local controls or one person as a table: one row per person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes, text_of
from tmsguide.norms import COVARIATES, Cohort, Covariates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["COHORT_LIMIT_BYTES", "parse_cohort", "read_cohort", "read_person"]

#: 2,500 people with 4,000 measures each; a larger table is refused.
COHORT_LIMIT_BYTES = 200_000_000
_MISSING = ("", "n/a", "nan", "na")
_SEXES = {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O"}


def read_cohort(path: Path, covariates: Sequence[str] | None = None) -> Cohort:
    """Read people with their covariates and measures from a BIDS-like TSV.

    Columns: ``participant_id``, any of ``age`` (years), ``sex``, ``mean_fd`` (mm), ``site``, then
    one per measure. Without ``covariates`` all of these that are there are used.

    Raises
    ------
    InputError
        The table cannot be read, people or columns come twice, or a cell is missing or no number.
    """
    data = read_bytes(path, limit_bytes=COHORT_LIMIT_BYTES)
    return parse_cohort(data, path.name, covariates=covariates, gaps=False)


def read_person(path: Path, covariates: Sequence[str]) -> Cohort:
    """Read one person's row of the same columns; measures may be ``n/a`` and are then NaN.

    Raises
    ------
    InputError
        As for `read_cohort`, or another number of rows than one.
    """
    data = read_bytes(path, limit_bytes=COHORT_LIMIT_BYTES)
    found = parse_cohort(data, path.name, covariates=covariates, gaps=True)
    if len(found.people) != 1:
        raise InputError(
            f"{one_line(path.name)} has {len(found.people)} rows; needed the header and one person"
        )
    return found


def parse_cohort(
    data: bytes, name: object, *, covariates: Sequence[str] | None, gaps: bool
) -> Cohort:
    """Give the cohort in a table's bytes; ``gaps`` lets measures be missing. See `read_cohort`."""
    file = one_line(name)
    lines = text_of(data, name).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = [line for line in lines if line.strip()]
    header = [cell.strip() for cell in rows[0].split("\t")] if rows else []
    used = _header(header, covariates, file)
    measures = [c for c in header if c != "participant_id" and c not in COVARIATES]
    people: list[str] = []
    words: dict[str, list[str]] = {c: [] for c in used}
    values = np.empty((max(len(rows) - 1, 0), len(measures)))
    for row, line in enumerate(rows[1:]):
        cells = dict(zip(header, _cells(line, len(header), row, file), strict=True))
        who = cells["participant_id"]
        people.append(who)
        for column in used:
            words[column].append(cells[column])
        values[row] = [_number(cells[m], (file, who, m), gaps=gaps) for m in measures]
    _check_people(people, file)
    return Cohort(tuple(people), _covariates(words, people, file), tuple(measures), values)


def _header(header: list[str], covariates: Sequence[str] | None, file: str) -> tuple[str, ...]:
    twice = (
        sorted({c for c in header if header.count(c) > 1})
        if len(set(header)) < len(header)
        else []
    )
    if twice:
        raise InputError(f"{file} names column {one_line(twice[0])} twice; rename one of them")
    if "participant_id" not in header:
        raise InputError(
            f"{file} has no column participant_id; needed a tab-separated table with a header: "
            f"participant_id, {', '.join(COVARIATES)}, then one column per measure"
        )
    used = tuple(c for c in COVARIATES if c in header) if covariates is None else tuple(covariates)
    lacking = [c for c in used if c not in header]
    if lacking:
        raise InputError(
            f"{file} has no column {', '.join(lacking)}; add it, or leave this covariate out"
        )
    if not [c for c in header if c != "participant_id" and c not in COVARIATES]:
        raise InputError(f"{file} has no measures; add one column of numbers per measure")
    if "" in header:
        raise InputError(f"{file} has a column without a name; name it or remove it")
    return used


def _cells(line: str, width: int, row: int, file: str) -> list[str]:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != width:
        raise InputError(
            f"{file} row {row + 2} has {len(cells)} cells and the header {width}; separate the "
            "cells by single tabs"
        )
    return cells


def _number(cell: str, where: tuple[str, str, str], *, gaps: bool) -> float:
    """Give a cell's number; NaN where it is missing and may be."""
    file, who, column = where
    if cell.lower() in _MISSING:
        if gaps:
            return math.nan
        raise InputError(
            f"{file}: {one_line(who)} has no value in column {one_line(column)}; every person "
            "needs every measure: leave out that person or that column"
        )
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{file}: {one_line(who)} has {one_line(cell)!r} in column {one_line(column)}; needed "
            "a finite number with a decimal point (remove columns that are no measures)"
        )
    return value


def _check_people(people: list[str], file: str) -> None:
    if not people:
        raise InputError(f"{file} has a header and no rows; needed one row per person")
    twice = (
        sorted({p for p in people if people.count(p) > 1})
        if len(set(people)) < len(people)
        else []
    )
    if twice or "" in people:
        which = one_line(twice[0]) if twice else "(empty)"
        raise InputError(
            f"{file} has participant_id {which} more than once or empty; needed one row per "
            "person (average repeated scans, or keep one)"
        )


def _covariates(words: dict[str, list[str]], people: list[str], file: str) -> Covariates:
    def of(
        column: str, read: Callable[[str, tuple[str, str, str]], object]
    ) -> list[object] | None:
        if column not in words:
            return None
        return [
            read(cell, (file, who, column))
            for cell, who in zip(words[column], people, strict=True)
        ]

    age, sex, fd, site = (
        of("age", _covariate),
        of("sex", _sex),
        of("mean_fd", _covariate),
        of("site", _word),
    )
    return Covariates(
        None if age is None else np.array(age, dtype=np.float64),
        None if sex is None else tuple(map(str, sex)),
        None if fd is None else np.array(fd, dtype=np.float64),
        None if site is None else tuple(map(str, site)),
    )


def _covariate(cell: str, where: tuple[str, str, str]) -> float:
    value = _number(cell, where, gaps=False)
    if value < 0 or value > 1e6:
        file, who, column = where
        raise InputError(
            f"{file}: {one_line(who)} has {column} {value:g}; needed 0 or more "
            f"({'years' if column == 'age' else 'mm'})"
        )
    return value


def _sex(cell: str, where: tuple[str, str, str]) -> str:
    if cell.lower() not in _SEXES:
        file, who, column = where
        raise InputError(
            f"{file}: {one_line(who)} has {column} {one_line(cell)!r}; needed F, M or O (or "
            "female, male, other)"
        )
    return _SEXES[cell.lower()]


def _word(cell: str, where: tuple[str, str, str]) -> str:
    if cell.lower() in _MISSING:
        file, who, column = where
        raise InputError(f"{file}: {one_line(who)} has no {column}; give it for everybody")
    return one_line(cell)
