"""What may be typed after ``tmsguide dicom``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tmsguide.cli.notice import NOTICE

__all__ = ["dicom_parser"]


def dicom_parser() -> argparse.ArgumentParser:
    """Give the parser of ``dicom``."""
    parser = argparse.ArgumentParser(
        prog="tmsguide dicom",
        description="Convert one session's DICOM files to a BIDS data set. Names, dates, numbers "
        "and free text of the scanner are dropped; look at the result before you share it. "
        + NOTICE,
    )
    parser.add_argument("dicom_dir", type=Path, help="folder with the DICOM files, searched deep")
    parser.add_argument("bids_dir", type=Path, help="BIDS data set; made or added to")
    parser.add_argument("--label", required=True, help="new label of the person, not their name")
    parser.add_argument("--session", default="", help="session label, e.g. pre or post")
    parser.add_argument("--task", default="rest", help="task of the functional runs")
    parser.add_argument("--age", type=float, default=None, metavar="YEARS")
    parser.add_argument("--sex", default="", choices=["", "F", "M", "O"])
    parser.add_argument("--quiet", action="store_true", help="print errors and the result only")
    return parser
