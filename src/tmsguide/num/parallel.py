"""Run one function over many items on the machine's threads, results in the items' order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ordered_map"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Give ``[function(item) for item in items]``, computed on as many threads as numba may use.

    Pays only for functions that release the interpreter lock (``nogil`` kernels, scipy.ndimage,
    matrix products). Items must be independent, so the number of threads never changes the answer.

    Examples
    --------
    >>> ordered_map(lambda i: i * i, range(4))
    [0, 1, 4, 9]
    """
    with ThreadPoolExecutor(max_workers=numba.get_num_threads()) as pool:
        return list(pool.map(function, items))
