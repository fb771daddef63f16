"""Generated resting scans: their truth, and that they are as good and as poor as real ones."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from nilearn.datasets import load_mni152_gm_template

from tmsguide.errors import GeometryError, InputError
from tmsguide.model import MNI, Points
from tmsguide.phantom.rest import generate_rest, scan_rest
from tmsguide.phantom.rest_brain import SEED_MNI, draw_brain
from tmsguide.phantom.rest_settings import RestSettings
from tmsguide.phantom.site import ANCHORS_MNI
from tmsguide.targeting import search_mask

USUAL = RestSettings(weak=0.0, broad=0.0)


@lru_cache(maxsize=1)
def grey():
    image = load_mni152_gm_template(resolution=3)
    index = np.argwhere(image.get_fdata() > 0.5)
    xyz = index @ image.affine[:3, :3].T + image.affine[:3, 3]
    points = Points(xyz, MNI)
    return points, search_mask(points)


@lru_cache(maxsize=32)
def person(seed, settings=USUAL):
    return generate_rest(np.random.default_rng(seed), *grey(), settings)


def correlations(denoised, seed):
    near = np.linalg.norm(denoised.where.xyz_mm - seed.xyz_mm, axis=1) < 10
    mean = denoised.series[:, near].mean(axis=1)
    return (mean / mean.std()) @ denoised.series / len(mean)


def at_site(found, r):
    away = np.linalg.norm(found.where_mni.xyz_mm - found.truth.xyz_mm, axis=1)
    return float(r[away < 6].mean())


def test_same_seed_same_person():
    first, again = person(1), generate_rest(np.random.default_rng(1), *grey(), USUAL)
    assert (first.denoised.series == again.denoised.series).all()
    assert (first.truth.xyz_mm == again.truth.xyz_mm).all()
    assert (first.denoised.series != person(2).denoised.series).any()


def test_a_scan_has_the_shape_that_it_says():
    found = person(1)
    scan = found.denoised
    assert scan.series.dtype == np.float32
    assert scan.series.shape == (450, len(found.where_mni)) == (450, len(found.gm))
    assert scan.run_frames == (450,)
    assert scan.where.frame == found.seed.frame == found.truth.frame != MNI
    assert found.where_mni.frame == MNI
    assert np.abs(scan.series.mean(axis=0)).max() < 1e-4
    assert np.abs(scan.series.std(axis=0) - 1).max() < 1e-4
    assert scan.quality.dof == pytest.approx(162 - 34, abs=2)


def test_every_place_of_search_area_and_seed_is_kept_and_the_rest_stands_for_all():
    points, search = grey()
    brain = person(1).brain
    assert brain.search.sum() == search.sum()
    near = np.linalg.norm(points.xyz_mm - SEED_MNI, axis=1) <= 10
    kept = np.linalg.norm(brain.where_mni.xyz_mm - SEED_MNI, axis=1) <= 10
    assert kept.sum() == near.sum()
    assert len(brain.where_mni) < len(points) / 3
    # a coarse grid through a folded sheet: its count is a sample
    assert brain.stands_for.sum() == pytest.approx(len(points), rel=0.1)


def test_scans_are_as_noisy_and_as_connected_as_real_ones():
    # A real scan (PDDL, one person): median tSNR 70, r of seed and group sites -.27 to -.31;
    # image-level generated people -.39 to -.50. Measured here, 20 people: tSNR 61 to 66, r at the
    # own site median -.42, quartiles -.53 to -.33.
    people = [person(seed) for seed in range(20)]
    tsnr = [p.denoised.quality.median_tsnr for p in people]
    r = [at_site(p, correlations(p.denoised, p.seed)) for p in people]
    assert all(55 < value < 75 for value in tsnr)
    assert all(p.denoised.quality.seed_tsnr < p.denoised.quality.median_tsnr for p in people)
    assert -0.5 < np.median(r) < -0.3


def test_the_global_signal_lifts_all_correlations_where_it_is_kept():
    for seed in range(4):
        found = person(seed)
        lift = correlations(found.other_global, found.seed) - correlations(
            found.denoised, found.seed
        )
        assert np.mean(lift > 0) > 0.9


def test_longer_scans_come_in_runs_and_vary_less():
    short, long = replace(USUAL, minutes=7.5), replace(USUAL, minutes=30.0)
    brain = draw_brain(np.random.default_rng(3), *grey(), USUAL)

    def scatter(settings):
        scans = [scan_rest(np.random.default_rng(k), brain, settings) for k in range(6)]
        maps = np.array([correlations(s.denoised, s.seed)[brain.search] for s in scans])
        return scans[0].denoised, float(np.sqrt(maps.var(axis=0, ddof=1).mean()))

    (scan, wide), (runs, narrow) = scatter(short), scatter(long)
    assert scan.run_frames == (225,)
    assert runs.run_frames == (450, 450)
    # at least the root of 4; regression costs the short scan more of its freedom
    assert wide > 1.5 * narrow


def test_series_hold_their_band_only():
    series = person(1).denoised.series
    power = np.abs(np.fft.rfft(series * np.hanning(len(series))[:, None], axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(series), 2.0)
    outside = (hertz < 0.006) | (hertz > 0.105)
    # measured 0.0009: the window's leakage
    assert power[outside].sum() < 0.01 * power.sum()


def test_censored_frames_are_gone():
    found = person(1, replace(USUAL, censored=0.2)).denoised
    assert len(found.kept) == 450
    assert found.kept.sum() == len(found.series) == found.run_frames[0]
    assert 0.75 < found.kept.mean() <= 0.8
    assert found.quality.usable_s == pytest.approx(2.0 * len(found.series))


def test_sites_scatter_about_the_group_sites_within_the_search_area():
    # Most individual targets lie within 20 mm of the group target (Gregory 2025).
    points, search = grey()
    truths = np.array(
        [
            draw_brain(np.random.default_rng(k), points, search, USUAL).truth.xyz_mm[0]
            for k in range(60)
        ]
    )
    away = np.linalg.norm(truths - np.array(ANCHORS_MNI[1]), axis=1)
    assert np.mean(away < 20) > 0.8
    assert 7 < np.median(away) < 14  # measured 10
    assert search_mask(Points(truths, MNI)).all()
    assert len(np.unique(truths, axis=0)) > 40


def test_weak_and_broad_patches_come_in_the_share_that_was_asked_for():
    settings = RestSettings(weak=0.3, broad=0.2)
    kinds = [draw_brain(np.random.default_rng(k), *grey(), settings).kind for k in range(100)]
    # 4 standard errors of a share of 100
    assert abs(kinds.count("weak") - 30) < 4 * np.sqrt(100 * 0.3 * 0.7)
    assert abs(kinds.count("broad") - 20) < 4 * np.sqrt(100 * 0.2 * 0.8)


def test_a_weak_patch_is_less_anticorrelated():
    def mean_r(settings):
        found = [person(seed, settings) for seed in range(8)]
        return np.mean([at_site(p, correlations(p.denoised, p.seed)) for p in found])

    assert mean_r(replace(USUAL, weak=1.0)) > mean_r(USUAL) + 0.08  # measured +0.18


def test_poor_requests_are_refused_in_clear_words():
    points, search = grey()
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="needed one mark per place"):
        generate_rest(rng, points, search[:-1])
    with pytest.raises(InputError, match="some grey matter in the search area"):
        generate_rest(rng, points, np.zeros(len(points), dtype=bool))
    with pytest.raises(InputError, match="Raise the minutes or lower confounds"):
        generate_rest(rng, points, search, RestSettings(minutes=3.0))
    right = search_mask(Points(points.xyz_mm * [-1, 1, 1], MNI))
    with pytest.raises(GeometryError, match="give the left prefrontal search area"):
        generate_rest(rng, points, right)
