import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag, csr_array
from sklearn.metrics import adjusted_rand_score

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.num.map_equation import code_length, find_modules, walk
from tmsguide.num.map_moves import merged, moved


def sparse(graph):
    return csr_array(nx.to_scipy_sparse_array(graph, weight=None, dtype=float))


def entropy(p):
    p = np.asarray(p, float)
    p = p[p > 0] / p.sum()
    return -(p * np.log2(p)).sum()


def described(graph, module):
    """The map equation as its authors introduce it: q H(Q) + Σ p_i H(P_i), by networkx's cuts."""
    volume = nx.volume(graph, graph, weight="weight")
    members = [[v for v, m in zip(graph, module, strict=True) if m == i] for i in set(module)]
    leaves = np.array([nx.cut_size(graph, s, weight="weight") for s in members]) / volume
    bits = leaves.sum() * entropy(leaves) if leaves.sum() > 0 else 0.0
    for out, s in zip(leaves, members, strict=True):
        visits = np.array([graph.degree(v, weight="weight") for v in s]) / volume
        bits += (out + visits.sum()) * entropy([out, *visits])
    return bits


def partitions(n):
    """Every partition of n things, as growing labels."""
    if n == 0:
        yield []
        return
    for rest in partitions(n - 1):
        for m in range(max(rest, default=-1) + 2):
            yield [*rest, m]


def found(graph, seed=0, trials=10):
    return find_modules(graph, trials=trials, rng=np.random.default_rng(seed))


def test_two_triangles_joined_by_one_edge_by_hand():
    graph = sparse(nx.barbell_graph(3, 0))
    # 7 edges; each module is left with 1/14, its nodes are visited 2/14, 2/14 and 3/14
    each = 8 / 14 * entropy([1, 2, 2, 3])
    assert_close(code_length(graph, np.array([0, 0, 0, 1, 1, 1])), 2 / 14 + 2 * each, EXACT)
    assert_close(code_length(graph, np.zeros(6, int)), entropy([2, 2, 3, 3, 2, 2]), EXACT)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 14), st.floats(0.2, 1.0))
def test_code_length_is_the_entropy_of_its_codebooks(seed, n, density):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(n, density, seed=seed)
    graph.add_edge(0, 1)
    for _, _, edge in graph.edges(data=True):
        edge["weight"] = rng.uniform(0.1, 2.0)
    module = rng.integers(0, 4, n)
    matrix = csr_array(nx.to_scipy_sparse_array(graph))
    assert_close(code_length(matrix, module), described(graph, module.tolist()), EXACT)


@pytest.mark.parametrize("seed", range(8))
def test_the_best_of_all_partitions_is_found(seed):
    graph = nx.gnm_random_graph(8, 12, seed=seed)
    matrix = sparse(graph)
    best = min(code_length(matrix, np.array(p)) for p in partitions(8))
    assert_close(found(matrix).bits, best, EXACT)


def test_gains_of_moves_add_up_to_the_change_of_the_code_length():
    matrix = sparse(nx.gnm_random_graph(60, 200, seed=3))
    rng = np.random.default_rng(0)
    module = rng.integers(0, 12, 60)
    after, gained = moved(walk(matrix), module, rng.permutation(60))
    change = code_length(matrix, module) - code_length(matrix, after)
    assert gained > 0.1
    assert_close(gained, change, EXACT, scale=5.0)


def test_merging_keeps_the_walk_between_modules():
    graph = nx.gnm_random_graph(40, 150, seed=5)
    module = np.arange(40) % 5
    small = merged(walk(sparse(graph)), module)
    sets = [set(np.flatnonzero(module == m).tolist()) for m in range(5)]
    cuts = np.array([nx.cut_size(graph, s) for s in sets])
    assert_close(small.leaves, cuts / 300, EXACT)
    assert_close(small.visits, [nx.volume(graph, s) / 300 for s in sets], EXACT)


