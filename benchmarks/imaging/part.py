"""One part of the benchmark: ``python -m benchmarks.imaging.part NAME [--quick]``."""

from __future__ import annotations

import sys

from benchmarks.imaging import alignment, heads, landmarks, times
from benchmarks.part import print_part

_PARTS = {
    "heads": heads.measure,
    "landmarks": landmarks.measure,
    "alignment": alignment.measure,
    "times": times.measure,
}

if __name__ == "__main__":
    sys.exit(print_part(_PARTS, __doc__))
