"""Names and metadata of the BIDS derivative dataset that tmsguide writes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.writing import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["bids_uri", "derivative_path", "write_dataset_description", "write_sidecar"]

_BIDS_VERSION = "1.10.0"
#: Order of entities in a file name (BIDS 1.10, appendix "Entity table").
_ORDER = (
    *("task", "acq", "ce", "rec", "dir", "run", "mod", "echo", "part", "proc", "hemi", "space"),
    *("split", "recording", "seg", "res", "den", "label", "stat", "desc"),
)


def write_dataset_description(
    output_dir: Path, *, version: str, sources: Mapping[str, Path]
) -> Path:
    """Write dataset_description.json of the derivative dataset; gives its path.

    Parameters
    ----------
    output_dir
        Root of the derivative dataset.
    version
        Version of tmsguide.
    sources
        Source datasets: short name, as used in BIDS URIs, to folder.
    """
    links = {_value(name): _location(path, output_dir) for name, path in sources.items()}
    description = {
        "Name": "tmsguide: personalised TMS plans (research use only)",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "tmsguide", "Version": version}],
        "SourceDatasets": [{"URL": link} for link in links.values()],
        "DatasetLinks": links,
    }
    return write_json(description, output_dir / "dataset_description.json")


def _location(path: Path, start: Path) -> str:
    """Relative, so that no path of this machine is published; absolute only across drives."""
    try:
        return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_uri()


def bids_uri(path: Path, root: Path, *, dataset: str) -> str:
    """Name a file inside a source dataset.

    Raises
    ------
    InputError
        ``path`` lies outside ``root``.

    Examples
    --------
    >>> bids_uri(Path("/d/sub-01/anat/a.nii"), Path("/d"), dataset="raw")
    'bids:raw:sub-01/anat/a.nii'
    """
    try:
        inside = path.absolute().relative_to(root.absolute())
    except ValueError as error:
        raise InputError(
            f"{one_line(path)} is not inside {one_line(root)}; needed a file of that dataset"
        ) from error
    return f"bids:{_value(dataset)}:{inside.as_posix()}"


def derivative_path(
    output_dir: Path,
    label: str,
    folder: str,
    *,
    suffix: str,
    extension: str,
    entities: Mapping[str, str] | None = None,
    session: str | None = None,
) -> Path:
    """Give the path of an output file, its entities in BIDS order.

    Raises
    ------
    InputError
        An unknown entity, or a value that is not letters and digits.

    Examples
    --------
    >>> entities = {"desc": "field", "space": "T1w"}
    >>> path = derivative_path(
    ...     Path("out"), "01", "tms", suffix="efield", extension=".nii.gz", entities=entities
    ... )
    >>> path.as_posix()
    'out/sub-01/tms/sub-01_space-T1w_desc-field_efield.nii.gz'
    """
    given = dict(entities or {})
    unknown = sorted(set(given) - set(_ORDER))
    if unknown:
        raise InputError(f"unknown BIDS entities {unknown}; known are {', '.join(_ORDER)}")
    start = [f"sub-{_value(label)}"] + ([f"ses-{_value(session)}"] if session else [])
    pairs = [f"{key}-{_value(given[key])}" for key in _ORDER if key in given]
    name = "_".join([*start, *pairs, _value(suffix)]) + extension
    return output_dir.joinpath(*start, folder, name)


def _value(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]+", text):
        raise InputError(f"BIDS names take letters and digits only, given {one_line(text)!r}")
    return text


def write_sidecar(
    path: Path,
    *,
    description: str,
    sources: Sequence[str],
    settings: object = None,
    extra: Mapping[str, object] | None = None,
) -> Path:
    """Write the JSON sidecar of an output file; gives the sidecar's path.

    Parameters
    ----------
    path
        The file that the sidecar describes.
    description
        What the file holds, with its units.
    sources
        BIDS URIs of the files it was made from.
    settings
        The settings that shaped it (a dataclass or mapping).
    extra
        Further BIDS fields, such as ``Units``.
    """
    content: dict[str, object] = {"Description": description, "Sources": list(sources)}
    content |= dict(extra or {})
    if settings is not None:
        content["Settings"] = settings
    return write_json(content, path.with_name(path.name.partition(".")[0] + ".json"))
