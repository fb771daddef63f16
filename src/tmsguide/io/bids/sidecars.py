"""BIDS file names, and the JSON metadata that a file inherits from the folders above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.io.bids.participants import natural_key
from tmsguide.io.documents import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["BidsName", "parse_name", "read_sidecar", "scan_folder"]


@dataclass(frozen=True, slots=True)
class BidsName:
    """A file name taken apart: ``entities`` by key in file order, ``suffix``, ``extension``."""

    entities: Mapping[str, str]
    suffix: str
    extension: str

    def matches(self, **wanted: str | None) -> bool:
        """Tell whether every wanted entity has that value; None means absent."""
        return all(self.entities.get(key) == value for key, value in wanted.items())


def parse_name(name: str) -> BidsName | None:
    """Take a BIDS file name apart; None if it is not one.

    Examples
    --------
    >>> found = parse_name("sub-01_task-rest_bold.nii.gz")
    >>> found.entities["task"], found.suffix, found.extension
    ('rest', 'bold', '.nii.gz')
    """
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    matched = [re.fullmatch(r"([A-Za-z0-9]+)-([A-Za-z0-9+]+)", pair) for pair in pairs]
    if not dot or not re.fullmatch(r"[A-Za-z0-9]+", suffix):
        return None
    entities = {m[1]: m[2] for m in matched if m}
    if len(entities) != len(pairs):
        return None
    return BidsName(entities, suffix, dot + extension)


def scan_folder(root: Path, folder: str, suffix: str) -> Iterator[tuple[Path, BidsName]]:
    """Give the NIfTI files of one suffix in ``root/folder`` and ``root/ses-*/folder``, in order.

    Where a scan is there both as .nii.gz and as .nii, the first is given.
    """
    sessions = (p for p in root.glob("ses-*") if p.is_dir())
    for place in (root, *sorted(sessions, key=lambda p: natural_key(p.name))):
        chosen: dict[str, Path] = {}
        for path in sorted((place / folder).glob(f"*_{suffix}.nii*")):
            chosen[path.name.partition(".")[0]] = path  # .nii sorts before .nii.gz
        for stem in sorted(chosen, key=natural_key):
            name = parse_name(chosen[stem].name)
            if name and name.suffix == suffix and name.extension in (".nii", ".nii.gz"):
                yield chosen[stem], name


def read_sidecar(path: Path, root: Path) -> dict[str, object]:
    """Give the metadata of ``path`` with everything it inherits from folders up to ``root``.

    A JSON file applies if it lies beside or above ``path``, has the same suffix and no entity
    that ``path`` lacks; nearer and more specific files override (BIDS inheritance principle).

    Raises
    ------
    InputError
        An applicable JSON file is not valid.
    """
    name = parse_name(path.name)
    if name is None:
        return {}
    folders = [f for f in (path.parent, *path.parent.parents) if f.is_relative_to(root)]
    metadata: dict[str, object] = {}
    for folder in reversed(folders):
        found = [(p, parse_name(p.name)) for p in folder.glob(f"*{name.suffix}.json")]
        applicable = [
            (len(n.entities), p.name, p)
            for p, n in found
            if n is not None and n.suffix == name.suffix and name.matches(**n.entities)
        ]
        for _, _, sidecar in sorted(applicable):
            metadata |= read_json(sidecar)
    return metadata
