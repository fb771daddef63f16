"""The job behind ``dicom``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tmsguide.cli.console import Terminal, silent_log
from tmsguide.cli.notice import NOTICE
from tmsguide.pipeline import DicomImport, import_dicom

if TYPE_CHECKING:
    import argparse

__all__ = ["dicom"]


def dicom(words: argparse.Namespace) -> int:
    """Import one person's DICOM files and say what became of every series."""
    asked = DicomImport(
        dicom_dir=words.dicom_dir.resolve(),
        bids_dir=words.bids_dir.resolve(),
        label=words.label.removeprefix("sub-"),
        session=words.session,
        task=words.task,
        age_years=words.age,
        sex=words.sex,
    )
    with Terminal(silent_log(), quiet=words.quiet) as terminal:
        terminal.print(NOTICE)
        for line in import_dicom(asked, listener=terminal):
            terminal.print(line)
    sys.stdout.write(f"{asked.bids_dir}\n")
    return 0
