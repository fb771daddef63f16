"""A connectome as a graph: how well it is joined up, and how far its networks stand apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.graph_measures import clustering, global_efficiency, participation, strongest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Connectome

    Floats = NDArray[np.float64]

__all__ = ["GraphSummary", "graph_summary", "segregation"]

#: Densities at which brain graphs are usually joined up and not yet random: 10-30 %.
_DENSITIES = (0.10, 0.15, 0.20, 0.25, 0.30)


@dataclass(frozen=True, slots=True, eq=False)
class GraphSummary:
    """Graph measures of one connectome, each the mean over ``densities``.

    ``efficiency``, ``clustering`` and ``modularity`` (of the best communities found) tell of the
    whole; ``node_clustering``, ``degree``, ``strength`` and ``participation`` (in the parcels'
    given networks) of each of P parcels, NaN where a parcel has no signal. ``segregation`` (Chan
    2014) needs no density.
    """

    densities: tuple[float, ...]
    efficiency: float
    clustering: float
    modularity: float
    segregation: float
    names: tuple[str, ...]
    node_clustering: Floats
    degree: Floats
    strength: Floats
    participation: Floats


def graph_summary(
    of: Connectome, *, rng: np.random.Generator, densities: Sequence[float] = _DENSITIES
) -> GraphSummary:
    """Graph measures of the strongest positive links of a connectome.

    At each density that share of all pairs is kept, the strongest first, and counted as linked or
    not (``strength`` and ``participation`` keep the weights). Measures are averaged over the
    densities by the area under their curve, so that none of them rests on one arbitrary cut.

    Raises
    ------
    InputError
        If a density is not between 0 and 1.
    QualityError
        If fewer than three parcels have signal, or a density asks for links that are not positive.

    References
    ----------
    van den Heuvel et al. 2017, 10.1016/j.neuroimage.2017.02.005 (proportional thresholds);
    Blondel et al. 2008, 10.1088/1742-5468/2008/10/P10008 (communities).
    """
    cuts = tuple(sorted(densities))
    alive = np.isfinite(of.z).any(axis=1) & (np.count_nonzero(np.isfinite(of.z), axis=1) > 1)
    z = of.z[np.ix_(alive, alive)]
    _check(z, cuts)
    _, member = np.unique(np.asarray(of.networks)[alive], return_inverse=True)
    links = [strongest(z, _pairs(z, cut)) for cut in cuts]

    def over(measure: Callable[[NDArray[np.bool_]], object]) -> Floats:
        return _area([np.asarray(measure(link), dtype=np.float64) for link in links], cuts)

    def node(measure: Callable[[NDArray[np.bool_]], object]) -> Floats:
        out = np.full(len(alive), np.nan)
        out[alive] = over(measure)
        return out

    seed = int(rng.integers(2**31))
    return GraphSummary(
        densities=cuts,
        efficiency=float(over(global_efficiency)),
        clustering=float(over(lambda link: clustering(link).mean())),
        modularity=float(over(lambda link: _modularity(link, seed))),
        segregation=segregation(of),
        names=of.names,
        node_clustering=node(clustering),
        degree=node(lambda link: link.sum(axis=1)),
        strength=node(lambda link: (z * link).sum(axis=1)),
        participation=node(lambda link: participation(z * link, member)),
    )


def segregation(of: Connectome) -> float:
    """How far networks stand apart: (mean within - mean between) / mean within, positive z only.

    Every pair of parcels of the same network counts as within, of different ones as between;
    negative values count as 0.

    Raises
    ------
    QualityError
        If no pair within a network moves together.

    References
    ----------
    Chan et al. 2014, 10.1073/pnas.1415122111.
    """
    _, member = np.unique(np.asarray(of.networks), return_inverse=True)
    upper = np.triu(np.isfinite(of.z), 1)
    same = member[:, None] == member
    z = np.maximum(np.nan_to_num(of.z), 0.0)
    if not (z[upper & same] > 0).any():
        raise QualityError(
            "no two parcels of one network move together; segregation needs that. Check that "
            "networks are named per parcel and that the scan has signal"
        )
    if not (upper & ~same).any():
        raise QualityError("all parcels belong to one network; segregation needs two")
    within = float(z[upper & same].mean())
    return (within - float(z[upper & ~same].mean())) / within


def _check(z: Floats, cuts: tuple[float, ...]) -> None:
    if not cuts or not all(0 < cut <= 1 for cut in cuts):
        raise InputError(f"densities {cuts}; needed one or more above 0 and at most 1")
    if len(z) < 3:
        raise QualityError(f"{len(z)} parcels have signal; a graph needs three or more")
    positive = np.count_nonzero(np.triu(z, 1) > 0)
    if positive < _pairs(z, cuts[-1]):
        raise QualityError(
            f"a density of {cuts[-1]:.0%} needs {_pairs(z, cuts[-1])} links, {positive} pairs "
            "move together; lower the densities"
        )


def _pairs(z: Floats, density: float) -> int:
    return max(round(density * len(z) * (len(z) - 1) / 2), 1)


def _area(values: list[Floats], cuts: tuple[float, ...]) -> Floats:
    """Area under a measure over the densities, divided by their range."""
    if len(cuts) == 1:
        return values[0]
    area = np.trapezoid(np.stack(values), cuts, axis=0) / (cuts[-1] - cuts[0])
    return np.asarray(area, dtype=np.float64)


def _modularity(link: NDArray[np.bool_], seed: int) -> float:
    """Newman's modularity of the best communities that Louvain's method finds."""
    import networkx as nx

    graph = nx.from_numpy_array(link.astype(np.int8))
    found = nx.community.louvain_communities(graph, seed=seed)
    return float(nx.community.modularity(graph, found))
