"""What every finder keeps to, on voxels and on a mesh."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import pytest

from tests.targeting.terrains import bump, inner_place, lattice, mesh, smooth_maps
from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import circular_block_counts
from tmsguide.targeting.finders.picking import find_clusters, find_cones, find_peaks, find_sweeps
from tmsguide.targeting.finders.sub_parcels import sub_parcel_targets

AREAS = {"lattice": lattice((9, 10, 11)), "mesh": mesh()}
FRAMES = 160


@dataclass(frozen=True)
class Maps:
    """A finder of maps: the last axis of its data are the places."""

    find: Any

    def data(self, area, centre, seed):
        # baseline above 0, fewer than half below it: `picking` says why adding then moves nothing
        noise = 0.05 * smooth_maps(area.xyz, 8, seed)
        return 0.4 + noise - bump(area.xyz, centre, 5.0)

    def __call__(self, data, terrain):
        return self.find(data, terrain)


@dataclass(frozen=True)
class Series:
    """The sub-parcels: their data are series over the places, beside those of the seed."""

    def data(self, area, centre, seed):
        rng = np.random.default_rng(seed)
        shared = self._shared()
        own = rng.normal(size=(FRAMES, 6)) @ np.abs(smooth_maps(area.xyz, 6, seed))
        noise = 0.2 * rng.normal(size=(FRAMES, len(area.xyz)))
        return 3.0 * shared * bump(area.xyz, centre, 5.0) + 0.3 * own + noise

    def __call__(self, data, terrain):
        rng = np.random.default_rng(1)
        counts = circular_block_counts(FRAMES, 10, 6, rng=rng)
        seeds = -self._shared() + 0.3 * rng.normal(size=(FRAMES, 12))
        return sub_parcel_targets(counts, data, seeds, terrain)

    @staticmethod
    def _shared():
        return np.random.default_rng(99).normal(size=(FRAMES, 1))


FINDERS = {
    "peak": Maps(find_peaks),
    "cone": Maps(find_cones),
    "cluster": Maps(lambda z, terrain: find_clusters(z, terrain, percentile=10)),
    "sweep": Maps(find_sweeps),
    "parcels": Series(),
}
every_finder = pytest.mark.parametrize("name", FINDERS)
every_area = pytest.mark.parametrize("kind", AREAS)


@pytest.fixture
def problem(name, kind):
    area = AREAS[kind]
    finder = FINDERS[name]
    return finder, area, finder.data(area, area.xyz[inner_place(area.xyz)], seed=3)


@every_area
@every_finder
def test_it_gives_one_place_of_the_area_for_each_resample(problem):
    finder, area, data = problem
    found = finder(data, area.terrain())
    assert found.index.dtype == np.int64
    assert found.index.shape == found.centroid_mm.shape[:1]
    assert found.centroid_mm.shape == (len(found.index), 3)
    assert found.centroid_mm.dtype == np.float64
    assert ((found.index >= 0) & (found.index < len(area.xyz))).all()
    low, high = area.xyz.min(axis=0), area.xyz.max(axis=0)
    assert ((found.centroid_mm >= low) & (found.centroid_mm <= high)).all()


@every_area
@every_finder
def test_it_gives_the_same_again_on_any_number_of_threads(problem):
    finder, area, data = problem
    first, threads = finder(data, area.terrain()), numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        again = finder(data, area.terrain())
    finally:
        numba.set_num_threads(threads)
    assert again.index.tolist() == first.index.tolist()
    assert again.centroid_mm.tolist() == first.centroid_mm.tolist()


@every_area
@every_finder
def test_it_leaves_what_it_is_given_alone(problem):
    finder, area, data = problem
    terrain, before = area.terrain(), data.copy()
    kept = [terrain.xyz_mm.copy(), terrain.neighbour.copy(), terrain.cone.data.copy()]
    finder(data, terrain)
    assert (data == before).all()
    now = [terrain.xyz_mm, terrain.neighbour, terrain.cone.data]
    assert all((a == b).all() for a, b in zip(kept, now, strict=True))


@every_area
@every_finder
def test_a_mirrored_brain_has_the_mirrored_target(problem):
    finder, area, data = problem
    here, there = finder(data, area.terrain()), finder(data, area.mirrored().terrain())
    assert there.index.tolist() == here.index.tolist()
    assert there.centroid_mm.tolist() == (here.centroid_mm * [-1.0, 1.0, 1.0]).tolist()


@every_area
@every_finder
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.0), (7.0, 0.05), (2.0, 40.0)])
def test_a_rising_linear_change_of_the_data_moves_nothing(problem, a, b):
    finder, area, data = problem
    terrain = area.terrain()
    assert finder(a * data + b, terrain).index.tolist() == finder(data, terrain).index.tolist()


@every_area
@every_finder
def test_the_order_of_the_places_does_not_matter(problem):
    finder, area, data = problem
    order = np.random.default_rng(5).permutation(len(area.xyz))
    here = finder(data, area.terrain())
    there = finder(np.ascontiguousarray(data[..., order]), area.reordered(order).terrain())
    assert order[there.index].tolist() == here.index.tolist()


@every_area
@pytest.mark.parametrize("name", [n for n in FINDERS if n != "parcels"])
def test_equal_values_are_settled_by_where_places_are(problem):
    finder, area, data = problem
    terrain, steps = area.terrain(), np.round(data * 5) / 5
    order = np.random.default_rng(6).permutation(len(area.xyz))
    here = finder(steps, terrain)
    there = finder(np.ascontiguousarray(steps[:, order]), area.reordered(order).terrain())
    assert order[there.index].tolist() == here.index.tolist()
    mirrored = finder(steps, area.mirrored().terrain())
    assert mirrored.index.tolist() == here.index.tolist()


@every_area
@every_finder
def test_a_planted_site_is_found_within_a_step(problem):
    finder, area, data = problem
    terrain = area.terrain()
    truth = area.xyz[inner_place(area.xyz)]
    apart = np.linalg.norm(area.xyz[finder(data, terrain).index] - truth, axis=1)
    # a step leads to any of the 26 neighbours, the corners at √3; measured: peak, cluster and
    # sweep 0 to 2 mm, cone and parcels up to 3.5 mm on the lattice
    assert apart.max() <= np.sqrt(3) * terrain.step_mm * (1 + 1e-9), apart


@every_area
@every_finder
def test_one_value_that_is_no_number_is_refused_in_clear_words(problem):
    finder, area, data = problem
    for bad in (np.nan, np.inf):
        broken = data.copy()
        broken[2, 17] = bad
        with pytest.raises(QualityError, match="not finite"):
            finder(broken, area.terrain())


@every_area
@every_finder
def test_data_of_other_places_are_refused(problem):
    finder, area, data = problem
    with pytest.raises(InputError, match=f"{len(area.xyz)}"):
        finder(data[:, :-1], area.terrain())
