"""Shows a run on the terminal and writes the same to a log file."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.status import Status

__all__ = ["Terminal", "open_log", "silent_log"]


def open_log(path: Path) -> logging.Logger:
    """Give a logger that writes to ``path`` only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger(f"tmsguide.run.{path.stem}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.handlers = [handler]
    return logger


def silent_log() -> logging.Logger:
    """Give a logger that writes nowhere, for jobs that leave one folder and nothing beside it."""
    logger = logging.getLogger("tmsguide.silent")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
    return logger


class Terminal:
    """A `Listener` that draws one line per step, and a spinner while it runs."""

    def __init__(self, logger: logging.Logger, *, quiet: bool) -> None:
        self._log = logger
        self._console = Console(file=_screen(), quiet=quiet, highlight=False)
        self._status: Status | None = None
        self._step = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        if error is not None:
            self._log.error("stopped in %s: %s", self._step or "start", error)
        for handler in self._log.handlers:
            handler.close()

    def print(self, text: str) -> None:
        """Show a line of its own, and log it."""
        self._log.info("%s", text)
        self._console.print(text, markup=False, soft_wrap=True)

    def started(self, step: str) -> None:
        """Start the spinner of a step."""
        self._step = step
        self._log.info("%s: started", step)
        self._stop()
        if self._console.is_terminal and not self._console.quiet:
            self._status = self._console.status(f"{step} ...")
            self._status.start()

    def said(self, text: str) -> None:
        """Show what the step is doing."""
        self._log.info("%s: %s", self._step, text)
        if self._status is not None:
            self._status.update(f"{self._step}: {text}")

    def finished(self, step: str, seconds: float, *, reused: bool) -> None:
        """Draw the finished line of a step."""
        self._stop()
        how = "already there" if reused else f"{seconds:6.1f} s"
        self._log.info("%s: %s", step, how.strip())
        self._console.print(f"  {step:<28} {how:>14}", markup=False)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def _screen() -> TextIO:
    """Give the terminal by a descriptor of its own: engines silence number 1 while they work."""
    if not sys.stdout.isatty():
        return sys.stdout
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
