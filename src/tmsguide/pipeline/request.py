"""What is asked for, checked in full before any heavy work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.field import coil_named
from tmsguide.io import (
    SubjectInputs,
    check_bold,
    check_output_dir,
    check_t1w,
    find_participants,
    is_derivative,
    participant,
    read_prior,
    select_fmriprep,
    select_inputs,
)
from tmsguide.pipeline.search import guidance_named
from tmsguide.therapy import protocols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.io import FmriprepInputs
    from tmsguide.model import Points
    from tmsguide.pipeline.settings import Settings

__all__ = ["Request", "check_request", "wanted_labels"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One participant's run: inputs found and checked, places to write, settings.

    ``truth`` is the planted target of a generated person, None for everyone else.
    """

    inputs: SubjectInputs | FmriprepInputs
    out_dir: Path
    work_dir: Path
    settings: Settings
    truth: Points | None = None

    @property
    def label(self) -> str:
        """BIDS label without ``sub-``."""
        return self.inputs.subject.label


def wanted_labels(bids_dir: Path, labels: Sequence[str] | None) -> tuple[str, ...]:
    """Give the labels to run, without ``sub-``; None takes everybody in the data set.

    Raises
    ------
    InputError
        A label that is not in the data set.
    """
    if not labels:
        return find_participants(bids_dir)
    return tuple(dict.fromkeys(participant(bids_dir, label) for label in labels))


def check_request(
    bids_dir: Path,
    out_dir: Path,
    *,
    labels: Sequence[str] | None,
    work_dir: Path | None,
    settings: Settings,
    truth: Points | None = None,
) -> tuple[Request, ...]:
    """Find and check the input of every wanted participant; None takes all.

    Raises
    ------
    InputError
        Anything that would fail later: one line that says what was given, what was needed and
        how to mend it.
    """
    bids_dir, out_dir = bids_dir.resolve(), out_dir.resolve()
    wanted = wanted_labels(bids_dir, labels)
    _check_settings(settings)
    requests = tuple(
        Request(
            inputs=_checked(bids_dir, label),
            out_dir=out_dir,
            work_dir=_work_dir(work_dir, bids_dir=bids_dir, out_dir=out_dir),
            settings=settings,
            truth=truth,
        )
        for label in wanted
    )
    check_output_dir(bids_dir, out_dir)
    return requests


def _checked(bids_dir: Path, label: str) -> SubjectInputs | FmriprepInputs:
    if is_derivative(bids_dir):
        found = select_fmriprep(bids_dir, label)
        check_t1w(found.t1w)
        for prepared in found.runs:
            check_bold(prepared.bold, prepared.sidecar)
        return found
    inputs = select_inputs(bids_dir, label)
    check_t1w(inputs.t1w)
    for run in inputs.bolds:
        check_bold(run.path, run.sidecar)
    return inputs


def _work_dir(given: Path | None, *, bids_dir: Path, out_dir: Path) -> Path:
    if given is None:
        return out_dir / "work"
    work = given.resolve()
    if work == bids_dir or bids_dir in work.parents:
        raise InputError(
            f"work folder {work} lies inside the input {bids_dir}; give one outside of it"
        )
    try:
        check_output_dir(bids_dir, work)
    except InputError as error:
        raise InputError(f"--work-dir: {error}") from error
    return work


def _check_settings(settings: Settings) -> None:
    known = protocols()
    if settings.plan.protocol not in known:
        raise InputError(
            f"protocol {settings.plan.protocol!r} is unknown; choose one of {', '.join(known)}"
        )
    rmt = settings.plan.rmt_percent_mso
    if rmt is not None and not 0 < rmt <= 100:
        raise InputError(f"--rmt is {rmt:g}; needed a percentage of stimulator output, 1 to 100")
    if not 0 < settings.search.standoff_mm <= 30:
        raise InputError(
            f"--standoff is {settings.search.standoff_mm:g} mm; needed more than 0 and at most 30"
        )
    if not 0 < settings.bold.fd_limit_mm <= 5:
        raise InputError(
            f"--fd-limit is {settings.bold.fd_limit_mm:g} mm; needed more than 0 and at most 5"
        )
    coil_named(settings.search.coil)
    guidance_named(settings.search.guidance)
    prior = settings.anatomy.prior_path
    if prior:
        try:
            read_prior(Path(prior))
        except InputError as error:
            raise InputError(f"--prior: {error}") from error
