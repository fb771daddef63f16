"""Whether the output folder may be written, found out before hours of work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tmsguide.errors import InputError
from tmsguide.io.documents import one_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_output_dir"]


def check_output_dir(bids_dir: Path, output_dir: Path) -> None:
    """Refuse an output folder that would harm the input or cannot be written; writes nothing.

    Inside the dataset only ``derivatives/`` may be written (BIDS keeps derivatives there).

    Raises
    ------
    InputError
        Output equals the input, lies in its raw part, is a file or cannot be written.
    """
    out, source = output_dir.resolve(), bids_dir.resolve()
    name = one_line(output_dir)
    other = f"choose a folder outside {one_line(bids_dir)}, or one in its derivatives/ folder"
    if out == source:
        raise InputError(f"output folder {name} is the input folder itself; {other}")
    if out.is_relative_to(source) and source / "derivatives" not in out.parents:
        raise InputError(f"output folder {name} lies inside the input dataset; {other}")
    nearest = next(p for p in (out, *out.parents) if p.exists() or p.is_symlink())
    if not nearest.is_dir():
        raise InputError(
            f"output folder {name} cannot be made: {one_line(nearest)} is a file; choose another"
        )
    probe = nearest / f".{uuid4().hex}.probe"
    try:
        probe.touch(exist_ok=False)
    except OSError as error:
        raise InputError(
            f"output folder {name} cannot be written ({one_line(error.strerror or error)}); "
            "choose another or change its permissions"
        ) from error
    probe.unlink(missing_ok=True)
