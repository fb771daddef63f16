"""Tables that name the numbers of a label image, in the formats atlases come with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tmsguide.errors import InputError
from tmsguide.io.atlases.network_names import UNASSIGNED, network_of
from tmsguide.io.documents import one_line, parse_json, parse_tsv, read_bytes, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["BACKGROUND", "LabelTable", "read_label_table"]

#: Names by which atlases call what belongs to no parcel.
BACKGROUND = frozenset(
    {
        "???",
        "unknown",
        "background",
        "empty",
        "null",
        "none",
        "medial_wall",
        "medialwall",
        "corpuscallosum",
        "background+freesurfer_defined_medial_wall",
    }
)
_NETWORK_COLUMNS = ("network", "network_name", "network_label")
#: No name of a parcel is longer; a longer one is text that was taken for a table.
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Names by label number, and networks where the table itself has a column of them.

    ``outside`` are the numbers that the table calls background, medial wall or the like.
    """

    names: Mapping[int, str]
    networks: Mapping[int, str] = field(default_factory=dict)
    outside: frozenset[int] = frozenset()

    def network(self, number: int) -> str:
        """Network of a label: the table's own word, else what its name tells."""
        return self.networks.get(number) or network_of(self.names.get(number, ""))


def read_label_table(path: Path) -> LabelTable:
    """Read a table of labels; the ending says which kind.

    ``.tsv``: BIDS ``_dseg.tsv`` (``index``, ``name`` or ``label``, perhaps ``network``).
    ``.json``: neuroparc. ``.xml``: FSL's or AAL's. ``.txt``, ``.lut``, ``.ctab``, ``.label``:
    FreeSurfer's and Schaefer's colour tables, FSLeyes' lut, Workbench's list of two-line entries.

    Raises
    ------
    InputError
        Missing file, another kind, a number that is named twice, or no names at all.
    """
    name = one_line(path)
    data = read_bytes(path)
    kind = path.suffix.lower()
    if kind == ".tsv":
        table = _from_tsv(data, name)
    elif kind == ".json":
        table = _from_json(data, name)
    elif kind == ".xml":
        table = _from_xml(data, name)
    elif kind in (".txt", ".lut", ".ctab", ".label"):
        table = _from_text(data, name)
    else:
        raise InputError(
            f"{name} is no table of labels that can be read; give a BIDS _dseg.tsv, a FreeSurfer "
            "or Schaefer colour table (.txt), a neuroparc .json or an FSL .xml"
        )
    if not table.names:
        raise InputError(f"{name} names no label; give the table that belongs to the image")
    return table


def _from_tsv(data: bytes, name: str) -> LabelTable:
    columns = parse_tsv(data, name)
    called = next((c for c in ("name", "label") if c in columns), None)
    if called is None or "index" not in columns:
        raise InputError(
            f"{name} has the columns {', '.join(columns)}; needed index and name, as in BIDS "
            "_dseg.tsv"
        )
    numbers = [_whole(cell, name) for cell in columns["index"]]
    own = next((columns[c] for c in _NETWORK_COLUMNS if c in columns), [])
    networks = {
        number: _plain(word)
        for number, word in zip(numbers, own, strict=False)
        if word.lower() not in ("", "n/a", "none")
    }
    return _table(zip(numbers, columns[called], strict=True), name, networks)


def _plain(word: str) -> str:
    """Give a network's short name (``SalVentAttn``) in plain words, others as they are."""
    known = network_of(f"LH_{word}")
    return known if known != UNASSIGNED else word


def _from_json(data: bytes, name: str) -> LabelTable:
    regions = parse_json(data, name).get("rois")
    if not isinstance(regions, dict):
        raise InputError(f"{name} has no 'rois'; needed a neuroparc table of labels")
    labels = {k: v.get("label") for k, v in regions.items() if isinstance(v, dict)}
    pairs = [(_whole(k, name), label) for k, label in labels.items() if isinstance(label, str)]
    if regions and not pairs:
        raise InputError(
            f"{name} lists {len(regions)} labels without a name; give the atlas' own table "
            "(Schaefer: the colour table of its release)"
        )
    return _table(pairs, name)


def _from_xml(data: bytes, name: str) -> LabelTable:
    text = text_of(data, name)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError(f"{name} declares entities of its own, which no atlas does; check it")
    try:
        root = ET.fromstring(text)  # noqa: S314  # entities are refused above
    except ET.ParseError as error:
        raise InputError(f"{name} is no sound XML ({one_line(error)}); copy it again") from error
    # FSL numbers the maps of a probabilistic atlas from 0; its winner-take-all image from 1
    first = 1 if (root.findtext("header/type") or "").lower().startswith("prob") else 0
    pairs = []
    for label in root.iter("label"):
        inside = label.findtext("index")  # as AAL writes it
        if inside is not None:
            pairs.append((_whole(inside, name), label.findtext("name") or ""))
        else:
            pairs.append((_whole(label.get("index") or "", name) + first, label.text or ""))
    return _table(pairs, name)


def _from_text(data: bytes, name: str) -> LabelTable:
    lines = [s for line in text_of(data, name).splitlines() if (s := line.split("#")[0].strip())]
    cells = [line.split() for line in lines]
    if cells and len(cells) % 2 == 0 and all(_workbench(row) for row in cells[1::2]):
        numbers = [_whole(row[0], name) for row in cells[1::2]]
        return _table(zip(numbers, lines[0::2], strict=True), name)
    pairs = []
    for line, row in zip(lines, cells, strict=True):
        if len(row) < 2:
            raise InputError(
                f"{name} has a line {one_line(line)!r}; needed a number, a name and a colour on "
                "each line"
            )
        pairs.append((_whole(row[0], name), _name_in(row)))
    return _table(pairs, name)


def _workbench(row: list[str]) -> bool:
    return len(row) == 5 and _numeric(row) and "." not in row[0]


def _name_in(row: list[str]) -> str:
    """Give the name in a line: after a colour (FSLeyes), or before one (FreeSurfer, Schaefer)."""
    if len(row) > 4 and _numeric(row[1:4]):
        return " ".join(row[4:])
    last = len(row)
    while last > 2 and len(row) - last < 4 and _numeric(row[last - 1 : last]):
        last -= 1
    return " ".join(row[1:last])


def _numeric(cells: list[str]) -> bool:
    return all(c.replace(".", "", 1).lstrip("-").isdigit() for c in cells)


def _whole(cell: str, name: str) -> int:
    try:
        number = float(cell)
    except ValueError as error:
        raise InputError(
            f"{name} gives {one_line(cell)[:40]!r} as a label; needed a whole number"
        ) from error
    if not number.is_integer() or not 0 <= number < 2**31:
        raise InputError(f"{name} gives {number:g} as a label; needed a whole number from 0")
    return int(number)


def _table(
    pairs: Iterable[tuple[int, str]], name: str, networks: Mapping[int, str] | None = None
) -> LabelTable:
    """Put a table together; a number named twice is refused."""
    named: dict[int, str] = {}
    for number, word in pairs:
        label = one_line(word)
        if len(label) > _LONGEST_NAME:
            raise InputError(f"{name} holds a name of over {_LONGEST_NAME} letters; check it")
        if named.setdefault(number, label) != label:
            raise InputError(f"{name} names label {number} twice: {named[number]!r} and {label!r}")
    outside = frozenset(k for k, w in named.items() if k == 0 or w.lower() in BACKGROUND)
    names = {k: w or f"label {k}" for k, w in named.items() if k not in outside}
    return LabelTable(names, networks or {}, outside)
