"""How alike two connectomes are, and whether a person is known again by theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.connectivity.connectomes import edges
from tmsguide.errors import InputError
from tmsguide.num.statistics import standardise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Connectome

    Floats = NDArray[np.float64]

__all__ = ["Fingerprint", "fingerprint", "recognised", "similarities"]


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """How well S people's connectomes of one day match those of another day.

    ``similarity`` (S, S) holds the correlation of edges, row first day, column second.
    ``identified`` is the share of people whose own connectome is the most alike, over both ways
    of searching.
    """

    similarity: Floats
    identified: float

    @property
    def self_r(self) -> float:
        """Mean similarity of a person's two days."""
        return float(np.diag(self.similarity).mean())

    @property
    def other_r(self) -> float:
        """Mean similarity of two people's connectomes, each on another day."""
        return float(self.similarity[~np.eye(len(self.similarity), dtype=bool)].mean())

    @property
    def apart(self) -> float:
        """How many standard deviations of the similarity with others one's own lies above it."""
        others = self.similarity[~np.eye(len(self.similarity), dtype=bool)]
        return float((self.self_r - others.mean()) / others.std())


def similarities(first: Sequence[Connectome], second: Sequence[Connectome]) -> Floats:
    """Correlation over edges of every connectome of one list with every one of another, (A, B).

    Edges that are NaN in any of them are left out of all.

    Raises
    ------
    InputError
        If parcels or kinds differ, or fewer than three edges are left.
    """
    told = {(of.names, of.kind) for of in (*first, *second)}
    if len(told) != 1:
        raise InputError(
            f"{len(told)} different sets of parcels or kinds of connectome; needed the same in all"
        )
    a, b = (np.stack([edges(of) for of in some]) for some in (first, second))
    there = np.isfinite(a).all(axis=0) & np.isfinite(b).all(axis=0)
    if np.count_nonzero(there) < 3:
        raise InputError(f"{np.count_nonzero(there)} edges are finite in all; needed three")
    return standardise(a[:, there].T).T @ standardise(b[:, there].T) / np.count_nonzero(there)


def fingerprint(first: Sequence[Connectome], second: Sequence[Connectome]) -> Fingerprint:
    """Tell whether S people are known again: both lists hold the same people in the same order.

    Raises
    ------
    InputError
        If the lists are of different length or hold fewer than two people.

    References
    ----------
    Finn et al. 2015, 10.1038/nn.4135; Amico & Goñi 2018, 10.1038/s41598-018-25089-1.
    """
    if len(first) != len(second) or len(first) < 2:
        raise InputError(
            f"{len(first)} connectomes of the first day, {len(second)} of the second; needed the "
            "same two or more people in both"
        )
    return recognised(similarities(first, second))


def recognised(similarity: Floats) -> Fingerprint:
    """Fingerprint of a matrix of similarities (S, S), row first day, column second."""
    own = np.arange(len(similarity))
    forth = np.mean(similarity.argmax(axis=1) == own)
    back = np.mean(similarity.argmax(axis=0) == own)
    return Fingerprint(similarity=similarity, identified=float(forth + back) / 2)
