import numpy as np
import pytest

from tmsguide.errors import QualityError
from tmsguide.targeting.confidence.reliability import (
    chance_distances,
    chance_percentile,
    reliability,
)

RNG = np.random.default_rng


def cube(count, side=40.0, seed=0):
    return RNG(seed).uniform(0, side, (count, 3))


def test_samples_drawn_blindly_are_no_better_than_chance():
    places = cube(3000)
    samples = places[RNG(1).integers(0, 3000, 800)]
    found = reliability(samples, places, RNG(2))
    # 800 samples: the mean distance has a standard error of about 0.25 mm of 26
    assert abs(found.corrected) < 4 * 0.25 / 26


def test_the_same_place_every_time_is_perfect():
    places = cube(300)
    found = reliability(np.repeat(places[:1], 20, axis=0), places, RNG(0))
    assert found.apart_mm == 0
    assert found.corrected == 1


def test_the_mean_distance_is_the_closed_form_of_a_gaussian():
    # Two normal deviates of SD s per axis lie 4 s / sqrt(pi) apart in the mean.
    samples = RNG(3).normal(0, 2.0, (2000, 3))
    found = reliability(samples, cube(100), RNG(0))
    assert found.apart_mm == pytest.approx(8 / np.sqrt(np.pi), rel=0.03)


def test_chance_is_the_closed_form_of_a_cube_drawn_or_counted():
    # Mean distance in a unit cube 0.66171 (Robbins 1978, Amer. Math. Monthly 85:278).
    for count in (1500, 20_000):
        mean = chance_distances(cube(count), RNG(0)).mean()
        assert mean == pytest.approx(0.66171 * 40, rel=0.015)


def test_drawn_pairs_agree_with_all_pairs():
    places = cube(1501)
    from scipy.spatial.distance import pdist

    drawn = chance_distances(places, RNG(0))
    assert drawn.mean() == pytest.approx(pdist(places).mean(), rel=0.002)
    assert drawn.min() > 0  # never a place with itself


def test_a_smaller_search_area_makes_the_same_scatter_less_reliable():
    samples = RNG(3).normal(0, 2.0, (200, 3))
    small = reliability(samples, cube(500, side=20.0), RNG(0))
    large = reliability(samples, cube(500, side=60.0), RNG(0))
    assert small.apart_mm == large.apart_mm
    assert small.corrected < large.corrected


def test_missing_samples_are_left_out_and_too_few_refused():
    samples = RNG(3).normal(0, 2.0, (50, 3))
    holed = np.vstack([samples, np.full((30, 3), np.nan)])
    places = cube(100)
    assert reliability(holed, places, RNG(0)) == reliability(samples, places, RNG(0))
    with pytest.raises(QualityError, match="found in 1 of 3 resampled scans"):
        reliability(np.vstack([samples[:1], np.full((2, 3), np.nan)]), places, RNG(0))
    with pytest.raises(QualityError, match="search area of 1 places"):
        reliability(samples, places[:1], RNG(0))


def test_the_percentile_ranks_a_distance_among_chance():
    places = cube(800)
    chance = chance_distances(places, RNG(0))
    assert chance_percentile(0.0, places, RNG(0)) == 0
    assert chance_percentile(1e3, places, RNG(0)) == 100
    assert chance_percentile(float(np.median(chance)), places, RNG(0)) == pytest.approx(
        50, abs=0.1
    )
    near, far = (chance_percentile(d, places, RNG(0)) for d in (5.0, 15.0))
    assert near < far
