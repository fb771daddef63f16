"""Numbers as a person writes them: rounded, with a unit and a true minus sign."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MINUS", "coordinates", "day", "duration", "millimetres", "significant"]

#: A true minus sign: a hyphen before a number is easily lost.
MINUS = "−"


def significant(value: float, digits: int = 2) -> str:
    """Give a number rounded to a few significant digits, never in exponent form.

    Examples
    --------
    >>> significant(1.23456), significant(137.8), significant(-0.0456)
    ('1.2', '140', '−0.046')
    """
    if not math.isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if abs(rounded) >= 10 ** (digits - places):  # 9.96 became 10.0: one digit too many
        places -= 1
    return f"{rounded:.{max(0, places)}f}".replace("-", MINUS)


def millimetres(value: float) -> str:
    """Give a length: at most one decimal below 10 mm, whole millimetres from there on.

    Examples
    --------
    >>> millimetres(3.14159), millimetres(4.0), millimetres(18.4)
    ('3.1 mm', '4 mm', '18 mm')
    """
    if not math.isfinite(value):
        return "unknown"
    return f"{round(value, 1):g} mm" if abs(value) < 9.95 else f"{value:.0f} mm"


def coordinates(xyz_mm: Sequence[float] | Floats, places: int = 0) -> str:
    """Give x, y, z with true minus signs.

    Examples
    --------
    >>> coordinates([-38.04, 44.2, 26.0])
    '−38, 44, 26'
    """
    rounded = [round(float(v), places) + 0.0 for v in xyz_mm]  # + 0.0: no "−0"
    return ", ".join(f"{v:.{places}f}".replace("-", MINUS) for v in rounded)


def duration(seconds: float) -> str:
    """Give a time span in the unit a person would use.

    Examples
    --------
    >>> duration(48), duration(192), duration(5400)
    ('48 seconds', '3 min 12 s', '1 h 30 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} seconds"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        if rest:
            return f"{minutes} min {rest} s"
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def day(timestamp: object) -> str:
    """Give the day of an ISO 8601 time stamp; anything else as it stands.

    Examples
    --------
    >>> day("2026-02-03T04:05:06+00:00")
    '2026-02-03'
    """
    text = str(timestamp)
    is_stamp = len(text) > 10 and text[4:5] == text[7:8] == "-" and text[10:11] in ("T", " ")
    return text[:10] if is_stamp else text
