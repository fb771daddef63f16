import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.targeting.terrains import Area, bump, lattice, mesh, smooth_maps
from tmsguide.errors import InputError
from tmsguide.targeting.finders.picking import (
    SWEEP_PERCENTILES,
    cluster_at,
    find_clusters,
    find_cones,
    find_peaks,
    find_sweeps,
)

AREAS = {"lattice": lattice(), "mesh": mesh()}


def block(shape):
    area = Area(np.argwhere(np.ones(shape)) * 2.0)
    return area.xyz, area.terrain()


def test_a_compact_deep_cluster_beats_a_broad_shallow_one():
    xyz, terrain = block((26, 9, 8))
    z = -np.maximum(0.5 * bump(xyz, [8, 8, 8], 4.0), 0.27 * bump(xyz, [40, 8, 8], 9.0))
    found = cluster_at(z, terrain, 20)
    assert len(found.runner_up) > 1.2 * len(found.members)
    assert xyz[found.index].tolist() == [8, 8, 8]
    assert (xyz[found.runner_up, 0] > 20).all()


def test_the_target_of_a_hollow_cluster_is_one_of_its_members():
    # a bent gyrus: the centroid of the ring lies in its hole
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.column_stack([12 * np.cos(angle), 12 * np.sin(angle), 0 * angle])
    xyz = np.vstack([np.unique(np.round(ring / 2) * 2, axis=0), lattice((9, 8, 7)).xyz + 100])
    z = np.where(xyz[:, 0] < 20, -0.3 - 0.001 * xyz[:, 0], 0.1)
    terrain = Area(xyz).terrain()
    found = cluster_at(z, terrain, 100)
    assert found.index in found.members
    assert np.linalg.norm(xyz[found.index]) > 8
    assert np.linalg.norm(found.centroid_mm) < 2
    again = find_sweeps(z[None], terrain)
    assert np.linalg.norm(xyz[again.index[0]]) > 8


@pytest.mark.parametrize("kind", AREAS)
def test_one_map_and_many_give_the_same_cluster(kind):
    area = AREAS[kind]
    terrain, z = area.terrain(), smooth_maps(area.xyz, 20, 1)
    many = find_clusters(z, terrain, percentile=10)
    for b, row in enumerate(z):
        one = cluster_at(row, terrain, 10)
        assert one.index == many.index[b]
        assert one.centroid_mm.tolist() == many.centroid_mm[b].tolist()
        assert one.index in one.members
        assert (row[one.members] < one.threshold).all()


@pytest.mark.parametrize("kind", AREAS)
def test_clusters_hang_together_and_the_runner_up_apart(kind):
    area = AREAS[kind]
    terrain, z = area.terrain(), smooth_maps(area.xyz, 10, 2, bumps=12)
    here = np.repeat(np.arange(len(area.xyz)), np.diff(terrain.first))
    whole = nx.from_edgelist(zip(here.tolist(), terrain.neighbour.tolist(), strict=True))
    seconds = 0
    for row in z:
        found = cluster_at(row, terrain, 20)
        assert nx.is_connected(whole.subgraph(found.members.tolist()))
        seconds += len(found.runner_up) > 0
        if len(found.runner_up):
            assert nx.is_connected(whole.subgraph(found.runner_up.tolist()))
            both = np.concatenate([found.members, found.runner_up]).tolist()
            assert nx.number_connected_components(whole.subgraph(both)) == 2
    assert seconds > 3


def test_the_rank_rule_keeps_a_tenth_of_the_negative_or_of_half_the_mask():
    xyz, terrain = block((7, 8, 9))
    z = np.linspace(-1, 1, len(xyz))
    for shift, kept in ((0.0, 26), (-2.0, 51), (2.0, 26)):
        found = cluster_at(z + shift, terrain, 10)
        assert np.count_nonzero(z + shift < found.threshold) == kept


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_a_map_shifted_to_all_positive_keeps_its_target_where_half_was_negative(seed):
    area = AREAS["lattice"]
    terrain, z = area.terrain(), smooth_maps(area.xyz, 1, seed)
    z = z - np.median(z) + 1e-6  # just under half negative: the rank rule's own share
    for find in (
        lambda m: find_clusters(m, terrain, percentile=10),
        lambda m: find_sweeps(m, terrain),
    ):
        assert find(z - z.min() + 0.05).index == find(z).index


@pytest.mark.parametrize("kind", AREAS)
@pytest.mark.parametrize("shift", [-3.0, 0.7, 50.0])
def test_peaks_and_cones_do_not_care_for_the_level_of_a_map(kind, shift):
    area = AREAS[kind]
    terrain, z = area.terrain(), smooth_maps(area.xyz, 20, 3)
    for find in (find_peaks, find_cones):
        assert find(z + shift, terrain).index.tolist() == find(z, terrain).index.tolist()


def test_a_cone_passes_by_a_lone_low_voxel():
    xyz, terrain = block((15, 16, 17))
    z = -bump(xyz, [10, 10, 10], 5.0)
    z[np.flatnonzero((xyz == [22, 24, 26]).all(axis=1))] = -3.0
    assert xyz[find_peaks(z[None], terrain).index[0]].tolist() == [22, 24, 26]
    assert xyz[find_cones(z[None], terrain).index[0]].tolist() == [10, 10, 10]


def test_a_sweep_is_as_near_to_the_truth_as_the_best_single_threshold():
    # planted pits of two widths in smooth noise: no one threshold suits both
    area = AREAS["lattice"]
    terrain, rng = area.terrain(), np.random.default_rng(4)
    found = {name: [] for name in ("sweep", 2.0, 10.0, 50.0)}
    for width in (4.0, 8.0):
        truth = area.xyz[rng.integers(0, len(area.xyz), 60)]
        noise = smooth_maps(area.xyz, 60, int(width), bumps=60)
        noise /= noise.std(axis=1, keepdims=True)
        z = noise - 3.0 * np.array([bump(area.xyz, c, width) for c in truth])
        for name, all_errors in found.items():
            at = (
                find_sweeps(z, terrain)
                if name == "sweep"
                else find_clusters(z, terrain, percentile=name)
            )
            all_errors.extend(np.linalg.norm(at.centroid_mm - truth, axis=1))
    error = {name: np.mean(errors) for name, errors in found.items()}
    # measured: sweep 8.0 mm, single thresholds 7.7, 8.1 and 9.1
    assert error["sweep"] <= 1.15 * min(error[p] for p in (2.0, 10.0, 50.0)), error
    assert error["sweep"] < max(error.values()), error


def test_the_ladder_of_a_sweep_rises_from_half_a_percent_to_half():
    assert SWEEP_PERCENTILES[0] == pytest.approx(0.5)
    assert SWEEP_PERCENTILES[-1] == pytest.approx(50.0)
    assert (np.diff(SWEEP_PERCENTILES) > 0).all()


@pytest.mark.parametrize("percentile", [0.0, -1.0, 101.0, float("nan")])
def test_a_percentile_that_keeps_nothing_is_refused(percentile):
    xyz, terrain = block((7, 8, 9))
    z = np.zeros((1, len(xyz)))
    with pytest.raises(InputError, match="needed above 0 and at most 100"):
        find_clusters(z, terrain, percentile=percentile)
    with pytest.raises(InputError, match="needed above 0 and at most 100"):
        find_sweeps(z, terrain, percentiles=(5.0, percentile))
