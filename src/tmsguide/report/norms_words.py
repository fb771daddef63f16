"""One person against a reference cohort, in sentences; never a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.norms import networks_in
from tmsguide.report.quantities import MINUS, significant

if TYPE_CHECKING:
    from tmsguide.model import Deviation
    from tmsguide.norms import Outside

__all__ = ["NO_DIAGNOSIS", "deviation_words", "measure_words", "signed"]

NO_DIAGNOSIS = (
    "A measure outside the cohort's range is no diagnosis and no reason to treat: healthy people "
    "lie outside too, and the cohort, the scanner and motion in the scan all count. Research use "
    "only."
)
#: More are named in the table.
_NAMED = 5


def deviation_words(found: Deviation, counted: Outside) -> tuple[str, ...]:
    """Give what the comparison says: how many outside, how usual, which, and its limits."""
    return tuple(
        line
        for line in (
            f"Compared with {found.cohort}.",
            _count(counted),
            _usual(counted),
            _missing(found),
            *_directions(found),
            NO_DIAGNOSIS,
        )
        if line
    )


def signed(value: float) -> str:
    """Give a number with its sign, one decimal below 10.

    Examples
    --------
    >>> signed(2.36), signed(-0.04), signed(-12.51)
    ('+2.4', '0.0', '−13')
    """
    text = f"{abs(value):.1f}" if abs(value) < 9.95 else f"{abs(value):.0f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def measure_words(name: str) -> str:
    """Give a measure's name as a reader says it.

    Examples
    --------
    >>> measure_words("within:Default"), measure_words("between:Default:Visual")
    ('within Default', 'between Default and Visual')
    """
    pair = networks_in([name])
    if pair is None:
        return name
    one, other = pair[name]
    return f"within {one}" if one == other else f"between {one} and {other}"


def _count(counted: Outside) -> str:
    are = "measure lies" if counted.count == 1 else "measures lie"
    first = (
        f"{counted.count} of {counted.measures} {are} outside the range of the cohort (95 % "
        f"prediction interval for a new person); about {significant(counted.by_chance)} would by "
        "chance."
    )
    number = counted.after_correction
    if number == 0:
        return f"{first} After correction for the number of measures none stands out."
    stand = "1 stands" if number == 1 else f"{number} stand"
    return (
        f"{first} After correction for the number of measures (false-discovery rate 5 %) {stand} "
        "out."
    )


def _usual(counted: Outside) -> str:
    if counted.count == 0:
        return ""
    share = round(100 * counted.share_of_cohort)
    rare = "unusual" if counted.share_of_cohort <= 0.05 else "not unusual"
    often = "fewer than 1" if share == 0 else str(share)
    return (
        f"So many is {rare}: of the cohort's own members, each compared with the others, "
        f"{often} in 100 had as many or more, and 95 in 100 had {counted.usual_most} or fewer."
    )


def _missing(found: Deviation) -> str:
    number = int(np.sum(~np.isfinite(found.value)))
    if number == 0:
        return ""
    return (
        f"{number} of {len(found.value)} measures could not be worked out from this scan and are "
        "left out."
    )


def _directions(found: Deviation) -> tuple[str, ...]:
    """Name the strongest measures outside, the lower ones and the higher ones."""
    connected = networks_in(found.names) is not None
    lower = "Less connected (or more opposed)" if connected else "Lower"
    higher = "More connected (or less opposed)" if connected else "Higher"
    said = []
    for words, off in (
        (lower, found.value < found.low),
        (higher, found.value > found.high),
    ):
        places = np.flatnonzero(off)
        places = places[np.argsort(-np.abs(found.z[places]), kind="stable")]
        if not len(places):
            continue
        named = [
            f"{measure_words(found.names[k])} ({signed(float(found.z[k]))} SD"
            + (", stands out after correction)" if found.q[k] <= 0.05 else ")")
            for k in places[:_NAMED]
        ]
        more = len(places) - len(named)
        rest = f" and {more} more" if more else ""
        said.append(f"{words} than expected: {', '.join(named)}{rest}.")
    return tuple(said)
