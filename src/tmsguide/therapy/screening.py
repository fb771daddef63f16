"""What the answers to the questions before TMS mean for the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.errors import InputError
from tmsguide.model import Finding, Verdict
from tmsguide.therapy.library import screen_items, screen_source

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["screening_findings"]


def screening_findings(answers: Mapping[str, bool] | None) -> tuple[Finding, ...]:
    """Give one finding per yes, and one for what was not asked.

    ``answers`` maps item keys (`library.screen_items`) to yes (True) or no (False).

    Raises
    ------
    InputError
        If an answer is to a question that is not asked.
    """
    if answers is None:
        reason = (
            "TASS/Rossi screen not recorded: ask about seizures, implants, metal, medication, "
            "pregnancy and earlier TMS before the first pulse."
        )
        return (_finding("screen", Verdict.WARN, reason),)
    items = screen_items()
    unknown = sorted(set(answers) - {i.key for i in items})
    if unknown:
        raise InputError(
            f"screening answers to unknown questions {', '.join(unknown)}; "
            f"the questions are {', '.join(i.key for i in items)}"
        )
    found = [_yes(i.key, i.question, stop=i.stop) for i in items if answers.get(i.key)]
    missing = [i.key for i in items if i.key not in answers]
    if missing:
        reason = f"The screen is incomplete; not answered: {', '.join(missing)}."
        found.append(_finding("screen", Verdict.WARN, reason))
    if not found:
        reason = "All screening questions were answered with no."
        found.append(_finding("screen", Verdict.ALLOW, reason))
    return tuple(found)


def _yes(key: str, question: str, *, stop: bool) -> Finding:
    if stop:
        verdict, words = Verdict.FORBID, "This excludes TMS."
    else:
        verdict, words = Verdict.WARN, "The physician weighs benefit and risk before going on."
    return _finding(f"screen_{key}", verdict, f"Answered yes: {question} {words}")


def _finding(name: str, verdict: Verdict, reason: str) -> Finding:
    source = screen_source()
    return Finding(name, verdict, reason, source.reference, source.verified)
