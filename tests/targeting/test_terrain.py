import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from tests.targeting.terrains import Area, lattice, mesh
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError, QualityError
from tmsguide.targeting.finders.terrain import (
    cone_weight,
    fixed_order,
    lattice_terrain,
    mesh_terrain,
)

TURN = Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix()
AREAS = {"lattice": lattice(), "mesh": mesh()}


def degrees(terrain):
    return np.diff(terrain.first)


def pairs(terrain):
    here = np.repeat(np.arange(len(terrain.xyz_mm)), degrees(terrain))
    return set(zip(here.tolist(), terrain.neighbour.tolist(), strict=True))


def test_cone_has_the_five_shells_of_fox():
    inner = np.array([0.0, 2.0, 2.01, 4.0, 4.01, 7.0, 7.01, 9.0, 9.01, 12.0, 12.01])
    assert cone_weight(inner).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]


def test_cone_of_the_whole_lattice_has_the_published_number_of_places():
    # 12-mm sphere on the 2-mm lattice: count of integer points within radius 6
    offsets = np.argwhere(np.ones((15, 15, 15))) - 7
    expected = (np.linalg.norm(offsets, axis=1) <= 6).sum()
    assert expected == 925
    xyz = offsets * 2.0
    row = lattice_terrain(xyz).cone[[int(np.argmin(np.linalg.norm(xyz, axis=1)))]]
    assert row.nnz == expected
    assert_close(row.sum(), 1.0, EXACT)


@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["straight", "oblique"])
def test_a_voxel_has_26_neighbours_7_in_a_corner_and_its_own_volume(turn):
    terrain = lattice_terrain(lattice((7, 8, 9), step=2.5).xyz @ turn.T)
    inside, corner = 5 * 6 * 7, 8
    found = np.bincount(degrees(terrain))
    assert (found[26], found[7]) == (inside, corner)
    assert_close(terrain.step_mm, 2.5, EXACT)
    assert_close(terrain.size_cm3.sum(), 7 * 8 * 9 * 2.5**3 / 1000, EXACT)


@pytest.mark.parametrize("kind", AREAS)
def test_neighbours_are_mutual_and_no_place_is_its_own(kind):
    found = pairs(AREAS[kind].terrain())
    assert found == {(b, a) for a, b in found}
    assert all(a != b for a, b in found)


def test_neighbours_on_a_mesh_are_its_edges_however_they_are_listed():
    area = mesh()
    once = {tuple(sorted(e)) for e in area.edges.tolist()}
    told = {tuple(sorted(e)) for e in pairs(area.terrain())}
    assert told == once
    doubled = np.concatenate([area.edges, area.edges[:, ::-1], np.repeat([[3, 3]], 2, axis=0)])
    again = mesh_terrain(area.xyz, doubled, area.area_mm2)
    assert again.neighbour.tolist() == area.terrain().neighbour.tolist()


def test_a_mesh_stands_for_its_area_times_the_thickness():
    area = mesh()
    for thickness in (2.5, 3.0):
        terrain = mesh_terrain(area.xyz, area.edges, area.area_mm2, thickness_mm=thickness)
        assert_close(terrain.size_cm3.sum(), area.area_mm2.sum() * thickness / 1000, EXACT)
    length = np.linalg.norm(np.diff(area.xyz[area.edges], axis=1)[:, 0], axis=1)
    assert length.min() < terrain.step_mm < length.max()


@pytest.mark.parametrize("kind", AREAS)
def test_the_cone_averages_by_weight_times_size(kind):
    terrain = AREAS[kind].terrain()
    i = len(terrain.xyz_mm) // 3
    apart = np.linalg.norm(terrain.xyz_mm - terrain.xyz_mm[i], axis=1)
    weight = cone_weight(apart) * terrain.size_cm3
    assert_close(terrain.cone[[i]].toarray()[0], weight / weight.sum(), EXACT)


def test_a_finer_half_of_a_mesh_does_not_pull_the_cone():
    # one half has four times the vertices: its mean counts as much as that of the coarse half
    coarse = np.column_stack([np.argwhere(np.ones((8, 16))) * 1.0 + [0.5, 0.5], np.zeros(128)])
    fine = np.column_stack([np.argwhere(np.ones((16, 32))) * 0.5 + 0.25, np.zeros(512)])
    xyz = np.concatenate([coarse - [8, 8, 0], fine - [0, 8, 0], [[0.0, 0.0, 0.0]]])
    edges = cKDTree(xyz).query_pairs(1.5, output_type="ndarray")
    area = np.concatenate([np.full(128, 1.0), np.full(512, 0.25), [1e-9]])
    terrain = mesh_terrain(xyz, edges, area)
    right = np.concatenate([np.zeros(128), np.ones(512), [0.5]])
    # measured 0.494: the shells cut the coarse half by whole vertices
    assert abs((terrain.cone @ right)[-1] - 0.5) < 0.02


@pytest.mark.parametrize("kind", AREAS)
def test_the_order_of_the_places_changes_nothing_but_their_numbers(kind):
    area = AREAS[kind]
    order = np.random.default_rng(0).permutation(len(area.xyz))
    here, there = area.terrain(), area.reordered(order).terrain()
    assert {(order[a], order[b]) for a, b in pairs(there)} == pairs(here)
    assert order[fixed_order(there.xyz_mm)].tolist() == fixed_order(here.xyz_mm).tolist()
    z = np.random.default_rng(1).normal(size=len(order))
    assert_close(there.cone @ z[order], (here.cone @ z)[order], EXACT)


@pytest.mark.parametrize("kind", AREAS)
def test_the_fixed_order_is_the_same_on_the_other_side(kind):
    area = AREAS[kind]
    assert fixed_order(area.mirrored().xyz).tolist() == fixed_order(area.xyz).tolist()


@pytest.mark.parametrize("few", [0, 29])
def test_too_few_places_are_refused_in_clear_words(few):
    area = mesh()
    with pytest.raises(QualityError, match=f"only {few} places .* hold grey matter"):
        lattice_terrain(lattice().xyz[:few])
    with pytest.raises(QualityError, match=f"only {few} places .* hold grey matter"):
        mesh_terrain(area.xyz[:few], area.edges, area.area_mm2[:few])


def test_edges_and_areas_that_do_not_fit_are_refused():
    area = mesh()
    with pytest.raises(InputError, match="number the vertices anew"):
        mesh_terrain(area.xyz[:300], area.edges, area.area_mm2[:300])
    with pytest.raises(InputError, match="number the vertices anew"):
        mesh_terrain(area.xyz, np.empty((0, 2), dtype=np.int64), area.area_mm2)
    for wrong in (area.area_mm2[:-1], np.zeros(len(area.xyz)), area.area_mm2 * np.nan):
        with pytest.raises(InputError, match=f"needed {len(area.xyz)} areas above 0"):
            mesh_terrain(area.xyz, area.edges, wrong)


def test_an_area_of_few_voxels_is_enough():
    assert len(Area(lattice((3, 4, 5)).xyz).terrain().size_cm3) == 60
