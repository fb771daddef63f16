"""What a target's numbers mean, in words for its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.targeting.agreement import agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Quality, Target
    from tmsguide.targeting.finders import Cluster, Terrain

    Floats = NDArray[np.float64]

__all__ = ["agreement_notes", "cluster_notes", "map_notes", "scatter_notes"]

#: Less of the seed with signal than this makes its series doubtful (dropout below the genu).
_SEED_COVERAGE = 0.8

#: Most individual targets lie within this of the group target (Gregory 2025,
#: 10.1101/2025.07.09.662866): a wider region cannot tell the two apart.
_WIDE_MM = 20.0

#: Two targets this near are one place for a coil: radius of the cone of its effect (Fox 2013).
_SAME_MM = 12.0


def map_notes(z: Floats, quality: Quality) -> tuple[str, ...]:
    """Say what is unusual about the map in the search mask (M,) or about its seed."""
    notes = []
    if z.min() >= 0:
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
    cm3 = places.step_mm**3 / 1000
    notes = [f"cluster of {len(found.members) * cm3:.1f} cm³"]
    if len(found.runner_up):
        distance = np.linalg.norm(
            places.xyz_mm[found.runner_up].mean(axis=0) - places.xyz_mm[found.index]
        )
        notes.append(
            f"second cluster of {len(found.runner_up) * cm3:.1f} cm³, {distance:.0f} mm away"
        )
    return tuple(notes)


def scatter_notes(point: Floats, samples: Floats, radius_mm: float) -> tuple[str, ...]:
    """Say how often resampled data lead to the same place."""
    share = np.mean(np.linalg.norm(samples - point, axis=1) <= _SAME_MM)
    notes = [f"{100 * share:.0f} % of resampled scans lead to within {_SAME_MM:.0f} mm"]
    if radius_mm > _WIDE_MM:
        notes.append(
            f"this scan does not pin the target down (region of {radius_mm:.0f} mm): "
            "weigh a group target or more scan time"
        )
    return tuple(notes)


def agreement_notes(primary: Target, others: Sequence[Target]) -> tuple[str, ...]:
    """Say how far each other method's target lies."""
    if not others:
        return ()
    distance = agreement([primary, *others])[0, 1:]
    told = (f"{o.method} {d:.0f} mm" for o, d in zip(others, distance, strict=True))
    return ("distance to other methods: " + "; ".join(told),)
