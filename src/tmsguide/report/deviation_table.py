"""The page's part on how one person compares with a reference cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report.norms_words import NO_DIAGNOSIS, measure_words, signed
from tmsguide.report.quantities import significant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Deviation

__all__ = ["DeviationRow", "DeviationSection", "deviation_section"]

#: More rows than this are counted, not listed.
MOST = 20
#: False-discovery rate from which on a measure does not stand out.
RATE = 0.05


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One measure outside the cohort's range; ``stands_out`` also after correction."""

    name: str
    value: str
    expected: str
    usual: str
    off: str
    stands_out: bool


@dataclass(frozen=True, slots=True)
class DeviationSection:
    """Sentences, the measures outside the range (farthest first), and how many are not listed."""

    sentences: tuple[str, ...]
    rows: tuple[DeviationRow, ...]
    more: int


def deviation_section(found: Deviation, said: tuple[str, ...]) -> DeviationSection:
    """Give the comparison in words and a table; without sentences given, the count alone."""
    off = np.flatnonzero(outside(found))
    off = off[np.argsort(-np.abs(found.z[off]), kind="stable")]
    return DeviationSection(
        sentences=said or _counted(found, len(off)),
        rows=tuple(_row(found, int(k)) for k in off[:MOST]),
        more=max(0, len(off) - MOST),
    )


def outside(found: Deviation) -> NDArray[np.bool_]:
    """Say which measures (F,) lie outside the prediction interval; unknown ones do not."""
    return np.asarray((found.value < found.low) | (found.value > found.high))


def _row(found: Deviation, k: int) -> DeviationRow:
    low, high = (significant(float(of[k])) for of in (found.low, found.high))
    return DeviationRow(
        name=measure_words(found.names[k]),
        value=significant(float(found.value[k])),
        expected=significant(float(found.expected[k])),
        usual=f"{low} to {high}",
        off=signed(float(found.z[k])),
        stands_out=bool(found.q[k] <= RATE),
    )


def _counted(found: Deviation, number: int) -> tuple[str, ...]:
    known = int(np.isfinite(found.value).sum())
    are = "measure lies" if number == 1 else "measures lie"
    return (
        f"Compared with {found.cohort}.",
        f"{number} of {known} {are} outside the range of the cohort (95 % prediction interval for "
        f"a new person); about {significant(found.by_chance)} would by chance.",
        NO_DIAGNOSIS,
    )
