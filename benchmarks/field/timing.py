"""Seconds of a step, run once to warm up and then several times."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["median_seconds"]

Result = TypeVar("Result")


def median_seconds(
    work: Callable[[], Result], times: int, *, warm: bool = True
) -> tuple[Result, float]:
    """Give what ``work`` gives, and the median of its wall seconds."""
    result = work() if warm else None
    seconds = []
    for _ in range(times):
        del result
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return result, statistics.median(seconds)
