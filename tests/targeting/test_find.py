from dataclasses import replace

import numpy as np
import pytest

from tests.targeting.planted import (
    NATIVE,
    SEED,
    Rest,
    as_mni,
    brain,
    denoised,
    inner_places,
    simulate,
)
from tmsguide.connectivity import seed_map
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI, Points, Target, TargetSettings, native_frame
from tmsguide.targeting import find_cluster, find_target, landmark, search_mask, terrain

USUAL = Rest()
FEW = TargetSettings(resamples=40)


def everywhere(scan):
    return np.ones(len(scan.where), dtype=bool)


def find(scan, *, settings=FEW, seed=0, **more):
    return find_target(
        scan,
        as_mni(scan),
        everywhere(scan),
        SEED,
        settings=settings,
        rng=np.random.default_rng(seed),
        **more,
    )


def plant(number, *, rest=USUAL):
    """One simulated person: the scan and the place of the planted patch, anywhere in its voxel."""
    anatomy, person = brain(), np.random.default_rng([1, number])
    centre = anatomy.xyz[person.choice(inner_places(anatomy.xyz))]
    centre = centre + person.uniform(-0.5, 0.5, 3) * anatomy.step
    noise = np.random.default_rng([2, number])
    return simulate(anatomy, centre, person=person, scan=noise, rest=rest), centre


def error_mm(targets, centre):
    return float(np.linalg.norm(targets.primary.point.xyz_mm[0] - centre))


@pytest.fixture(scope="module")
def one():
    scan, centre = plant(3)
    return scan, centre, find(scan)


def test_a_planted_site_is_found_and_lies_in_its_region(one):
    _, centre, found = one
    assert error_mm(found, centre) < 6
    assert error_mm(found, centre) <= found.primary.region_radius_mm


def test_longer_scans_find_the_site_nearer():
    # A weak site and a poor scanner, 16 people each. Measured: 30 min median 2.8, mean 3.2 mm;
    # 5 min median 3.6, mean 5.3 mm, a quarter of them beyond 6 mm.
    anatomy = brain()
    inside = search_mask(Points(anatomy.xyz, MNI))
    places = terrain(anatomy.xyz[inside])

    def errors(minutes):
        poor = Rest(
            minutes=minutes, tsnr=30.0, seed_tsnr=8.0, patch_percent=0.35, other_percent=0.1
        )
        out = []
        for number in range(16):
            scan, centre = plant(number, rest=poor)
            z = seed_map(scan, SEED, radius_mm=10.0, name="sgACC").z[inside]
            found = find_cluster(z, places, percentile=10.0)
            out.append(np.linalg.norm(places.xyz_mm[found.index] - centre))
        return out

    long, short = errors(30.0), errors(5.0)
    assert np.median(long) < 4
    assert np.mean(short) > 1.3 * np.mean(long)


@pytest.mark.slow
def test_the_region_holds_the_planted_site_in_90_to_99_percent_of_200_people():
    # Measured 97.0 % with 200 resamples, 96.5 % with 100; median radius 4.7 mm.
    held, missed_by = 0, []
    for number in range(200):
        scan, centre = plant(number)
        found = find(scan, settings=TargetSettings(resamples=100), seed=number)
        error = error_mm(found, centre)
        held += error <= found.primary.region_radius_mm
        missed_by.append(error)
    assert 180 <= held <= 198
    assert np.median(missed_by) < 4


def test_a_brain_turned_over_in_time_has_the_same_target(one):
    scan, _, found = one
    again = find(replace(scan, series=-2.5 * scan.series + 1))
    assert np.array_equal(again.primary.point.xyz_mm, found.primary.point.xyz_mm)


def test_order_of_places_does_not_matter(one):
    scan, _, found = one
    order = np.random.default_rng(0).permutation(len(scan.where))
    shuffled = denoised(scan.series[:, order], scan.where.xyz_mm[order], scan.tr_s)
    again = find(shuffled)
    assert np.array_equal(again.primary.point.xyz_mm, found.primary.point.xyz_mm)
    assert (again.search == found.search[order]).all()


