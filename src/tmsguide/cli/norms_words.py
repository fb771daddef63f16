"""What may be typed after ``tmsguide norms``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tmsguide.cli.notice import NOTICE

__all__ = ["norms_parser"]


def norms_parser() -> argparse.ArgumentParser:
    """Give the parser of ``norms`` with its three jobs."""
    parser = argparse.ArgumentParser(
        prog="tmsguide norms",
        description="Fit a norm to a reference cohort of your own, and compare one person with "
        "it. No norm comes along. " + NOTICE,
        epilog="Exit codes: 0 done, 1 the person lies outside what the cohort spans, 2 wrong "
        "input or words.",
    )
    jobs = parser.add_subparsers(dest="job", required=True, metavar="fit|extend|apply")
    _fit(jobs.add_parser("fit", help="fit a norm to a table of people"))
    _extend(jobs.add_parser("extend", help="add a site from a handful of local controls"))
    _apply(jobs.add_parser("apply", help="compare one person with a norm"))
    return parser


def _fit(job: argparse.ArgumentParser) -> None:
    job.add_argument("cohort", type=Path, help="TSV: participant_id, covariates, measures")
    job.add_argument("--out", type=Path, required=True, metavar="FILE", help="the norm, JSON")
    job.add_argument(
        "--covariates",
        default=None,
        metavar="LIST",
        help="some of age,sex,mean_fd,site, or none; default: all that the table has",
    )
    job.add_argument(
        "--age-curve",
        choices=["line", "parabola", "spline"],
        default=None,
        help="default: the richest that the cohort carries",
    )
    job.add_argument("--title", default="", help="who the cohort is, for every page that uses it")
    job.add_argument("--made-by", default="", metavar="NAME", help="who fitted it")
    _quiet(job)


def _extend(job: argparse.ArgumentParser) -> None:
    job.add_argument("norms", type=Path, help="a norm with the covariate site")
    job.add_argument("controls", type=Path, help="TSV of at least 5 controls of one new site")
    job.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new norm")
    _quiet(job)


def _apply(job: argparse.ArgumentParser) -> None:
    job.add_argument("norms", type=Path, help="a norm, JSON")
    job.add_argument("person", type=Path, help="TSV with the same columns and one row")
    job.add_argument("--out", type=Path, required=True, metavar="FILE", help="deviations, TSV")
    job.add_argument("--figure", type=Path, default=None, metavar="FILE", help="picture, PNG")
    job.add_argument(
        "--widen-unknown-site",
        action="store_true",
        help="compare a person of a site that the cohort does not hold with the average site, in "
        "wider intervals (needs 4 sites)",
    )
    _quiet(job)


def _quiet(job: argparse.ArgumentParser) -> None:
    job.add_argument("--quiet", action="store_true", help="print errors and the result only")
