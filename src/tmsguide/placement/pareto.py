"""Choices that nothing beats in everything, and the one of them that gives up least."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Goal", "compromise", "pareto_front"]

#: Share of the summed losses beside the largest one (augmented Chebyshev, Steuer & Choo 1983):
#: tells apart choices with the same largest loss, too small to outweigh it.
TIE_BREAK = 1e-3


class Goal(Enum):
    """Which way an objective is better."""

    LARGER = 1.0
    SMALLER = -1.0


def pareto_front(values: Floats, goals: Sequence[Goal]) -> Ints:
    """Give the indices, ascending, of the rows of ``values`` (K, O) that no other row dominates.

    A row dominates another when it is at least as good in every objective and better in one. Rows
    that are equal in all stay together. Exact; time grows as K times the size of the front.

    Raises
    ------
    InputError
        If the values are not a finite table with one goal per column.

    Examples
    --------
    >>> import numpy as np
    >>> strength_and_pain = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 9.0], [2.0, 6.0]])
    >>> pareto_front(strength_and_pain, (Goal.LARGER, Goal.SMALLER)).tolist()
    [1, 2]
    """
    cost = _costs(values, goals)
    span = np.ptp(cost, axis=0)
    total = ((cost - cost.min(axis=0)) / np.where(span > 0, span, 1.0)).sum(axis=1)
    # rounding keeps order, so a row that dominates has no larger total; among equal totals it
    # comes first by its columns
    order = np.lexsort((*cost.T[::-1], total))
    kept = _undominated(np.ascontiguousarray(cost[order]))
    return np.sort(order[kept])


def compromise(
    values: Floats, front: Ints, goals: Sequence[Goal], *, weights: Sequence[float]
) -> int:
    """Give the member of ``front`` whose largest weighted loss is least.

    A loss is the distance to the best value on the front, as a share of the front's range in that
    objective (weighted Chebyshev distance to the ideal point), so units do not matter. Ties go to
    the smaller sum of losses, then to the first. Returns an index into ``values`` (K, O).

    Raises
    ------
    InputError
        If the front is empty, or weights are negative, all zero or not one per objective.

    References
    ----------
    Steuer & Choo 1983, 10.1007/BF02591870: augmented weighted Chebyshev programmes.
    """
    cost = _costs(values, goals)[front]
    share = np.asarray(weights, dtype=np.float64)
    if len(cost) == 0 or share.shape != (len(goals),) or (share < 0).any() or not share.any():
        raise InputError(
            f"needed a front and {len(goals)} weights of at least 0, not all 0; given "
            f"{len(cost)} members and weights {share.tolist()}"
        )
    span = np.ptp(cost, axis=0)
    loss = share / share.sum() * (cost - cost.min(axis=0)) / np.where(span > 0, span, 1.0)
    return int(front[np.argmin(loss.max(axis=1) + TIE_BREAK * loss.sum(axis=1))])


def _costs(values: Floats, goals: Sequence[Goal]) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(goals) or 0 in table.shape:
        raise InputError(
            f"{len(goals)} goals need a table with a column each, given {table.shape}"
        )
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise InputError(
            f"row {row} holds {table[row].tolist()}; every choice needs finite values, leave out "
            "those that could not be scored"
        )
    return table * [-goal.value for goal in goals]


@njit(cache=True, nogil=True)
def _undominated(cost: Any) -> Any:
    """Give the indices of undominated rows, where no row is dominated by a later one."""
    n, width = cost.shape
    index = np.empty(n, np.int64)
    front = np.empty((n, width))
    size = 0
    for i in range(n):
        beaten = False
        for k in range(size):
            worse = False
            better = False
            for o in range(width):
                if front[k, o] > cost[i, o]:
                    worse = True
                    break
                if front[k, o] < cost[i, o]:
                    better = True
            if better and not worse:
                beaten = True
                # a row that beat one often beats the next: try it earlier from now on
                if k > 0:
                    j = k // 2
                    for o in range(width):
                        front[j, o], front[k, o] = front[k, o], front[j, o]
                    index[j], index[k] = index[k], index[j]
                break
        if not beaten:
            front[size] = cost[i]
            index[size] = i
            size += 1
    return index[:size]