def test_a_turned_body_has_the_target_turned_with_it(one):
    # The person lies turned and shifted in the scanner, MNI positions are the same.
    scan, _, found = one
    angle = np.deg2rad(25)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )

    def move(xyz):
        return xyz @ turn.T + [12.0, -30.0, 7.0]

    lying = denoised(scan.series, move(scan.where.xyz_mm), scan.tr_s)
    again = find_target(
        lying,
        as_mni(scan),
        everywhere(scan),
        Points(move(SEED.xyz_mm), NATIVE),
        settings=FEW,
        rng=np.random.default_rng(0),
    )
    expected = move(found.primary.point.xyz_mm)
    assert np.abs(again.primary.point.xyz_mm - expected).max() < 1e-9
    assert np.abs(again.primary.samples.xyz_mm - move(found.primary.samples.xyz_mm)).max() < 1e-9


def test_same_seed_same_answer_other_seed_other_resamples(one):
    scan, _, found = one
    again, other = find(scan), find(scan, seed=1)
    assert np.array_equal(again.primary.samples.xyz_mm, found.primary.samples.xyz_mm)
    assert again.primary.notes == found.primary.notes
    assert np.array_equal(other.primary.point.xyz_mm, found.primary.point.xyz_mm)
    assert not np.array_equal(other.primary.samples.xyz_mm, found.primary.samples.xyz_mm)


def test_the_target_is_a_place_of_the_search_mask_scored_by_its_map(one):
    scan, _, found = one
    for target in (found.primary, *found.alternatives):
        at = np.flatnonzero((scan.where.xyz_mm == target.point.xyz_mm).all(axis=1))
        assert len(at) == 1
        assert found.search[at[0]]
        assert target.samples.xyz_mm.shape == (40, 3)
        assert target.region_radius_mm > 0
        assert target.confidence == 0.95
        assert target.source
    at = np.flatnonzero((scan.where.xyz_mm == found.primary.point.xyz_mm).all(axis=1))[0]
    assert found.primary.score == pytest.approx(found.cmap.z[at], abs=1e-6)
    assert (found.search == search_mask(as_mni(scan))).all()
    assert 20 < found.cmap.dof <= scan.quality.dof


def test_methods_are_named_and_their_distance_told(one):
    _, _, found = one
    assert found.primary.method == "subgenual seed: cluster"
    assert [t.method for t in found.alternatives] == [
        "subgenual seed: peak",
        "network of the subgenual seed, own weights: cluster",
    ]
    told = found.primary.notes[-1]
    for other in found.alternatives:
        apart = np.linalg.norm(other.point.xyz_mm - found.primary.point.xyz_mm)
        assert f"{other.method} {apart:.0f} mm" in told


def test_group_weights_make_the_network_the_primary_method(one):
    scan, centre, _ = one
    sphere = np.linalg.norm(scan.where.xyz_mm - SEED.xyz_mm, axis=1) < 10
    found = find(scan, group_weights=np.where(sphere, 1.0, 0.0))
    assert found.primary.method == "network of the subgenual seed, group weights: cluster"
    assert error_mm(found, centre) < 6
    assert [t.method for t in found.alternatives][1] == "subgenual seed: cluster"
    with pytest.raises(InputError, match="group weights are 0 in all grey matter outside"):
        find(scan, group_weights=np.where(search_mask(as_mni(scan)), 1.0, 0.0))


def test_weights_inside_the_search_mask_do_not_count(one):
    scan, _, _ = one
    sphere = np.linalg.norm(scan.where.xyz_mm - SEED.xyz_mm, axis=1) < 14
    inside = search_mask(as_mni(scan))
    plain = find(scan, group_weights=np.where(sphere, 1.0, 0.0))
    loaded = find(scan, group_weights=np.where(sphere, 1.0, np.where(inside, 50.0, 0.0)))
    assert np.array_equal(plain.cmap.z, loaded.cmap.z)


def test_group_sites_join_the_alternatives_with_the_maps_score(one):
    scan, _, found = one
    f3 = Target(Points(landmark("beam-f3").point.xyz_mm, NATIVE), float("nan"), "Beam F3", "s")
    last = find(scan, group=(f3,)).alternatives[-1]
    nearest = np.argmin(np.linalg.norm(scan.where.xyz_mm - f3.point.xyz_mm, axis=1))
    assert last.method == "Beam F3"
    assert last.score == pytest.approx(found.cmap.z[nearest], abs=1e-6)


