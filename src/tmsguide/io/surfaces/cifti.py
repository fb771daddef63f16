"""CIFTI-2 dense time series (.dtseries.nii)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import missing, one_line
from tmsguide.io.images.nifti_header import LARGEST_BYTES
from tmsguide.io.images.timing import repetition_time_s
from tmsguide.io.surfaces.dense_series import DenseSeries, Structure, signalling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["read_dense_series"]


def read_dense_series(path: Path, *, sidecar: Mapping[str, object] | None = None) -> DenseSeries:
    """Read a ``.dtseries.nii``, cortex alone (64k) or with subcortical voxels (91k, 170k).

    ``sidecar`` is the run's JSON metadata; its RepetitionTime goes before the file's own.

    Raises
    ------
    InputError
        Missing or damaged file, no dense time series, no repetition time, or missing samples.
    """
    name = one_line(path)
    image = _load(path)
    time, where = _axes(image, name)
    stored = float(time.step) if str(time.unit).upper() == "SECOND" and time.step > 0 else None
    tr_s = repetition_time_s(sidecar or {}, stored, name)
    if 4 * len(time) * len(where) > LARGEST_BYTES:
        raise InputError(
            f"{name} would fill {4e-9 * len(time) * len(where):.1f} GB of memory, the limit is "
            f"{LARGEST_BYTES / 1e9:g} GB; shorten the run"
        )
    try:
        series = np.asarray(image.dataobj, dtype=np.float32)
    except (EOFError, OSError, ValueError, TypeError, zlib.error, MemoryError) as error:
        raise _unreadable(name, error) from error
    if series.shape != (len(time), len(where)):
        raise InputError(
            f"{name} holds {series.shape} numbers, its header says ({len(time)}, {len(where)}); "
            "the file is damaged, copy it again"
        )
    structure, index, vertices = _places(where, name)
    kept = signalling(series, name)
    whole = bool(kept.all())
    return DenseSeries(
        series=series if whole else np.ascontiguousarray(series[:, kept]),
        tr_s=tr_s,
        structure=structure[kept],
        index=index[kept],
        vertices=vertices,
        world_from_voxel=_world(image, where)
        if (structure == Structure.SUBCORTEX).any()
        else None,
        left_out=int((~kept).sum()),
    )


def _load(path: Path) -> Any:
    from nibabel.cifti2 import Cifti2Image
    from nibabel.cifti2.cifti2 import Cifti2HeaderError
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    name = one_line(path)
    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    damaged = (EOFError, OSError, ValueError, LookupError, AttributeError, TypeError, zlib.error)
    theirs = (ImageFileError, HeaderDataError, WrapStructError, Cifti2HeaderError, ExpatError)
    try:
        return Cifti2Image.from_filename(path)
    except (*damaged, *theirs, AssertionError, OverflowError, MemoryError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} cannot be read as CIFTI-2 ({one_line(error)}); give a .dtseries.nii file, or "
        "copy it again"
    )


def _axes(image: Any, name: str) -> tuple[Any, Any]:
    from nibabel.cifti2 import BrainModelAxis, SeriesAxis
    from nibabel.cifti2.cifti2 import Cifti2HeaderError

    try:
        axes = [image.header.get_axis(i) for i in range(image.ndim)]
    except (Cifti2HeaderError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise _unreadable(name, error) from error
    kinds = [type(axis) for axis in axes]
    if kinds != [SeriesAxis, BrainModelAxis]:
        held = " by ".join(k.__name__.removesuffix("Axis").lower() for k in kinds)
        raise InputError(
            f"{name} holds {held}; needed a dense time series (series by brainmodel), "
            "*.dtseries.nii"
        )
    return axes[0], axes[1]


def _places(where: Any, name: str) -> tuple[NDArray[np.uint8], Ints, tuple[int, int]]:
    """Give structure (N,), index (N, 3) and the sizes of the two meshes."""
    cortex = {
        "CIFTI_STRUCTURE_CORTEX_LEFT": Structure.LEFT_CORTEX,
        "CIFTI_STRUCTURE_CORTEX_RIGHT": Structure.RIGHT_CORTEX,
    }
    sizes = [int(where.nvertices.get(key, 0)) for key in cortex]
    odd = sorted(set(where.nvertices) - set(cortex))
    if odd or not all(sizes):
        raise InputError(
            f"{name} has surfaces of {', '.join(sorted(where.nvertices)) or 'nothing'}; needed "
            "the left and the right cortex"
        )
    structure = np.full(len(where), Structure.SUBCORTEX, np.uint8)
    index = np.array(where.voxel, dtype=np.int64)
    on_surface = np.asarray(where.surface_mask)
    for (key, kind), size in zip(cortex.items(), sizes, strict=True):
        mine = np.asarray(where.name == key) & on_surface
        structure[mine] = kind
        index[mine] = -1
        index[mine, 0] = where.vertex[mine]
        if mine.any() and not 0 <= index[mine, 0].min() <= index[mine, 0].max() < size:
            raise InputError(f"{name} names vertices beyond its mesh of {size}; copy it again")
    return structure, index, (sizes[0], sizes[1])


def _world(image: Any, where: Any) -> NDArray[np.float64]:
    """Give millimetres from voxel; the file may state another power of ten of metres."""
    volume = image.header.matrix.get_index_map(1).volume
    exponent = volume.transformation_matrix_voxel_indices_ijk_to_xyz.meter_exponent
    matrix = np.array(where.affine, dtype=np.float64)
    matrix[:3] *= 10.0 ** (int(-3 if exponent is None else exponent) + 3)
    return matrix
