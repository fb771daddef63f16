"""Series on FreeSurfer meshes as FreeSurfer itself writes them: one .mgz for each hemisphere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti_header import LARGEST_BYTES, nifti_stream
from tmsguide.io.surfaces.dense_series import DenseSeries, Structure, signalling

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

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
    if len({len(part) for part in parts}) > 1:
        raise InputError(
            f"{one_line(left)} has {len(parts[0])} frames and {one_line(right)} "
            f"{len(parts[1])}; needed both hemispheres of one run"
        )
    kept = [signalling(p, one_line(f)) for p, f in zip(parts, (left, right), strict=True)]
    count = [int(k.sum()) for k in kept]
    index = np.full((sum(count), 3), -1, np.int64)
    index[:, 0] = np.concatenate([np.flatnonzero(k) for k in kept])
    sides = (Structure.LEFT_CORTEX, Structure.RIGHT_CORTEX)
    return DenseSeries(
        series=np.concatenate([p[:, k] for p, k in zip(parts, kept, strict=True)], axis=1),
        tr_s=tr_s,
        structure=np.repeat(np.array(sides, np.uint8), count),
        index=index,
        vertices=(parts[0].shape[1], parts[1].shape[1]),
        world_from_voxel=None,
        left_out=sum(int((~k).sum()) for k in kept),
    )


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
