"""The job behind ``norms``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tmsguide.cli.console import Terminal, silent_log
from tmsguide.cli.notice import NOTICE
from tmsguide.norms import AgeShape, UnknownSite
from tmsguide.pipeline.norms import (
    NormsApplication,
    NormsFit,
    apply_norms,
    extend_norms,
    fit_cohort,
)

if TYPE_CHECKING:
    import argparse

__all__ = ["norms"]


def norms(words: argparse.Namespace) -> int:
    """Do the job that was asked for; prints what came out in words, and the file's path last."""
    with Terminal(silent_log(), quiet=words.quiet) as terminal:
        terminal.print(NOTICE)
        for line in {"fit": _fit, "extend": _extend, "apply": _apply}[words.job](words):
            terminal.print(line)
    sys.stdout.write(f"{words.out}\n")
    return 0


def _fit(words: argparse.Namespace) -> tuple[str, ...]:
    return fit_cohort(
        NormsFit(
            cohort=words.cohort,
            out=words.out,
            covariates=_listed(words.covariates),
            title=words.title,
            made_by=words.made_by,
            age_shape=None if words.age_curve is None else AgeShape(words.age_curve),
        )
    )


def _extend(words: argparse.Namespace) -> tuple[str, ...]:
    return extend_norms(words.norms, words.controls, words.out)


def _apply(words: argparse.Namespace) -> tuple[str, ...]:
    return apply_norms(
        NormsApplication(
            norms=words.norms,
            person=words.person,
            out=words.out,
            unknown_site=UnknownSite.WIDEN if words.widen_unknown_site else UnknownSite.REFUSE,
            figure=words.figure,
        )
    )


def _listed(words: str | None) -> tuple[str, ...] | None:
    if words is None:
        return None
    parts = [part.strip() for part in words.split(",")]
    return tuple(part for part in parts if part and part != "none")
