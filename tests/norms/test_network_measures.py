"""Network means become named measures in an order of their own."""

import numpy as np

from tests.io.refusals import refused
from tmsguide.model import NetworkMeans
from tmsguide.norms import network_measures, networks_in


def means(names, z, edges=None):
    z = np.asarray(z, float)
    edges = np.ones_like(z, dtype=np.int64) if edges is None else np.asarray(edges)
    return NetworkMeans(tuple(names), z, z - 0.1, z + 0.1, edges)


def test_every_pair_once_in_alphabetical_order():
    z = [[1, 2, 3], [2, 4, 5], [3, 5, 6]]
    names, values = network_measures(means(["Visual", "Default", "Motor"], z))
    got = dict(zip(names, values, strict=True))
    assert got == {
        "within:Default": 4, "within:Motor": 6, "within:Visual": 1,
        "between:Default:Motor": 5, "between:Default:Visual": 2, "between:Motor:Visual": 3,
    }  # fmt: skip
    assert len(names) == 6


def test_order_of_the_networks_does_not_matter():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(5, 5))
    z = z + z.T
    labels = np.array(["e", "b", "d", "a", "c"])
    turn = rng.permutation(5)
    one = network_measures(means(labels, z))
    two = network_measures(means(labels[turn], z[np.ix_(turn, turn)]))
    assert one[0] == two[0]
    assert (one[1] == two[1]).all()


def test_a_mean_of_no_pairs_is_missing():
    _, values = network_measures(means(["a", "b"], [[0, 1], [1, 2]], [[0, 4], [4, 1]]))
    assert np.isnan(values).tolist() == [True, False, False]


def test_names_that_would_be_ambiguous_are_refused():
    refused(network_measures, means(["a:b", "c"], np.eye(2)), words=["a:b", "colon"])
    refused(network_measures, means(["a", "a"], np.eye(2)), words=["twice"])


def test_names_tell_their_networks():
    names, _ = network_measures(means(["a", "b"], np.eye(2)))
    assert networks_in(names) == {
        "within:a": ("a", "a"), "within:b": ("b", "b"), "between:a:b": ("a", "b"),
    }  # fmt: skip
    assert networks_in(["within:a", "thickness"]) is None
