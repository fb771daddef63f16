"""What may be typed to run a person: the BIDS-app words, and those of the demo."""

from __future__ import annotations

import argparse
from pathlib import Path

from tmsguide import __version__
from tmsguide.cli.notice import NOTICE

__all__ = ["USAGE", "bids_parser", "demo_parser"]

USAGE = """\
tmsguide BIDS_DIR OUT_DIR participant [--participant-label LABEL ...] [options]
       tmsguide search HEAD --target X Y Z --out DIR [options]
       tmsguide coils
       tmsguide methods
       tmsguide dicom DICOM_DIR BIDS_DIR --label LABEL [options]
       tmsguide norms fit|extend|apply FILE ... --out FILE [options]
       tmsguide demo [--out DIR] [--seed N] [--quiet]
       tmsguide doctor"""


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="print errors and the result only")
    parser.add_argument(
        "--protocol", default=None, metavar="NAME", help="treatment protocol (default itbs600)"
    )
    parser.add_argument(
        "--rmt",
        type=float,
        default=None,
        metavar="PERCENT",
        help="measured resting motor threshold in %% of maximum stimulator output",
    )


def bids_parser() -> argparse.ArgumentParser:
    """Give the parser of a run."""
    parser = argparse.ArgumentParser(
        prog="tmsguide",
        usage=USAGE,
        description="From a person's T1w and resting BOLD to a personalised TMS plan. " + NOTICE,
        epilog="Exit codes: 0 done, 1 at least one participant failed, 2 wrong input or words.",
    )
    parser.add_argument(
        "bids_dir", type=Path, help="raw BIDS, or output of fMRIPrep, XCP-D or HCP"
    )
    parser.add_argument("out_dir", type=Path, help="where the derivative goes")
    parser.add_argument("level", choices=["participant"], help="level of analysis")
    parser.add_argument(
        "--participant-label",
        "--participant_label",
        nargs="+",
        default=None,
        metavar="LABEL",
        help="with or without 'sub-'; default: all",
    )
    parser.add_argument("-w", "--work-dir", type=Path, default=None, help="default OUT_DIR/work")
    parser.add_argument("--seed", type=int, default=None, help="seed of every random draw")
    parser.add_argument(
        "--prior", type=Path, default=None, help="4-D tissue prior of your own, e.g. SPM's TPM.nii"
    )
    parser.add_argument(
        "--fd-limit", type=float, default=None, metavar="MM", help="default by age"
    )
    cleaning = parser.add_mutually_exclusive_group()
    cleaning.add_argument(
        "--denoising", default=None, metavar="NAME", help="default 24p-acompcor-gsr"
    )
    cleaning.add_argument(
        "--no-global-signal", action="store_true", help="the same as --denoising 24p-acompcor"
    )
    parser.add_argument(
        "--head",
        type=Path,
        default=None,
        metavar="DIR",
        help="one person's folder of SimNIBS charm (m2m_*), FreeSurfer or FastSurfer, whose "
        "labels are to be used; the usual places in the data set are looked at anyway",
    )
    parser.add_argument(
        "--anat-only",
        action="store_true",
        help="label the head, map it to MNI and lay the 10-10 positions; no target, no plan",
    )
    parser.add_argument(
        "--no-fieldmaps",
        action="store_true",
        help="leave susceptibility distortion as it is even where there is a fieldmap",
    )
    parser.add_argument(
        "--keep-face",
        action="store_true",
        help="show the face in the report and write no defaced T1w beside the planning images",
    )
    parser.add_argument(
        "--mni-maps",
        action="store_true",
        help="write the connectivity map and the mean BOLD in the MNI space too",
    )
    parser.add_argument(
        "--own-labels",
        action="store_true",
        help="label and register the head anew even where another program has done so",
    )
    parser.add_argument(
        "--template",
        default=None,
        metavar="NAME",
        help="MNI 152 space to register to, e.g. MNI152NLin2009cAsym, as fetched with "
        "TemplateFlow (default: MNI152NLin2009aSym, which comes along)",
    )
    parser.add_argument(
        "--templateflow-home",
        type=Path,
        default=None,
        metavar="DIR",
        help="where it lies (default $TEMPLATEFLOW_HOME, else ~/.cache/templateflow)",
    )
    parser.add_argument(
        "--standoff", type=float, default=None, metavar="MM", help="scalp to coil, default 4 mm"
    )
    _target_words(parser)
    parser.add_argument("--version", action="version", version=f"tmsguide {__version__}")
    _common(parser)
    return parser


def demo_parser() -> argparse.ArgumentParser:
    """Give the parser of ``demo``."""
    parser = argparse.ArgumentParser(
        prog="tmsguide demo",
        description="Run the whole chain on a computer-generated person with a known target.",
    )
    parser.add_argument("--out", type=Path, default=Path("tmsguide-demo"), metavar="DIR")
    parser.add_argument("--seed", type=int, default=None, help="another generated person")
    parser.add_argument(
        "--small", action="store_true", help="coarse images, for a quick look at the machinery"
    )
    _common(parser)
    return parser


def _target_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target-method",
        default=None,
        metavar="NAME",
        help="the method that is planned for (default sgacc-cluster); 'tmsguide methods' lists "
        "them; all others stand beside it in the report",
    )
    parser.add_argument(
        "--target-definition",
        type=Path,
        nargs="+",
        default=None,
        metavar="TOML",
        help="target definitions of your own, with the maps they name beside them",
    )
    parser.add_argument(
        "--resamples", type=int, default=None, metavar="N", help="of the scan, default 1000"
    )
    parser.add_argument(
        "--atlas",
        default=None,
        metavar="NAME|FILE",
        help="parcels for networks: seitzman-2018 (default), power-2011, dosenbach-2010, or a "
        "label image in an MNI 152 space",
    )
    parser.add_argument(
        "--norms",
        type=Path,
        default=None,
        metavar="JSON",
        help="norms fitted with 'tmsguide norms fit' to compare the person's networks with",
    )
