"""One part of a benchmark, run in a process of its own: its figures as one line of JSON."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

from tmsguide.pipeline.machine import peak_rss_gb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["cpu_seconds", "print_part"]


def print_part(parts: Mapping[str, Callable[..., Mapping[str, Any]]], description: str) -> int:
    """Print the ``figures`` of the part that is asked for (none where its data are ``absent``).

    With it go wall and CPU seconds and memory.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("name", choices=tuple(parts))
    parser.add_argument("--quick", action="store_true")
    words = parser.parse_args()

    def say(text: str) -> None:
        sys.stderr.write(f"{words.name}: {text}\n")

    start = time.perf_counter()
    out: dict[str, Any] = {"figures": {}, "absent": ""}
    try:
        out["figures"] = parts[words.name](quick=words.quick, say=say)
    except FileNotFoundError as error:
        out["absent"] = str(error)
        say(f"left out: {error}")
    out["wall_s"] = round(time.perf_counter() - start, 1)
    out["cpu_s"] = round(cpu_seconds(), 1)
    out["peak_rss_gb"] = round(peak_rss_gb(), 2)
    sys.stdout.write(json.dumps(out) + "\n")
    return 0


def cpu_seconds() -> float:
    """CPU seconds of this process and of those it started and waited for."""
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
