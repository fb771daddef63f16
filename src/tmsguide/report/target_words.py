"""Plain phrases about the scan and the target: where it lies, how sure, on what it depends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.model import ScanVerdict
from tmsguide.report.quantities import millimetres
from tmsguide.report.words import side

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tmsguide.model import Quality, Target

    Floats = NDArray[np.float64]

__all__ = ["global_signal", "place", "planted", "region", "scan_alone", "scan_verdict"]


def place(mni_mm: Sequence[float] | Floats) -> str:
    """Give where an MNI coordinate lies, as far as it can be said safely.

    Prefrontal is what lies well before the precentral sulcus, which runs between about y = −20 at
    the vertex and y = 10 at the Sylvian fissure.

    Examples
    --------
    >>> place([-40, 43, 28]), place([1, 40, 40]), place([-30, -5, 60])
    ('left prefrontal cortex', 'prefrontal cortex near the midline', 'left hemisphere')
    """
    x, y = float(mni_mm[0]), float(mni_mm[1])
    half = side(x)
    if y <= 12:
        return "midline" if half == "midline" else f"{half} hemisphere"
    return (
        "prefrontal cortex near the midline" if half == "midline" else f"{half} prefrontal cortex"
    )


def scan_verdict(quality: Quality) -> str:
    """Give one sentence on what the scan can carry."""
    minutes = _minutes(quality)
    return {
        ScanVerdict.GOOD: f"The scan can carry an individual target ({minutes}).",
        ScanVerdict.CAUTION: (
            f"The scan can be used with caution ({minutes}). Read the points below first."
        ),
        ScanVerdict.INSUFFICIENT: (
            f"The scan is not enough for an individual target ({minutes}). "
            "Consider a group target, or scan again."
        ),
    }[quality.verdict]


def scan_alone(quality: Quality) -> str:
    """Give one sentence on the scan, where another says what it means for the target."""
    return {
        ScanVerdict.GOOD: f"The scan is good ({_minutes(quality)}).",
        ScanVerdict.CAUTION: f"The scan can be used with caution ({_minutes(quality)}).",
        ScanVerdict.INSUFFICIENT: (
            f"The scan is not enough for an individual target ({_minutes(quality)})."
        ),
    }[quality.verdict]


def region(target: Target) -> tuple[str, str]:
    """Give how sure the target is: a short label and a sentence.

    The steps are those of practice: a figure-8 coil is placed to a few millimetres and acts on
    about two centimetres of cortex. What to do is only said where no `Advice` says it.
    """
    radius = target.region_radius_mm
    if radius is None:
        return "uncertainty unknown", "This method gives no measure of how sure the target is."
    share = round(100 * (target.confidence or 0))
    found = f"The true place is meant to lie within {millimetres(radius)}, {share} times in 100"
    if radius <= 5:
        return "precise", f"{found}: about as close as a coil can be placed."
    if radius <= 10:
        return "fairly precise", f"{found}: well inside the reach of a figure-8 coil."
    alone = target.advice is None
    if radius <= 20:
        serve = (
            "a group target may serve as well" if alone else "about the reach of a figure-8 coil"
        )
        return "uncertain", f"{found}: {serve}."
    do = " Prefer a group target, or scan longer." if alone else ""
    return (
        "very uncertain",
        f"{found}: the data hardly say where in the search area the target lies.{do}",
    )


def global_signal(shift_mm: float | None) -> str:
    """Give what regressing the global signal out does to the target."""
    if shift_mm is None:
        return ""
    how = "hardly" if shift_mm <= 5 else "somewhat" if shift_mm <= 15 else "strongly"
    return (
        f"Without removing the global signal the target would lie {millimetres(shift_mm)} away: "
        f"it depends {how} on that choice."
    )


def planted(error_mm: float | None) -> str:
    """Give how far the target found lies from the one planted in a computer-generated person."""
    if error_mm is None:
        return ""
    return f"The target found lies {millimetres(error_mm)} from the one planted in these data."


def _minutes(quality: Quality) -> str:
    usable, total = (f"{round(s / 60, 1):g}" for s in (quality.usable_s, quality.total_s))
    return f"{usable} of {total} minutes usable"
