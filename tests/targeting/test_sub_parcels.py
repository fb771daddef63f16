import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata, spearmanr

from tests.targeting.terrains import bump, lattice, mesh
from tests.tolerance import SOLVER, STORED, assert_close
from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import circular_block_counts
from tmsguide.num.seeds import once
from tmsguide.targeting.finders.parcel_picking import ranked, thin
from tmsguide.targeting.finders.parcel_ranking import choose_parcel
from tmsguide.targeting.finders.sub_parcels import sub_parcel_targets, sub_parcels

FRAMES, SEEDS = 300, 20
AREA = lattice((9, 10, 11))


def signals(area, seed, *, sign=-1.0, frames=FRAMES):
    """Three patches with signals of their own, the first (the truth) shared with the seed."""
    rng = np.random.default_rng(seed)
    xyz = area.xyz
    low, high = xyz.min(axis=0), xyz.max(axis=0)
    centres = low + (high - low) * [[0.25, 0.3, 0.3], [0.8, 0.5, 0.3], [0.4, 0.75, 0.8]]
    own = rng.normal(size=(frames, 3))
    patches = np.array([bump(xyz, centre, 4.5) for centre in centres])
    search = 3.0 * own @ patches + rng.normal(size=(frames, len(xyz)))
    seeds = sign * own[:, :1] + 0.7 * rng.normal(size=(frames, SEEDS))
    return search.astype(np.float32), seeds.astype(np.float32), centres[0]


def median(series, label):
    return np.column_stack([np.median(series[:, label == c], axis=1) for c in np.unique(label)])


@pytest.mark.parametrize("area", [AREA, mesh()], ids=["lattice", "mesh"])
def test_the_patch_that_is_anticorrelated_with_the_seed_is_found(area):
    search, seeds, truth = signals(area, 0)
    found = sub_parcels(search, seeds, area.terrain(), least_cm3=0.2)
    # measured 0.0 mm on both; thinned places are 3 to 4 mm apart
    on_area = area.xyz[np.argmin(np.linalg.norm(area.xyz - truth, axis=1))]
    assert np.linalg.norm(area.xyz[found.index] - on_area) <= 3.5
    assert found.anticorrelated
    assert found.large_enough
    assert found.member[found.index] == found.chosen
    assert found.relation[found.chosen] == found.relation[found.size_cm3 >= 0.2].min()


def test_parcels_cover_the_area_and_their_sizes_add_up():
    search, seeds, _ = signals(AREA, 1)
    terrain = AREA.terrain()
    found = sub_parcels(search, seeds, terrain)
    assert sorted(set(found.member)) == list(range(len(found.size_cm3)))
    assert_close(np.bincount(found.member, terrain.size_cm3), found.size_cm3, SOLVER)


def test_every_figure_is_that_of_its_definition():
    # the whole method once more with scipy, from the paper's steps, at the places kept
    search, seeds, _ = signals(AREA, 2)
    terrain = AREA.terrain()
    found = sub_parcels(search, seeds, terrain, rho_cut=0.3)
    kept = thin(terrain, 3.0).kept
    rho, rho_seed = spearmanr(search[:, kept]).statistic, spearmanr(seeds).statistic

    def parcels(r):
        tree = linkage(squareform(1 - r, checks=False), "average")
        return fcluster(tree, 1 - 0.3, "distance")

    label, seed_label = parcels(rho), parcels(rho_seed)
    ours = found.member[kept]
    pairs = sorted(set(zip(ours.tolist(), label.tolist(), strict=True)))
    assert len(pairs) == len(set(ours)) == len(set(label))
    ranks, seed_ranks = rankdata(search[:, kept], axis=0), rankdata(seeds, axis=0)
    for c, other in pairs:
        mean = ranks[:, label == other].mean(axis=1)
        relation = sum(
            np.corrcoef(mean, seed_ranks[:, seed_label == j].mean(axis=1))[0, 1]
            * (seed_label == j).mean()
            for j in np.unique(seed_label)
        )
        assert abs(found.relation[c] - relation) < STORED.rtol
        distance = pdist(terrain.xyz_mm[kept[label == other]])
        apart = max(distance.mean() if len(distance) else 0.0, terrain.step_mm)
        assert_close(found.concentration[c], found.size_cm3[c] / apart, STORED)


def test_mean_and_median_of_a_parcel_tell_the_same_relation():
    search, seeds, _ = signals(AREA, 3)
    found = sub_parcels(search, seeds, AREA.terrain())
    kept = thin(AREA.terrain(), 3.0).kept
    medians = median(search[:, kept], found.member[kept])
    rho = spearmanr(np.column_stack([medians, np.median(seeds, axis=1)])).statistic[-1, :-1]
    # one parcel of the seed here; measured r = 0.999, worst difference 0.02
    assert np.corrcoef(rho, found.relation)[0, 1] > 0.99
    assert np.abs(rho - found.relation).max() < 0.06


def test_ranks_of_the_whole_scan_stand_for_ranks_of_each_resample():
    search, seeds, _ = signals(AREA, 4)
    terrain, ranks = AREA.terrain(), ranked(search[:, ::7])
    counts = circular_block_counts(FRAMES, 15, 40, rng=np.random.default_rng(0))
    fast = sub_parcel_targets(counts, search, seeds, terrain).centroid_mm
    slow, rho = [], []
    for row in counts.astype(int):
        drawn = np.repeat(np.arange(FRAMES), row)
        slow.append(sub_parcels(search[drawn], seeds[drawn], terrain).centroid_mm)
        true = spearmanr(search[drawn][:, ::7]).statistic
        rho.append(np.corrcoef(ranks[drawn].T) - true)
    # measured 0.006, against a standard error of 0.06 over 300 frames
    assert np.std(rho) < 0.01
    # measured 0.90 (0.82 to 0.95 over five seeds): near ties of ranks fall the other way
    apart = np.linalg.norm(fast - np.array(slow), axis=1)
    assert np.mean(apart < 2.0) > 0.75
    # measured 0.99 (0.96 to 1.04): how far the targets scatter is told alike
    scatter = [np.sqrt(np.var(some, axis=0).sum()) for some in (fast, np.array(slow))]
    assert 0.9 < scatter[0] / scatter[1] < 1.1


