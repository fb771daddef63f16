"""What may be typed behind ``tmsguide search``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tmsguide.cli.notice import NOTICE

__all__ = ["search_parser"]


def search_parser() -> argparse.ArgumentParser:
    """Give the parser of the words behind ``search``."""
    parser = argparse.ArgumentParser(
        prog="tmsguide search",
        description="Find coil placements for a target on any head. " + NOTICE,
        epilog="Exit codes: 0 done, 1 no field or placement possible, 2 wrong input or words.",
    )
    parser.add_argument(
        "head", type=Path, help="SimNIBS or Gmsh mesh (.msh), or SimNIBS-numbered labels (.nii.gz)"
    )
    parser.add_argument(
        "--target",
        type=float,
        nargs=3,
        required=True,
        metavar=("X", "Y", "Z"),
        help="in the head file's millimetres, RAS+ (x to the right)",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new folder, or an earlier search's"
    )
    _aim(parser)
    parser.add_argument(
        "--edge-mm", type=float, default=None, metavar="MM", help="mesh step for labels, default 3"
    )
    parser.add_argument("--mend", action="store_true", help="mend what can be mended in the mesh")
    parser.add_argument(
        "--live", action="store_true", help="also build and save the live field of this head"
    )
    parser.add_argument("--seed", type=int, default=None, help="seed of the live field's draws")
    parser.add_argument("--quiet", action="store_true", help="print errors and the result only")
    return parser


def _aim(parser: argparse.ArgumentParser) -> None:
    """Add what the search is for."""
    parser.add_argument(
        "--coil",
        default="figure8-70mm",
        metavar="NAME|FILE",
        help="a name of 'tmsguide coils', or a SimNIBS .ccd or .tcd file",
    )
    parser.add_argument(
        "--radius-mm", type=float, default=None, metavar="MM", help="scalp searched, default 25"
    )
    parser.add_argument(
        "--standoff", type=float, default=None, metavar="MM", help="scalp to coil, default 4 mm"
    )
    parser.add_argument(
        "--guidance", choices=["navigator", "cap"], default=None, help="default navigator"
    )
    sense = parser.add_mutually_exclusive_group()
    sense.add_argument(
        "--direction",
        type=float,
        nargs=3,
        default=None,
        metavar=("X", "Y", "Z"),
        help="want the field along this direction, not its size",
    )
    sense.add_argument(
        "--inward", action="store_true", help="want the field into the cortex, not its size"
    )
    parser.add_argument(
        "--wanted", type=Path, default=None, metavar="MASK", help="network to hit (NIfTI mask)"
    )
    parser.add_argument(
        "--avoid", type=Path, default=None, metavar="MASK", help="networks to spare (NIfTI mask)"
    )
