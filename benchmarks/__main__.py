"""``python -m benchmarks NAME [--quick]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys

from benchmarks import chain, field, imaging, targeting

BENCHES = {
    "chain": chain.run,
    "field": field.run,
    "imaging": imaging.run,
    "targeting": targeting.run,
}


def main() -> int:
    """Run one benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--quick", action="store_true", help="smaller, for a smoke test")
    words = parser.parse_args()
    figures = BENCHES[words.name](quick=words.quick)
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    sys.stdout.write(json.dumps({"bench": words.name, **figures, **machine}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
