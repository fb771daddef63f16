"""FreeSurfer's volumes (.mgz, .mgh) as images placed in the scanner's space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti_header import nifti_stream
from tmsguide.model import Volume

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tmsguide.model import Frame

__all__ = ["read_mgh"]

_SMALLEST_MM, _LARGEST_MM, _SHEAR = 0.2, 10.0, 2e-3
_MOST_VOXELS = 1024
_LIMIT_BYTES = 4_400_000_000


def read_mgh(path: Path, *, frame: Frame) -> Volume:
    """Read a 3-D ``.mgz`` or ``.mgh`` as float32 in scanner RAS (not FreeSurfer's tkRAS).

    Raises
    ------
    InputError
        Missing, damaged, not 3-D, without orientation, or with NaN or infinity.
    """
    name = one_line(path)
    image = _load(path)
    affine = np.asarray(image.affine, dtype=np.float64)
    _check_place(affine, image.header, name)
    _check_size(image.header, name)
    try:
        data = np.asarray(image.dataobj, dtype=np.float32)
    except (EOFError, OSError, ValueError, TypeError, MemoryError) as error:
        raise InputError(
            f"{name} ends before its image does or is damaged ({one_line(error)}); copy it again"
        ) from error
    data = data.reshape(data.shape[:3])
    if not np.isfinite(data).all():
        raise InputError(f"{name} holds NaN or infinite values; needed finite numbers")
    return Volume(data, affine, frame)


def _load(path: Path) -> Any:
    from nibabel.filebasedimages import ImageFileError
    from nibabel.freesurfer.mghformat import MGHError, MGHImage
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    # whole and from memory, as nibabel leaves the files of this format open
    with nifti_stream(path) as stream:
        data = stream.read(_LIMIT_BYTES + 1)
    if len(data) > _LIMIT_BYTES:
        raise InputError(f"{one_line(path)} is larger than {_LIMIT_BYTES / 1e9:g} GB; check it")
    damaged = (EOFError, OSError, ValueError, LookupError, TypeError, OverflowError)
    theirs = (ImageFileError, MGHError, HeaderDataError, WrapStructError)
    try:
        return MGHImage.from_bytes(data)
    except (*damaged, *theirs) as error:
        raise InputError(
            f"{one_line(path)} cannot be read as FreeSurfer's .mgz ({one_line(error)}); copy it "
            "again or check the file"
        ) from error


def _check_size(header: Any, name: str) -> None:
    size = [int(d) for d in header["dims"]]
    if min(size[:3]) < 4 or max(size[:3]) > _MOST_VOXELS or size[3] != 1:
        raise InputError(
            f"{name} has {' x '.join(map(str, size))} voxels; needed one 3-D volume of at least 4 "
            f"and at most {_MOST_VOXELS} voxels each way"
        )


def _check_place(affine: Any, header: Any, name: str) -> None:
    again = "run FreeSurfer again on a scan with an orientation in its header"
    if int(header["goodRASFlag"]) != 1:
        raise InputError(f"{name} has no orientation, so left and right are unknown; {again}")
    if not np.isfinite(affine).all() or np.abs(affine).max() > 1e5:
        raise InputError(f"{name} has NaN or huge numbers in its orientation; {again}")
    edge_mm = np.linalg.norm(affine[:3, :3], axis=0)
    if edge_mm.min() < _SMALLEST_MM or edge_mm.max() > _LARGEST_MM:
        raise InputError(
            f"{name} has voxels of {' '.join(f'{e:.4g}' for e in edge_mm)} mm; needed "
            f"{_SMALLEST_MM:g} to {_LARGEST_MM:g} mm; check the file"
        )
    axes = affine[:3, :3] / edge_mm
    if np.abs(axes.T @ axes - np.eye(3)).max() > _SHEAR:
        raise InputError(f"{name} has axes that are not square; {again}")
