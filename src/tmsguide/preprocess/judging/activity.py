"""What the person did in the scanner, as far as the sidecar tells: task or rest, eyes, sleep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Activity", "Eyes", "activity"]


class Eyes(Enum):
    """Whether the eyes were open, where known."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Activity:
    """What the person did: ``task`` is a task's name, empty for rest or where unknown."""

    task: str
    eyes: Eyes
    asleep: bool


#: Short names of resting runs that do not hold the word.
_REST = re.compile(r"rest|^rs$|^rs[_-]?(fmri|bold|eyes|eo|ec)|^r-?fmri", re.IGNORECASE)
_OPEN = re.compile(
    r"eyes?[\s_-]*(?:were |are |kept |held |remain\w* |to be )*open"
    r"|open(?:ed)? (?:your |their )?eyes|fixat|(?:^|[^a-z])eo(?:$|[^a-z])",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"eyes?[\s_-]*(?:were |are |kept |held |remain\w* |to be )*(?:closed|shut)"
    r"|(?:close|shut)(?:d|ing)? (?:your |their )?eyes|(?:^|[^a-z])ec(?:$|[^a-z])",
    re.IGNORECASE,
)
_SLEEP = re.compile(
    r"\basleep\b|\bslept\b|\bsleeping\b|\bduring sleep\b|^\W*sleep\W*\w*\W*$", re.IGNORECASE
)
#: Up to four words between a refusal and what is refused: "try not to fall asleep".
_REFUSAL = re.compile(
    r"\b(?:not|never|without|avoid\w*|don'?t|no|rather than|instead of)\b(?:\W+\w+){0,3}\W*$",
    re.IGNORECASE,
)


def activity(metadata: Mapping[str, object]) -> Activity:
    """Give what the fields TaskName, TaskDescription and Instructions tell; silent where they do.

    A resting run's name may end in EO or EC ("restEC"). Told both open and closed, the eyes
    are unknown.

    Examples
    --------
    >>> activity({"TaskName": "rest", "Instructions": "Close your eyes, do not fall asleep."})
    Activity(task='', eyes=<Eyes.CLOSED: 'closed'>, asleep=False)
    """
    name = _text(metadata, "TaskName")
    known = " . ".join(
        [_apart(name), *(_text(metadata, k) for k in ("TaskDescription", "Instructions"))]
    )
    is_open, is_closed = _told(_OPEN, known), _told(_CLOSED, known)
    eyes = Eyes.UNKNOWN
    if is_open != is_closed:
        eyes = Eyes.OPEN if is_open else Eyes.CLOSED
    return Activity(
        task="" if not name or _REST.search(name) else name,
        eyes=eyes,
        asleep=_told(_SLEEP, known),
    )


def _text(metadata: Mapping[str, object], key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""


def _apart(name: str) -> str:
    """Give a name with its parts as words: restEC as rest EC, resteyesclosed alike."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", name)
    parted = re.sub(r"(?i)(?<=rest)(e[oc])$", r" \1", parted)
    return re.sub(r"(?i)eyes?\s*(open|closed|shut)", r" eyes \1", parted)


def _told(wanted: re.Pattern[str], text: str) -> bool:
    """Tell whether the text says it at least once without refusing it in the same sentence."""
    return any(
        not _REFUSAL.search(sentence[: found.start()])
        for sentence in re.split(r"[.;!?\n]", text)
        for found in wanted.finditer(sentence)
    )
