"""One person's data, whatever program left them: what the chain asks of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tmsguide.model import Anatomy, BoldSettings, Frame, Subject, Warp
    from tmsguide.preprocess import CleanBold, Person

__all__ = ["Cleaner", "GivenHead", "Source", "SourceRun"]


class Cleaner(Protocol):
    """Read the functional runs of a source and clean them in the person's T1w space."""

    def __call__(
        self,
        anatomy: Anatomy,
        person: Person,
        *,
        mni_from_t1w: Warp,
        settings: BoldSettings,
        say: Callable[[str], None],
    ) -> CleanBold: ...


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One functional run: its name, task, metadata and every file that decides the result."""

    name: str
    task: str
    files: tuple[Path, ...]
    sidecar: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class GivenHead:
    """Anatomy that another program made, which wins over our own.

    ``files`` decide it. ``labels`` gives the anatomy, from ours where the other program labelled
    the brain only (``whole`` False) or in its place (``whole`` True: ours is not made at all).
    ``maps`` gives (mni_from_t1w, t1w_from_mni) where the program left them, else None.
    """

    program: str
    files: tuple[Path, ...]
    whole: bool = False
    labels: Callable[[Anatomy | None, Frame], Anatomy] | None = None
    maps: Callable[[Frame], tuple[Warp, Warp]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One person's files, found and checked, with how their functional runs are cleaned.

    ``program`` says who left them ("raw BIDS", "fMRIPrep 23.2.1"); ``notes`` say in words what was
    left aside.
    """

    program: str
    subject: Subject
    t1w: Path
    root: Path
    dataset: str
    runs: tuple[SourceRun, ...]
    clean: Cleaner
    given: tuple[GivenHead, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """Task of the runs; empty where they differ."""
        tasks = {run.task for run in self.runs}
        return tasks.pop() if len(tasks) == 1 else ""
