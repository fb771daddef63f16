"""Series on FreeSurfer meshes as FreeSurfer itself writes them: one .mgz for each hemisphere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti_header import LARGEST_BYTES, nifti_stream
from tmsguide.io.surfaces.dense_series import joined_hemispheres

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.io.surfaces.dense_series import DenseSeries

__all__ = ["read_mgh_series"]


def read_mgh_series(left: Path, right: Path, *, tr_s: float) -> DenseSeries:
    """Read ``lh.*.mgz`` and ``rh.*.mgz`` (mri_vol2surf) as one series.

    Vertices without a signal (medial wall) are left out. ``tr_s`` must be given: these files
    state 1 s whatever the scan's was.

    Raises
    ------
    InputError
        Files that cannot be read, are no series on vertices, differ in length, a name that says
        the other hemisphere, or a repetition time beyond 0.1 to 10 s.
    """
    if not 0.1 <= tr_s <= 10:
        raise InputError(f"repetition time {tr_s:g} s; needed in seconds, 0.1 to 10")
    parts = [_frames(path, other) for path, other in ((left, "rh"), (right, "lh"))]
    return joined_hemispheres(parts, (left, right), tr_s=tr_s)


def _frames(path: Path, other: str) -> NDArray[np.float32]:
    """Give (T, V) of a file that holds (V, 1, 1, T)."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.freesurfer.mghformat import MGHError, MGHImage
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    name = one_line(path)
    if other in path.name.split("."):
        raise InputError(f"{name} says {other}, the other hemisphere; swap the two files")
    with nifti_stream(path) as stream:  # whole: nibabel leaves the files of this format open
        data = stream.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise InputError(f"{name} is larger than {LARGEST_BYTES / 1e9:g} GB; check it")
    damaged = (EOFError, OSError, ValueError, LookupError, TypeError, OverflowError, MemoryError)
    theirs = (ImageFileError, MGHError, HeaderDataError, WrapStructError)
    try:
        values = np.asarray(MGHImage.from_bytes(data).dataobj, dtype=np.float32)
    except (*damaged, *theirs) as error:
        raise InputError(
            f"{name} cannot be read as FreeSurfer's .mgz ({one_line(error)}); copy it again"
        ) from error
    if values.ndim != 4 or values.shape[1:3] != (1, 1) or values.shape[3] < 2:
        raise InputError(
            f"{name} holds {' x '.join(map(str, values.shape))} numbers; needed a series on "
            "vertices, V x 1 x 1 x frames"
        )
    return np.ascontiguousarray(values[:, 0, 0].T)
