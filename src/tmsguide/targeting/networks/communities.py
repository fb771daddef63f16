"""A person's networks from communities of their own correlation graph, named by reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import InputError, QualityError
from tmsguide.num.components import clusters, lattice_step
from tmsguide.num.correlation_graph import graph_of, strongest
from tmsguide.num.map_equation import find_modules
from tmsguide.num.profiles import profile_similarity, seed_network_series
from tmsguide.num.seeds import once
from tmsguide.num.statistics import standardise
from tmsguide.targeting.networks.personal_networks import (
    PersonalNetworks,
    labelled,
    seed_means,
    sizes_percent,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.targeting.networks.personal_networks import ReferenceNetworks

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["GraphSettings", "community_networks", "spatial_prior"]

#: Fewer places than this make no graph of a brain.
_LEAST_PLACES = 100

#: A place this far from every seed of a network still may belong to it.
_PRIOR_FLOOR = 0.01

#: Places within this many usual distances are neighbours: face, edge and corner on a lattice.
_REACH = 1.85


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """How communities are found.

    ``apart_mm``: correlations between places nearer than this in a straight line are left out, as
    smoothing and motion make them (Lynch et al. 2023: 10 mm along the cortex, 10 to 30 in use; a
    straight line across a sulcus is shorter, so this leaves out more). ``densities``: each place
    keeps this share of all places as links (Lynch: 0.0001 to 0.05 of some 60,000). ``trials`` of
    Infomap at each. ``least_community`` places are needed to be named (Lynch: 10), ``least_patch``
    connected places to be kept (Lynch: 50 mm² of cortex, of thinned places about one).
    ``prior_mm``: reach of a reference seed, about the distance between neighbouring seeds of the
    sets in use. A community of more than ``most_percent`` of all places is not named: in weak data
    everything falls together, and no network fills half the cortex.
    """

    apart_mm: float = 20.0
    densities: tuple[float, ...] = (0.001, 0.002, 0.005, 0.01, 0.02)
    trials: int = 3
    least_community: int = 10
    least_patch: int = 4
    prior_mm: float = 12.0
    most_percent: float = 50.0


def community_networks(
    series: NDArray[np.floating],
    xyz_mm: Floats,
    xyz_mni_mm: Floats,
    reference: ReferenceNetworks,
    *,
    rng: np.random.Generator,
    settings: GraphSettings = GraphSettings(),
) -> PersonalNetworks:
    """Give each of N thinned grey-matter places its network by Infomap, named by reference seeds.

    ``series`` (T, N), evenly spread places ``xyz_mm`` (N, 3) of the person and ``xyz_mni_mm``
    (N, 3). At each density the communities of the correlation graph are scored against every
    network: r of the community's whole-brain map with that of the network's own seeds, times the
    mean `spatial_prior` of its places. Scores are summed over densities, the greatest names the
    place, and patches too small are given to their neighbours. Done once, on the data as they
    are: how sure a label is must be read from the resamples of template matching.

    Raises
    ------
    InputError
        If shapes disagree or a series is not finite.
    QualityError
        If there are too few places, or fewer than two networks have a seed in the scan.

    References
    ----------
    Lynch et al. 2023, 10.1016/j.xpro.2023.102118 (graph, densities, score and confidence); Power
    et al. 2011, 10.1016/j.neuron.2011.09.006; Rosvall & Bergstrom 2008, 10.1073/pnas.0706851105.
    """
    _check(series, xyz_mm, xyz_mni_mm)
    scored = standardise(series).astype(np.float32)
    templates = seed_network_series(
        once(len(scored)), seed_means(scored, xyz_mni_mm, reference), scored
    )
    prior = spatial_prior(xyz_mni_mm, reference, settings.prior_mm)
    most = int(np.ceil(max(settings.densities) * len(xyz_mm)))
    links = strongest(scored, xyz_mm, most=most, apart_mm=settings.apart_mm)
    score = np.zeros(prior.shape)
    for density in settings.densities:
        graph = graph_of(links, density)
        module = find_modules(graph, trials=settings.trials, rng=rng).module
        most_places = settings.most_percent / 100.0 * len(module)
        module = _nameable(module, settings.least_community, most_places)
        known = module >= 0
        if known.any():
            score[known] += _scores(scored, module, templates, prior)[module[known]]
    return _cleaned(labelled(score, reference.names), xyz_mm, settings.least_patch)


def spatial_prior(xyz_mni_mm: Floats, reference: ReferenceNetworks, reach_mm: float) -> Floats:
    """Probability (N, K) of each network at each place, from the distance to its nearest seed.

    exp(-d² / 2 reach²) of each network, floored at 0.01, over the sum of all: the number of seeds
    that a network happens to have does not favour it.
    """
    distance = np.column_stack(
        [
            cKDTree(reference.seeds_mni_mm[reference.network == n]).query(xyz_mni_mm)[0]
            for n in range(len(reference.names))
        ]
    )
    near = np.maximum(np.exp(-0.5 * (distance / reach_mm) ** 2), _PRIOR_FLOOR)
    return np.asarray(near / near.sum(axis=1, keepdims=True))


def _check(series: NDArray[np.floating], xyz_mm: Floats, xyz_mni_mm: Floats) -> None:
    n = series.shape[1]
    if np.shape(xyz_mm) != (n, 3) or np.shape(xyz_mni_mm) != (n, 3):
        raise InputError(
            f"{n} series, positions of shape {np.shape(xyz_mm)} and {np.shape(xyz_mni_mm)}; "
            "needed one position in the person and one in MNI for each series"
        )
    if not np.isfinite(series).all():
        raise InputError("a series is not finite; leave out places without signal")
    if n < _LEAST_PLACES:
        raise QualityError(
            f"{n} grey-matter places with signal; needed at least {_LEAST_PLACES}, spread over "
            "the whole brain. Check coverage and segmentation, or thin the places less"
        )


def _nameable(module: Ints, least: float, most: float) -> Ints:
    """Renumber modules of ``least`` to ``most`` places; -1 for the others."""
    held = np.bincount(module[module >= 0], minlength=1)
    named = (held >= least) & (held <= most)
    rank = np.where(named, np.cumsum(named) - 1, -1)
    return np.where(module >= 0, rank[module], -1)


def _scores(
    scored: NDArray[np.float32], module: Ints, templates: NDArray[np.float32], prior: Floats
) -> Floats:
    """Score (C, K) of each community with each network."""
    known = module >= 0
    member = np.zeros((len(module), int(module.max()) + 1), dtype=np.float32)
    member[known, module[known]] = 1.0
    member /= member.sum(axis=0)
    alike = profile_similarity(scored @ member, scored, templates)
    return np.asarray(np.maximum(alike, 0.0) * (member.T @ prior))


def _cleaned(networks: PersonalNetworks, xyz_mm: Floats, least: int) -> PersonalNetworks:
    """Give patches of fewer than ``least`` connected places to the nearest place of another."""
    reach = _REACH * lattice_step(xyz_mm)
    pairs = np.asarray(cKDTree(xyz_mm).query_pairs(reach, output_type="ndarray"), dtype=np.int64)
    before = networks.network
    alike = pairs[before[pairs[:, 0]] == before[pairs[:, 1]]]
    patch = clusters(np.ones(len(before), dtype=np.bool_), alike)
    small = (np.bincount(patch)[patch] < least) & (before >= 0)
    kept = np.flatnonzero((before >= 0) & ~small)
    network, confidence = before.copy(), networks.confidence.copy()
    network[small], confidence[small] = -1, 0.0
    if small.any() and len(kept):
        distance, nearest = cKDTree(xyz_mm[kept]).query(xyz_mm[small])
        network[small] = np.where(distance <= 2 * reach, before[kept[nearest]], -1)
    sizes = sizes_percent(network, networks.names)
    return PersonalNetworks(network, networks.names, confidence, sizes)
