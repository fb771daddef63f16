"""Small text files in, plain values out: JSON objects, TSV tables, TOML resources."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "LIMIT_BYTES",
    "missing",
    "one_line",
    "parse_json",
    "parse_tsv",
    "read_bytes",
    "read_json",
    "read_toml_resource",
    "read_tsv",
    "text_of",
]

#: No sidecar, table or marker file of a real study comes near this; a larger one is refused.
LIMIT_BYTES = 32_000_000


def one_line(words: object) -> str:
    r"""Give an error's or file's words on one printable line of at most 300 characters.

    Examples
    --------
    >>> one_line("two\n  lines")
    'two lines'
    """
    line = " ".join(str(words).split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= 300 else line[:297] + "..."


def read_bytes(path: Path, *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Give a small file's bytes.

    Raises
    ------
    InputError
        The file is missing, cannot be opened or is larger than ``limit_bytes``.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(limit_bytes + 1)
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    if len(data) > limit_bytes:
        raise InputError(
            f"{one_line(path)} is larger than {limit_bytes / 1e6:g} MB, more than such a file "
            "ever needs; check that it is the right file"
        )
    return data


def missing(path: Path, error: Exception) -> InputError:
    """Say in one line why ``path`` cannot be opened, and what to do."""
    name = one_line(path)
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        return InputError(
            f"{name} is a link whose content is not here; fetch it first "
            "(for a DataLad dataset: datalad get)"
        )
    if isinstance(error, FileNotFoundError):
        return InputError(f"{name} does not exist; check the path and the spelling")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{name} is a folder, a file was needed; give the file itself")
    reason = one_line(getattr(error, "strerror", None) or error)
    return InputError(f"{name} cannot be opened ({reason}); check the path and its permissions")


def text_of(data: bytes, name: object) -> str:
    """Decode UTF-8 (with or without byte-order mark); ``name`` is for the error.

    Raises
    ------
    InputError
        The bytes are no UTF-8 text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{one_line(name)} is not UTF-8 text (byte {error.start}); save it again as UTF-8"
        ) from error
    if "\0" in text:
        raise InputError(f"{one_line(name)} holds zero bytes, so it is no text; check the file")
    return text


def parse_json(data: bytes, name: object) -> dict[str, object]:
    """Give the object in a JSON document; ``name`` is for the error.

    Raises
    ------
    InputError
        No UTF-8, no JSON, nested too deep, or not an object.
    """
    try:
        value = json.loads(text_of(data, name))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{one_line(name)} is not valid JSON ({one_line(error)}); mend or re-export it"
        ) from error
    if not isinstance(value, dict):
        raise InputError(
            f"{one_line(name)} holds a JSON {type(value).__name__}; needed an object in braces"
        )
    return value


def read_json(path: Path) -> dict[str, object]:
    """Read one JSON object; errors as `parse_json` and `read_bytes`."""
    return parse_json(read_bytes(path), path)


def parse_tsv(data: bytes, name: object) -> dict[str, list[str]]:
    """Give a tab-separated table as columns of text, in file order.

    Raises
    ------
    InputError
        No header line, a column named twice, or a row of another length.
    """
    lines = text_of(data, name).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = [line.split("\t") for line in lines if line.strip()]
    if not rows:
        raise InputError(f"{one_line(name)} is empty; needed a header line and rows")
    header = [cell.strip() for cell in rows[0]]
    if len(set(header)) != len(header):
        raise InputError(f"{one_line(name)} names a column twice; rename one of them")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise InputError(
                f"{one_line(name)} row {number} has {len(row)} cells and the header "
                f"{len(header)}; separate the cells by single tabs"
            )
    return {column: [row[i].strip() for row in rows[1:]] for i, column in enumerate(header)}


def read_tsv(path: Path) -> dict[str, list[str]]:
    """Read one TSV table; errors as `parse_tsv` and `read_bytes`."""
    return parse_tsv(read_bytes(path, limit_bytes=256_000_000), path)


def read_toml_resource(package: str, name: str) -> Mapping[str, object]:
    """Read a TOML data file that ships inside a package.

    Examples
    --------
    >>> "tissue" in read_toml_resource("tmsguide.io.data", "conductivities.toml")
    True
    """
    try:
        text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
        return tomllib.loads(text)
    except (OSError, ImportError, ValueError) as error:
        raise InputError(
            f"data file {name} of {package} cannot be read ({one_line(error)}); "
            "install tmsguide again"
        ) from error
