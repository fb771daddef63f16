"""What may be typed, and which job it means."""

from __future__ import annotations

import argparse
import sys

from tmsguide.cli.dicom_words import dicom_parser
from tmsguide.cli.norms_words import norms_parser
from tmsguide.cli.run_words import bids_parser, demo_parser
from tmsguide.cli.search_words import search_parser

__all__ = ["parse"]


def parse(words: list[str]) -> int:
    """Find the job in the words and do it."""
    from tmsguide.errors import InputError, TmsguideError

    try:
        if words[:1] == ["demo"]:
            return _demo(demo_parser().parse_args(words[1:]))
        if words[:1] == ["doctor"]:
            return _doctor(words[1:])
        if words[:1] == ["search"]:
            return _search(search_parser().parse_args(words[1:]))
        if words[:1] == ["dicom"]:
            return _dicom(dicom_parser().parse_args(words[1:]))
        if words[:1] == ["methods"]:
            return _methods(words[1:])
        if words[:1] == ["norms"]:
            return _norms(norms_parser().parse_args(words[1:]))
        if words[:1] == ["coils"]:
            return _coils(words[1:])
        return _participant(bids_parser().parse_args(words))
    except InputError as error:
        sys.stderr.write(f"tmsguide: {error}\n")
        return 2
    except TmsguideError as error:
        sys.stderr.write(f"tmsguide: {error}\n")
        return 1


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


def _dicom(words: argparse.Namespace) -> int:
    from tmsguide.cli.dicom_jobs import dicom

    return dicom(words)


def _norms(words: argparse.Namespace) -> int:
    from tmsguide.cli.norms_job import norms

    return norms(words)


def _coils(words: list[str]) -> int:
    from tmsguide.cli.search_jobs import coils

    argparse.ArgumentParser(
        prog="tmsguide coils",
        description="List coil models, stimulators and where they come from.",
    ).parse_args(words)
    return coils()


def _methods(words: list[str]) -> int:
    from tmsguide.cli.method_list import methods

    argparse.ArgumentParser(
        prog="tmsguide methods",
        description="List the targeting methods, what each assumes and where it comes from.",
    ).parse_args(words)
    return methods()
