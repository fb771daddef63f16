"""The header of a NIfTI file, read alone and cheaply, with what it claims checked for sense."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from tmsguide.errors import InputError
from tmsguide.io.documents import missing, one_line
from tmsguide.io.images.nifti_world import world_from_voxel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["LARGEST_BYTES", "NiftiHeader", "check_whole", "finish", "nifti_stream", "read_header"]

#: Largest image kept in memory as float32: 8 GB, an hour of 2 mm whole-brain BOLD at TR 1 s.
LARGEST_BYTES = 8_000_000_000
_LONGEST_HEADER = 64_000_000
_SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}


@dataclass(frozen=True, slots=True, eq=False)
class NiftiHeader:
    """What a checked NIfTI header says.

    ``shape`` has 3 or 4 entries; ``frame_from_voxel`` (4, 4) is the s-form where it has a code,
    else the q-form. ``form`` ("S" or "Q") and ``code`` (1 scanner ... 5 template) name the form
    that navigators should use: the q-form where it has a code. ``stored_tr_s`` is None where the
    header gives no time unit or no time.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data_offset: int
    slope: float
    intercept: float
    frame_from_voxel: NDArray[np.float64]
    form: str
    code: int
    stored_tr_s: float | None

    @property
    def volumes(self) -> int:
        """Number of 3-D volumes."""
        return self.shape[3] if len(self.shape) == 4 else 1


@contextmanager
def nifti_stream(path: Path) -> Iterator[BinaryIO]:
    """Open a .nii or .nii.gz for reading; damage met inside the block becomes one clear error.

    Raises
    ------
    InputError
        Missing or unreadable file, or a compressed stream that breaks off or fails its checksum.
    """
    try:
        raw = path.open("rb")
    except (OSError, ValueError) as error:
        raise missing(path, error) from error
    with raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            if packed:
                with gzip.open(raw) as stream:
                    yield cast("BinaryIO", stream)
            else:
                yield raw
        except EOFError as error:
            raise truncated(path) from error
        except (OSError, zlib.error) as error:
            raise InputError(
                f"{one_line(path)} is damaged ({one_line(error)}); copy or convert it again"
            ) from error


def check_whole(header: NiftiHeader) -> None:
    """Refuse a file that ends before its image does, mostly without unpacking it.

    A .gz closes with the length of what it holds; only where that differs from the expected (a
    file in several members, or padded) is the stream counted through.

    Raises
    ------
    InputError
        The file is truncated or damaged.
    """
    voxels = int(np.prod(header.shape, dtype=object))
    needed = header.data_offset + voxels * header.dtype.itemsize
    with nifti_stream(header.path) as stream:
        if not isinstance(stream, gzip.GzipFile):
            if stream.seek(0, io.SEEK_END) < needed:
                raise truncated(header.path)
            return
        with header.path.open("rb") as raw:
            raw.seek(-4, io.SEEK_END)
            stated = int.from_bytes(raw.read(4), "little")
        if stated == needed % 2**32:
            return
        while needed > 0:
            taken = len(stream.read(min(needed, 1 << 24)))
            if taken == 0:
                raise truncated(header.path)
            needed -= taken
        finish(stream, header.path)


def finish(stream: BinaryIO, path: Path) -> None:
    """Read to the very end, where gzip verifies its checksum.

    Raises
    ------
    InputError
        Over 1 MB lies behind the last voxel: a damaged stream, or no NIfTI at all.
    """
    spare = 1 << 20
    while taken := len(stream.read(1 << 18)):
        spare -= taken
        if spare < 0:
            raise InputError(
                f"{one_line(path)} holds far more data than its header says; the file is damaged, "
                "copy or convert it again"
            )


def truncated(path: Path) -> InputError:
    """Say that a file ends early."""
    return InputError(
        f"{one_line(path)} ends before its image does (truncated); copy or convert it again"
    )


def read_header(path: Path) -> NiftiHeader:
    """Read and check the header of ``path`` without reading its image.

    Raises
    ------
    InputError
        Not a single-file NIfTI-1 or -2, or a header whose sizes, numbers or orientation cannot
        be used; the message says which and how to mend it.
    """
    with nifti_stream(path) as stream:
        raw = _parse(stream.read(540), path)
    shape = _shape(raw, path)
    dtype = _dtype(raw, path)
    form, code, affine = world_from_voxel(raw, shape[:3], one_line(path))
    slope, intercept = float(raw["scl_slope"]), float(raw["scl_inter"])
    if not np.isfinite(slope) or slope == 0 or not np.isfinite(intercept):
        slope, intercept = 1.0, 0.0  # the standard's "no scaling"
    return NiftiHeader(
        path=path,
        shape=shape,
        dtype=dtype,
        data_offset=_offset(raw, path),
        slope=slope,
        intercept=intercept,
        frame_from_voxel=affine,
        form=form,
        code=code,
        stored_tr_s=_stored_tr_s(raw),
    )


