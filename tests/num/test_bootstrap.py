import numpy as np
import pytest

from tests.oracles.correlation import repeated
from tests.tolerance import Tol, assert_close
from tmsguide.num.bootstrap import (
    circular_block_counts,
    column_blocks,
    moments,
    resampled_correlation,
)

FLOAT32 = Tol(2e-5, "float32 sums over 70 frames; measured 2e-6")


def test_every_resample_draws_as_many_frames_as_there_are():
    counts = circular_block_counts(71, 12, 50, rng=np.random.default_rng(0))
    assert counts.shape == (50, 71)
    assert (counts.sum(axis=1) == 71).all()


def test_frames_are_drawn_in_circular_blocks():
    # with one block a resample is a rotation: every frame once
    assert (circular_block_counts(20, 20, 5, rng=np.random.default_rng(1)) == 1).all()
    # 4 blocks of 5 from 20 frames change count at most at 8 borders of the circle
    counts = circular_block_counts(20, 5, 200, rng=np.random.default_rng(1))
    borders = (counts != np.roll(counts, 1, axis=1)).sum(axis=1)
    assert borders.max() <= 8
    assert borders.mean() > 4


def test_frames_are_drawn_equally_often_wherever_they_lie():
    counts = circular_block_counts(30, 7, 4000, rng=np.random.default_rng(2))
    mean, error = counts.mean(axis=0), counts.std(axis=0) / np.sqrt(4000)
    assert (np.abs(mean - 1) < 4 * error).all()  # 4 SE at each of 30 frames


def test_same_generator_same_resamples():
    first = circular_block_counts(30, 7, 9, rng=np.random.default_rng(5))
    assert (first == circular_block_counts(30, 7, 9, rng=np.random.default_rng(5))).all()
    assert (first != circular_block_counts(30, 7, 9, rng=np.random.default_rng(6))).any()


def test_blocks_of_columns_cover_each_column_once():
    parts = list(column_blocks(10_000))
    assert np.concatenate([np.arange(10_000)[p] for p in parts]).tolist() == list(range(10_000))
    assert max(p.stop - p.start for p in parts) < 10_000
    assert list(column_blocks(0)) == []


@pytest.fixture
def data():
    rng = np.random.default_rng(7)
    series = rng.standard_normal((70, 11)).astype(np.float32)
    seeds = rng.standard_normal((6, 70)).astype(np.float32)
    seeds += series[:, 3]
    return seeds, series, circular_block_counts(70, 9, 6, rng=rng)


def test_moments_are_those_of_the_resampled_series(data):
    _, series, counts = data
    mean, spread = moments(counts, series)
    for b in range(6):
        assert_close(mean[b], repeated(series, counts[b]).mean(axis=0), FLOAT32, scale=1.0)
        assert_close(spread[b], repeated(series, counts[b]).std(axis=0), FLOAT32)


def test_correlations_are_those_of_the_resampled_series(data):
    seeds, series, counts = data
    r = resampled_correlation(counts, seeds, series, moments(counts, series))
    for b in range(6):
        both = repeated(np.column_stack([seeds[b], series]), counts[b])
        assert_close(r[b], np.corrcoef(both.T)[0, 1:], FLOAT32, scale=1.0)


def test_a_column_without_change_correlates_zero(data):
    seeds, series, counts = data
    series[:, 2] = 5.0
    r = resampled_correlation(counts, seeds, series, moments(counts, series))
    assert (r[:, 2] == 0).all()
    assert (np.abs(np.delete(r, 2, axis=1)) > 0).all()
