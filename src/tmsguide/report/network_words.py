"""What a person's networks say in sentences, and what a single scan cannot say about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.report import quantities, sentences
from tmsguide.report.network_figure import signed, uncertain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tmsguide.model import NetworkMeans
    from tmsguide.report.entries import ConnectomeEntry

__all__ = ["GraphRow", "NetworkSection", "network_section"]

#: What summaries of the graph mean, by the names they usually have.
GRAPH = {
    "efficiency": "how few steps lead from any parcel to any other; 1: all are linked directly",
    "clustering": "how often two parcels linked with a third are linked with each other",
    "modularity": "how clearly the parcels fall into groups of their own; 0: not at all",
    "segregation": "share by which links within networks exceed those between; 0: not at all",
    "participation": "how evenly a parcel's links spread over networks; 0: all in one",
    "density": "share of all possible links that were kept",
    "strength": "sum of a parcel's links",
}

CAUTION = (
    "Single connections are not listed: in one scan they are mostly noise. Their reliability from "
    "scan to scan is poor (intraclass correlation 0.29 on average; Noble 2019, "
    "doi:10.1016/j.neuroimage.2019.116157). With 10 usable minutes one must change by more than "
    "0.27 in Fisher z before the change stands out from sampling noise alone. Means over networks "
    "are steadier."
)


@dataclass(frozen=True, slots=True)
class GraphRow:
    """One summary of the graph: its name, its value, and what it means."""

    name: str
    value: str
    says: str


@dataclass(frozen=True, slots=True)
class NetworkSection:
    """Everything the section on networks says, ready for the page."""

    about: str
    sentences: tuple[str, ...]
    graph: tuple[GraphRow, ...]
    weak: tuple[str, ...]


def network_section(given: ConnectomeEntry) -> NetworkSection:
    """Give what stands out among the networks, what the intervals mean, and the cautions."""
    parcels = f"{len(given.names)} parcels in {len(given.means.names)} networks"
    return NetworkSection(
        about=sentences.sentence(f"{parcels}: {given.parcellation}; {given.kind}"),
        sentences=(*_extremes(given.means), _intervals(given.means)),
        graph=_graph_rows(given.graph),
        weak=(
            CAUTION,
            *(sentences.sentence(said) for said in (*given.weak, *given.notes)),
        ),
    )


def _extremes(means: NetworkMeans) -> tuple[str, ...]:
    """Say which networks hold together most and least, which pairs move together and against."""
    within = np.diag(means.z)
    out = []
    known = np.flatnonzero(np.isfinite(within))
    if len(known) > 1:
        high, low = known[np.argmax(within[known])], known[np.argmin(within[known])]
        out.append(
            f"Within networks, parcels move together most in {_told(means, high, high)}, least in "
            f"{_told(means, low, low)}."
        )
    rows, columns = np.tril_indices(len(within), -1)
    between = means.z[rows, columns]
    pairs = np.flatnonzero(np.isfinite(between))
    if len(pairs) > 1:
        high, low = pairs[np.argmax(between[pairs])], pairs[np.argmin(between[pairs])]
        lowest = "against each other" if between[low] < 0 else "together least"
        out.append(
            f"Between networks, those that move together most are "
            f"{_told(means, rows[high], columns[high])}; {lowest}: "
            f"{_told(means, rows[low], columns[low])}."
        )
    return tuple(out)


def _told(means: NetworkMeans, row: int, column: int) -> str:
    names = means.names[row] if row == column else f"{means.names[column]} and {means.names[row]}"
    z, low, high = (signed(float(of[row, column])) for of in (means.z, means.low, means.high))
    return f"{names} ({z}, interval {low} to {high})"


def _intervals(means: NetworkMeans) -> str:
    held = np.tril(np.isfinite(means.z))
    total, clear = int(held.sum()), int((held & ~uncertain(means)).sum())
    return (
        f"{clear} of {total} means have a sign that this scan can tell (interval without 0). An "
        "interval of 95 % holds what the length of this one scan leaves open: not change from day "
        "to day, not differences between people, and it says nothing about illness. Among "
        f"{total} intervals about {_by_chance(total)} miss the true mean by chance."
    )


def _by_chance(total: int) -> str:
    expected = 0.05 * total
    return f"{expected:.0f}" if expected >= 2 else quantities.significant(expected)


def _graph_rows(graph: Mapping[str, float]) -> tuple[GraphRow, ...]:
    rows = []
    for name, value in graph.items():
        plain = name.replace("_", " ").replace("-", " ")
        rows.append(
            GraphRow(
                name=plain[:1].upper() + plain[1:],
                value=quantities.significant(float(value)),
                says=GRAPH.get(plain.lower().removeprefix("global ").removeprefix("mean "), ""),
            )
        )
    return tuple(rows)
