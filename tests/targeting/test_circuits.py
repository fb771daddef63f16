import numpy as np
import pytest

from tests.oracles.correlation import repeated
from tests.tolerance import Tol, assert_close
from tmsguide.errors import InputError
from tmsguide.num.bootstrap import circular_block_counts
from tmsguide.num.profiles import profile_norms
from tmsguide.num.seeds import once
from tmsguide.targeting.circuits import circuit_scores, predicted_outcome

FLOAT32 = Tol(1e-4, "float32 sums over 240 frames; measured 7e-7")


def scored(series):
    return (series - series.mean(axis=0)) / series.std(axis=0)


def profiles(search, outside):
    return scored(search).T @ scored(outside) / len(search)


def cosine(maps, weights):
    return maps @ weights / np.linalg.norm(maps, axis=1) / np.linalg.norm(weights)


@pytest.fixture(scope="module")
def data():
    """Six smooth network series mixed into 40 places sought among and 300 elsewhere."""
    rng = np.random.default_rng(5)
    slow = np.exp(-0.5 * (np.arange(-9, 10) / 2.5) ** 2)
    drive = np.apply_along_axis(np.convolve, 0, rng.standard_normal((260, 346)), slow, "same")
    drive = drive[10:250] / drive.std(axis=0)
    mixed = drive[:, :6] @ rng.normal(0, 1, (6, 340)) * 0.6 + drive[:, 6:]
    series = mixed.astype(np.float32)
    weights = rng.normal(0, 1, 300) + 3 * profiles(series[:, :1], series[:, 40:])[0]
    counts = circular_block_counts(240, 15, 30, rng=rng)
    return series[:, :40].copy(), series[:, 40:].copy(), weights, counts


def resampled(data):
    search, outside, _, counts = data
    return [profiles(repeated(search, c), repeated(outside, c)) for c in counts]


def test_similarity_of_the_data_as_they_are_is_the_cosine(data):
    search, outside, weights, _ = data
    score = circuit_scores(once(240), search, outside, weights)[0]
    assert_close(score, cosine(profiles(search, outside), weights), FLOAT32)


def test_similarity_in_resamples_errs_little(data):
    search, outside, weights, counts = data
    score = circuit_scores(counts, search, outside, weights, rank=12)
    expected = np.array([cosine(maps, weights) for maps in resampled(data)])
    error = np.sqrt(np.mean((score - expected) ** 2))
    assert expected.std() > 0.1  # measured 0.24
    assert error < 0.02  # measured 0.0084


def test_lengths_of_maps_err_less_with_more_components(data):
    search, outside, _, counts = data
    expected = np.array([np.linalg.norm(maps, axis=1) for maps in resampled(data)])

    def worst(rank):
        return np.abs(profile_norms(counts, search, outside, rank=rank) / expected - 1).max()

    # measured 0.10 and 0.76
    assert worst(12) < 0.15
    assert worst(12) < worst(1)


def test_predicted_outcome_is_the_linear_model_in_every_resample(data):
    search, outside, weights, counts = data
    predicted = predicted_outcome(counts, search, outside, weights, intercept=4.0)
    expected = np.array([4.0 + maps @ weights for maps in resampled(data)])
    assert_close(predicted, expected, FLOAT32)


def test_the_least_is_the_place_most_like_minus_the_circuit(data):
    search, outside, _, _ = data
    circuit = -profiles(search, outside)[7]
    score = circuit_scores(once(240), search, outside, circuit)[0]
    assert np.argmin(score) == 7
    assert_close(score[7], -1.0, FLOAT32)
    assert_close(circuit_scores(once(240), search, outside, -circuit)[0], -score, FLOAT32)


def test_offset_and_scale_of_series_and_map_change_nothing(data):
    search, outside, weights, counts = data
    score = circuit_scores(counts, search, outside, weights)
    other = circuit_scores(counts, search * 4 + 2, outside * 0.5 - 1, weights * 8)
    assert_close(other, score, Tol(1e-4, "float32 moments of shifted series; measured 6e-7"))


def test_constant_series_score_nothing(data):
    search, outside, weights, counts = data
    search, outside = search.copy(), outside.copy()
    search[:, 3] = outside[:, 5] = 1.0
    score = circuit_scores(counts, search, outside, weights)
    assert (score[:, 3] == 0).all()
    assert np.isfinite(score).all()
    without = np.delete(np.arange(300), 5)
    expected = cosine(profiles(np.delete(search, 3, 1), outside[:, without]), weights[without])
    lost = np.linalg.norm(weights[without]) / np.linalg.norm(weights)
    as_is = circuit_scores(once(240), search, outside, weights)[0]
    assert_close(np.delete(as_is, 3), expected * lost, FLOAT32)


@pytest.mark.parametrize("weights", [np.ones(7), np.zeros(300), np.full(300, np.nan)])
def test_maps_that_cannot_be_used_are_refused(data, weights):
    search, outside, _, counts = data
    with pytest.raises(InputError, match=r"weights for|0 everywhere"):
        circuit_scores(counts, search, outside, weights)
