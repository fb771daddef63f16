"""The runs whose files can be used, and words on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["sound_runs"]

Run = TypeVar("Run")


def sound_runs(
    runs: Sequence[Run], check: Callable[[Run], object]
) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """Give the runs that ``check`` lets pass, and a note on each other one, such as a broken-off.

    Raises
    ------
    InputError
        No run passes: that of the first.
    """
    kept, errors = [], []
    for run in runs:
        try:
            check(run)
        except InputError as error:
            errors.append(error)
        else:
            kept.append(run)
    if errors and not kept:
        raise errors[0]
    return tuple(kept), tuple(f"run left out: {error}" for error in errors)
