"""The whole chain on the generated person: seconds per step, memory and error."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["run"]

KEPT = (
    "seconds",
    "usable_minutes",
    "planted_error_mm",
    "planted_inside_region",
    "region_radius_mm",
    "reciprocity_gap_percent",
)


def run(*, quick: bool) -> dict[str, object]:
    """Run ``tmsguide demo`` in a process of its own, then again with nothing left to do."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tmsguide", "demo", "--quiet", "--out", folder]
        command += ["--small"] if quick else []
        first = _timed(command)
        again = _timed(command)
        path = next(Path(folder).glob("derivatives/sub-*/summary.json"))
        content = json.loads(path.read_text(encoding="utf-8"))
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
    figures: dict[str, object] = {key: content[key] for key in KEPT}
    return {
        "wall_s": round(first, 1),
        "again_wall_s": round(again, 1),
        "peak_rss_gb": content["peak_rss_gb"],
        "disk_gb": round(size / 1e9, 2),
        **figures,
    }


def _timed(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - start
