"""The free-text fields of a NIfTI header, where scanners and converters leave dates and names."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line
from tmsguide.io.writing import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copy_without_text"]

_HEADER_BYTES = 348
#: offset and length of data_type + db_name, descrip, aux_file, intent_name (NIfTI-1 standard)
_TEXT = ((4, 28), (148, 80), (228, 24), (328, 16))


def copy_without_text(nii: Path, out: Path) -> Path:
    """Write a .nii file as .nii.gz with its free text and extensions gone; the image is untouched.

    Raises
    ------
    InputError
        Not an uncompressed NIfTI-1 file.
    """
    data = bytearray(nii.read_bytes())
    size = {byteorder: int.from_bytes(data[:4], byteorder) for byteorder in ("little", "big")}
    order = next((o for o, s in size.items() if s == _HEADER_BYTES), None)
    if order is None or data[344:348] != b"n+1\0":
        raise InputError(f"{one_line(nii)} is no uncompressed NIfTI-1 file; convert it to one")
    for start, length in _TEXT:
        data[start : start + length] = bytes(length)
    data[_HEADER_BYTES : _HEADER_BYTES + 4] = bytes(4)  # no extension follows
    return write_bytes(gzip.compress(bytes(data), compresslevel=6, mtime=0), out)
