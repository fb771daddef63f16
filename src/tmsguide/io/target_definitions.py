"""A user's own targeting method: its TOML file, and the brain map that some methods rest on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line, read_bytes, read_json, text_of
from tmsguide.io.images.nifti import read_volume
from tmsguide.io.images.nifti_header import check_whole, read_header
from tmsguide.model import MNI_FRAMES, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from tmsguide.model import Volume
    from tmsguide.targeting.definitions import Spheres, TargetDefinition

__all__ = ["map_space", "read_definition", "read_weight_map"]

#: A definition is a page of words.
_LIMIT_BYTES = 64_000

#: The space that maps of the TMS literature are mostly in: that of FSL and of contarg.
_USUAL = Frame("MNI152NLin6Asym")


def read_definition(path: Path) -> TargetDefinition:
    """Read a targeting method from a TOML file; its name is that of the file.

    Images named in it are looked for beside it and come out as absolute paths.

    Raises
    ------
    InputError
        One line: the file, a key or an image is missing or cannot be used, or the name is that of
        a built-in method.
    """
    from tmsguide.targeting.definitions import definitions, parse_definition

    if path.suffix.lower() != ".toml":
        raise InputError(
            f"{one_line(path)} does not end in .toml; give a TOML file as docs/methods describes"
        )
    name = path.stem
    if any(one.name == name for one in definitions()):
        raise InputError(
            f"{one_line(path)} has the name of a built-in targeting method; rename the file, so "
            "that a report cannot mix them up"
        )
    text = text_of(read_bytes(path, limit_bytes=_LIMIT_BYTES), path)
    found = parse_definition(text, name=name)
    if found.lacks_map:
        raise InputError(
            f"{one_line(path)}: compared is {found.compared.value!r} and map_file is missing; "
            "needed the path of a 3-D NIfTI image in an MNI 152 space"
        )
    return replace(
        found,
        map_file=_beside(path, found.map_file),
        search=_spheres(path, found.search),
        seed=_spheres(path, found.seed),
    )


def read_weight_map(path: Path) -> Volume:
    """Read a 3-D map as float32 (X, Y, Z) in the MNI 152 space that `map_space` finds.

    Raises
    ------
    InputError
        The image is missing, damaged, not 3-D, holds NaN, is one value everywhere, is in no
        MNI 152 space or does not hold that space's origin.
    """
    header = read_header(path)
    if len(header.shape) != 3:
        raise InputError(
            f"{one_line(path)} holds {header.volumes} volumes; needed one 3-D map; extract the "
            "volume you mean"
        )
    check_whole(header)
    frame, _ = map_space(path)
    at = np.linalg.inv(header.frame_from_voxel)[:3, 3]
    if not ((at >= 0) & (at <= np.array(header.shape) - 1)).all():
        raise InputError(
            f"{one_line(path)} does not hold the origin of MNI 152 (the anterior commissure); it "
            "seems to be in another space: bring it to MNI 152"
        )
    return read_volume(path, frame=frame)


def map_space(path: Path) -> tuple[Frame, str]:
    """Give the MNI 152 space a map is in, and a note for the report where that is a guess.

    Taken from ``space-`` in the file's name, else from ``SpatialReference`` or ``Space`` in the
    JSON file beside it; where neither says, MNI152NLin6Asym is taken, with a note.

    Raises
    ------
    InputError
        A space is named that is not one of `MNI_FRAMES`.
    """
    # not every map has a whole BIDS name: DepressionCircuit_space-MNI152NLin6Asym_res-02.nii.gz
    named = re.search(r"(?:^|_)space-([A-Za-z0-9+]+)(?=[_.])", path.name)
    told = named[1] if named else _sidecar_space(path)
    if not told:
        return _USUAL, (
            f"{one_line(path.name)} names no space: taken as {_USUAL.name} (MNI 152 spaces differ "
            "by 1 to 3 mm)"
        )
    for frame in MNI_FRAMES:
        if frame.name == told:
            return frame, ""
    known = ", ".join(frame.name for frame in MNI_FRAMES)
    raise InputError(
        f"{one_line(path)} is in space {one_line(told)[:60]}; needed one of {known}: bring it to "
        "one of them"
    )


def _sidecar_space(path: Path) -> str:
    """Space named in the JSON file of the same stem, empty where there is none."""
    beside = path.with_name(path.name.partition(".nii")[0] + ".json")
    if not beside.is_file():
        return ""
    content = read_json(beside)
    told = content.get("SpatialReference", content.get("Space", ""))
    if not isinstance(told, str):
        raise InputError(
            f"{one_line(beside)}: SpatialReference is not text; needed the name of one space"
        )
    return told


def _spheres(path: Path, area: Spheres) -> Spheres:
    return replace(area, map_file=_beside(path, area.map_file))


def _beside(path: Path, name: str) -> str:
    """Absolute path of an image named in a definition, empty for none."""
    if not name:
        return ""
    try:
        image = (path.parent / name).resolve()
        there = image.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{one_line(path)}: map_file {one_line(name)[:80]!r} cannot be looked for "
            f"({one_line(error)}); give the path of a NIfTI image"
        ) from error
    if not there:
        raise InputError(
            f"{one_line(path)}: map_file {one_line(name)[:80]!r} is not there (looked for "
            f"{one_line(image)}); paths start from the folder of the definition"
        )
    if not image.name.endswith((".nii", ".nii.gz")):
        raise InputError(
            f"{one_line(path)}: map_file {one_line(name)[:80]!r} is no NIfTI image; needed a name "
            "that ends in .nii or .nii.gz"
        )
    return str(image)
