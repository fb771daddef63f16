from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from tests.oracles.correlation import repeated
from tests.targeting.test_patches import ground
from tests.tolerance import Tol, assert_close
from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import circular_block_counts
from tmsguide.num.correlation_graph import graph_of, strongest
from tmsguide.num.profiles import (
    network_of,
    network_series,
    profile_similarity,
    seed_network_series,
)
from tmsguide.num.seeds import once
from tmsguide.targeting.finders.patches import patch_targets
from tmsguide.targeting.networks.communities import (
    GraphSettings,
    community_networks,
    spatial_prior,
)
from tmsguide.targeting.networks.personal_networks import (
    ReferenceNetworks,
    labelled,
    match_templates,
    network_at,
    seed_means,
)

FLOAT32 = Tol(1e-4, "float32 sums over 300 frames; measured 4e-6")
STEP = 6.0
SPOT = np.array([-30.0, 18.0, 24.0])
NAMES = ("Default", "Frontal", "Motor", "Visual")


@dataclass(frozen=True)
class Person:
    """Places of a lattice brain, the network of each, and their series."""

    xyz: np.ndarray
    truth: np.ndarray
    series: np.ndarray
    reference: ReferenceNetworks


@lru_cache(maxsize=4)
def person(strength=0.4, seed=3):
    """Areas of four networks; round SPOT the second lies where the reference expects the first."""
    rng = np.random.default_rng(seed)
    xyz = np.argwhere(np.ones((13, 15, 10))) * STEP - [36.0, 42.0, 24.0]
    xyz = xyz + rng.uniform(-0.4, 0.4, xyz.shape)
    areas = xyz[rng.choice(len(xyz), 28, replace=False)]
    owner = np.arange(28) % 4
    away = np.linalg.norm(areas - SPOT, axis=1) > 20
    areas, owner = areas[away], owner[away]
    truth = owner[cKDTree(areas).query(xyz)[1]]
    away = np.linalg.norm(xyz - SPOT, axis=1)
    truth[(away < 36) & (truth == 1)] = 0
    truth[away < 13] = 1
    drive = scored(gaussian_filter1d(rng.standard_normal((300, 4 + len(xyz))), 1.5, axis=0))
    series = strength * drive[:, truth] + drive[:, 4:]
    reference = ReferenceNetworks(
        NAMES, np.vstack([areas, SPOT]), np.concatenate([owner, [0]]), "planted"
    )
    return Person(xyz, truth, series.astype(np.float32), reference)


def scored(series):
    return (series - series.mean(axis=0)) / series.std(axis=0)


def templates(who, reference=None):
    seeds = seed_means(who.series, who.xyz, reference or who.reference)
    return seed_network_series(once(len(who.series)), seeds, who.series)


def matched(who, reference=None):
    return match_templates(who.series, who.series, templates(who, reference), NAMES)


def communities(who, reference=None, seed=0):
    rng = np.random.default_rng(seed)
    return community_networks(who.series, who.xyz, who.xyz, reference or who.reference, rng=rng)


@lru_cache(maxsize=2)
def told(method):
    """What a method says of the usual person; nobody changes it."""
    return method(person())


def profile_r(maps, patterns):
    """Pearson r of every row of one with every row of the other, by numpy's own."""
    return np.corrcoef(maps, patterns)[: len(maps), len(maps) :]


METHODS = pytest.mark.parametrize("method", [matched, communities])


def test_the_weighted_series_give_the_direct_template_match():
    who = person()
    rng = np.random.default_rng(0)
    search, parcels = who.series[:, ::9], who.series[:, ::4]
    given = rng.standard_normal((5, parcels.shape[1])) + 2
    direct = profile_r(scored(search).T @ scored(parcels) / 300, given)
    networks = network_series(given, parcels)
    assert_close(profile_similarity(search, parcels, networks), direct, FLOAT32, scale=1.0)
    best = network_of(once(300), search, networks)[0]
    assert (best == np.where(direct.max(axis=1) > 0, direct.argmax(axis=1), -1)).all()


@pytest.mark.parametrize("own", [False, True])
def test_resampled_networks_are_those_of_the_resampled_scan(own):
    who = person(0.3)
    rng = np.random.default_rng(1)
    counts = circular_block_counts(300, 15, 12, rng=rng)
    search = scored(who.series[:, ::9]).astype(np.float32)
    parcels = scored(who.series[:, ::4]).astype(np.float32)
    seeds = seed_means(who.series, who.xyz, who.reference)
    fixed = seeds.T @ parcels / 300
    networks = (
        seed_network_series(counts, seeds, parcels) if own else network_series(fixed, parcels)
    )
    winner = network_of(counts, search, networks)
    exact, full = [], []
    for b, count in enumerate(counts):
        x, y, a = (repeated(part, count) for part in (search, parcels, seeds))
        y, a = y - y.mean(axis=0), a - a.mean(axis=0)
        score = profile_r(x.T @ y, a.T @ y if own else fixed)
        second, first = np.sort(score, axis=1)[:, -2:].T
        clear = first - second > 1e-4  # float32 may turn a tie
        best = np.where(first > 0, score.argmax(axis=1), -1)
        exact.append((winner[b] == best)[clear].mean())
        y = scored(y)
        score = profile_r(x.T @ y, a.T @ y if own else fixed)
        full.append((winner[b] == score.argmax(axis=1)).mean())
    assert min(exact) == 1.0
    # parcels rescaled in each resample, as a new scan would be: measured 0.989 and 0.994
    assert np.mean(full) > 0.97


