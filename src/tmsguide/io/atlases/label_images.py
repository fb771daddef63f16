"""Label images in MNI spaces: an atlas of parcels with their names and networks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.atlases.label_tables import LabelTable, read_label_table
from tmsguide.io.atlases.network_names import UNASSIGNED, faults_of
from tmsguide.io.documents import one_line, read_bytes
from tmsguide.io.images.nifti import read_volume
from tmsguide.model import MNI_FRAMES, Frame, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["MOST_LABELS", "LabelImage", "named_image", "read_label_image"]

#: No atlas in use has more (Schaefer's finest has 1,000 parcels); beyond this it is no atlas.
MOST_LABELS = 2_000
#: float32 holds whole numbers up to here; FreeSurfer's stay below 15,000.
_LARGEST = 2**24
_NIFTI_ENDS = (".nii.gz", ".nii")
_TABLE_ENDS = (".tsv", ".json", ".txt", ".lut", ".ctab", ".xml")

#: Other names of the MNI spaces, in file names of atlases.
_OTHER_NAMES = {
    "MNI152NLin6": "MNI152NLin6Asym",  # neuroparc
    "FSLMNI152": "MNI152NLin6Asym",  # Schaefer's release; FSL's template is NLin6Asym
}
#: The grids of the templates: mm of the two corners, and the space they stand for.
_GRIDS = (
    (((-90, -126, -72), (91, 91, 109)), "MNI152NLin6Asym", "FSL's template"),
    (((-96, -132, -78), (97, 97, 115)), "MNI152NLin2009cAsym", "the 2009c template"),
    (((-98, -134, -72), (99, 99, 117)), "MNI152NLin2009aSym", "the 2009a symmetric template"),
)
_WITHIN_MM = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """An atlas: ``volume`` (X, Y, Z) int32, 0 outside every parcel, in an MNI space.

    ``names`` and ``networks`` have a word for each number in the image, in rising order of
    number (`UNASSIGNED` where no network is known). ``source`` names the files; ``notes`` say
    what was taken for granted.
    """

    volume: Volume
    names: Mapping[int, str]
    networks: Mapping[int, str]
    source: str
    notes: tuple[str, ...] = ()


def read_label_image(
    path: Path, *, table: Path | None = None, frame: Frame | None = None
) -> LabelImage:
    """Read a 3-D label image with the table that names its numbers.

    Parameters
    ----------
    path
        NIfTI of whole numbers, 0 outside.
    table
        See `read_label_table`; by default the one beside the image with the same name, or the
        BIDS ``_dseg.tsv`` whose name agrees. Without any, parcels are called ``label 17``.
    frame
        The MNI space of the image; by default what its name or its folder's says
        (``space-MNI152NLin6Asym``, ``tpl-...``), else what its grid tells.

    Raises
    ------
    InputError
        Fractions, negative numbers, no label or more than 2,000, a label that the table does not
        name, or no sign of an MNI space.
    FrameError
        ``frame`` is no MNI space.
    """
    space, notes = _space(path, frame)
    image = read_volume(path, frame=space or MNI_FRAMES[0])
    if space is None:
        space, said = _space_of_grid(image, path)
        notes += said
    data, numbers = _labels(image.data, one_line(path))
    volume = Volume(data, image.frame_from_voxel, space)
    table = table or _table_beside(path)
    if table is None:
        named = LabelTable({k: f"label {k}" for k in numbers})
        notes += ("no table names the labels, so they go by their numbers",)
        return named_image(volume, numbers, named, source=one_line(path.name), notes=notes)
    source = f"{one_line(path.name)}, named by {one_line(table.name)}"
    return named_image(volume, numbers, read_label_table(table), source=source, notes=notes)


def named_image(
    volume: Volume,
    numbers: list[int],
    named: LabelTable,
    *,
    source: str,
    notes: tuple[str, ...] = (),
) -> LabelImage:
    """Put image and table together; what the table calls background becomes 0."""
    lost = [k for k in numbers if k not in named.names and k not in named.outside]
    if lost:
        some = ", ".join(map(str, lost[:5])) + (", ..." if len(lost) > 5 else "")
        raise InputError(
            f"{source}: the table does not name labels {some} of the image; give the table that "
            "belongs to it"
        )
    held = [k for k in numbers if k in named.names]
    if len(held) < len(numbers):
        inside = np.where(np.isin(volume.data, held), volume.data, 0)
        volume = Volume(inside, volume.frame_from_voxel, volume.frame)
    faults = faults_of(named.names.values())
    return LabelImage(
        volume=volume,
        names={k: named.names[k] for k in held},
        networks={k: UNASSIGNED if faults else named.network(k) for k in held},
        source=source,
        notes=(*notes, *faults),
    )


def _labels(values: NDArray[np.float32], name: str) -> tuple[NDArray[np.int32], list[int]]:
    """Give the whole numbers of an image, and which there are besides 0."""
    values = values[..., 0] if values.ndim == 4 and values.shape[3] == 1 else values
    if values.ndim != 3:
        raise InputError(
            f"{name} has {values.shape[3]} volumes; needed one 3-D image of labels (of a "
            "probabilistic atlas the winner-take-all image)"
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high >= _LARGEST:
        raise InputError(f"{name} holds numbers from {low:g} to {high:g}; needed labels from 0")
    whole = np.rint(values)
    if not np.array_equal(whole, values):
        raise InputError(
            f"{name} holds fractions; needed whole numbers (a probabilistic atlas, or an atlas "
            "resampled with smoothing: resample it with nearest neighbour)"
        )
    data = whole.astype(np.int32)
    numbers = [int(k) for k in np.unique(data) if k != 0]
    if not numbers or len(numbers) > MOST_LABELS:
        raise InputError(
            f"{name} holds {len(numbers)} labels; needed 1 to {MOST_LABELS}: check that it is an "
            "atlas and not a scan"
        )
    return data, numbers


def _space(path: Path, frame: Frame | None) -> tuple[Frame | None, tuple[str, ...]]:
    """Give the MNI space that was given, or that the file's or a folder's name tells."""
    if frame is not None:
        if frame not in MNI_FRAMES:
            raise FrameError(
                f"the label image is said to be in {frame.name}; needed an MNI space: "
                f"{', '.join(f.name for f in MNI_FRAMES)}"
            )
        return frame, ()
    known = {f.name: f for f in MNI_FRAMES}
    for part in (path.name, *(p.name for p in list(path.parents)[:2])):
        said = re.search(r"(?:space|tpl)-([A-Za-z0-9]+)", part)
        word = said[1] if said else next((w for w in re.findall(_SPACE_WORD, part)), None)
        if word is None:
            continue
        right = _OTHER_NAMES.get(word, word)
        if right not in known:
            raise InputError(
                f"{one_line(path.name)} is in {one_line(word)}, by its name; needed an MNI "
                f"space: {', '.join(known)}"
            )
        other = (f"{word} was taken as {right}",) if right != word else ()
        return known[right], other
    return None, ()


_SPACE_WORD = r"(FSLMNI152|MNI152N?Lin[0-9A-Za-z]+)"


def _space_of_grid(image: Volume, path: Path) -> tuple[Frame, tuple[str, ...]]:
    """Give the MNI space whose template has the box of this image."""
    top = np.array([[0.0, 0.0, 0.0], np.array(image.data.shape[:3]) - 1.0])
    corners = top @ image.frame_from_voxel[:3, :3].T + image.frame_from_voxel[:3, 3]
    box = np.array([corners.min(axis=0), corners.max(axis=0)])
    for expected, name, whose in _GRIDS:
        if np.abs(box - np.array(expected)).max() <= _WITHIN_MM:
            return Frame(name), (f"its name tells no space; its box is {whose}'s: {name}",)
    raise InputError(
        f"{one_line(path.name)} does not say which MNI space it is in, and its grid is that of no "
        "MNI template; give the space, or name the file with space-MNI152NLin6Asym or the like"
    )


def _table_beside(path: Path) -> Path | None:
    """Give the table with the image's own name, Schaefer's, or the one BIDS would take for it."""
    end = next((e for e in _NIFTI_ENDS if path.name.endswith(e)), path.suffix)
    stem = path.name.removesuffix(end)
    for own, ending in product(dict.fromkeys((stem, stem.split("_FSLMNI152")[0])), _TABLE_ENDS):
        beside = path.with_name(own + ending)
        if beside.exists() and (ending != ".json" or b'"rois"' in read_bytes(beside)):
            return beside
    if not stem.endswith("_dseg"):
        return None
    mine = set(stem.split("_"))
    fitting = [p for p in sorted(path.parent.glob("*_dseg.tsv")) if set(p.stem.split("_")) <= mine]
    return max(fitting, key=lambda p: len(p.stem.split("_")), default=None)
