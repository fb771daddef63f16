"""Matrix products inside our own threads, without threads of their own."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_blas_thread"]

_LOCK = Lock()
_inside: list[threadpool_limits] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold matrix products to one thread each while many of them run in `ordered_map`.

    Small products that each start threads wait for each other: nearly three times the processor
    time was measured for (900, 283) @ (283, 900) on two cores. The setting is the process's, so
    the first to enter sets it and the last to leave puts it back. No answer depends on it.
    """
    with _LOCK:
        _inside.append(threadpool_limits(1, user_api="blas"))
    try:
        yield
    finally:
        with _LOCK:
            # each holds what it found; the last to leave restores what the first one found
            first = _inside.pop(0)
            if _inside:
                _inside[0] = first
            else:
                first.restore_original_limits()
