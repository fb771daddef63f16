"""The retest scans: people scanned twice on each of two days, parcel by parcel.

Data were provided in part by the Human Connectome Project, WU-Minn Consortium (Principal
Investigators: David Van Essen and Kamil Ugurbil; 1U54MH091657).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.regression import complement, cosines_outside, residual_zscored
from tmsguide.num.statistics import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ROOT", "Cleaning", "Retest", "cleaned", "people"]

ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "retest_hcp_dk68"
TR_S = 0.72
_RUNS = (("REST1-LR", "REST1-RL"), ("REST2-LR", "REST2-RL"))


@dataclass(frozen=True, slots=True, eq=False)
class Retest:
    """Parcel series of S people: ``series[s][day][run]`` is (T, P); ``names`` (P,)."""

    series: tuple[tuple[tuple[Floats, ...], ...], ...]
    names: tuple[str, ...]

    def joined(self, person: int, day: int) -> Floats:
        """Both runs of a day, each standardised first, (2 T, P)."""
        return np.concatenate([standardise(run) for run in self.series[person][day]])


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is taken out of every run: frequencies outside a band, and the global signal."""

    band_pass: bool = True
    global_signal: bool = True


def people(*, most: int) -> Retest | None:
    """Give the first ``most`` people as they come, None where the data are absent."""
    if not ROOT.is_dir():
        return None
    files = sorted(ROOT.glob("*.npz"))[:most]
    names = (ROOT / "region_names.txt").read_text().split()
    series = []
    for file in files:
        with np.load(file) as held:
            series.append(
                tuple(tuple(held[run].T.astype(np.float64) for run in day) for day in _RUNS)
            )
    return Retest(tuple(series), tuple(name.removeprefix("ctx-") for name in names))


def cleaned(of: Retest, cleaning: Cleaning) -> Retest:
    """Clean every run as the pipeline does: 0.01-0.1 Hz, then the mean of all parcels out."""
    return Retest(
        tuple(
            tuple(tuple(_clean(run, cleaning) for run in day) for day in person)
            for person in of.series
        ),
        of.names,
    )


def _clean(run: Floats, cleaning: Cleaning) -> Floats:
    out = standardise(run)
    if cleaning.band_pass:
        out = residual_zscored(out.astype(np.float32), _inside(len(run))).astype(np.float64)
    if cleaning.global_signal:
        whole = out.mean(axis=1)
        out = standardise(out - np.outer(whole, whole @ out / (whole @ whole)))
    return out


@lru_cache(maxsize=2)
def _inside(frames: int) -> Floats:
    return complement(cosines_outside(frames, TR_S, low_hz=0.01, high_hz=0.1))
