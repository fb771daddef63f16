"""Parcels of the brain, how they move together, and how that compares with other people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Connectome", "Deviation", "NetworkMeans", "Parcels"]


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """P parcels of N places: ``member`` (N,) holds 1..P, 0 for places in none.

    ``names`` and ``networks`` have one word per parcel, the second the network it belongs to;
    ``source`` cites the parcellation.
    """

    names: tuple[str, ...]
    networks: tuple[str, ...]
    member: NDArray[np.int64]
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Connectome:
    """How every two of P parcels move together: ``z`` (P, P), symmetric, zero diagonal.

    Fisher z of the (partial) correlation, or the tangent displacement from a group's mean;
    ``kind`` says which. Rows of parcels without signal are NaN. ``dof`` is effective.
    """

    z: Floats
    names: tuple[str, ...]
    networks: tuple[str, ...]
    kind: str
    dof: float


@dataclass(frozen=True, slots=True, eq=False)
class NetworkMeans:
    """Mean connectivity within and between K networks, (K, K) each, with its 95 % interval.

    The interval holds sampling of time in this one scan, nothing else. ``edges`` counts the pairs
    of parcels behind each mean.
    """

    names: tuple[str, ...]
    z: Floats
    low: Floats
    high: Floats
    edges: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Deviation:
    """F measures of one person against a reference cohort, (F,) each.

    ``expected`` is the cohort's mean for this person's covariates, ``low`` and ``high`` its 95 %
    prediction interval for a new person, ``z`` the deviation in units of prediction standard
    deviations, ``q`` the false-discovery rate within this person. ``cohort`` says who the
    reference is; ``by_chance`` how many measures a typical member shows outside the interval.
    """

    names: tuple[str, ...]
    value: Floats
    expected: Floats
    low: Floats
    high: Floats
    z: Floats
    q: Floats
    cohort: str
    by_chance: float
