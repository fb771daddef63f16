"""Tell what kind of data set a folder is and take one person's data from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.io import (
    derivative_home,
    find_participants,
    is_derivative,
    is_hcp,
    is_xcpd,
    participant,
)
from tmsguide.pipeline.sources.fmriprep import fmriprep_source, xcpd_source
from tmsguide.pipeline.sources.hcp import hcp_source
from tmsguide.pipeline.sources.heads import found_heads, given_head
from tmsguide.pipeline.sources.raw import raw_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tmsguide.pipeline.sources.source import Source

__all__ = ["find_source", "people_in"]


def people_in(folder: Path, labels: Sequence[str] | None) -> tuple[str, ...]:
    """Give the labels to run, without ``sub-``; None takes everybody in the data set.

    Raises
    ------
    InputError
        A label that is not in the data set, or a folder with nobody in it.
    """
    if folder.is_dir() and is_hcp(folder):
        if not labels:
            raise InputError(
                f"{folder.name} is output of the HCP pipelines; name the person with "
                "--participant-label, such as 100307"
            )
        return tuple(dict.fromkeys(label.removeprefix("sub-") for label in labels))
    home = derivative_home(folder, "xcp_d", "fmriprep")
    if not labels:
        return find_participants(home)
    return tuple(dict.fromkeys(participant(home, label) for label in labels))


def find_source(
    folder: Path, label: str, *, head: Path | None = None, functional: bool = True
) -> Source:
    """Give one person's data of a raw BIDS data set or of another program's output.

    ``head`` is a folder of charm, FreeSurfer or FastSurfer whose labels are to win; without it
    the usual places are looked at. Without ``functional`` a raw data set needs no functional run.

    Raises
    ------
    InputError
        Anything that would fail later, in one line.
    """
    source = _of_kind(folder, label, functional=functional)
    label = source.subject.label
    if head is not None:
        return replace(source, given=(given_head(head, t1w=source.t1w), *source.given))
    heads, notes = found_heads(source.root, label, t1w=source.t1w)
    return replace(source, given=(*heads, *source.given), notes=(*source.notes, *notes))


def _of_kind(folder: Path, label: str, *, functional: bool) -> Source:
    if is_hcp(folder):
        return hcp_source(folder, label)
    home = derivative_home(folder, "xcp_d", "fmriprep")
    if is_xcpd(home):
        return xcpd_source(home, label)
    if is_derivative(home):
        return fmriprep_source(home, label)
    return raw_source(folder, label, functional=functional)
