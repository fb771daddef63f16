import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import QualityError
from tmsguide.targeting import cone_weight, find_cluster, find_peak, terrain


def lattice(step=2.0):
    return np.argwhere(np.ones((7, 8, 9))) * step


def pit(xyz, centre, sigma, depth):
    return -depth * np.exp(-0.5 * ((xyz - np.asarray(centre)) ** 2).sum(axis=1) / sigma**2)


def smooth_map(xyz, seed):
    rng = np.random.default_rng(seed)
    centres = xyz[rng.integers(0, len(xyz), 6)]
    return sum(pit(xyz, c, rng.uniform(2, 5), rng.normal()) for c in centres)


def test_cone_has_the_five_shells_of_fox():
    inner = np.array([0.0, 2.0, 2.01, 4.0, 4.01, 7.0, 7.01, 9.0, 9.01, 12.0, 12.01])
    assert cone_weight(inner).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]


def test_cone_of_the_whole_lattice_has_the_published_number_of_places():
    # 12-mm sphere on the 2-mm lattice: count of integer points within radius 6
    offsets = np.argwhere(np.ones((15, 15, 15))) - 7
    expected = (np.linalg.norm(offsets, axis=1) <= 6).sum()
    assert expected == 925
    xyz = offsets * 2.0
    row = terrain(xyz).cone[[int(np.argmin(np.linalg.norm(xyz, axis=1)))]]
    assert row.nnz == expected
    assert_close(row.sum(), 1.0, EXACT)


def test_the_deepest_pit_is_found_by_both_finders():
    xyz = np.argwhere(np.ones((15, 16, 17))) * 2.0
    z = pit(xyz, [14, 12, 18], 4.0, 0.5) + pit(xyz, [2, 30, 32], 4.0, 0.3)
    places = terrain(xyz)
    found = find_cluster(z, places, percentile=10)
    assert xyz[found.index].tolist() == [14, 12, 18]
    assert xyz[find_peak(z, places)].tolist() == [14, 12, 18]


def test_a_compact_deep_cluster_beats_a_broad_shallow_one():
    xyz = np.argwhere(np.ones((26, 9, 8))) * 2.0
    z = np.minimum(pit(xyz, [8, 8, 8], 4.0, 0.5), pit(xyz, [40, 8, 8], 9.0, 0.27))
    found = find_cluster(z, terrain(xyz), percentile=20)
    assert len(found.runner_up) > 1.2 * len(found.members)
    assert xyz[found.index].tolist() == [8, 8, 8]
    assert (xyz[found.runner_up, 0] > 20).all()


def test_the_target_of_a_hollow_cluster_is_one_of_its_members():
    # a bent gyrus: the centroid of the ring lies in its hole
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    xyz = np.unique(
        np.round(np.column_stack([12 * np.cos(angle), 12 * np.sin(angle), 0 * angle]) / 2) * 2,
        axis=0,
    )
    xyz = np.vstack([xyz, np.argwhere(np.ones((9, 8, 7))) * 2.0 + 40])
    z = np.where(xyz[:, 0] < 20, -0.3 - 0.001 * xyz[:, 0], 0.1)
    found = find_cluster(z, terrain(xyz), percentile=100)
    assert found.index in found.members
    assert np.linalg.norm(xyz[found.index]) > 8


@given(st.integers(0, 10_000), st.floats(0.1, 5.0))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_rising_linear_change_of_the_map_moves_nothing(seed, scale):
    xyz = lattice()
    places, z = terrain(xyz), smooth_map(xyz, seed)
    assert (
        find_cluster(scale * z, places, percentile=10).index
        == find_cluster(z, places, percentile=10).index
    )
    assert find_peak(scale * z + 0.7, places) == find_peak(z, places)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_map_shifted_to_all_positive_keeps_its_target_where_half_was_negative(seed):
    xyz = lattice()
    places, z = terrain(xyz), smooth_map(xyz, seed)
    z = z - np.median(z) + 1e-6  # just under half negative: the rank rule's own share
    before = find_cluster(z, places, percentile=10)
    after = find_cluster(z - z.min() + 0.05, places, percentile=10)
    assert after.index == before.index
    assert after.members.tolist() == before.members.tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_order_of_places_does_not_matter(seed):
    xyz = lattice()
    order = np.random.default_rng(seed).permutation(len(xyz))
    z = smooth_map(xyz, seed)
    here, there = terrain(xyz), terrain(xyz[order])
    for finder in (find_peak, lambda m, p: find_cluster(m, p, percentile=10).index):
        assert_close(xyz[order][finder(z[order], there)], xyz[finder(z, here)], EXACT, scale=1.0)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_turned_and_mirrored_brain_has_a_turned_and_mirrored_target(seed):
    xyz = lattice()
    turn = Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix() @ np.diag([-1, 1, 1])
    z = smooth_map(xyz, seed)
    here, there = terrain(xyz), terrain(xyz @ turn.T)
    for finder in (find_peak, lambda m, p: find_cluster(m, p, percentile=10).index):
        assert finder(z, there) == finder(z, here)


def test_the_rank_rule_keeps_a_tenth_of_the_negative_or_of_half_the_mask():
    xyz = lattice()
    z = np.linspace(-1, 1, len(xyz))
    for shift, kept in ((0.0, 26), (-2.0, 51), (2.0, 26)):
        found = find_cluster(z + shift, terrain(xyz), percentile=10)
        assert np.count_nonzero(z + shift < found.threshold) == kept


def test_finders_leave_the_map_alone():
    xyz = lattice()
    z = smooth_map(xyz, 1)
    before, places = z.copy(), terrain(xyz)
    find_cluster(z, places, percentile=10)
    find_peak(z, places)
    assert (z == before).all()


def test_too_few_places_are_refused_in_clear_words():
    for few in (0, 29):
        with pytest.raises(QualityError, match=f"only {few} places .* hold grey matter"):
            terrain(lattice()[:few])
