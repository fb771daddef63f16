"""Read scans from NIfTI files, refusing whatever could mislead before any heavy work starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.images.nifti_header import (
    NiftiHeader,
    check_whole,
    finish,
    nifti_stream,
    read_header,
    truncated,
)
from tmsguide.io.images.timing import check_slice_times, repetition_time_s
from tmsguide.model import Scan, Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from tmsguide.model import Frame

__all__ = [
    "check_bold",
    "check_contents",
    "check_t1w",
    "read_bold",
    "read_mask",
    "read_t1w",
    "read_volume",
]

#: Least length of a run: Fisher z of fewer points says nothing (var 1/(T-3), before filtering).
FEWEST_VOLUMES = 40
SHORTEST_S = 120.0


def check_t1w(path: Path) -> NiftiHeader:
    """Give the header of a T1w scan after every check that needs no image data.

    Raises
    ------
    InputError
        One line: what was given, what was needed, how to mend it.
    """
    header = read_header(path)
    check_whole(header)
    if len(header.shape) != 3:
        raise InputError(
            f"{one_line(path)} is 4-D with {header.volumes} volumes; needed one 3-D T1w volume; "
            "check that it is the anatomical scan"
        )
    return header


def check_bold(path: Path, sidecar: Mapping[str, object]) -> tuple[NiftiHeader, float]:
    """Give (header, repetition time in s) of a BOLD run after the checks that need no image data.

    ``sidecar`` is the run's JSON metadata with inheritance resolved, empty if there is none.

    Raises
    ------
    InputError
        One line: what was given, what was needed, how to mend it.
    """
    header = read_header(path)
    check_whole(header)
    name = one_line(path)
    if len(header.shape) != 4:
        raise InputError(
            f"{name} is a single 3-D volume; needed a 4-D BOLD series; check that it is the "
            "functional run and not its reference (sbref)"
        )
    tr_s = repetition_time_s(sidecar, header.stored_tr_s, name)
    check_slice_times(sidecar, header.shape, tr_s, name=name)
    length_s = header.volumes * tr_s
    if header.volumes < FEWEST_VOLUMES or length_s < SHORTEST_S:
        raise InputError(
            f"{name} has {header.volumes} volumes ({length_s:g} s); needed at least "
            f"{FEWEST_VOLUMES} volumes and {SHORTEST_S:g} s; give a longer run"
        )
    return header, tr_s


def check_contents(header: NiftiHeader) -> None:
    """Read an image through and keep nothing: what `read_t1w` or `read_bold` would refuse.

    For the start of a long run, so that a bad last volume is found in seconds, not at the end
    (0.4 s for 156 volumes of 80 x 80 x 35).

    Raises
    ------
    InputError
        The data end early, fail their checksum, hold NaN or infinity, or a volume is empty.
    """
    for _ in _sound_volumes(header):
        pass


def read_t1w(path: Path, *, frame: Frame, sidecar: Mapping[str, object] | None = None) -> Scan:
    """Read a T1w scan as float32 (X, Y, Z) in ``frame``.

    Raises
    ------
    InputError
        As `check_t1w`, or the data end early, hold NaN or infinity, or are all one value.
    """
    header = check_t1w(path)
    return Scan(Volume(_data(header), header.frame_from_voxel, frame), None, dict(sidecar or {}))


def read_bold(path: Path, sidecar: Mapping[str, object], *, frame: Frame) -> Scan:
    """Read a BOLD run as float32 (X, Y, Z, T), volume after volume in memory, in ``frame``.

    Raises
    ------
    InputError
        As `check_bold`, or the data end early, hold NaN or infinity, or a volume is all one value.
    """
    header, tr_s = check_bold(path, sidecar)
    return Scan(Volume(_data(header), header.frame_from_voxel, frame), tr_s, dict(sidecar))


def read_volume(path: Path, *, frame: Frame) -> Volume:
    """Read any 3-D or 4-D image as float32 in ``frame``; refusals as `read_t1w`."""
    header = read_header(path)
    return Volume(_data(header), header.frame_from_voxel, frame)


def read_mask(path: Path, *, frame: Frame) -> Volume:
    """Read a 3-D mask as bool (X, Y, Z): True where the stored value is above one half."""
    header = check_t1w(path)
    return Volume(_data(header) > 0.5, header.frame_from_voxel, frame)


def _data(header: NiftiHeader) -> NDArray[np.float32]:
    shape = header.shape if len(header.shape) == 4 else (*header.shape, 1)
    name = one_line(header.path)
    try:
        data = np.empty(shape, dtype=np.float32, order="F")
    except MemoryError as error:
        raise InputError(
            f"{name} needs {4 * np.prod(shape) / 1e9:.1f} GB of memory and this machine has not "
            "got it; shorten or resample the scan"
        ) from error
    for t, volume in enumerate(_sound_volumes(header)):
        data[..., t] = volume
    return data if len(header.shape) == 4 else data[..., 0]


def _sound_volumes(header: NiftiHeader) -> Iterator[NDArray[np.float32]]:
    """Give each volume once it is known to be finite; refuse at the end if any was empty."""
    name = one_line(header.path)
    flat = []
    for t, volume in enumerate(_volumes(header)):
        if not np.isfinite(volume).all():
            raise InputError(
                f"{name} holds NaN or infinite values{_at(t, header)}; needed finite numbers in "
                "every voxel; convert the scan again"
            )
        if volume.min() == volume.max():
            flat.append(t)
        yield volume
    if flat:
        which = ", ".join(map(str, flat[:5])) + (", ..." if len(flat) > 5 else "")
        what = f"volumes {which} (from 0) are" if len(header.shape) == 4 else "the image is"
        raise InputError(
            f"{name}: {what} empty (one value everywhere); remove them or convert the scan again"
        )


def _at(t: int, header: NiftiHeader) -> str:
    return f" in volume {t} (from 0)" if len(header.shape) == 4 else ""


def _volumes(header: NiftiHeader) -> Iterator[NDArray[np.float32]]:
    """Give each 3-D volume in turn, scaled; the file is read through once, to its checksum."""
    shape = header.shape[:3]
    count = int(np.prod(shape))
    with nifti_stream(header.path) as stream:
        _take(stream, header.data_offset, header)
        for _ in range(header.volumes):
            raw = np.frombuffer(_take(stream, count * header.dtype.itemsize, header), header.dtype)
            with np.errstate(over="ignore", invalid="ignore"):
                if header.slope == 1 and header.intercept == 0:
                    scaled = raw.astype(np.float32)
                else:
                    scaled = (raw * np.float64(header.slope) + header.intercept).astype(np.float32)
            yield scaled.reshape(shape, order="F")
        finish(stream, header.path)


def _take(stream: BinaryIO, size: int, header: NiftiHeader) -> bytes:
    taken = stream.read(size)
    if len(taken) < size:
        raise truncated(header.path)
    return taken
