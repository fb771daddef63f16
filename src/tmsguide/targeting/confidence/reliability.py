"""How near two scans would agree, against how near two places drawn blindly lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import pdist

from tmsguide.errors import QualityError
from tmsguide.model import Reliability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["chance_distances", "chance_percentile", "reliability"]

#: Up to this many places every pair is measured (1.1 million); of more, as many pairs are drawn.
_EXACT = 1500
_PAIRS = 1_000_000


def reliability(samples: Floats, places_xyz: Floats, rng: np.random.Generator) -> Reliability:
    """Compare the scatter of resampled targets with that of places drawn blindly.

    ``samples`` (B, 3) are targets of resamples of one scan, NaN where there was none: they scatter
    about its target as the targets of whole scans of its length scatter about the truth, so the
    mean distance between two of them is that between two scans. ``places_xyz`` (M, 3) is the
    search area: a small one makes any method look reliable.

    Raises
    ------
    QualityError
        If fewer than two samples were found.
    """
    found = samples[np.isfinite(samples).all(axis=1)]
    if len(found) < 2:
        raise QualityError(
            f"a target was found in {len(found)} of {len(samples)} resampled scans; needed at "
            "least two to tell how reliable it is. Scan longer, or use a group target"
        )
    return Reliability(
        apart_mm=float(pdist(found).mean()),
        chance_mm=float(chance_distances(places_xyz, rng).mean()),
    )


def chance_distances(places_xyz: Floats, rng: np.random.Generator) -> Floats:
    """Distances in mm between two different places (M, 3) drawn blindly.

    All pairs where there are few places, else a million drawn ones (their mean is then within
    0.1 % of the exact one).

    Raises
    ------
    QualityError
        If there are fewer than two places.
    """
    count = len(places_xyz)
    if count < 2:
        raise QualityError(f"a search area of {count} places; needed at least two")
    if count <= _EXACT:
        return np.asarray(pdist(places_xyz))
    first = rng.integers(0, count, _PAIRS)
    second = (first + rng.integers(1, count, _PAIRS)) % count
    return np.asarray(np.linalg.norm(places_xyz[first] - places_xyz[second], axis=1))


def chance_percentile(distance_mm: float, places_xyz: Floats, rng: np.random.Generator) -> float:
    """Percentage of pairs of places drawn blindly that lie nearer than ``distance_mm``, 0 to 100.

    For two targets of one person (day 1 and day 2): 50 is as good as chance, 0 the same place.
    Pairs at the very distance count half.

    Examples
    --------
    >>> line = np.array([[0.0, 0, 0], [1.0, 0, 0], [3.0, 0, 0]])
    >>> round(chance_percentile(2.0, line, np.random.default_rng(0)), 1)
    50.0
    """
    chance = chance_distances(places_xyz, rng)
    nearer = np.count_nonzero(chance < distance_mm) + np.count_nonzero(chance <= distance_mm)
    return float(50.0 * nearer / len(chance))
