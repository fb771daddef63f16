"""Where several methods meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.model import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmsguide.model import Target

__all__ = ["SAME_MM", "Consensus", "consensus"]

#: Two targets this near are one place for a coil: radius of the cone of its effect (Fox 2013,
#: PMC3594474).
SAME_MM = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """The place that most methods' resampled targets lie near.

    ``point`` (1, 3); ``radius_mm`` holds 95 % of the resampled targets of the methods ``names``
    whose own target lies within 12 mm of it; ``share`` of all methods' resamples lie there.
    Methods that share a seed are no independent witnesses.
    """

    point: Points
    radius_mm: float
    names: tuple[str, ...]
    share: float


def consensus(targets: Sequence[Target], places: Points) -> Consensus | None:
    """Give the consensus of targets with samples among candidate places, None for fewer than two.

    Every method has one vote, spread over its resamples; the place with most votes within 12 mm
    wins, the nearest to the mean of these votes where several have as many.
    """
    voters = [
        (t.point.xyz_mm[0], t.samples.xyz_mm, t.name or t.method)
        for t in targets
        if t.samples is not None
    ]
    if len(voters) < 2 or len(places) == 0:
        return None
    tree = cKDTree(places.xyz_mm)
    votes = np.zeros(len(places))
    middle = np.zeros((len(places), 3))
    for _, samples, _ in voters:
        xyz, times = np.unique(samples, axis=0, return_counts=True)
        near = tree.query_ball_point(xyz, SAME_MM)
        rows = np.concatenate([np.asarray(k, dtype=np.int64) for k in near])
        of = np.repeat(np.arange(len(xyz)), [len(k) for k in near])
        weight = times[of] / times.sum()
        votes += np.bincount(rows, weight, len(places))
        for axis in range(3):
            middle[:, axis] += np.bincount(rows, weight * xyz[of, axis], len(places))
    away = np.linalg.norm(middle / np.maximum(votes, 1e-12)[:, None] - places.xyz_mm, axis=1)
    best = np.flatnonzero(votes >= votes.max() * (1 - 1e-9))
    chosen = int(best[np.argmin(away[best])])
    point = places.xyz_mm[chosen]
    agreeing = [v for v in voters if np.linalg.norm(v[0] - point) <= SAME_MM]
    cloud = np.concatenate([samples for _, samples, _ in agreeing or voters])
    return Consensus(
        point=Points(point[None], places.frame),
        radius_mm=float(np.quantile(np.linalg.norm(cloud - point, axis=1), 0.95)),
        names=tuple(name for _, _, name in agreeing),
        share=float(votes[chosen] / len(voters)),
    )
