"""Who is in a BIDS dataset, and what participants.tsv says about one of them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_json, read_tsv
from tmsguide.model import Subject

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["dataset_name", "find_participants", "natural_key", "participant", "read_subject"]

_UNKNOWN = {"", "n/a", "na", "nan", "none", "unknown"}
_YEARS_PER = {"year": 1.0, "y": 1.0, "yr": 1.0, "month": 1 / 12, "week": 1 / 52.18}


def find_participants(bids_dir: Path) -> tuple[str, ...]:
    """Give the labels (without ``sub-``) of all participants, in natural order.

    Raises
    ------
    InputError
        The folder does not exist or holds no ``sub-*`` folder.
    """
    if not bids_dir.is_dir():
        what = "is a file, a folder was needed" if bids_dir.exists() else "does not exist"
        raise InputError(
            f"BIDS folder {one_line(bids_dir)} {what}; give the dataset's root folder"
        )
    try:
        names = [p.name for p in bids_dir.iterdir() if p.name.startswith("sub-") and p.is_dir()]
    except OSError as error:
        raise InputError(
            f"BIDS folder {one_line(bids_dir)} cannot be listed ({one_line(error.strerror)}); "
            "check its permissions"
        ) from error
    labels = [name[4:] for name in names if re.fullmatch(r"[A-Za-z0-9]+", name[4:])]
    if not labels:
        raise InputError(
            f"{one_line(bids_dir)} holds no sub-<label> folder; give the root of a BIDS dataset "
            "or of fMRIPrep's output"
        )
    return tuple(sorted(labels, key=natural_key))


def participant(bids_dir: Path, label: str) -> str:
    """Give ``label`` without ``sub-`` once it is known to be in the dataset.

    Raises
    ------
    InputError
        There is no such participant; the message lists those there are.
    """
    known = find_participants(bids_dir)
    bare = label.removeprefix("sub-")
    if bare not in known:
        listed = ", ".join(known[:20]) + (
            f", ... ({len(known)} in all)" if len(known) > 20 else ""
        )
        raise InputError(
            f"participant {one_line(label)!r} is not in {one_line(bids_dir)}; known are {listed}"
        )
    return bare


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which 2 comes before 10.

    Examples
    --------
    >>> sorted(["10", "9", "02b", "a"], key=natural_key)
    ['02b', '9', '10', 'a']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(p), p) if p[0] in "0123456789" else (1, 0, p) for p in parts)


def dataset_name(bids_dir: Path) -> str:
    """Give the dataset's name from dataset_description.json, or its folder's name."""
    description = bids_dir / "dataset_description.json"
    name = read_json(description).get("Name") if description.exists() else None
    return one_line(name) if isinstance(name, str) and name.strip() else bids_dir.resolve().name


def read_subject(bids_dir: Path, label: str) -> Subject:
    """Give age, sex and handedness of one person where participants.tsv has them.

    Raises
    ------
    InputError
        participants.tsv cannot be read, lists the person twice, or gives an age that is no age.
    """
    table = bids_dir / "participants.tsv"
    if not table.exists():
        return Subject(label)
    columns = {name.lower(): column for name, column in read_tsv(table).items()}
    ids = [i.removeprefix("sub-") for i in columns.get("participant_id", [])]
    if ids.count(label) > 1:
        raise InputError(f"{one_line(table)} lists sub-{label} twice; keep one row")
    if label not in ids:
        return Subject(label)
    row = {name: column[ids.index(label)] for name, column in columns.items()}
    return Subject(
        label,
        age_years=_age(row.get("age", ""), bids_dir, label),
        sex=_word(row.get("sex") or row.get("gender") or ""),
        handedness=_word(row.get("handedness", "")),
    )


def _word(text: str) -> str | None:
    return None if text.lower() in _UNKNOWN else one_line(text)


def _age(text: str, bids_dir: Path, label: str) -> float | None:
    if text.lower() in _UNKNOWN:
        return None
    try:
        years = float(text.rstrip("+")) * _age_unit(bids_dir)  # 89+: BIDS caps high ages
    except ValueError:
        years = math.nan
    if not 0 <= years <= 120:
        raise InputError(
            f"participants.tsv gives sub-{label} the age {one_line(text)!r}; needed a number of "
            "years, or n/a where it is not known"
        )
    return years


def _age_unit(bids_dir: Path) -> float:
    described = bids_dir / "participants.json"
    if not described.exists():
        return 1.0
    for name, column in read_json(described).items():
        if name.lower() == "age" and isinstance(column, dict) and column.get("Units"):
            unit = one_line(column["Units"]).lower()
            if unit.rstrip("s") not in _YEARS_PER:
                raise InputError(
                    f"participants.json gives ages in {unit!r}; needed years, months or weeks"
                )
            return _YEARS_PER[unit.rstrip("s")]
    return 1.0