def test_seed_templates_are_the_mean_maps_of_the_seeds():
    who = person()
    seeds = seed_means(who.series, who.xyz, who.reference)
    near = cKDTree(who.xyz).query_ball_point(who.reference.seeds_mni_mm, 6.0)
    z = scored(who.series.astype(float))
    maps = np.array([scored(z[:, some].mean(axis=1)) @ z / 300 for some in near])
    for n in range(4):
        expected = maps[who.reference.network == n].mean(axis=0)
        assert_close(seeds[:, n] @ z / 300, expected, FLOAT32)


@METHODS
def test_planted_networks_are_told(method):
    who, found = person(), told(method)
    # measured 0.973 (templates) and 0.984 (communities)
    assert np.mean(found.network == who.truth) > 0.93
    assert np.median(found.confidence[found.network == who.truth]) > 2 * np.median(
        found.confidence[found.network != who.truth]
    )
    share = np.bincount(found.network[found.network >= 0], minlength=4) / len(who.truth)
    assert_close(found.sizes_percent, 100 * share, Tol(1e-12, "counts"))


@METHODS
def test_the_planted_patch_is_found_where_the_reference_expects_another(method):
    who = person()
    area = np.flatnonzero(np.linalg.norm(who.xyz - SPOT, axis=1) < 30)
    winner = told(method).network[area]
    done = patch_targets(winner[None], 1, ground(who.xyz[area], step=STEP))
    # measured 0.6 and 0.6 mm
    assert np.linalg.norm(who.xyz[area][done.found.index[0]] - SPOT) < STEP


def test_the_planted_patch_is_found_again_in_resamples():
    who = person()
    area = np.flatnonzero(np.linalg.norm(who.xyz - SPOT, axis=1) < 30)
    counts = circular_block_counts(300, 15, 50, rng=np.random.default_rng(2))
    seeds = seed_means(who.series, who.xyz, who.reference)
    networks = seed_network_series(counts, seeds, who.series)
    winner = network_of(counts, who.series[:, area], networks)
    done = patch_targets(winner, 1, ground(who.xyz[area], step=STEP))
    assert done.present_share == 1.0
    away = np.linalg.norm(done.found.centroid_mm - SPOT, axis=1)
    assert np.median(away) < STEP  # measured 1.7 mm
    assert (away < 2 * STEP).mean() > 0.9  # measured 1.0


@METHODS
def test_no_network_in_the_area_is_a_clear_result(method):
    who, found = person(), told(method)
    area = np.flatnonzero(found.network != 2)[:200]
    done = patch_targets(found.network[area][None], 2, ground(who.xyz[area], step=STEP))
    assert done.present_share == 0.0
    assert done.found.index.tolist() == [-1]


@METHODS
def test_two_references_swapped_swap_the_labels(method):
    who = person()
    swap = np.array([1, 0, 2, 3])
    other = replace(who.reference, network=swap[who.reference.network])
    here, there = told(method).network, method(who, other).network
    assert (there == np.where(here >= 0, swap[here], -1)).all()


@METHODS
def test_a_mirrored_brain_has_the_mirrored_networks(method):
    who = person()
    flip = np.array([-1.0, 1, 1])
    there = replace(who.reference, seeds_mni_mm=who.reference.seeds_mni_mm * flip)
    mirrored = Person(who.xyz * flip, who.truth, who.series, there)
    assert (method(mirrored).network == told(method).network).all()


@METHODS
def test_scale_and_offset_change_nothing_and_inputs_stay(method):
    who = person()
    before = who.series.copy()
    here, again = told(method), method(who)
    assert (who.series == before).all()
    assert (here.network == again.network).all()
    assert (here.confidence == again.confidence).all()
    scaled = method(Person(who.xyz, who.truth, who.series * 4 + 8, who.reference))
    # rounding may turn a tie at the edge of two networks
    assert np.mean(scaled.network == here.network) > 0.995  # measured 1.0


def test_a_constant_place_has_no_network():
    who = person()
    series = who.series.copy()
    series[:, 7] = 2.0
    flat = Person(who.xyz, who.truth, series, who.reference)
    found = matched(flat)
    assert found.network[7] == -1
    assert found.confidence[7] == 0.0
    counts = circular_block_counts(300, 15, 3, rng=np.random.default_rng(0))
    assert (network_of(counts, series, templates(flat))[:, 7] == -1).all()


