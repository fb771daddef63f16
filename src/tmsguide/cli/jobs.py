"""The jobs behind the words: hand the settings to the pipeline, show what came out."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tmsguide.cli.choices import chosen_settings
from tmsguide.cli.console import Terminal, open_log
from tmsguide.cli.notice import NOTICE
from tmsguide.errors import InputError, TmsguideError
from tmsguide.pipeline import (
    HeadSummary,
    Summary,
    check_request,
    make_demo_person,
    people_in,
    run_head,
    run_participant,
    small_settings,
)

if TYPE_CHECKING:
    import argparse

    from tmsguide.pipeline import Request

__all__ = ["demo", "participants"]


def participants(words: argparse.Namespace) -> int:
    """Run every wanted participant; one that cannot be run does not stop the others."""
    settings = chosen_settings(words)
    labels = people_in(words.bids_dir, words.participant_label)
    if words.head is not None and len(labels) > 1:
        raise InputError(
            f"--head gives one person's head, but {len(labels)} people are to be run; "
            "name one with --participant-label"
        )
    alone, failed = len(labels) == 1, 0
    requests: list[Request] = []
    for label in labels:
        try:
            requests += check_request(
                words.bids_dir,
                words.out_dir,
                labels=[label],
                work_dir=words.work_dir,
                settings=settings,
                head=words.head,
                anatomy_only=words.anat_only,
            )
        except InputError as error:
            if alone:
                raise
            failed += _failed(label, error)
    for request in requests:
        try:
            _show(*_run(request, quiet=words.quiet))
        except TmsguideError as error:
            if alone:
                raise
            failed += _failed(request.label, error)
    return 1 if failed else 0


def demo(words: argparse.Namespace) -> int:
    """Generate the synthetic person, then run it through the very same path."""
    settings = chosen_settings(words)
    if words.small:
        settings = small_settings(settings)
    out = words.out.resolve()
    seed = 1 if words.seed is None else words.seed
    logger = open_log(out / "logs" / f"generate_{_stamp()}.log")
    with Terminal(logger, quiet=words.quiet) as terminal:
        terminal.print(
            "This person is computer-generated (synthetic): an average brain, warped and folded "
            "anew, with a planted target."
        )
        person = make_demo_person(out / "bids", seed=seed, small=words.small, listener=terminal)
    (request,) = check_request(
        person.bids_dir,
        out / "derivatives",
        labels=[person.label],
        work_dir=None,
        settings=replace(settings, seed=settings.seed if words.seed is None else words.seed),
        truth=person.truth,
    )
    _show(*_run(request, quiet=words.quiet))
    return 0


def _run(request: Request, *, quiet: bool) -> tuple[Summary | HeadSummary, Terminal]:
    log = request.out_dir / "logs" / f"sub-{request.label}_{_stamp()}.log"
    with Terminal(open_log(log), quiet=quiet) as terminal:
        terminal.print(f"sub-{request.label}: {NOTICE}")
        run = run_head if request.anatomy_only else run_participant
        return run(request, listener=terminal), terminal


def _show(summary: Summary | HeadSummary, terminal: Terminal) -> None:
    for line in summary.lines():
        terminal.print(line)
    sys.stdout.write(f"{summary.path}\n")


def _failed(label: str, error: TmsguideError) -> int:
    sys.stderr.write(f"tmsguide: sub-{label}: {error}\n")
    return 1


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
