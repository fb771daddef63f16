"""Coordinates of the literature, brought to one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmsguide.model import Points
from tmsguide.targeting import definition, landmark

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmsguide.model import Warp
    from tmsguide.pipeline.store import Result
    from tmsguide.targeting import Spheres

__all__ = ["published", "seed_point", "shown_seed"]


def shown_seed() -> Spheres:
    """Give the subgenual seed, whose signal is judged and which is drawn."""
    return definition("sgacc-cluster").seed


def seed_point(normalisation: Result) -> Points:
    """Centre of the subgenual seed in the person's T1w frame, (1, 3)."""
    there: Callable[[Points], Points] = published(normalisation.content["t1w_from_mni"])
    return there(landmark("sgacc").point)


def published(t1w_from_mni: Warp) -> Callable[[Points], Points]:
    """Give the map for coordinates of the literature, whichever MNI 152 space the map is of.

    Papers say "MNI" and mean several templates that differ by less than their targets spread.
    """
    return lambda points: t1w_from_mni(Points(points.xyz_mm, t1w_from_mni.source))