def test_confidence_is_the_lead_over_the_second():
    score = np.array([[0.6, 0.2, 0.1], [-0.1, -0.2, -0.3], [0.5, 0.5, 0.0], [0.3, -1, -1]])
    found = labelled(score, ("a", "b", "c"))
    assert found.network.tolist() == [0, -1, 0, 0]
    assert_close(found.confidence, [2.0, 0.0, 0.0, 99.0], Tol(1e-12, "closed form"))
    assert found.sizes_percent.tolist() == [75.0, 0.0, 0.0]


def test_single_odd_places_are_given_to_their_neighbours():
    who = person()
    series = who.series.copy()
    near = cKDTree(who.xyz).query_ball_point(who.xyz, 2.5 * STEP)
    deep = [i for i, some in enumerate(near) if len(some) > 30 and np.ptp(who.truth[some]) == 0]
    odd = np.array([i for i in deep if who.truth[i] != 3])[[0, 15, 30]]
    stranger = np.flatnonzero(who.truth == 3)[:5]
    for i in odd:  # each behaves like places of a network that is not its own
        series[:, i] = series[:, stranger].mean(axis=1)
    found = communities(Person(who.xyz, who.truth, series, who.reference))
    assert (matched(Person(who.xyz, who.truth, series, who.reference)).network[odd] == 3).all()
    assert (found.network[odd] == who.truth[odd]).all()
    assert (found.confidence[odd] == 0).all()


def test_links_are_the_strongest_of_those_apart():
    who = person()
    series, xyz = who.series[:, :400], who.xyz[:400]
    r = np.corrcoef(series.T)
    r[np.linalg.norm(xyz[:, None] - xyz[None], axis=2) < 20.0] = 0.0
    links = strongest(series, xyz, most=8, apart_mm=20.0)
    expected = -np.sort(-r, axis=1)[:, :8]
    assert_close(links.r, np.maximum(expected, 0), FLOAT32)
    graph = graph_of(links, 5 / 400)
    assert (graph != graph.T).nnz == 0
    top = r >= -np.sort(-r, axis=1)[:, 4:5]
    assert ((graph.toarray() > 0) == ((top | top.T) & (r > 0))).mean() > 0.9999
    assert (np.diff(graph.indptr) >= 5).all()


def test_the_prior_does_not_count_seeds():
    seeds = np.array([[0.0, 0, 0], [40, 0, 0], [40, 0, 1], [40, 1, 0]])
    reference = ReferenceNetworks(("a", "b"), seeds, np.array([0, 1, 1, 1]), "by hand")
    prior = spatial_prior(np.array([[20.0, 0, 0], [0, 0, 0], [0, 500, 0]]), reference, 12.0)
    near = np.array([1.0, 0.01])
    expected = [[0.5, 0.5], near / near.sum(), [0.5, 0.5]]
    assert_close(prior, expected, Tol(1e-12, "closed form"))


def test_labels_are_carried_to_the_nearest_place():
    found = labelled(np.eye(3), ("a", "b", "c"))
    xyz = np.array([[0.0, 0, 0], [10, 0, 0], [20, 0, 0]])
    places = np.array([[6.0, 0, 0], [19, 3, 0], [-4, 0, 0]])
    assert network_at(found, xyz, places).tolist() == [1, 2, 0]


def test_references_out_of_reach_and_bad_input_are_refused():
    who = person()
    far = replace(who.reference, seeds_mni_mm=who.reference.seeds_mni_mm + 500.0)
    with pytest.raises(QualityError, match="0 of 4 reference networks"):
        seed_means(who.series, who.xyz, far)
    with pytest.raises(QualityError, match="50 grey-matter places"):
        communities(Person(who.xyz[:50], who.truth, who.series[:, :50], who.reference))
    with pytest.raises(InputError, match="one position"):
        communities(Person(who.xyz[:-1], who.truth, who.series, who.reference))
    broken = who.series.copy()
    broken[3, 5] = np.nan
    with pytest.raises(InputError, match="not finite"):
        communities(Person(who.xyz, who.truth, broken, who.reference))
    with pytest.raises(InputError, match="at least one seed"):
        replace(who.reference, names=(*NAMES, "Fifth"))
    with pytest.raises(InputError, match="three MNI millimetres"):
        replace(who.reference, seeds_mni_mm=who.reference.seeds_mni_mm[:-1])


def test_communities_that_fill_the_brain_are_not_named():
    who = person()
    settings = GraphSettings(densities=(0.02,), trials=1, most_percent=1.0)
    rng = np.random.default_rng(0)
    none = community_networks(
        who.series, who.xyz, who.xyz, who.reference, rng=rng, settings=settings
    )
    assert (none.network == -1).all()
    assert (none.confidence == 0).all()
    assert (none.sizes_percent == 0).all()
