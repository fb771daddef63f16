"""The chain's imaging steps on one person, each timed: ``python -m benchmarks.imaging.steps``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.part import cpu_seconds
from tmsguide.model import MNI, Points, native_frame
from tmsguide.num.components import near
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step, surface_step
from tmsguide.pipeline.bench import Bench
from tmsguide.pipeline.demo import small_settings
from tmsguide.pipeline.function import bold_step
from tmsguide.pipeline.literature import published, seed_point
from tmsguide.pipeline.machine import peak_rss_gb
from tmsguide.pipeline.settings import Settings
from tmsguide.pipeline.sources import find_source
from tmsguide.pipeline.store import Store
from tmsguide.pipeline.stored import STORED
from tmsguide.preprocess import preset_named

if TYPE_CHECKING:
    from tmsguide.model import Denoised
    from tmsguide.preprocess import CleanBold

__all__ = ["main"]

DLPFC = Points(
    np.array([[-38.0, 44.0, 26.0]]), MNI
)  # Fox 2012, doi:10.1016/j.biopsych.2012.04.028
BALL_MM = 10.0  # of the chain's own subgenual seed; the same at the other end


def main() -> int:
    """Do the steps that are not in the store yet and print seconds, memory and the correlation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("label")
    parser.add_argument("store", type=Path)
    parser.add_argument("--anatomy-only", action="store_true")
    parser.add_argument("--coarse", action="store_true")
    words = parser.parse_args()
    settings = small_settings(Settings()) if words.coarse else Settings()
    source = find_source(words.dataset, words.label)
    clock = _Clock()
    bench = Bench(Store(words.store, STORED), clock, {})
    anatomy = anatomy_step(
        bench, source, native_frame(words.label), settings=settings.anatomy, prior=None
    )
    to_mni = normalisation_step(bench, source, anatomy, settings=settings.anatomy)
    surface_step(bench, anatomy)
    out: dict[str, Any] = {}
    if not words.anatomy_only:
        found = bold_step(
            bench, source, anatomy=anatomy, normalisation=to_mni, settings=settings.bold
        )
        bold = found.content["bold"]
        ball = published(to_mni.content["t1w_from_mni"])(DLPFC)
        out |= _correlations(bold, seed_point(to_mni), ball, settings.bold.denoising)
    out |= {"seconds": clock.seconds, "peak_rss_gb": round(peak_rss_gb(), 3)}
    sys.stdout.write(json.dumps(out) + "\n")
    return 0


@dataclass
class _Clock:
    """Hears the steps and keeps wall and CPU seconds of those that were done, storing included."""

    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    _start: tuple[float, float] = (0.0, 0.0)

    def started(self, step: str) -> None:
        self.said(f"{step} ...")
        self._start = (time.perf_counter(), cpu_seconds())

    def said(self, text: str) -> None:
        sys.stderr.write(f"  {text}\n")

    def finished(self, step: str, _seconds: float, *, reused: bool) -> None:
        wall, cpu = time.perf_counter() - self._start[0], cpu_seconds() - self._start[1]
        if not reused:
            self.seconds[step] = (round(wall, 2), round(cpu, 2))
            self.said(f"{step}: {wall:.1f} s, {cpu:.1f} CPU-s")


def _correlations(bold: CleanBold, seed: Points, ball: Points, denoising: str) -> dict[str, Any]:
    """Give r of seed and ball after the chain, the global signal regressed out and left in."""
    named = {"global_signal_out": bold.denoised, "global_signal_in": bold.other_global}
    if not preset_named(denoising).global_signal:
        named = dict(zip(named, reversed(named.values()), strict=True))
    values = {name: None if d is None else _r(d, seed, ball) for name, d in named.items()}
    return {"volumes": len(bold.denoised.kept), "kept": int(bold.denoised.kept.sum()), **values}


def _r(denoised: Denoised, seed: Points, ball: Points) -> float:
    """Give Pearson r of the mean z-scored series of two balls."""
    alive = denoised.series.std(axis=0) > 0
    where = denoised.where.xyz_mm
    courses = [
        denoised.series[:, near(where, at.xyz_mm, BALL_MM) & alive].mean(axis=1, dtype=np.float64)
        for at in (seed, ball)
    ]
    return round(float(np.corrcoef(*courses)[0, 1]), 3)


if __name__ == "__main__":
    sys.exit(main())
