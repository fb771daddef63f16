"""Work in processes of their own, so that each one's memory and seconds are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Child", "side_by_side"]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Child:
    """A module such as ``imaging.part`` with its words; its last line is one JSON object."""

    module: str
    words: tuple[str, ...]

    def result(self, *, threads: int | None = None) -> dict[str, Any]:
        """Run it, on at most so many threads, and give what it printed.

        Raises
        ------
        RuntimeError
            It failed; what it said stands above on stderr.
        """
        command = [sys.executable, "-m", f"benchmarks.{self.module}", *self.words]
        names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        few = {} if threads is None else dict.fromkeys(names, str(threads))
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=os.environ | few, stdout=subprocess.PIPE, check=False
        )
        if done.returncode:
            raise RuntimeError(
                f"{self.module} {' '.join(self.words)} ended with {done.returncode}; see above"
            )
        out: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
        return out


def side_by_side(children: Sequence[Child]) -> list[dict[str, Any]]:
    """Give the results in order, two running at a time, one thread each.

    For results that do not depend on threads and seconds that nobody reads.
    """
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda child: child.result(threads=1), children))
