"""Which fieldmap images of a BIDS dataset were acquired for one functional run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.bids.sidecars import parse_name, read_sidecar, scan_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tmsguide.io.bids.sidecars import BidsName

__all__ = ["FieldmapImage", "linked_groups"]

#: Kinds of fieldmap by suffix; images of one kind and one acquisition belong together.
_FAMILY = {
    "phasediff": "phase",
    "phase1": "phase",
    "phase2": "phase",
    "fieldmap": "field",
    "epi": "epi",
    "sbref": "epi",
    "bold": "epi",
}


@dataclass(frozen=True, slots=True)
class FieldmapImage:
    """One image of a fieldmap: its file, its resolved metadata, its name taken apart."""

    path: Path
    sidecar: Mapping[str, object]
    name: BidsName


def linked_groups(
    root: Path, bold: Path, sidecar: Mapping[str, object]
) -> tuple[str, list[list[FieldmapImage]]]:
    """Give (link, groups of images that make one fieldmap each) for the run ``bold``.

    ``link`` is ``B0FieldSource`` where the run's sidecar has it, else ``IntendedFor``; no groups
    where nothing is linked.

    Raises
    ------
    InputError
        The run names a B0FieldSource that no image has as its B0FieldIdentifier.
    """
    name = parse_name(bold.name)
    label = name.entities.get("sub", "") if name else ""
    person = root / f"sub-{label}"
    images = _images(root, person, ("phasediff", "phase1", "phase2", "fieldmap", "epi"), "fmap")
    sources = _texts(sidecar.get("B0FieldSource"))
    if sources:
        images += _images(root, person, ("sbref", "bold"), "func")
        return "B0FieldSource", _by_identifier(images, sources, bold)
    wanted = _stem(bold)
    session = name.entities.get("ses") if name else None
    meant = [i for i in images if wanted in _targets(i, root, person)]
    own = [i for i in meant if i.name.entities.get("ses") == session]
    groups: dict[tuple[object, ...], list[FieldmapImage]] = {}
    for image in own or meant:
        groups.setdefault(_acquisition(image), []).append(image)
    return "IntendedFor", list(groups.values())


def _by_identifier(
    images: Sequence[FieldmapImage], sources: Sequence[str], bold: Path
) -> list[list[FieldmapImage]]:
    name = parse_name(bold.name)
    session = name.entities.get("ses") if name else None
    out = []
    for source in sources:
        members = [i for i in images if source in _texts(i.sidecar.get("B0FieldIdentifier"))]
        own = [i for i in members if i.name.entities.get("ses") == session]
        families: dict[str, list[FieldmapImage]] = {}
        for image in own or members:
            families.setdefault(_FAMILY[image.name.suffix], []).append(image)
        out += list(families.values())
    if not out:
        raise InputError(
            f"{bold.name} names B0FieldSource {', '.join(sources)} and no image of this person "
            "has it as B0FieldIdentifier; correct the sidecars, or remove B0FieldSource"
        )
    return out


def _images(root: Path, person: Path, suffixes: Sequence[str], folder: str) -> list[FieldmapImage]:
    return [
        FieldmapImage(path, read_sidecar(path, root), name)
        for suffix in suffixes
        for path, name in scan_folder(person, folder, suffix)
        if name.entities.get("part", "mag") == "mag" or suffix.startswith("phase")
    ]


def _acquisition(image: FieldmapImage) -> tuple[object, ...]:
    """Give what images of one fieldmap share: all of the name but direction, echo and suffix."""
    shared = [p for p in image.name.entities.items() if p[0] not in ("dir", "echo", "part")]
    return (_FAMILY[image.name.suffix], *shared)


def _targets(image: FieldmapImage, root: Path, person: Path) -> set[str]:
    """Give the scans in IntendedFor: relative to the person's folder, or BIDS URIs."""
    out = set()
    for text in _texts(image.sidecar.get("IntendedFor")):
        if text.startswith("bids:"):
            dataset, _, inside = text[len("bids:") :].partition(":")
            if not dataset:
                out.add(_stem(root / inside))
        else:
            out.add(_stem(person / text.removeprefix(f"{person.name}/")))
    return out


def _stem(path: Path) -> str:
    """Give the scan's name without extension and echo: names are unique in a dataset."""
    return "_".join(p for p in path.name.partition(".")[0].split("_") if p[:5] != "echo-")


def _texts(value: object) -> list[str]:
    """Give one text or a list of texts as a list."""
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
