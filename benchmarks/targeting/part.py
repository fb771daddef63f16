"""One part of the benchmark: ``python -m benchmarks.targeting.part NAME [--quick]``."""

from __future__ import annotations

import sys

from benchmarks.part import print_part
from benchmarks.targeting import planted, retest, speed

_PARTS = {
    "planted": planted.measure,
    "retest": retest.measure,
    "speed": speed.measure,
}

if __name__ == "__main__":
    sys.exit(print_part(_PARTS, __doc__))
