"""Which functional network each place of this person's cortex belongs to, by template matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import InputError, QualityError
from tmsguide.num.profiles import profile_similarity
from tmsguide.num.statistics import standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

__all__ = [
    "PersonalNetworks",
    "ReferenceNetworks",
    "labelled",
    "match_templates",
    "network_at",
    "seed_means",
    "sizes_percent",
]

#: Radius of a reference seed, mm: places this near are averaged. Power et al. 2011,
#: 10.1016/j.neuron.2011.09.006, took 5 mm; thinned places lie wider apart than image voxels.
SEED_RADIUS_MM = 6.0

#: The second score counts as at least this share of the first, so that confidence stays finite.
_LEAST_SECOND = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceNetworks:
    """K networks known from groups: S seeds, seed i belongs to ``names[network[i]]``.

    ``seeds_mni_mm`` (S, 3), ``network`` (S,) from 0 to K - 1; ``source`` cites the set.
    """

    names: tuple[str, ...]
    seeds_mni_mm: Floats
    network: Ints
    source: str

    def __post_init__(self) -> None:
        if np.shape(self.seeds_mni_mm) != (len(self.network), 3):
            raise InputError(
                f"seeds of shape {np.shape(self.seeds_mni_mm)} for {len(self.network)} labels; "
                "needed three MNI millimetres for each label"
            )
        if set(np.unique(self.network).tolist()) != set(range(len(self.names))):
            raise InputError(
                f"{len(self.names)} network names, but seeds of networks "
                f"{np.unique(self.network).tolist()}; needed at least one seed for each name, "
                "numbered from 0 in the order of the names"
            )


@dataclass(frozen=True, slots=True, eq=False)
class PersonalNetworks:
    """The network of each of N places of one person.

    ``network`` (N,) indexes ``names``, -1 where none could be told; ``confidence`` (N,) is
    (s1 - s2) / s2 of the best and the second best score, 0 where the label was taken from
    neighbours or there is none; ``sizes_percent`` (K,) the share of the N places that each has.
    """

    network: Ints
    names: tuple[str, ...]
    confidence: Floats
    sizes_percent: Floats


def seed_means(
    series: NDArray[np.floating],
    xyz_mni_mm: Floats,
    reference: ReferenceNetworks,
    *,
    radius_mm: float = SEED_RADIUS_MM,
) -> Singles:
    """Mean series (T, K) of each network's own seeds in this person.

    ``series`` (T, N) at ``xyz_mni_mm`` (N, 3). A seed is the mean of the places within
    ``radius_mm``, z-scored; its network's series is the mean of its seeds, so that its profile is
    the mean of their profiles. Seeds without places are left out; a network without seeds gets a
    series of 0 and is never matched.

    Raises
    ------
    QualityError
        If fewer than two networks have a seed in the scan.
    """
    scored = standardise(series)
    hits = cKDTree(xyz_mni_mm).query_ball_point(reference.seeds_mni_mm, radius_mm)
    total = np.zeros((len(scored), len(reference.names)))
    count = np.zeros(len(reference.names))
    for near, n in zip(hits, reference.network, strict=True):
        seed = standardise(scored[:, near].mean(axis=1)) if near else np.zeros(len(scored))
        if seed.any():
            total[:, n] += seed
            count[n] += 1
    if np.count_nonzero(count) < 2:
        raise QualityError(
            f"{np.count_nonzero(count)} of {len(count)} reference networks have a seed within "
            f"{radius_mm:g} mm of a place with signal; needed at least two. Check the MNI "
            "registration, the coverage of the scan, or widen the seeds"
        )
    return np.asarray(total / np.maximum(count, 1.0), dtype=np.float32)


def match_templates(
    series: NDArray[np.floating],
    parcels: NDArray[np.floating],
    networks: Singles,
    names: tuple[str, ...],
) -> PersonalNetworks:
    """Give each place the network whose template its whole-brain map is most alike.

    ``series`` (T, M), ``parcels`` (T, P) the places that make up a map, ``networks`` (1, T, K) of
    `network_series` (templates of a group) or `seed_network_series` (templates of this person's
    `seed_means`). Score is Pearson r over the P parcels. Every place with a positive score gets a
    label, however poor the match: read ``confidence`` beside it. Templates of a person's own seeds
    favour the network of the nearest seed within the reach of smoothing. How sure a label is under
    resampling of time is told by `network_of`, with the same series.

    References
    ----------
    Gordon et al. 2017, 10.1016/j.neuron.2017.07.011 (their match is by Dice overlap of the
    strongest connections); Hermosillo et al. 2024, 10.1038/s41593-024-01596-5.
    """
    return labelled(profile_similarity(series, parcels, networks), names)


def labelled(score: Floats, names: tuple[str, ...]) -> PersonalNetworks:
    """Turn scores (N, K) into networks: the greatest wins where it is above 0."""
    ranked = np.sort(np.maximum(score, 0.0), axis=1)
    first, second = ranked[:, -1], ranked[:, -2]
    known = first > 0
    second = np.where(known, np.maximum(second, _LEAST_SECOND * first), 1.0)
    network = np.where(known, np.argmax(score, axis=1), -1).astype(np.int64)
    confidence = (first - second) / second * known
    return PersonalNetworks(network, names, confidence, sizes_percent(network, names))


def network_at(networks: PersonalNetworks, xyz_mm: Floats, places_mm: Floats) -> Ints:
    """Network (M,) of the nearest of the N places (N, 3) at each of other places (M, 3)."""
    return np.asarray(networks.network[cKDTree(xyz_mm).query(places_mm)[1]], dtype=np.int64)


def sizes_percent(network: Ints, names: tuple[str, ...]) -> Floats:
    """Give the share (K,) of all places that each network has."""
    held = np.bincount(network[network >= 0], minlength=len(names))
    return np.asarray(100.0 * held / len(network), dtype=np.float64)
