import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import eye_array
from scipy.spatial import cKDTree

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.targeting.finders.patches import largest_patch, patch_targets
from tmsguide.targeting.finders.terrain import Terrain


def ground(xyz, size=None, step=2.0):
    """Places of a lattice with their 26 neighbours."""
    near = [
        [j for j in row if j != i]
        for i, row in enumerate(cKDTree(xyz).query_ball_point(xyz, 1.85 * step))
    ]
    first = np.concatenate([[0], np.cumsum([len(row) for row in near])]).astype(np.int64)
    size = np.full(len(xyz), step**3 / 1000) if size is None else size
    neighbour = np.concatenate([np.array(row, np.int64) for row in near])
    return Terrain(xyz, first, neighbour, eye_array(len(xyz), format="csr"), size, step)


XYZ = np.argwhere(np.ones((7, 8, 9))) * 2.0 - [6.0, 0.0, 0.0]
PLACES = ground(XYZ)


def ball(centre, radius):
    return np.linalg.norm(XYZ - np.asarray(centre), axis=1) <= radius


def by_networkx(winner, network, places):
    graph = nx.Graph()
    chosen = np.flatnonzero(winner == network)
    graph.add_nodes_from(chosen.tolist())
    for i in chosen:
        for j in places.neighbour[places.first[i] : places.first[i + 1]]:
            if winner[j] == network:
                graph.add_edge(int(i), int(j))
    return [sorted(part) for part in nx.connected_components(graph)]


def test_the_larger_of_two_planted_patches_is_found_at_its_centre():
    winner = np.zeros(len(XYZ), int)
    winner[ball([-2, 4, 4], 3.0)] = 3
    winner[ball([4, 10, 12], 2.1)] = 3
    done = patch_targets(winner[None], 3, PLACES)
    assert_close(done.found.centroid_mm[0], [-2.0, 4, 4], EXACT)
    assert XYZ[done.found.index[0]].tolist() == [-2, 4, 4]
    assert done.present_share == 1.0
    assert_close(done.size_cm3, [ball([-2, 4, 4], 3.0).sum() * 0.008], EXACT)


def test_grey_matter_counts_not_the_number_of_places():
    winner = np.zeros(len(XYZ), int)
    many, few = ball([-2, 4, 4], 3.0), ball([4, 10, 12], 2.1)
    winner[many | few] = 1
    rich = ground(XYZ, size=np.where(few, 0.008, 0.001))
    assert largest_patch(winner, 1, rich).tolist() == np.flatnonzero(few).tolist()
    assert largest_patch(winner, 1, PLACES).tolist() == np.flatnonzero(many).tolist()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_largest_patch_is_the_largest_component_of_networkx(seed, networks):
    rng = np.random.default_rng(seed)
    places = ground(XYZ, size=rng.uniform(0.001, 0.01, len(XYZ)))
    winner = rng.integers(0, networks, len(XYZ)) * (rng.random(len(XYZ)) < 0.3)
    parts = by_networkx(winner, 1, places)
    members = largest_patch(winner, 1, places)
    best = max(parts, key=lambda part: places.size_cm3[part].sum(), default=[])
    assert members.tolist() == best
    done = patch_targets(winner[None], 1, places)
    if best:
        centroid = np.average(XYZ[best], axis=0, weights=places.size_cm3[best])
        assert_close(done.found.centroid_mm[0], centroid, EXACT, scale=20.0)
        assert done.found.index[0] in best


def test_the_target_of_a_hollow_patch_is_one_of_its_places():
    ring = ball([0, 6, 8], 5.0) & ~ball([0, 6, 8], 3.5)
    done = patch_targets(ring.astype(int)[None], 1, PLACES)
    assert ring[done.found.index[0]]


def test_no_patch_is_said_and_does_not_disturb_the_others():
    winner = np.zeros((70, len(XYZ)), int)
    winner[1::2, ball([-2, 4, 4], 3.0)] = 2
    done = patch_targets(winner, 2, PLACES)
    assert done.present_share == 0.5
    assert (done.found.index[::2] == -1).all()
    assert np.isnan(done.found.centroid_mm[::2]).all()
    assert (done.size_cm3[::2] == 0).all()
    assert_close(done.found.centroid_mm[1::2], np.tile([-2.0, 4, 4], (35, 1)), EXACT)
    assert largest_patch(winner[0], 2, PLACES).tolist() == []


def test_a_patch_is_cut_at_places_that_are_not_allowed():
    winner = ball([0, 6, 8], 5.0).astype(int)
    crown = XYZ[:, 2] > 8
    members = largest_patch(winner, 1, PLACES, allowed=crown)
    assert members.tolist() == np.flatnonzero((winner == 1) & crown).tolist()
    done = patch_targets(winner[None], 1, PLACES, allowed=np.zeros(len(XYZ), bool))
    assert done.present_share == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_a_mirrored_brain_has_the_mirrored_patch(seed):
    rng = np.random.default_rng(seed)
    winner = np.zeros(len(XYZ), int)
    for _ in range(3):
        winner[ball(XYZ[rng.integers(len(XYZ))], rng.uniform(2, 5))] = 1
    size = rng.uniform(0.002, 0.01, len(XYZ))
    flipped = XYZ * [-1.0, 1, 1]
    here = patch_targets(winner[None], 1, ground(XYZ, size))
    there = patch_targets(winner[None], 1, ground(flipped, size))
    assert_close(there.found.centroid_mm, here.found.centroid_mm * [-1, 1, 1], EXACT, scale=20.0)
    assert there.found.index.tolist() == here.found.index.tolist()


def test_inputs_stay_and_threads_do_not_matter(monkeypatch):
    rng = np.random.default_rng(4)
    winner = rng.integers(0, 2, (100, len(XYZ))).astype(np.int16)
    before = winner.copy()
    one = patch_targets(winner, 1, PLACES)
    monkeypatch.setattr("tmsguide.num.parallel.numba.get_num_threads", lambda: 3)
    three = patch_targets(winner, 1, PLACES)
    assert (one.found.index == three.found.index).all()
    assert (one.found.centroid_mm == three.found.centroid_mm).all()
    assert (winner == before).all()


def test_labels_of_other_places_are_refused():
    with pytest.raises(InputError, match="labels for 5 places"):
        patch_targets(np.zeros((2, 5), int), 1, PLACES)
