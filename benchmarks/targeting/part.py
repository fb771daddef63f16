"""One part of the benchmark: ``python -m benchmarks.targeting.part NAME [--quick]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.targeting import planted, retest, speed
from tmsguide.pipeline.machine import peak_rss_gb

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

_PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "planted": planted.measure,
    "retest": retest.measure,
    "speed": speed.measure,
}


def main() -> int:
    """Print the part's figures, seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(_PARTS))
    parser.add_argument("--quick", action="store_true")
    words = parser.parse_args()

    def say(text: str) -> None:
        sys.stderr.write(f"{words.name}: {text}\n")

    start = time.perf_counter()
    figures = _PARTS[words.name](quick=words.quick, say=say)
    out = {
        "figures": figures,
        "wall_s": round(time.perf_counter() - start, 1),
        "peak_rss_gb": round(peak_rss_gb(), 2),
    }
    sys.stdout.write(json.dumps(out) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