def test_the_scan_as_it_is_is_the_resample_that_draws_each_frame_once():
    search, seeds, _ = signals(AREA, 5)
    terrain = AREA.terrain()
    one = sub_parcels(search, seeds, terrain)
    found = sub_parcel_targets(once(FRAMES), search, seeds, terrain)
    assert found.index.tolist() == [one.index]
    assert found.centroid_mm[0].tolist() == one.centroid_mm.tolist()


def test_any_growing_change_of_a_series_changes_nothing():
    search, seeds, _ = signals(AREA, 6)
    terrain = AREA.terrain()
    one, other = sub_parcels(search, seeds, terrain), sub_parcels(np.exp(search), seeds, terrain)
    assert other.member.tolist() == one.member.tolist()
    assert other.index == one.index


def test_without_anticorrelation_the_best_by_rank_is_given_and_said():
    search, seeds, _ = signals(AREA, 7, sign=1.0)
    # every patch goes with the seed
    seeds = seeds + search[:, np.argsort(-search.std(axis=0))[:200]].mean(axis=1, keepdims=True)
    search = search + 0.8 * seeds[:, :1]
    found = sub_parcels(search, seeds, AREA.terrain())
    assert (found.relation[found.size_cm3 >= 0.4] > 0).all()
    assert not found.anticorrelated
    assert found.large_enough


def test_where_no_parcel_is_large_enough_one_is_given_and_said():
    search, seeds, _ = signals(AREA, 8)
    found = sub_parcels(search, seeds, AREA.terrain(), least_cm3=1000.0)
    assert not found.large_enough
    assert found.relation[found.chosen] < 0


def test_the_smallest_product_of_ranks_wins():
    size = np.array([5.0, 4.0, 3.0, 0.1])
    dense = np.array([1.0, 3.0, 2.0, 9.0])
    relation = np.array([-0.1, -0.2, -0.3, -0.9])
    # of the three large enough: 1·3·3 = 9, 2·1·2 = 4, 3·2·1 = 6
    assert choose_parcel(np.array([size, dense, relation]), 0.4) == 1
    # with all sizes: 1·4·4, 2·2·3, 3·3·2, 4·1·1
    assert choose_parcel(np.array([size, dense, relation]), 0.0) == 3
    assert choose_parcel(np.array([size, dense, relation + 0.25]), 0.4) == 2  # alone below 0
    assert choose_parcel(np.array([size, dense, relation + 1.0]), 0.4) == 1  # none is
    tied = np.array([[2.0, 1.0], [1.0, 2.0], [-0.3, -0.3]])
    assert choose_parcel(tied, 0.4) == 1  # equal products and relations: the denser


def test_thinned_places_keep_their_distance_and_stand_for_all():
    terrain = AREA.terrain()
    places = thin(terrain, 3.0)
    assert pdist(terrain.xyz_mm[places.kept]).min() >= 3.0
    assert places.stands_for[places.kept].tolist() == list(range(len(places.kept)))
    # no place is left that could still be kept
    nearest = np.linalg.norm(
        terrain.xyz_mm - terrain.xyz_mm[places.kept][places.stands_for], axis=1
    )
    assert nearest.max() < 3.0
    assert_close(places.own_size_cm3.sum(), terrain.size_cm3.sum(), SOLVER)


def test_a_place_without_signal_is_a_parcel_of_its_own():
    search, seeds, _ = signals(AREA, 9)
    terrain = AREA.terrain()
    silent = thin(terrain, 3.0).kept[7]
    search[:, silent] = 2.0
    seeds[:, 3] = 0.0
    found = sub_parcels(search, seeds, terrain)
    assert found.relation[found.member[silent]] == 0
    assert np.isfinite(found.relation).all()
    assert found.anticorrelated


def test_series_that_do_not_fit_or_are_not_numbers_are_refused():
    search, seeds, _ = signals(AREA, 10)
    terrain = AREA.terrain()
    with pytest.raises(InputError, match="of the same frames"):
        sub_parcels(search[:-1], seeds, terrain)
    with pytest.raises(InputError, match="over the search area"):
        sub_parcels(search[:, :-1], seeds, terrain)
    with pytest.raises(InputError, match=r"needed \(B, 300\)"):
        sub_parcel_targets(np.ones((2, 299), np.float32), search, seeds, terrain)
    with pytest.raises(QualityError, match="1 of 20 places of the seed hold"):
        sub_parcels(search, np.where(np.arange(SEEDS) == 4, np.nan, seeds), terrain)


def test_a_coarser_grid_gives_nearly_the_same_target():
    search, seeds, _ = signals(AREA, 11)
    terrain = AREA.terrain()
    fine, coarse = (sub_parcels(search, seeds, terrain, grid_mm=g) for g in (2.0, 4.0))
    assert len(thin(terrain, 2.0).kept) == len(AREA.xyz)
    assert np.linalg.norm(fine.centroid_mm - coarse.centroid_mm) < 3.0
