"""Measures of an undirected graph given as its matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["clustering", "global_efficiency", "participation", "strongest"]


def strongest(weight: Floats, pairs: int) -> Bools:
    """Tell which links (P, P) are among the ``pairs`` of greatest weight; symmetric, no loops.

    Of equal weights the first in row order is taken, so exactly ``pairs`` links are kept.
    """
    row, column = np.triu_indices(len(weight), 1)
    first = np.argsort(-weight[row, column], kind="stable")[:pairs]
    out = np.zeros(weight.shape, dtype=np.bool_)
    out[row[first], column[first]] = True
    return out | out.T


def clustering(link: Bools) -> Floats:
    """Share of each node's pairs of neighbours that are linked themselves, (P,); 0 below two.

    References
    ----------
    Watts & Strogatz 1998, 10.1038/30918.
    """
    a = link.astype(np.float64)
    closed = np.sum((a @ a) * a, axis=1)
    degree = a.sum(axis=1)
    ways = degree * (degree - 1)
    return np.asarray(np.divide(closed, ways, out=np.zeros(len(a)), where=ways > 0))


def global_efficiency(link: Bools) -> float:
    """Mean over all pairs of nodes of 1 / (links between them on the shortest way), 0 if none.

    References
    ----------
    Latora & Marchiori 2001, 10.1103/PhysRevLett.87.198701.
    """
    nodes = len(link)
    step = link.astype(np.float32)
    reached = link | np.eye(nodes, dtype=np.bool_)
    total, length = float(np.count_nonzero(link)), 1
    while not reached.all():
        length += 1
        further = (reached.astype(np.float32) @ step > 0) & ~reached
        if not further.any():
            break
        total += np.count_nonzero(further) / length
        reached |= further
    return total / (nodes * (nodes - 1))


def participation(weight: Floats, member: NDArray[np.int64]) -> Floats:
    """How evenly each node's links spread over modules, (P,): 0 all in one, towards 1 evenly.

    1 - Σ_k (s_k / s)² over the modules ``member`` (P,) with non-negative weights; 0 without links.

    References
    ----------
    Guimerà & Amaral 2005, 10.1038/nature03288.
    """
    into = (member[:, None] == np.unique(member)).astype(np.float64)
    strength = weight.sum(axis=1)
    share = np.divide(
        weight @ into,
        strength[:, None],
        out=np.zeros((len(weight), into.shape[1])),
        where=strength[:, None] > 0,
    )
    return np.where(strength > 0, 1.0 - np.sum(share**2, axis=1), 0.0)
