import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from tmsguide.num.weighted_minimum import least_weighted


def means(m, seed, density=0.05):
    rng = np.random.default_rng(seed)
    weights = random_array((m, m), density=density, rng=rng).toarray() + np.eye(m)
    return csr_array(weights / weights.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("maps", [1, 63, 64, 65, 200])
def test_it_is_the_least_of_the_sparse_product_for_any_number_of_maps(maps):
    mean = means(211, 0)
    z = np.random.default_rng(maps).normal(size=(maps, 211))
    found = least_weighted(mean, z, np.arange(211))
    assert found.tolist() == np.argmin(mean @ z.T, axis=0).tolist()


def test_single_precision_does_not_choose():
    # two places differ in the ninth digit: float32 cannot tell them apart, the answer must
    mean = csr_array(np.eye(40))
    z = np.ones((1, 40))
    z[0, 5], z[0, 9], z[0, 0] = 0.1, 0.1 - 1e-9, 1e3
    assert least_weighted(mean, z, np.arange(40)).tolist() == [9]


def test_a_shift_of_the_map_costs_no_precision():
    mean = means(150, 1)
    z = np.random.default_rng(2).normal(size=(30, 150))
    order = np.arange(150)
    assert (least_weighted(mean, z + 1e6, order) == least_weighted(mean, z, order)).all()


def test_equal_values_go_by_the_order_given():
    mean = csr_array(np.eye(50))
    flat = np.zeros((3, 50))
    assert least_weighted(mean, flat, np.arange(50)[::-1]).tolist() == [49] * 3


def test_no_maps_give_no_places():
    assert least_weighted(means(40, 0), np.empty((0, 40)), np.arange(40)).shape == (0,)
