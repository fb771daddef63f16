"""Notes of other parts of the chain as sentences of the page, each thing said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.model import Quality

__all__ = ["listed", "moved_to_grey", "said_once", "sentence"]


def sentence(phrase: str) -> str:
    """Give a phrase with a capital first letter and a full stop.

    Examples
    --------
    >>> sentence("the scan is short"), sentence("Done.")
    ('The scan is short.', 'Done.')
    """
    text = phrase.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def said_once(reason: str, quality: Quality) -> str:
    """Give a rule's reason without the problems of the scan, which stand above it on the page.

    A reason that repeats none of them stays as it is.
    """
    starts = [reason.find(problem.rstrip(".")) for problem in quality.problems]
    if not any(at >= 0 for at in starts):
        return reason
    starts.append(reason.find(quality.verdict.value))
    kept = reason[: min(at for at in starts if at >= 0)].rstrip(" .,:;")
    return f"{kept}: see the points above." if kept else "See the points above."


def moved_to_grey(moves_mm: Mapping[str, float]) -> str:
    """Give in one sentence how far sites, by their numbers, were moved to lie in grey matter.

    Examples
    --------
    >>> moved_to_grey({"3": 0.94, "4": 2.31})
    'Targets 3 and 4 were moved by 0.9 to 2.3 mm to the nearest grey matter of this person.'
    """
    if not moves_mm:
        return ""
    names = listed(list(moves_mm))
    low, high = (f"{limit(moves_mm.values()):.1f}" for limit in (min, max))
    span = high if low == high else f"{low} to {high}"
    to = f"moved by {span} mm to the nearest grey matter of this person."
    return f"Target {names} was {to}" if len(moves_mm) == 1 else f"Targets {names} were {to}"


def listed(names: list[str]) -> str:
    """Give names in a row of words; three or more whole numbers in a row as a span."""
    numbers = [int(name) for name in names if name.isdecimal()]
    if len(names) > 2 and numbers[:1] and numbers == [numbers[0] + k for k in range(len(names))]:
        return f"{names[0]} to {names[-1]}"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
