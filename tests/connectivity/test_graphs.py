import networkx as nx
import numpy as np
import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.connectivity import graph_summary, segregation
from tmsguide.errors import InputError, QualityError
from tmsguide.model import Connectome
from tmsguide.num.graph_measures import clustering, global_efficiency, participation, strongest


def made(z, networks):
    names = tuple(f"p{i}" for i in range(len(z)))
    return Connectome(np.asarray(z, float), names, tuple(networks), "correlation", 100.0)


def noise(parcels=40, seed=0, shift=0.3):
    z = np.random.default_rng(seed).standard_normal((parcels, parcels)) * 0.3 + shift
    z = (z + z.T) / 2
    np.fill_diagonal(z, 0)
    return z


def modules(sizes=(12, 14, 10), seed=0):
    networks = [word for word, size in zip("abcdef", sizes, strict=False) for _ in range(size)]
    same = np.array(networks)[:, None] == np.array(networks)
    return made((noise(len(networks), seed, 0.1) + 0.8 * same) * (1 - np.eye(len(networks))),
                networks)  # fmt: skip


def summary(of, **words):
    return graph_summary(of, rng=np.random.default_rng(0), **words)


@pytest.mark.parametrize("density", [0.03, 0.1, 0.3])
def test_measures_of_links_are_networkxs(density):
    link = strongest(noise(), round(density * 40 * 39 / 2))
    graph = nx.from_numpy_array(link.astype(int))
    assert global_efficiency(link) == pytest.approx(nx.global_efficiency(graph), rel=1e-12)
    assert_close(clustering(link), list(nx.clustering(graph).values()), EXACT, scale=1.0)


def test_the_strongest_pairs_are_kept_and_no_more():
    z = noise()
    link = strongest(z, 78)
    upper = np.triu_indices(40, 1)
    assert np.count_nonzero(link[upper]) == 78
    assert z[upper][link[upper]].min() > z[upper][~link[upper]].max()
    assert (link == link.T).all()
    assert not link.diagonal().any()
    assert np.count_nonzero(strongest(np.ones((5, 5)), 3)) == 6  # ties too


def test_participation_is_zero_in_one_module_and_most_when_even():
    # node 0 linked to two of its own module only, node 1 to one of each of two modules
    weight = np.zeros((6, 6))
    for i, j in ((0, 2), (0, 3), (1, 2), (1, 4)):
        weight[i, j] = weight[j, i] = 0.7
    member = np.array([0, 0, 0, 0, 1, 1])
    found = participation(weight, member)
    assert found[0] == 0
    assert found[1] == pytest.approx(0.5)  # 1 - 2 (1/2)²
    assert found[5] == 0  # no links


def test_modules_are_more_modular_clustered_and_segregated_than_noise():
    planted = modules()
    shuffled = made(noise(36), planted.networks)
    inside, without = summary(planted), summary(shuffled)
    assert inside.modularity > without.modularity + 0.2
    assert inside.clustering > without.clustering + 0.2
    assert inside.segregation > without.segregation + 0.3
    assert inside.participation.mean() < without.participation.mean() - 0.2
    assert inside.efficiency < without.efficiency


def test_modularity_is_that_of_the_planted_modules():
    # three cliques without a link between them: Q = 1 - Σ (links share)²
    same = np.kron(np.eye(3), np.ones((8, 8)))
    of = made(same * (1 - np.eye(24)), ["a"] * 8 + ["b"] * 8 + ["c"] * 8)
    found = summary(of, densities=(84 / 276,))
    assert found.modularity == pytest.approx(2 / 3)
    assert found.clustering == pytest.approx(1)
    assert found.efficiency == pytest.approx(84 / 276)
    assert (found.degree == 7).all()
    assert (found.participation == 0).all()


def test_a_summary_is_the_area_under_the_densities():
    of = modules()
    ends = [summary(of, densities=(d,)) for d in (0.1, 0.2, 0.3)]
    whole = summary(of, densities=(0.3, 0.1, 0.2))
    for name in ("efficiency", "clustering", "degree", "strength", "node_clustering"):
        a, b, c = (getattr(end, name) for end in ends)
        assert getattr(whole, name) == pytest.approx((a + 2 * b + c) / 4)


def test_segregation_is_chans():
    z = np.array([[0, 0.6, -0.3, 0.2], [0.6, 0, 0.1, 0], [-0.3, 0.1, 0, 0.4], [0.2, 0, 0.4, 0]])
    # within (0.6 + 0.4) / 2; between (0 + 0.2 + 0.1 + 0) / 4, the negative one counted as 0
    assert segregation(made(z, "aabb")) == pytest.approx((0.5 - 0.075) / 0.5)


def test_parcels_without_signal_are_nan_and_touch_no_other():
    of = modules()
    z = np.full((38, 38), np.nan)
    z[:36, :36] = of.z
    np.fill_diagonal(z, 0)
    z[36:, 36:] = np.nan
    more = made(z, [*of.networks, "a", "z"])
    one, two = summary(of), summary(more)
    assert np.isnan(two.degree[36:]).all()
    assert_close(two.degree[:36], one.degree, EXACT)
    assert_close(two.participation[:36], one.participation, EXACT)
    assert (two.efficiency, two.segregation) == (one.efficiency, one.segregation)


def test_order_of_parcels_does_not_matter():
    of = modules()
    order = np.random.default_rng(3).permutation(36)
    mixed = made(of.z[np.ix_(order, order)], np.asarray(of.networks)[order])
    one, two = summary(of), summary(mixed)
    assert two.efficiency == pytest.approx(one.efficiency, rel=1e-12)
    assert_close(two.participation, one.participation[order], EXACT)
    assert two.modularity == pytest.approx(one.modularity, rel=0.02)  # found, not solved


def test_what_makes_no_graph_is_refused():
    with pytest.raises(InputError, match="needed one or more above 0"):
        summary(modules(), densities=(0.0, 0.2))
    with pytest.raises(QualityError, match="a density of 30% needs 189 links, 0 pairs"):
        summary(made(-np.abs(modules().z), modules().networks))
    with pytest.raises(QualityError, match="2 parcels have signal"):
        summary(made([[0, 1], [1, 0]], "ab"))
    with pytest.raises(QualityError, match="all parcels belong to one network"):
        segregation(made(noise(5, shift=2), "aaaaa"))
    with pytest.raises(QualityError, match="no two parcels of one network"):
        segregation(made(noise(3, shift=2), "abc"))
