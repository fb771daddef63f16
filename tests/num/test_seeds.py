import numpy as np
import pytest

from tests.oracles.correlation import repeated
from tests.tolerance import Tol, assert_close
from tmsguide.num.bootstrap import circular_block_counts
from tmsguide.num.seeds import mean_series, once, own_weight_series, seed_z, weighted_series

FLOAT32 = Tol(5e-5, "float32 sums over 60 frames and 25 columns; measured 3e-6")


def scored(series):
    return (series - series.mean(axis=0)) / series.std(axis=0)


@pytest.fixture
def data():
    rng = np.random.default_rng(11)
    common = rng.standard_normal((60, 1))
    series = (rng.standard_normal((60, 25)) + common * rng.normal(0, 1, 25)).astype(np.float32)
    return series, circular_block_counts(60, 8, 5, rng=rng)


def test_mean_series_of_the_data_as_they_are(data):
    series, _ = data
    assert_close(mean_series(once(60), series)[0], scored(series).mean(axis=1), FLOAT32)


def test_weighted_series_divides_by_the_sizes_of_signed_weights(data):
    series, _ = data
    weights = np.linspace(-1, 1, 25)
    expected = scored(series) @ weights / np.abs(weights).sum()
    assert_close(weighted_series(once(60), series, weights[None])[0], expected, FLOAT32)


def test_weights_of_zero_give_a_series_of_zero(data):
    series, _ = data
    assert (weighted_series(once(60), series, np.zeros((1, 25))) == 0).all()


def test_the_chain_in_each_resample_is_the_chain_on_resampled_data(data):
    series, counts = data
    seed, outside, inside = series[:, :4], series[:, 4:18], series[:, 18:]
    sphere = mean_series(counts, seed)
    own = own_weight_series(counts, sphere, outside)
    z_sphere, z_own = seed_z(counts, sphere, inside), seed_z(counts, own, inside)
    for b in range(len(counts)):
        s, o, i = (scored(repeated(part, counts[b])) for part in (seed, outside, inside))
        mean = scored(s.mean(axis=1))
        assert_close(z_sphere[b], np.arctanh(mean @ i / len(i)), FLOAT32, scale=1.0)
        network = scored(o @ np.arctanh(mean @ o / len(o)))
        assert_close(z_own[b], np.arctanh(network @ i / len(i)), FLOAT32, scale=1.0)


def test_many_columns_in_blocks_give_the_same_as_few(data):
    series, counts = data
    many = np.tile(series, (1, 400))  # 10,000 columns: three blocks
    sphere = mean_series(counts, series[:, :4])
    assert_close(
        own_weight_series(counts, sphere, many), own_weight_series(counts, sphere, series), FLOAT32
    )
    z = seed_z(counts, sphere, series)
    assert_close(seed_z(counts, sphere, many), np.tile(z, (1, 400)), FLOAT32)
