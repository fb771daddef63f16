"""Connectome, network means, deviations and local measures, as BIDS derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.io import write_tsv
from tmsguide.model import Points
from tmsguide.pipeline.carried import filled

if TYPE_CHECKING:
    from tmsguide.pipeline.case import Case
    from tmsguide.pipeline.networks import Networks
    from tmsguide.pipeline.publication import Publication

__all__ = ["publish_networks"]

#: What the local measures are, by name.
_LOCAL = {
    "alff": "Amplitude of low-frequency fluctuations (ALFF), percent per root hertz, unsmoothed",
    "falff": "Share of the band in the amplitude at all frequencies (fALFF), unsmoothed",
    "reho": "Regional homogeneity (Kendall's W of up to 27 voxels), unsmoothed",
}
_STAT = {"correlation": "pearsoncorrelation", "partial correlation": "partialcorrelation"}


def publish_networks(book: Publication, case: Case) -> None:
    """Write all that is known of the networks."""
    entities = {"task": book.task} if book.task else {}
    clean = case.clean
    where = Points(clean.denoised.where.xyz_mm[clean.gm], clean.denoised.where.frame)
    for name, values in clean.local.items():
        path = book.path("func", "boldmap", ".nii.gz", space="T1w", stat=name, **entities)
        image = filled(clean.mean_bold, where, np.nan_to_num(values[clean.gm]))
        book.image(image, path, _LOCAL[name], settings="bold")
    if case.networks is not None:
        _tables(book, case.networks, _word(case.request.settings.networks.atlas), entities)


def _tables(book: Publication, networks: Networks, seg: str, entities: dict[str, str]) -> None:
    whole, means = networks.connectome, networks.means
    path = book.path(
        "func", "relmat", ".tsv", seg=seg, stat=_STAT.get(whole.kind, "z"), **entities
    )
    columns: dict[str, list[object]] = {"parcel": list(whole.names), "network": [*whole.networks]}
    write_tsv(columns | {n: list(whole.z[k]) for k, n in enumerate(whole.names)}, path)
    book.described(
        path, f"Fisher z of the {whole.kind} of every two parcels; {networks.source}", "networks",
        EffectiveDegreesOfFreedom=whole.dof,
    )  # fmt: skip
    path = book.path("func", "networks", ".tsv", seg=seg, stat="mean", **entities)
    pairs = [(i, j) for i in range(len(means.names)) for j in range(i, len(means.names))]
    write_tsv(
        {
            "network_1": [means.names[i] for i, _ in pairs],
            "network_2": [means.names[j] for _, j in pairs],
            "z": [means.z[p] for p in pairs],
            "low": [means.low[p] for p in pairs],
            "high": [means.high[p] for p in pairs],
            "links": [int(means.edges[p]) for p in pairs],
        },
        path,
    )
    book.described(
        path,
        "Mean Fisher z within and between networks with the 95 % interval of resampling time",
        "networks",
        Graph=dict(networks.graph),
        Notes=list(networks.notes),
    )
    if networks.deviation is not None:
        found = networks.deviation
        path = book.path("func", "networks", ".tsv", seg=seg, stat="deviation", **entities)
        columns = {"measure": list(found.names)}
        for name in ("value", "expected", "low", "high", "z", "q"):
            columns[name] = list(getattr(found, name))
        write_tsv(columns, path)
        book.described(
            path,
            f"Network means against {found.cohort}; a typical member shows {found.by_chance:.1f} "
            "outside the 95 % interval by chance. Not a diagnosis",
            "networks",
        )


def _word(atlas: str) -> str:
    """Give the name of a set or of a label file as the one word a BIDS entity may hold."""
    stem = atlas.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0]
    return "".join(c for part in stem.split("-") for c in part.capitalize() if c.isalnum())
