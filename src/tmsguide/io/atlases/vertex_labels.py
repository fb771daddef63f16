"""Labels per cortical vertex: CIFTI dlabel, GIFTI label and FreeSurfer annot files."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.atlases.label_images import MOST_LABELS
from tmsguide.io.atlases.label_tables import BACKGROUND
from tmsguide.io.atlases.network_names import network_of
from tmsguide.io.documents import missing, one_line
from tmsguide.io.surfaces.gifti import load_gifti
from tmsguide.model import Parcels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["read_dlabel", "read_hemisphere_labels"]

_CORTEX = ("CIFTI_STRUCTURE_CORTEX_LEFT", "CIFTI_STRUCTURE_CORTEX_RIGHT")
_DAMAGED = (
    EOFError,
    OSError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    OverflowError,
    MemoryError,
    zlib.error,
)


def read_dlabel(path: Path) -> Parcels:
    """Read a ``.dlabel.nii`` as parcels of the whole left mesh, then the whole right one.

    ``member`` (V,), V 64,984 for 32k fsLR, is 0 on the medial wall. A label on both sides is one
    parcel. Subcortical voxels are left out (use the atlas' volume for these); of several maps the
    first is read.

    Raises
    ------
    InputError
        Missing or damaged file, no labels, no two cortical surfaces, or over 2,000 labels.
    """
    name = one_line(path)
    image = _load_cifti(path)
    labels, where = _label_axes(image, name)
    named = {int(k): str(entry[0]) for k, entry in labels.label[0].items()}
    try:
        values = np.asarray(image.dataobj, dtype=np.float64)[0]
    except _DAMAGED as error:
        raise _unreadable(name, error) from error
    sizes = [int(where.nvertices.get(side, 0)) for side in _CORTEX]
    if not all(sizes):
        raise InputError(f"{name} has not both cortices; needed labels of left and right")
    numbers = np.zeros(sum(sizes), np.int64)
    on_surface = np.asarray(where.surface_mask)
    for side, size, start in zip(_CORTEX, sizes, (0, sizes[0]), strict=True):
        mine = np.asarray(where.name == side) & on_surface
        vertex = np.asarray(where.vertex[mine], dtype=np.int64)
        if mine.any() and not 0 <= vertex.min() <= vertex.max() < size:
            raise InputError(f"{name} names vertices beyond its mesh of {size}; copy it again")
        numbers[start + vertex] = _whole(values[mine], name)
    return _parcels(numbers, named, name)


def read_hemisphere_labels(left: Path, right: Path) -> Parcels:
    """Read ``.label.gii`` or FreeSurfer's ``.annot`` of both hemispheres, left mesh first.

    A name on both sides (as ``precentral``) makes two parcels, ``left precentral`` and ``right
    precentral``. Files of any mesh serve; which one their sizes tell (10,242 fsaverage5, 32,492
    32k fsLR, 163,842 fsaverage).

    Raises
    ------
    InputError
        Missing or damaged file, no labels, a file that says it is of the other hemisphere, or
        over 2,000 labels.
    """
    sides = [_hemisphere(path, side) for path, side in ((left, "left"), (right, "right"))]
    seen = [{named[k] for k in np.unique(n) if k in named and k != 0} for n, named in sides]
    both = {w for w in seen[0] & seen[1] if w.lower() not in BACKGROUND}
    first = 1 + max((k for _, named in sides for k in named), default=0)
    out: dict[int, str] = {}
    numbers = []
    for side, (mine, named), shift in zip(("left", "right"), sides, (0, first), strict=True):
        out |= {k + shift: f"{side} {w}" if w in both else w for k, w in named.items()}
        numbers.append(np.where(mine > 0, mine + shift, 0))
    return _parcels(np.concatenate(numbers), out, f"{one_line(left)}, {one_line(right.name)}")


def _parcels(numbers: Ints, named: Mapping[int, str], source: str) -> Parcels:
    """Count the labels that vertices carry from 1; 0 and what is called background become 0."""
    held = [int(k) for k in np.unique(numbers) if k != 0]
    lost = [k for k in held if k not in named]
    if lost:
        raise InputError(
            f"{source} holds labels {', '.join(map(str, lost[:5]))} without a name; export it "
            "again with its table of labels"
        )
    kept = [k for k in held if named[k].lower() not in BACKGROUND]
    if not kept or len(kept) > MOST_LABELS:
        raise InputError(f"{source} holds {len(kept)} labels; needed 1 to {MOST_LABELS}")
    place = np.minimum(np.searchsorted(kept, numbers), len(kept) - 1)
    member = np.where(np.asarray(kept)[place] == numbers, place + 1, 0)
    return Parcels(
        names=tuple(named[k] for k in kept),
        networks=tuple(network_of(named[k]) for k in kept),
        member=member.astype(np.int64),
        source=source,
    )


def _hemisphere(path: Path, side: str) -> tuple[Ints, dict[int, str]]:
    """Give the number of each vertex (V,) and the names by number."""
    other = {"left": ("rh.", "hemi-R", ".R."), "right": ("lh.", "hemi-L", ".L.")}[side]
    if path.name.startswith(other[0]) or any(word in path.name for word in other[1:]):
        raise InputError(
            f"{one_line(path)} was given as the {side} hemisphere and its name says the other; "
            "swap the two files"
        )
    return _annot(path) if path.suffix == ".annot" else _label_gifti(path, side)


def _label_gifti(path: Path, side: str) -> tuple[Ints, dict[int, str]]:
    image = load_gifti(path)
    name = one_line(path)
    meta = [getattr(image, "meta", None), *(a.meta for a in image.darrays[:1])]
    said = {str(m.get("AnatomicalStructurePrimary", "")) for m in meta if m is not None}
    if {"left": "CortexRight", "right": "CortexLeft"}[side] in said:
        raise InputError(f"{name} was given as the {side} hemisphere and says the other; swap")
    named = {int(k): str(w) for k, w in image.labeltable.get_labels_as_dict().items()}
    if not named or not image.darrays or np.ndim(image.darrays[0].data) != 1:
        raise InputError(f"{name} holds no labels with names; give a *.label.gii")
    return _whole(np.asarray(image.darrays[0].data, dtype=np.float64), name), named


def _annot(path: Path) -> tuple[Ints, dict[int, str]]:
    from nibabel.freesurfer import read_annot

    name = one_line(path)
    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    try:
        numbers, _, words = read_annot(path)
    except _DAMAGED as error:
        raise InputError(
            f"{name} cannot be read as FreeSurfer's .annot ({one_line(error)}); copy it again"
        ) from error
    named = {k + 1: one_line(w.decode("utf-8", "replace")) for k, w in enumerate(words)}
    # the file has -1 where a vertex carries no colour of its table
    return np.asarray(numbers, dtype=np.int64) + 1, named


def _whole(values: NDArray[np.float64], name: str) -> Ints:
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or values.min() < 0:
        raise InputError(f"{name} holds fractions, negative or missing numbers; needed labels")
    return values.astype(np.int64)


def _load_cifti(path: Path) -> Any:
    from nibabel.cifti2 import Cifti2Image
    from nibabel.cifti2.cifti2 import Cifti2HeaderError
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    theirs = (ImageFileError, HeaderDataError, WrapStructError, Cifti2HeaderError, ExpatError)
    try:
        return Cifti2Image.from_filename(path)
    except (*_DAMAGED, *theirs) as error:
        raise _unreadable(one_line(path), error) from error


def _label_axes(image: Any, name: str) -> tuple[Any, Any]:
    from nibabel.cifti2 import BrainModelAxis, LabelAxis
    from nibabel.cifti2.cifti2 import Cifti2HeaderError

    try:
        axes = [image.header.get_axis(i) for i in range(image.ndim)]
    except (Cifti2HeaderError, *_DAMAGED) as error:
        raise _unreadable(name, error) from error
    if [type(axis) for axis in axes] != [LabelAxis, BrainModelAxis]:
        held = " by ".join(type(a).__name__.removesuffix("Axis").lower() for a in axes)
        raise InputError(f"{name} holds {held}; needed labels by brainmodel, a .dlabel.nii")
    return axes[0], axes[1]


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} cannot be read as CIFTI-2 labels ({one_line(error)}); give a .dlabel.nii file, "
        "or copy it again"
    )
