"""Localite TMS Navigator XML: instrument markers, in the classic list and the newer GUM list.

Axes (SimNIBS to Localite, its own inverse): x_L = z, y_L = -y (towards the handle), z_L = x.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import LIMIT_BYTES, one_line, text_of
from tmsguide.io.navigators.markers import NavigatorMarker, foreign_name, numbers, one_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = ["LOCALITE_FROM_SIMNIBS", "decode", "encode", "encode_gum"]

LOCALITE_FROM_SIMNIBS = np.array([[0.0, 0, 1], [0, -1, 0], [1, 0, 0]])
_WORLD_FROM = {"RAS": np.eye(4), "LPS": np.diag([-1.0, -1.0, 1.0, 1.0])}
_COLOUR = "#ff0000"


def encode(markers: Sequence[NavigatorMarker], *, space: str = "RAS") -> bytes:
    """Give an InstrumentMarkerList; ``space`` is RAS for a NIfTI, LPS for a DICOM series loaded.

    Raises
    ------
    InputError
        Unknown space, no markers or two of one name.
    """
    one_frame(markers)
    items = "".join(
        f'    <InstrumentMarker alwaysVisible="false" index="{i}" selected="false">\n'
        f'        <Marker additionalInformation="" color="{_COLOUR}" '
        f'description={quoteattr(marker.name)} set="true">\n'
        f"{_matrix(marker, space)}"
        "        </Marker>\n"
        "    </InstrumentMarker>\n"
        for i, marker in enumerate(markers)
    )
    return _document("InstrumentMarkerList", items, space)


def encode_gum(markers: Sequence[NavigatorMarker], *, space: str = "RAS") -> bytes:
    """Give a GUMMarkerList, the form of newer Localite versions (as users' scripts write it)."""
    one_frame(markers)
    items = "".join(
        f'    <Element index="{i}" selected="true" type="InstrumentMarker">\n'
        f'        <InstrumentMarker additionalInformation="" alwaysVisible="true" '
        f'color="{_COLOUR}" description={quoteattr(marker.name)} locked="false" set="true" '
        f'uid="{i + 1}">\n'
        f"{_matrix(marker, space)}"
        "        </InstrumentMarker>\n"
        "    </Element>\n"
        for i, marker in enumerate(markers)
    )
    return _document("GUMMarkerList", items, space)


def _document(root: str, items: str, space: str) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} coordinateSpace="{space}">\n'
    return (head + items + f"</{root}>\n").encode("utf-8")


def _matrix(marker: NavigatorMarker, space: str) -> str:
    pose = _world(space) @ marker.matsimnibs
    pose[:3, :3] = pose[:3, :3] @ LOCALITE_FROM_SIMNIBS
    indent = " " * 12
    rows = [
        " ".join(f'data{r}{c}="{round(pose[r, c], 12) + 0.0:+.12f}"' for c in range(4))
        for r in range(4)
    ]
    return f"{indent}<Matrix4D\n{indent}    " + f"\n{indent}    ".join(rows) + "/>\n"


def _world(space: object) -> NDArray[np.float64]:
    if not isinstance(space, str) or space not in _WORLD_FROM:
        raise InputError(
            f"Localite file in coordinate space {one_line(space)!r}; needed RAS (NIfTI) or LPS "
            "(DICOM); set coordinateSpace on its first element"
        )
    return _WORLD_FROM[space]


def decode(data: bytes, *, frame: Frame) -> tuple[NavigatorMarker, ...]:
    """Give all instrument markers of an InstrumentMarkerList or GUMMarkerList.

    ``frame`` is that of the image loaded in Localite. Markers that are not set are skipped.

    Raises
    ------
    InputError
        No such XML, too large, with a document type (refused: entity bombs), no marker, or a
        matrix that is no pose.
    """
    root = _root(data)
    if root.tag == "InstrumentMarkerList":
        found = [(m.find("Marker"), m) for m in root.findall("InstrumentMarker")]
        items = [marker if marker is not None else outer for marker, outer in found]
    elif root.tag == "GUMMarkerList":
        items = root.findall("Element/InstrumentMarker")
    else:
        raise InputError(
            f"Localite file is a {one_line(root.tag)!r}; needed an InstrumentMarkerList or "
            "GUMMarkerList; export the instrument markers"
        )
    ras_from_file = _world(root.get("coordinateSpace"))  # its own inverse
    markers = tuple(
        _marker(item, i, ras_from_file, frame)
        for i, item in enumerate(items)
        if item.get("set", "true") != "false"
    )
    if not markers:
        raise InputError("Localite file holds no set instrument marker; export it again")
    return markers


def _root(data: bytes) -> ET.Element:
    if len(data) > LIMIT_BYTES:
        raise InputError(f"Localite file of {len(data)} bytes; needed at most {LIMIT_BYTES}")
    text = text_of(data, "Localite file")
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, flags=re.IGNORECASE):
        raise InputError("Localite file declares a document type or entities; export it again")
    try:
        return ET.fromstring(text)  # noqa: S314  (no document type, size capped)
    except (ET.ParseError, ValueError) as error:
        raise InputError(
            f"Localite file is not valid XML ({one_line(error)}); export it again"
        ) from error


def _marker(
    item: ET.Element, index: int, ras_from_file: NDArray[np.float64], frame: Frame
) -> NavigatorMarker:
    name = foreign_name(item.get("description") or "", f"marker {index}")
    stored = item.find("Matrix4D")
    if stored is None:
        raise InputError(f"Localite marker {one_line(name)!r} has no Matrix4D; export it again")
    keys = [f"data{r}{c}" for r in range(4) for c in range(4)]
    absent = [key for key in keys if key not in stored.attrib]
    if absent:
        raise InputError(
            f"Localite marker {one_line(name)!r} lacks {', '.join(absent)}; export it again"
        )
    cells = numbers([stored.attrib[key] for key in keys], name)
    pose = ras_from_file @ cells.reshape(4, 4)
    pose[:3, :3] = pose[:3, :3] @ LOCALITE_FROM_SIMNIBS
    return NavigatorMarker(name, pose, frame)
