"""What may be typed, and which job it means."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tmsguide import __version__
from tmsguide.cli.notice import NOTICE
from tmsguide.cli.search_words import search_parser

__all__ = ["parse"]

USAGE = """\
tmsguide BIDS_DIR OUT_DIR participant [--participant-label LABEL ...] [options]
       tmsguide search HEAD --target X Y Z --out DIR [options]
       tmsguide coils
       tmsguide demo [--out DIR] [--seed N] [--quiet]
       tmsguide doctor"""


def parse(words: list[str]) -> int:
    """Find the job in the words and do it."""
    from tmsguide.errors import InputError, TmsguideError

    try:
        if words[:1] == ["demo"]:
            return _demo(_demo_parser().parse_args(words[1:]))
        if words[:1] == ["doctor"]:
            return _doctor(words[1:])
        if words[:1] == ["search"]:
            return _search(search_parser().parse_args(words[1:]))
        if words[:1] == ["coils"]:
            return _coils(words[1:])
        return _participant(_bids_parser().parse_args(words))
    except InputError as error:
        sys.stderr.write(f"tmsguide: {error}\n")
        return 2
    except TmsguideError as error:
        sys.stderr.write(f"tmsguide: {error}\n")
        return 1


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


def _bids_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tmsguide",
        usage=USAGE,
        description="From a person's T1w and resting BOLD to a personalised TMS plan. " + NOTICE,
        epilog="Exit codes: 0 done, 1 at least one participant failed, 2 wrong input or words.",
    )
    parser.add_argument("bids_dir", type=Path, help="BIDS data set, or fMRIPrep derivatives")
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
    parser.add_argument("--fd-limit", type=float, default=None, metavar="MM", help="default 0.3")
    parser.add_argument(
        "--no-global-signal", action="store_true", help="leave the global signal in the data"
    )
    parser.add_argument(
        "--standoff", type=float, default=None, metavar="MM", help="scalp to coil, default 4 mm"
    )
    parser.add_argument("--version", action="version", version=f"tmsguide {__version__}")
    _common(parser)
    return parser


def _demo_parser() -> argparse.ArgumentParser:
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


def _demo(words: argparse.Namespace) -> int:
    from tmsguide.cli.jobs import demo

    return demo(words)


def _participant(words: argparse.Namespace) -> int:
    from tmsguide.cli.jobs import participants

    return participants(words)


def _doctor(words: list[str]) -> int:
    from tmsguide.cli.doctor import doctor

    argparse.ArgumentParser(
        prog="tmsguide doctor", description="Check this installation and this machine."
    ).parse_args(words)
    return doctor()


def _search(words: argparse.Namespace) -> int:
    from tmsguide.cli.search_jobs import search

    return search(words)


def _coils(words: list[str]) -> int:
    from tmsguide.cli.search_jobs import coils

    argparse.ArgumentParser(
        prog="tmsguide coils",
        description="List coil models, stimulators and where they come from.",
    ).parse_args(words)
    return coils()