def test_the_karate_club_has_the_modules_that_igraph_finds():
    # python-igraph's own test of community_infomap: 4.31179 bits and these members
    expected = [1, 1, 1, 1, 2, 2, 2, 1, 0, 1, 2, 1, 1, 1, 0, 0, 2, 1, 0, 1, 0, 1] + [0] * 12
    modules = found(sparse(nx.karate_club_graph()))
    assert abs(modules.bits - 4.31179) < 5e-6
    assert adjusted_rand_score(expected, modules.module) == 1.0


def test_a_ring_of_cliques_falls_into_its_cliques():
    modules = found(sparse(nx.ring_of_cliques(20, 5)), trials=3)
    assert adjusted_rand_score(np.repeat(np.arange(20), 5), modules.module) == 1.0


@pytest.mark.parametrize("inside", [0.3, 0.2])
def test_planted_blocks_are_recovered(inside):
    sizes = [30, 40, 50, 60]
    rates = np.full((4, 4), 0.02) + np.eye(4) * (inside - 0.02)
    graph = nx.stochastic_block_model(sizes, rates, seed=1)
    modules = found(sparse(graph), trials=5)
    truth = np.repeat(np.arange(4), sizes)
    # measured 1.0 and 1.0
    assert adjusted_rand_score(truth, modules.module) > 0.97
    assert modules.bits <= code_length(sparse(graph), truth) + 1e-12
    assert modules.module.max() == 3
    # the most visited module comes first
    strength = np.bincount(modules.module, sparse(graph).sum(axis=1))
    assert (np.diff(strength) <= 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(0, 120))
def test_never_worse_than_one_module_or_than_components(seed, n, edges):
    graph = nx.gnm_random_graph(n, edges, seed=seed)
    matrix = sparse(graph)
    modules = found(matrix, trials=2)
    assert modules.bits <= code_length(matrix, np.zeros(n, int)) + 1e-12
    component = np.empty(n, int)
    for i, members in enumerate(nx.connected_components(graph)):
        component[list(members)] = i
    assert modules.bits <= code_length(matrix, component) + 1e-12
    assert ((modules.module < 0) == (np.array([d for _, d in graph.degree()]) == 0)).all()


def test_a_complete_graph_is_one_module():
    modules = found(sparse(nx.complete_graph(12)))
    assert (modules.module == 0).all()
    assert_close(modules.bits, np.log2(12), EXACT)


def test_no_links_no_modules():
    modules = found(csr_array((5, 5)))
    assert modules.module.tolist() == [-1] * 5
    assert modules.bits == 0.0


def test_components_never_share_a_module_and_lonely_nodes_have_none():
    one = sparse(nx.ring_of_cliques(4, 4))
    graph = csr_array(block_diag([one, csr_array((2, 2)), 3.0 * one]))
    module = found(graph).module
    assert (module[16:18] == -1).all()
    assert not set(module[:16]) & set(module[18:])


def test_same_seed_same_answer_and_scale_does_not_matter():
    graph = sparse(nx.gnm_random_graph(120, 700, seed=2))
    again = graph.copy()
    first = found(graph, seed=7)
    assert (first.module == found(again, seed=7).module).all()
    assert (graph != again).nnz == 0
    scaled = found(csr_array(graph * 8.0), seed=7)
    assert (first.module == scaled.module).all()
    assert_close(scaled.bits, first.bits, EXACT)


def test_the_diagonal_is_ignored():
    graph = sparse(nx.ring_of_cliques(4, 4))
    with_loops = csr_array(graph + csr_array(np.diag(np.arange(16.0))))
    assert_close(found(with_loops).bits, found(graph).bits, EXACT)


def test_weights_that_make_no_walk_are_refused():
    graph = np.zeros((3, 3))
    graph[0, 1] = graph[1, 0] = -1.0
    with pytest.raises(InputError, match="negative"):
        found(csr_array(graph))
    graph = np.zeros((3, 3))
    graph[0, 1] = 1.0
    with pytest.raises(InputError, match="symmetric"):
        found(csr_array(graph))