def test_a_map_without_anticorrelation_still_has_a_target_and_says_so():
    # A strong wave common to the whole brain, as without global signal regression or in children.
    scan, _ = plant(5)
    wave = np.random.default_rng(0).standard_normal((len(scan.series), 1)) * 2
    found = find(replace(scan, series=(scan.series + wave).astype(np.float32)))
    assert found.primary.score > 0
    assert "no place of the search mask is anticorrelated with the seed" in found.primary.notes[0]
    assert np.isfinite(found.primary.point.xyz_mm).all()


def test_a_scan_of_noise_says_that_it_pins_nothing_down():
    anatomy = brain()
    series = np.random.default_rng(1).standard_normal((200, len(anatomy.xyz)))
    found = find(denoised(series, anatomy.xyz, 2.0))
    assert found.primary.region_radius_mm > 20
    assert any("does not pin the target down" in note for note in found.primary.notes)


def test_a_poorly_covered_seed_is_told(one):
    scan, _, _ = one
    poor = replace(scan, quality=replace(scan.quality, seed_coverage=0.4))
    assert any("only 40 % of the subgenual seed has signal" in n for n in find(poor).primary.notes)


def test_other_frames_are_refused(one):
    scan, _, _ = one

    def ask(where_mni, seed):
        return find_target(
            scan,
            where_mni,
            everywhere(scan),
            seed,
            settings=FEW,
            rng=np.random.default_rng(0),
        )

    with pytest.raises(FrameError, match=r"search mask is defined in MNI.*points are in sub-sim"):
        ask(scan.where, SEED)
    with pytest.raises(FrameError, match=r"seed is in MNI.*series are in sub-sim/T1w"):
        ask(as_mni(scan), Points(SEED.xyz_mm, MNI))
    with pytest.raises(FrameError, match="seed is in sub-other/T1w"):
        ask(as_mni(scan), Points(SEED.xyz_mm, native_frame("other")))


def test_unequal_numbers_are_refused(one):
    scan, _, _ = one
    with pytest.raises(InputError, match="7 grey-matter marks"):
        find_target(
            scan,
            as_mni(scan),
            np.ones(7, dtype=bool),
            SEED,
            settings=FEW,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(InputError, match="group weights hold NaN"):
        find(scan, group_weights=np.full(len(scan.where), np.nan))


def test_an_empty_mask_a_dead_seed_and_a_short_scan_are_refused_in_clear_words(one):
    scan, _, _ = one
    dead = scan.series.copy()
    dead[:, search_mask(as_mni(scan))] = np.nan
    with pytest.raises(QualityError, match="only 0 places of the search mask hold grey matter"):
        find(replace(scan, series=dead))
    dropout = scan.series.copy()
    dropout[:, np.linalg.norm(scan.where.xyz_mm - SEED.xyz_mm, axis=1) < 10] = 0
    with pytest.raises(QualityError, match="no place within 10 mm of the subgenual seed"):
        find(replace(scan, series=dropout))
    with pytest.raises(QualityError, match="100 s of usable scan; needed at least two blocks"):
        find(denoised(scan.series[:40], scan.where.xyz_mm, scan.tr_s))


def test_dead_places_are_not_candidates(one):
    scan, _, found = one
    hole = np.linalg.norm(scan.where.xyz_mm - found.primary.point.xyz_mm, axis=1) < 7
    series = scan.series.copy()
    series[:, hole] = np.nan
    again = find(replace(scan, series=series))
    assert not again.search[hole].any()
    assert np.linalg.norm(again.primary.point.xyz_mm - found.primary.point.xyz_mm) >= 7
    assert (again.cmap.z[hole] == 0).all()


def test_progress_is_told_and_inputs_are_left_alone(one):
    scan, _, _ = one
    before, heard = scan.series.copy(), []
    find(scan, progress=heard.append)
    assert heard == [
        "target: subgenual seed, 40 resamples",
        "target: network of the subgenual seed, own weights",
    ]
    assert (scan.series == before).all()
