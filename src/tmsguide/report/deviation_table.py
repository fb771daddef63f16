"""The page's part on how one person compares with a reference cohort."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report.norms_words import NO_DIAGNOSIS, measure_words, signed
from tmsguide.report.quantities import MINUS, significant

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
    low, high = float(found.low[k]), float(found.high[k])
    places = _places(high - low)

    def said(value: float) -> str:
        return f"{value + 0.0:.{places}f}".replace("-", MINUS)

    return DeviationRow(
        name=measure_words(found.names[k]),
        value=said(float(found.value[k])),
        expected=said(float(found.expected[k])),
        usual=f"{said(low)} to {said(high)}",
        off=signed(float(found.z[k])),
        stands_out=bool(found.q[k] <= RATE),
    )


def _places(width: float) -> int:
    """Give the decimals at which a range of this width is told to about a hundredth of it."""
    return max(0, 1 - math.floor(math.log10(width))) if width > 0 else 2


def _counted(found: Deviation, number: int) -> tuple[str, ...]:
    known = int(np.isfinite(found.value).sum())
    are = "measure lies" if number == 1 else "measures lie"
    return (
        f"Compared with {found.cohort}.",
        f"{number} of {known} {are} outside the range of the cohort (95 % prediction interval for "
        f"a new person); about {significant(found.by_chance)} would by chance.",
        NO_DIAGNOSIS,
    )