def _parse(head: bytes, path: Path) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    if not head:
        raise _not_nifti(path, "empty; copy or convert it again")
    if len(head) >= 132 and head[128:132] == b"DICM":
        raise _not_nifti(path, "a DICOM file; convert the series with dcm2niix")
    size = {head[:4], head[:4][::-1]}
    if (348).to_bytes(4, "little") in size and head[344:348] == b"ni1\0":
        raise _not_nifti(path, "half of a two-file NIfTI (.hdr/.img); convert it to one .nii.gz")
    if (348).to_bytes(4, "little") in size and head[344:348] == b"n+1\0":
        kind, length = Nifti1Header, 348
    elif (540).to_bytes(4, "little") in size and head[4:8] == b"n+2\0":
        kind, length = Nifti2Header, 540
    else:
        raise _not_nifti(path, "something else; give a .nii or .nii.gz file, e.g. from dcm2niix")
    if len(head) < length:
        raise truncated(path)
    try:
        return kind.from_fileobj(io.BytesIO(head[:length]), check=False)
    except (HeaderDataError, WrapStructError, ValueError) as error:
        raise _not_nifti(path, f"damaged ({one_line(error)}); copy or convert it again") from error


def _not_nifti(path: Path, what: str) -> InputError:
    return InputError(f"{one_line(path)} is not a NIfTI image but {what}")


def _shape(raw: Any, path: Path) -> tuple[int, ...]:
    dim = [int(d) for d in raw["dim"]]
    sizes = dim[1 : dim[0] + 1] if 1 <= dim[0] <= 7 else []
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    if len(sizes) < 3 or len(sizes) > 4 or min(sizes) < 1:
        raise InputError(
            f"{one_line(path)} has dimensions {dim[: max(2, min(dim[0] + 1, 8))]}; needed a 3-D "
            "volume or a 4-D series; convert the scan again"
        )
    if min(sizes[:3]) < 4:
        raise InputError(
            f"{one_line(path)} has {' x '.join(map(str, sizes[:3]))} voxels; needed a volume of "
            "at least 4 slices each way; check that it is the whole-head scan"
        )
    held = 4 * int(np.prod(sizes, dtype=object))
    if held > LARGEST_BYTES:
        raise InputError(
            f"{one_line(path)} would fill {held / 1e9:.1f} GB of memory, the limit is "
            f"{LARGEST_BYTES / 1e9:g} GB; shorten or resample the scan"
        )
    return tuple(sizes)


def _dtype(raw: Any, path: Path) -> np.dtype[Any]:
    from nibabel.spatialimages import HeaderDataError

    try:
        dtype: np.dtype[Any] = np.dtype(raw.get_data_dtype())
    except (HeaderDataError, KeyError, TypeError) as error:
        raise InputError(
            f"{one_line(path)} has the unknown data type code {int(raw['datatype'])}; "
            "convert it to int16 or float32"
        ) from error
    if dtype.kind not in "iuf" or dtype.itemsize not in (1, 2, 4, 8):
        raise InputError(
            f"{one_line(path)} holds {dtype} voxels; needed plain integers or floats; "
            "convert it to int16 or float32 (for complex data: the magnitude)"
        )
    return dtype


def _offset(raw: Any, path: Path) -> int:
    offset = float(raw["vox_offset"])
    least = int(raw["sizeof_hdr"])
    if not least <= offset <= _LONGEST_HEADER:
        raise InputError(
            f"{one_line(path)} says its image starts at byte {offset:g}; needed "
            f"{least} to {_LONGEST_HEADER}; the header is damaged, convert the scan again"
        )
    return int(offset)


def _stored_tr_s(raw: Any) -> float | None:
    unit = _SECONDS.get(int(raw["xyzt_units"]) & 0x38)
    stored = float(raw["pixdim"][4])
    if unit is None or not np.isfinite(stored) or stored <= 0:
        return None
    return stored * unit
