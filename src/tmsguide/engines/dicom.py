"""DICOM to NIfTI by dcm2niix, which knows the vendors' private ways."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tmsguide.errors import EngineError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["convert_dicom"]

LONGEST_S = 3600.0


def convert_dicom(dicom_dir: Path, into: Path) -> tuple[Path, ...]:
    """Convert every series below ``dicom_dir`` and give the NIfTI files written to ``into``.

    Each has its JSON sidecar beside it, without dates and names (dcm2niix ``-ba y``). File names
    hold series number and echo only, never what a person typed.

    Raises
    ------
    InputError
        The folder holds no DICOM images.
    EngineError
        dcm2niix is missing, failed or took over an hour; its own last words are in the message.

    References
    ----------
    Li et al. 2016, J Neurosci Methods 264:47, doi:10.1016/j.jneumeth.2016.03.001.
    """
    said = _run(["-b", "y", "-ba", "y", "-z", "n", "-x", "i", "-i", "n", "-d", "9", "-w", "2",
                 "-g", "i", "-f", "%s_e%e", "-o", str(into), str(dicom_dir)])  # fmt: skip
    found = tuple(sorted(into.glob("*.nii")))
    if not found:
        raise InputError(
            f"{dicom_dir.name} holds no DICOM images that can be converted; needed the folder of "
            f"one scanning session as the scanner exported it ({said})"
        )
    return found


def _run(words: Sequence[str]) -> str:
    try:
        import dcm2niix
    except ImportError as err:
        raise EngineError("dcm2niix is not installed: pip install dcm2niix") from err
    try:
        done = subprocess.run(
            [dcm2niix.bin, *words],
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise EngineError(f"dcm2niix could not be run to its end: {err}") from err
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    last = lines[-1].strip()[:200] if lines else "no message"
    if done.returncode not in (0, 2, 8):  # 2: nothing found, 8: some of several series failed
        raise EngineError(f"dcm2niix stopped with code {done.returncode}: {last}")
    return last
