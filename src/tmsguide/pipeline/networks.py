"""Cleaned signals to the networks of one person, and their place among other people's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.connectivity import (
    ConnectomeKind,
    connectome,
    empty_parcels,
    graph_summary,
    network_means,
)
from tmsguide.errors import InputError, QualityError
from tmsguide.io import UNASSIGNED, read_norms
from tmsguide.model import Parcels
from tmsguide.norms import (
    Person,
    UnknownSite,
    deviation,
    in_order,
    network_measures,
    outside,
)
from tmsguide.pipeline.parcellation import atlas_file, parcels_of
from tmsguide.pipeline.store import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.model import (
        Connectome,
        Deviation,
        NetworkMeans,
        NetworkSettings,
        Quality,
        Subject,
    )
    from tmsguide.norms import Outside
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result

__all__ = ["Networks", "network_step"]


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """How the parcels and networks of one person move together.

    ``graph`` are summaries by name; ``deviation`` compares the network means with a cohort and
    ``outside`` counts what lies outside its range, None without norms; ``notes`` say
    what could not be had.
    """

    source: str
    connectome: Connectome
    means: NetworkMeans
    graph: Mapping[str, float] = field(default_factory=dict)
    deviation: Deviation | None = None
    outside: Outside | None = None
    notes: tuple[str, ...] = ()


def network_step(
    bench: Bench,
    bold: Result,
    normalisation: Result,
    *,
    subject: Subject,
    settings: NetworkSettings,
    seed: int,
) -> Result:
    """Give the ``networks``: None where the scan is too short for them."""

    def work() -> dict[str, Networks | None]:
        clean = bold.content["bold"]
        where_mni = normalisation.content["mni_from_t1w"](clean.denoised.where)
        parcels = _grey(parcels_of(settings, where_mni), clean.gm)
        bench.listener.said(f"networks of {len(parcels.names)} parcels")
        rng = np.random.default_rng(seed)
        try:
            whole = connectome(clean.denoised, parcels, kind=ConnectomeKind(settings.connectome))
            means = network_means(
                clean.denoised, _assigned(parcels), rng=rng, resamples=settings.resamples
            )
        except QualityError as error:
            bench.listener.said(f"no networks: {error}")
            return {"networks": None}
        graph, notes = _graph(whole, rng)
        empty = empty_parcels(parcels)
        if empty:
            notes = (*notes, f"{len(empty)} of {len(parcels.names)} parcels hold no grey matter")
        found = Networks(parcels.source, whole, means, graph, notes=notes)
        return {"networks": _compared(found, settings, subject, clean.denoised.quality)}

    inputs = {"bold": bold.key, "normalisation": normalisation.key}
    inputs["person"] = repr((subject.age_years, subject.sex))
    files = (atlas_file(settings), Path(settings.norms_path) if settings.norms_path else None)
    inputs |= {str(path): file_digest(path) for path in files if path is not None}
    return bench.step(
        "networks",
        work,
        version=1,
        settings={"networks": settings, "seed": seed},
        inputs=inputs,
    )


def _grey(parcels: Parcels, grey: NDArray[np.bool_]) -> Parcels:
    """Give the parcels with their grey-matter places only."""
    return replace(parcels, member=np.where(grey, parcels.member, 0))


def _assigned(parcels: Parcels) -> Parcels:
    """Give the parcels that belong to a network, others emptied out of the list."""
    keep = [k for k, network in enumerate(parcels.networks) if network not in ("", UNASSIGNED)]
    if not keep:  # a set without network names: one network of all
        return replace(parcels, networks=("all parcels",) * len(parcels.names))
    new = np.zeros(len(parcels.names) + 1, dtype=np.int64)
    new[np.array(keep) + 1] = np.arange(1, len(keep) + 1)
    return Parcels(
        names=tuple(parcels.names[k] for k in keep),
        networks=tuple(parcels.networks[k] for k in keep),
        member=new[parcels.member],
        source=parcels.source,
    )


def _graph(
    whole: Connectome, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[str, ...]]:
    try:
        found = graph_summary(whole, rng=rng)
    except QualityError as error:
        return {}, (f"no graph measures: {error}",)
    return {
        "global efficiency": found.efficiency,
        "clustering": found.clustering,
        "modularity": found.modularity,
        "segregation": found.segregation,
    }, ()


def _compared(
    found: Networks, settings: NetworkSettings, subject: Subject, quality: Quality
) -> Networks:
    """Add how the network means lie among the cohort's, or why that cannot be told."""
    if not settings.norms_path:
        return found
    norms = read_norms(Path(settings.norms_path))
    person = Person(subject.age_years, subject.sex, quality.mean_fd_mm)
    try:
        values = in_order(norms, *network_measures(found.means))
        compared = deviation(norms, values, person, unknown_site=UnknownSite.WIDEN)
        count = outside(norms, compared)
    except (InputError, QualityError) as error:
        words = f"no comparison with the cohort: {error}"
        return replace(found, notes=(*found.notes, words))
    return replace(found, deviation=compared, outside=count)
