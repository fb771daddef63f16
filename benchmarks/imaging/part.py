"""One part of the benchmark: ``python -m benchmarks.imaging.part NAME [--quick]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.imaging import alignment, heads, landmarks, times
from benchmarks.imaging.steps import cpu_seconds
from tmsguide.pipeline.machine import peak_rss_gb

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

_PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "heads": heads.measure,
    "landmarks": landmarks.measure,
    "alignment": alignment.measure,
    "times": times.measure,
}


def main() -> int:
    """Print the part's ``figures`` (none where its data are ``absent``), seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(_PARTS))
    parser.add_argument("--quick", action="store_true")
    words = parser.parse_args()

    def say(text: str) -> None:
        sys.stderr.write(f"{words.name}: {text}\n")

    start = time.perf_counter()
    out: dict[str, Any] = {"figures": {}, "absent": ""}
    try:
        out["figures"] = _PARTS[words.name](quick=words.quick, say=say)
    except FileNotFoundError as error:
        out["absent"] = str(error)
        say(f"left out: {error}")
    out["wall_s"] = round(time.perf_counter() - start, 1)
    out["cpu_s"] = round(cpu_seconds(), 1)
    out["peak_rss_gb"] = round(peak_rss_gb(), 2)
    sys.stdout.write(json.dumps(out) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
