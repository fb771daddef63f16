"""Volumes out as NIfTI whose q-form and s-form agree, byte for byte the same on every run."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.writing import atomic_stream
from tmsguide.model import MNI

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Volume

__all__ = ["write_nifti"]

_SCANNER, _MNI152 = 1, 4
_STORED: dict[str, np.dtype[Any]] = {
    "b": np.dtype(np.uint8),
    "f": np.dtype(np.float32),
    "i": np.dtype(np.int32),
    "u": np.dtype(np.uint16),
}
_KEPT = {np.dtype(t) for t in (np.uint8, np.int16, np.uint16, np.int32, np.float32)}


def write_nifti(volume: Volume, path: Path, *, tr_s: float | None = None) -> Path:
    """Write a volume as .nii or .nii.gz, complete or not at all; gives ``path``.

    q-form and s-form get the same matrix and code: 4 in the MNI frame, else 1 (scanner).
    bool is stored as uint8, float64 as float32, wide integers as int32.

    Raises
    ------
    InputError
        The name ends otherwise, a value does not fit its stored type, or the disk refuses.
    """
    from nibabel.nifti1 import Nifti1Image

    packed = path.name.endswith(".nii.gz")
    if not packed and not path.name.endswith(".nii"):
        raise InputError(f"{one_line(path)} needs a name ending in .nii or .nii.gz")
    image = Nifti1Image(_storable(volume.data, path), volume.frame_from_voxel)
    code = _MNI152 if volume.frame == MNI else _SCANNER
    image.set_qform(volume.frame_from_voxel, code=code)
    image.set_sform(volume.frame_from_voxel, code=code)
    image.header.set_xyzt_units("mm", "sec" if tr_s is not None else "unknown")
    if tr_s is not None and volume.data.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr_s))
    with atomic_stream(path) as stream:
        if packed:
            # no name and no time in the gzip header: the same volume gives the same bytes
            with gzip.GzipFile("", "wb", compresslevel=4, fileobj=stream, mtime=0) as squeezed:
                image.to_stream(squeezed)
        else:
            image.to_stream(stream)
    return path


def _storable(data: NDArray[Any], path: Path) -> NDArray[Any]:
    if data.dtype in _KEPT:
        return data
    stored = _STORED.get(data.dtype.kind)
    if stored is None:
        raise InputError(f"{one_line(path)} cannot hold {data.dtype} voxels; needed numbers")
    if data.dtype.kind in "iu" and data.size:
        limits = np.iinfo(stored.name)
        if data.min() < limits.min or data.max() > limits.max:
            raise InputError(f"{one_line(path)}: integers beyond {stored} cannot be stored")
    converted: NDArray[Any] = data.astype(stored)
    return converted
