import numpy as np
import pytest

from tests.connectivity.planted import NAMES, NETWORKS, correlation, planted
from tests.tolerance import EXACT, assert_close
from tmsguide.connectivity import (
    ConnectomeKind,
    edges,
    fingerprint,
    recognised,
    series_connectome,
    similarities,
)
from tmsguide.errors import InputError


def person(rng):
    """A covariance of one's own: the group's and something personal."""
    own = rng.standard_normal((30, 30)) / np.sqrt(30)
    r = correlation() + 0.5 * own @ own.T
    spread = np.sqrt(np.diag(r))
    return r / np.outer(spread, spread)


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(0)
    people = [person(rng) for _ in range(6)]
    return [
        [series_connectome(planted(900, rng, r=r), NAMES, NETWORKS) for r in people]
        for _ in range(2)
    ]


def test_similarity_is_the_correlation_of_edges(days):
    first, second = days
    found = similarities(first, second)
    for i, j in ((0, 0), (2, 5), (5, 2)):
        assert found[i, j] == pytest.approx(np.corrcoef(edges(first[i]), edges(second[j]))[0, 1])
    assert_close(similarities(first, first).diagonal(), np.ones(6), EXACT)


def test_people_with_covariances_of_their_own_are_known_again(days):
    found = fingerprint(*days)
    assert found.identified == 1.0
    assert found.self_r > found.other_r + 0.05
    assert found.apart > 1


def test_the_same_covariance_in_all_is_known_again_by_chance_only():
    rng = np.random.default_rng(1)
    first, second = (
        [series_connectome(planted(200, rng), NAMES, NETWORKS) for _ in range(20)]
        for _ in range(2)
    )
    found = fingerprint(first, second)
    assert found.identified < 0.2  # chance 1 / 20; measured 0.05
    assert abs(found.apart) < 1


def test_identification_counts_both_ways_of_searching():
    similarity = np.array([[0.9, 0.1, 0.2], [0.8, 0.5, 0.1], [0.1, 0.2, 0.7]])
    # rows: 0 and 2 are right; columns: all right
    assert recognised(similarity).identified == pytest.approx((2 / 3 + 1) / 2)
    assert recognised(similarity).self_r == pytest.approx(0.7)
    assert recognised(similarity).other_r == pytest.approx(0.25)


def test_edges_missing_in_anyone_are_left_out(days):
    first, second = days
    x = planted(200, np.random.default_rng(4))
    x[:, 3] = np.nan
    gap = series_connectome(x, NAMES, NETWORKS)
    found = similarities([first[0], gap], [second[0]])
    keep = np.delete(np.arange(30), 3)
    a, b = (of.z[np.ix_(keep, keep)][np.triu_indices(29, 1)] for of in (first[0], second[0]))
    assert found[0, 0] == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_only_like_is_compared_with_like(days):
    first, second = days
    partial = series_connectome(
        planted(200, np.random.default_rng(4)), NAMES, NETWORKS, kind=ConnectomeKind.PARTIAL
    )
    with pytest.raises(InputError, match="2 different sets of parcels or kinds"):
        similarities(first, [partial])
    with pytest.raises(InputError, match="6 connectomes of the first day, 5 of the second"):
        fingerprint(first, second[:5])
