"""What a target's numbers mean, in words for its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.targeting.agreement import agreement
from tmsguide.targeting.consensus import SAME_MM
from tmsguide.targeting.definitions import Compared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Quality, Target
    from tmsguide.targeting.definitions import TargetDefinition
    from tmsguide.targeting.finders.picking import Cluster
    from tmsguide.targeting.finders.terrain import Terrain

    Floats = NDArray[np.float64]

__all__ = ["agreement_notes", "cluster_notes", "map_notes", "scatter_notes"]

#: Less of the seed with signal than this makes its series doubtful (dropout below the genu).
_SEED_COVERAGE = 0.8


def map_notes(z: Floats, quality: Quality, method: TargetDefinition) -> tuple[str, ...]:
    """Say what is unusual about the map in the search mask (M,) or about its seed."""
    notes = []
    if method.compared not in (Compared.SEED, Compared.OWN_WEIGHTS, Compared.WEIGHTED_MAP):
        return ()
    if not method.positive and z.min() >= 0:
        notes.append(
            "no place of the search mask is anticorrelated with the seed (lowest Fisher z "
            f"{z.min():+.2f}): the least correlated place is given instead, as is common in "
            "children and without global signal regression"
        )
    if quality.seed_coverage < _SEED_COVERAGE:
        notes.append(
            f"only {100 * quality.seed_coverage:.0f} % of the subgenual seed has signal: "
            "its map may be unreliable"
        )
    return tuple(notes)


def cluster_notes(found: Cluster, places: Terrain) -> tuple[str, ...]:
    """Say how large the cluster is, and where the second lies if there is one."""
    size = places.size_cm3
    notes = [f"cluster of {size[found.members].sum():.1f} cm³"]
    if len(found.runner_up):
        distance = np.linalg.norm(
            places.xyz_mm[found.runner_up].mean(axis=0) - places.xyz_mm[found.index]
        )
        notes.append(
            f"second cluster of {size[found.runner_up].sum():.1f} cm³, {distance:.0f} mm away"
        )
    return tuple(notes)


def scatter_notes(point: Floats, samples: Floats) -> tuple[str, ...]:
    """Say how often resampled data lead to the same place."""
    if not len(samples):
        return ()
    share = np.mean(np.linalg.norm(samples - point, axis=1) <= SAME_MM)
    return (f"{100 * share:.0f} % of resampled scans lead to within {SAME_MM:.0f} mm",)


def agreement_notes(primary: Target, others: Sequence[Target]) -> tuple[str, ...]:
    """Say how far each other method's target lies."""
    if not others:
        return ()
    distance = agreement([primary, *others])[0, 1:]
    told = (f"{o.method} {d:.0f} mm" for o, d in zip(others, distance, strict=True))
    return ("distance to other methods: " + "; ".join(told),)
