"""Average-linkage clusters of a similarity matrix, cut at a level, without building the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["average_linkage_labels", "cut_average_linkage"]


def average_linkage_labels(similarity: NDArray[np.floating], least: float) -> NDArray[np.int64]:
    """Label (m,) the average-linkage clusters joined at a similarity of ``least`` or more.

    ``similarity`` (m, m) is symmetric. Clusters are numbered from 0 in the order of their first
    members. The partition is that of the whole tree cut at ``least``.

    References
    ----------
    Murtagh 1983, 10.1093/comjnl/26.4.354 (chains of nearest neighbours); Sokal & Michener 1958,
    Univ Kansas Sci Bull 38:1409 (average linkage).

    Examples
    --------
    >>> near = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.3], [0.1, 0.3, 1.0]])
    >>> average_linkage_labels(near, 0.5).tolist()
    [0, 0, 1]
    """
    near = np.array(similarity, dtype=np.float32, order="C")
    label, inner = np.empty(len(near), dtype=np.int64), np.empty(len(near))
    cut_average_linkage(near, least, label, inner)
    return label


@njit(cache=True, nogil=True)
def cut_average_linkage(near: Any, least: float, label: Any, inner: Any) -> int:
    """Write labels (m,) as in `average_linkage_labels` and give the count C of clusters.

    ``near`` (m, m) float32 is overwritten. The first C of ``inner`` (m,) become the sums of
    similarity over all ordered pairs within each cluster, the diagonal included.

    Average linkage is reducible: a merger is never nearer to a third cluster than its nearer part
    was. So two clusters that are each other's nearest may be merged at once, in any order, and a
    cluster with none nearer than ``least`` is finished and leaves the search.
    """
    m = len(near)
    slot = np.arange(m)  # which cluster a row of the matrix stands for
    size = np.ones(m, np.int64)
    parent = np.arange(m)
    alive = np.ones(m, np.bool_)
    chain = np.empty(m + 1, np.int64)
    length, rows, left = 0, m, m
    for k in range(m):
        inner[k] = near[k, k]
    while left > 0:
        if length == 0:
            if 2 * left <= rows:
                rows = _compact(near, rows, alive, slot, size)
            start = 0
            while not alive[start]:
                start += 1
            chain[0], length = start, 1
        i = chain[length - 1]
        j = _nearest(near[i], alive, rows, i, chain[length - 2] if length > 1 else -1)
        if j < 0 or near[i, j] < least:  # only ever the first: a chain climbs
            alive[i] = False
            left -= 1
            length = 0
        elif length > 1 and j == chain[length - 2]:
            length -= 2
            into, gone = min(i, j), max(i, j)
            between = 2.0 * size[into] * size[gone] * near[into, gone]
            inner[slot[into]] += inner[slot[gone]] + between
            parent[slot[gone]] = slot[into]
            _merge(near, rows, alive, size, into, gone)
            left -= 1
        else:
            chain[length] = j
            length += 1
    return int(_number(parent, label, inner))


@njit(cache=True, nogil=True)
def _nearest(row: Any, alive: Any, rows: int, own: int, before: int) -> int:
    """Nearest living cluster, the one before in the chain where equal, then the first."""
    best, at = np.float32(-np.inf), before
    if before >= 0:
        best = row[before]
    for k in range(rows):
        if row[k] > best and alive[k] and k != own:
            best, at = row[k], k
    return at


@njit(cache=True, nogil=True)
def _merge(near: Any, rows: int, alive: Any, size: Any, into: int, gone: int) -> None:
    total = size[into] + size[gone]
    a, b = np.float32(size[into] / total), np.float32(size[gone] / total)
    size[into] = total
    alive[gone] = False
    for k in range(rows):
        near[into, k] = a * near[into, k] + b * near[gone, k]
    for k in range(rows):
        if alive[k]:
            near[k, into] = near[into, k]


@njit(cache=True, nogil=True)
def _compact(near: Any, rows: int, alive: Any, slot: Any, size: Any) -> int:
    """Move living rows and columns to the front, so that passes stay short and in the cache."""
    count = 0
    for k in range(rows):
        if alive[k]:
            slot[count], size[count] = slot[k], size[k]
            to = 0
            for q in range(rows):
                if alive[q]:
                    near[count, to] = near[k, q]
                    to += 1
            count += 1
    alive[:count] = True
    alive[count:rows] = False
    return count


@njit(cache=True, nogil=True)
def _number(parent: Any, label: Any, inner: Any) -> int:
    count = 0
    for k in range(len(parent)):
        root = k
        while parent[root] != root:
            root = parent[root]
        parent[k] = root
        if root == k:  # clusters keep the place of their first member, so roots come first
            label[k] = count
            inner[count] = inner[k]
            count += 1
        else:
            label[k] = label[root]
    return count
