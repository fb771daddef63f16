import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from tests.tolerance import SOLVER, assert_close
from tmsguide.num.average_linkage import average_linkage_labels, cut_average_linkage


def similarity(m, frames, seed, width=5.0):
    """Correlations of series that are smooth in space, as those of neighbouring voxels are."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(0, 40, (m, 3))
    near = np.exp(-0.5 * ((xyz[:, None] - xyz[None]) ** 2).sum(axis=2) / width**2)
    series = np.linalg.cholesky(near + 0.2 * np.eye(m)) @ rng.normal(size=(m, frames))
    r = np.corrcoef(series).astype(np.float32)
    return (r + r.T) / 2


def by_scipy(r, least):
    distance = 1.0 - np.float64(r)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    return fcluster(tree, 1.0 - least, "distance")


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


@given(st.integers(2, 200), st.integers(0, 10_000), st.sampled_from([-0.1, 0.1, 0.3, 0.5, 0.7]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_partition_is_that_of_scipys_tree(m, seed, least):
    r = similarity(m, 60, seed)
    ours = average_linkage_labels(r, least)
    assert same_partition(ours.tolist(), by_scipy(r, least).tolist())


def test_as_many_places_as_a_search_area_has():
    r = similarity(900, 450, 7)
    ours = average_linkage_labels(r, 0.3)
    assert 50 < ours.max() < 300
    assert same_partition(ours.tolist(), by_scipy(r, 0.3).tolist())


def test_labels_are_numbered_by_their_first_members():
    label = average_linkage_labels(similarity(150, 60, 3), 0.4)
    _, first = np.unique(label, return_index=True)
    assert (np.diff(first) > 0).all()
    assert label.max() + 1 == len(first)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_the_order_of_the_places_does_not_matter(seed):
    r = similarity(80, 60, seed)
    order = np.random.default_rng(seed).permutation(80)
    turned = average_linkage_labels(r[np.ix_(order, order)], 0.4)
    assert same_partition(turned.tolist(), average_linkage_labels(r, 0.4)[order].tolist())


def test_similarity_within_clusters_is_summed_on_the_way():
    r = similarity(120, 60, 5)
    label, inner = np.empty(120, dtype=np.int64), np.empty(120)
    count = cut_average_linkage(r.copy(), 0.4, label, inner)
    told = [r[np.ix_(label == c, label == c)].sum(dtype=float) for c in range(count)]
    assert_close(inner[:count], told, SOLVER)


def test_equal_similarities_and_single_places_come_to_an_end():
    assert average_linkage_labels(np.ones((1, 1)), 0.5).tolist() == [0]
    assert average_linkage_labels(np.ones((6, 6)), 0.5).tolist() == [0] * 6
    assert average_linkage_labels(np.eye(6), 0.5).tolist() == list(range(6))
    blocks = np.kron(np.eye(3), np.full((4, 4), 0.9))
    assert average_linkage_labels(blocks, 0.5).tolist() == [0] * 4 + [1] * 4 + [2] * 4


@pytest.mark.parametrize("least", [0.0, 0.5])
def test_the_matrix_given_is_left_alone(least):
    r = similarity(50, 60, 1)
    before = r.copy()
    average_linkage_labels(r, least)
    assert (r == before).all()
