from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from tmsguide.model import MNI
from tmsguide.targeting.confidence.region import ball_radius, missing_notes, region, spread
from tmsguide.targeting.finders.terrain import Terrain

STEP = 2.0


def slab(count=21, layers=5):
    """A block of lattice places without neighbours: the region needs positions and sizes only."""
    axis = STEP * (np.arange(count) - count // 2)
    deep = STEP * (np.arange(layers) - layers // 2)
    xyz = np.stack(np.meshgrid(axis, axis, deep, indexing="ij"), axis=-1).reshape(-1, 3)
    none = np.zeros(len(xyz) + 1, dtype=np.int64)
    return Terrain(
        xyz_mm=xyz,
        first=none,
        neighbour=none[:0],
        cone=csr_array((len(xyz), len(xyz))),
        size_cm3=np.full(len(xyz), STEP**3 / 1000),
        step_mm=STEP,
    )


def ask(samples, *, point=(0.0, 0.0, 0.0), places=None, **more):
    words = {"frame": MNI, "confidence": 0.95, "resolution_mm": 4.0, "spread_mm": {"time": 2.0}}
    return region(np.array(point), samples, slab() if places is None else places, **(words | more))


def cloud(sd_mm, count=400, centre=(0.0, 0.0, 0.0), seed=0):
    flat = np.random.default_rng(seed).normal(0, sd_mm, (count, 3)) * [1, 1, 0.2]
    return flat + np.array(centre)


def test_the_set_holds_the_confidence_of_a_known_cloud():
    # A normal cloud on a sheet, blurred by the resolution: the densest set is a disc.
    found = ask(cloud(4.0, 4000) * [1, 1, 0], places=slab(41, 1))
    sd = np.hypot(4.0, 4.0 / 2.3548)
    radius = sd * np.sqrt(-2 * np.log(0.05))
    # measured -1 %
    assert len(found.places) * STEP**2 == pytest.approx(np.pi * radius**2, rel=0.05)
    assert np.linalg.norm(found.places.xyz_mm, axis=1).max() < radius * 1.15


def test_the_volume_is_that_of_its_places_and_everything_is_passed_on():
    found = ask(cloud(3.0))
    assert found.volume_cm3 == pytest.approx(len(found.places) * STEP**3 / 1000)
    assert found.places.frame == MNI
    assert found.confidence == 0.95
    assert dict(found.spread_mm) == {"time": 2.0}
    assert found.radius_mm == ball_radius(
        np.zeros(3), cloud(3.0), confidence=0.95, resolution_mm=4.0
    )


def test_wider_scatter_higher_confidence_coarser_images_make_larger_regions():
    usual = ask(cloud(3.0)).volume_cm3
    assert ask(cloud(6.0)).volume_cm3 > usual
    assert ask(cloud(3.0), confidence=0.99).volume_cm3 > usual
    assert ask(cloud(3.0), confidence=0.5).volume_cm3 < usual
    assert ask(cloud(3.0), resolution_mm=8.0).volume_cm3 > usual


def test_two_places_make_a_region_in_two_parts():
    both = np.vstack([cloud(1.5, centre=(-14, 0, 0)), cloud(1.5, centre=(14, 0, 0), seed=1)])
    found = ask(both, point=(-14.0, 0.0, 0.0))
    x = found.places.xyz_mm[:, 0]
    assert (x < -8).any()
    assert (x > 8).any()
    assert not (np.abs(x) < 4).any()
    assert found.radius_mm > 26  # the ball has to reach the other


def test_the_region_moves_with_the_body_and_not_with_the_order():
    samples, places = cloud(3.0), slab()
    usual = ask(samples)
    order = np.random.default_rng(0).permutation(len(places.xyz_mm))
    shuffled = ask(samples[::-1], places=replace(places, xyz_mm=places.xyz_mm[order]))
    assert sorted(map(tuple, shuffled.places.xyz_mm)) == sorted(map(tuple, usual.places.xyz_mm))
    way = np.array([30.0, -10.0, 5.0])
    elsewhere = replace(places, xyz_mm=places.xyz_mm + way)
    moved = ask(samples + way, point=tuple(way), places=elsewhere)
    assert np.allclose(moved.places.xyz_mm - way, usual.places.xyz_mm)
    assert moved.radius_mm == pytest.approx(usual.radius_mm)


def test_places_cut_finer_hold_the_same_volume():
    # A mesh has places of unlike size: halving some of them must not draw the region there.
    samples, places = cloud(4.0, 2000), slab()
    right = places.xyz_mm[:, 0] > 0
    twice = np.concatenate([np.arange(len(right)), np.flatnonzero(right)])
    size = np.where(right[twice], 0.5, 1.0) * STEP**3 / 1000
    split = ask(samples, places=replace(places, xyz_mm=places.xyz_mm[twice], size_cm3=size))
    assert split.volume_cm3 == pytest.approx(ask(samples).volume_cm3, rel=0.02)


def test_missing_samples_are_left_out_and_told():
    samples = cloud(3.0, 100)
    holed = np.vstack([samples, np.full((40, 3), np.nan)])
    assert ask(holed).radius_mm == ask(samples).radius_mm
    assert len(ask(holed).places) == len(ask(samples).places)
    assert spread(holed, np.zeros(3)) == spread(samples, np.zeros(3))
    assert missing_notes(samples) == ()
    assert "29 % of resampled scans: they are left out" in missing_notes(holed)[0]


def test_no_region_where_most_samples_are_missing():
    most = np.vstack([cloud(3.0, 40), np.full((60, 3), np.nan)])
    assert ask(most) is None
    assert "60 % of resampled scans: too many for a region" in missing_notes(most)[0]
    assert np.isnan(spread(np.full((3, 3), np.nan), np.zeros(3)))


def test_spread_is_the_closed_form_of_a_gaussian():
    samples = np.random.default_rng(0).normal(0, 2.0, (5000, 3))
    assert spread(samples, np.zeros(3)) == pytest.approx(2 * np.sqrt(3), rel=0.02)
