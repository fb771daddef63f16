from dataclasses import replace

import numpy as np
import pytest

from tests.connectivity.scans import NATIVE, QUALITY, lattice, scan
from tests.oracles.correlation import ar1, ar1_effective_count
from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import effective_dof, seed_map, weighted_seed_map
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI, Points

FLOAT32 = Tol(2e-5, "float32 sums over 90 frames; measured 1e-6")
SEED = Points(np.array([[-3.0, 0.0, -12.0]]), NATIVE)


@pytest.fixture
def rest():
    rng = np.random.default_rng(21)
    xyz = lattice()
    common = rng.standard_normal((90, 1))
    return scan(rng.standard_normal((90, len(xyz))) + common * np.sin(xyz[:, 0] / 9), xyz)


def in_sphere(denoised, radius):
    return np.linalg.norm(denoised.where.xyz_mm - SEED.xyz_mm, axis=1) < radius


def test_seed_map_is_the_correlation_with_the_mean_scored_series_of_the_sphere(rest):
    cmap = seed_map(rest, SEED, radius_mm=7.0, name="seed")
    x = rest.series.astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    mean = x[:, in_sphere(rest, 7.0)].mean(axis=1)
    r = [np.corrcoef(mean, column)[0, 1] for column in x.T]
    assert in_sphere(rest, 7.0).sum() == 57
    assert_close(cmap.z, np.arctanh(r), FLOAT32)
    assert cmap.seed == "seed"
    assert cmap.where is rest.where


def test_weighted_seed_map_is_the_correlation_with_the_weighted_series(rest):
    weights = np.cos(np.arange(len(rest.where)))
    weights[100:200] = 0
    cmap = weighted_seed_map(rest, weights, name="network")
    x = rest.series.astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    r = [np.corrcoef(x @ weights, column)[0, 1] for column in x.T]
    assert_close(cmap.z, np.arctanh(r), FLOAT32)


@pytest.mark.parametrize("door", ["seed", "weights"])
def test_scaling_and_shifting_series_changes_nothing(rest, door):
    def run(scan_):
        if door == "seed":
            return seed_map(scan_, SEED, radius_mm=7.0, name="s").z
        return weighted_seed_map(scan_, np.linspace(-1, 1, len(scan_.where)), name="w").z

    rng = np.random.default_rng(5)
    scale, shift = rng.uniform(0.5, 4, len(rest.where)), rng.uniform(-3, 3, len(rest.where))
    moved = replace(rest, series=(rest.series * scale + shift).astype(np.float32))
    assert_close(run(moved), run(rest), Tol(1e-4, "float32 series of mean up to 3; measured 1e-5"))


def test_a_place_turned_over_turns_its_sign_only(rest):
    before = seed_map(rest, SEED, radius_mm=7.0, name="s").z
    far = int(np.argmax(rest.where.xyz_mm[:, 0]))
    series = rest.series.copy()
    series[:, far] *= -2
    after = seed_map(replace(rest, series=series), SEED, radius_mm=7.0, name="s").z
    before[far] *= -1
    assert_close(after, before, FLOAT32)


def test_order_of_places_does_not_matter(rest):
    order = np.random.default_rng(6).permutation(len(rest.where))
    shuffled = scan(rest.series[:, order], rest.where.xyz_mm[order])
    before = seed_map(rest, SEED, radius_mm=7.0, name="s")
    assert_close(seed_map(shuffled, SEED, radius_mm=7.0, name="s").z, before.z[order], FLOAT32)


def test_places_without_signal_get_zero_and_do_not_count_in_the_seed(rest):
    clean = seed_map(rest, SEED, radius_mm=7.0, name="s").z
    inside = np.flatnonzero(in_sphere(rest, 7.0))
    series = rest.series.copy()
    series[:, inside[3]] = 4.0
    series[7, inside[5]] = np.nan
    z = seed_map(replace(rest, series=series), SEED, radius_mm=7.0, name="s").z
    assert z[inside[3]] == 0
    assert z[inside[5]] == 0
    assert np.isfinite(z).all()
    keep = np.setdiff1d(np.arange(len(z)), inside[[3, 5]])
    alone = scan(rest.series[:, keep], rest.where.xyz_mm[keep])
    assert_close(z[keep], seed_map(alone, SEED, radius_mm=7.0, name="s").z, FLOAT32)
    assert np.abs(z[keep] - clean[keep]).max() > 1e-3


def test_planted_covariance_is_recovered_within_four_standard_errors():
    # T = 2000 white frames; one seed place, others correlate with it by construction
    rng = np.random.default_rng(8)
    xyz = lattice()
    near = np.linalg.norm(xyz - SEED.xyz_mm, axis=1) < 1
    rho = np.linspace(-0.8, 0.8, len(xyz))
    seed = rng.standard_normal((2000, 1))
    series = rho * seed + np.sqrt(1 - rho**2) * rng.standard_normal((2000, len(xyz)))
    series[:, near] = seed
    cmap = seed_map(scan(series, xyz), SEED, radius_mm=2.0, name="s")
    error = (cmap.z - np.arctanh(rho))[~near] / np.sqrt(1 / (2000 - 3))
    assert np.abs(error).max() < 4.5  # 503 places: P(any beyond 4.5 SE) = 0.3 %
    assert error.std() > 0.8


def test_dof_of_autocorrelated_rest_are_bartletts():
    rng = np.random.default_rng(9)
    xyz = lattice()
    denoised = scan(ar1(3000, 0.6, rng, len(xyz)), xyz)
    expected = ar1_effective_count(3000, 0.8, 0.6) - 2
    # one seed series of 3000 frames: its autocorrelations are sampled; measured 3 %
    assert effective_dof(ar1(3000, 0.8, rng)[:, 0], denoised) == pytest.approx(expected, rel=0.1)


def test_dof_are_at_most_what_quality_leaves(rest):
    poor = replace(rest, quality=replace(QUALITY, dof=17.0))
    assert seed_map(poor, SEED, radius_mm=7.0, name="s").dof == 17.0
    assert seed_map(rest, SEED, radius_mm=7.0, name="s").dof <= 88


def test_inputs_are_left_alone(rest):
    before = rest.series.copy()
    weights = np.ones(len(rest.where))
    seed_map(rest, SEED, radius_mm=7.0, name="s")
    weighted_seed_map(rest, weights, name="w")
    assert (rest.series == before).all()
    assert (weights == 1).all()


def test_a_seed_of_another_frame_is_refused(rest):
    with pytest.raises(FrameError, match=r"seed is in MNI152NLin2009aSym.*sub-sim/T1w"):
        seed_map(rest, Points(SEED.xyz_mm, MNI), radius_mm=7.0, name="s")


def test_a_seed_without_signal_is_refused_in_clear_words(rest):
    series = rest.series.copy()
    series[:, in_sphere(rest, 7.0)] = 0
    with pytest.raises(QualityError, match="no place within 7 mm of seed sgACC has signal"):
        seed_map(replace(rest, series=series), SEED, radius_mm=7.0, name="sgACC")


def test_weights_must_fit_the_places_and_be_finite(rest):
    with pytest.raises(InputError, match=r"weights of shape \(3,\) for 504 places"):
        weighted_seed_map(rest, np.ones(3), name="w")
    weights = np.ones(len(rest.where))
    weights[4] = np.nan
    with pytest.raises(InputError, match="finite"):
        weighted_seed_map(rest, weights, name="w")
    with pytest.raises(QualityError, match="no place with a weight of w has signal"):
        weighted_seed_map(rest, np.zeros(len(rest.where)), name="w")
