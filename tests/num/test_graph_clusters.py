import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label

from tests.tolerance import EXACT, assert_close
from tmsguide.num.cluster_votes import sweep_centroids
from tmsguide.num.graph_clusters import Graph, cluster_centroids, low_clusters

SHAPE = (9, 10, 11)
LADDER = np.array([1.0, 3.0, 10.0, 30.0])


def lattice():
    """A lattice with sizes that differ from place to place, and its networkx twin."""
    xyz = np.argwhere(np.ones(SHAPE)).astype(float)
    near = np.abs(xyz[:, None] - xyz[None]).max(axis=2) == 1
    first = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    size = np.random.default_rng(0).uniform(0.5, 2.0, len(xyz))
    graph = Graph(first, np.nonzero(near)[1], size, xyz, np.arange(len(xyz)))
    return graph, nx.from_numpy_array(near)


GRAPH, TWIN = lattice()


def smooth(seed, shift=0.0):
    rng = np.random.default_rng(seed)
    z = gaussian_filter(rng.normal(size=SHAPE), 1.2).ravel()
    return z / z.std() + shift


def kept(z, percentile):
    """The rule in plain words: the lowest of the negatives, or of half if fewer are negative."""
    pool = max((z < 0).sum(), len(z) // 2)
    threshold = np.sort(z)[min(int(np.ceil(percentile / 100 * pool)), len(z) - 1)]
    low = np.flatnonzero(z < threshold)
    return (low if len(low) else np.flatnonzero(z == z.min())), threshold


def ranked(z, percentile):
    low, threshold = kept(z, percentile)
    depth = (threshold - z) * GRAPH.size
    parts = [np.array(sorted(c)) for c in nx.connected_components(TWIN.subgraph(low.tolist()))]
    return sorted(parts, key=lambda c: -depth[c].sum()), depth


@given(st.integers(0, 10_000), st.sampled_from([0.5, 5.0, 20.0, 80.0]), st.floats(-3.0, 3.0))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_clusters_are_the_components_that_networkx_finds(seed, percentile, shift):
    z = smooth(seed, shift)
    parts, depth = ranked(z, percentile)
    found = low_clusters(z, GRAPH, percentile)
    for c, part in enumerate(parts):
        assert sorted(found.places[found.cluster == c]) == part.tolist()
    index, centroid = cluster_centroids(z[None], GRAPH, percentile)
    weight = depth[parts[0]]
    expected = np.average(GRAPH.xyz[parts[0]], axis=0, weights=weight)
    assert_close(centroid[0], expected, EXACT, scale=10.0)
    apart = np.linalg.norm(GRAPH.xyz[parts[0]] - expected, axis=1)
    assert index[0] in parts[0]
    assert np.linalg.norm(GRAPH.xyz[index[0]] - expected) <= apart.min() * (1 + 1e-9)


def test_clusters_are_those_that_scipy_labels_in_an_image():
    z = smooth(3)
    found = low_clusters(z, GRAPH, 20.0)
    low = np.zeros(SHAPE, dtype=bool)
    low.flat[found.places] = True
    image, count = label(low, np.ones((3, 3, 3)))
    assert count == found.cluster.max() + 1
    assert len(set(zip(image.flat[found.places], found.cluster, strict=True))) == count


@given(st.integers(0, 10_000), st.floats(-2.0, 2.0))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_sweep_counts_the_votes_of_every_threshold(seed, shift):
    z = smooth(seed, shift)
    support = np.zeros(len(z))
    for percentile in LADDER:
        parts, depth = ranked(z, percentile)
        total = sum(depth[p].sum() for p in parts)
        support[parts[0]] += depth[parts[0]].sum() / total
    best = np.flatnonzero(support >= support.max() - 1e-12)
    top = best[np.argmin(z[best])]
    core = np.flatnonzero(support >= 0.5 * support.max() - 1e-12)
    core = np.array(sorted(nx.node_connected_component(TWIN.subgraph(core.tolist()), int(top))))
    expected = np.average(GRAPH.xyz[core], axis=0, weights=(support * GRAPH.size)[core])
    index, centroid = sweep_centroids(z[None], GRAPH, LADDER)
    assert_close(centroid[0], expected, EXACT, scale=10.0)
    assert index[0] in core


def test_one_threshold_of_a_sweep_is_that_cluster():
    z = np.array([smooth(seed) for seed in range(20)])
    for row in z:
        index, _ = sweep_centroids(row[None], GRAPH, np.array([10.0]))
        found = low_clusters(row, GRAPH, 10.0)
        assert index[0] in found.places[found.cluster == 0]


@pytest.mark.parametrize("percentile", [0.5, 10.0, 100.0])
def test_a_map_without_relief_still_has_a_place(percentile):
    flat = np.full((1, len(GRAPH.xyz)), 0.3)
    index, centroid = cluster_centroids(flat, GRAPH, percentile)
    middle = np.average(GRAPH.xyz, axis=0, weights=GRAPH.size)
    assert_close(centroid[0], middle, EXACT)
    assert np.linalg.norm(GRAPH.xyz[index[0]] - middle) <= np.sqrt(0.75)
    again, _ = sweep_centroids(flat, GRAPH, LADDER)
    assert again.tolist() == index.tolist()


def test_the_floor_of_a_flat_pit_is_one_cluster():
    z = np.full(len(GRAPH.xyz), 1.0)
    pit = np.linalg.norm(GRAPH.xyz - [4, 5, 5], axis=1) <= 2.0
    z[pit] = -1.0
    found = low_clusters(z, GRAPH, 1.0)  # 1 % is fewer places than share the lowest value
    assert sorted(found.places[found.cluster == 0]) == np.flatnonzero(pit).tolist()
