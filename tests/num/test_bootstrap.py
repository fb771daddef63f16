import numpy as np
import pytest

from tests.oracles.correlation import repeated
from tests.tolerance import Tol, assert_close
from tmsguide.num.bootstrap import (
    circular_block_counts,
    column_blocks,
    moments,
    resampled_correlation,
    stratified_block_counts,
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


def test_one_run_is_the_plain_block_resample():
    plain = circular_block_counts(90, 20, 8, rng=np.random.default_rng(3))
    runs = stratified_block_counts((90,), 20, 8, rng=np.random.default_rng(3))
    assert (plain == runs).all()


def test_blocks_stay_within_their_run():
    runs, share = (50, 7, 90), 0.6
    counts = stratified_block_counts(runs, 12, 300, rng=np.random.default_rng(4), share=share)
    ends = np.cumsum(runs)
    for frames, end in zip(runs, ends, strict=True):
        part = counts[:, end - frames : end]
        assert (part.sum(axis=1) == round(share * frames)).all()
    # blocks of 12, and of 3 in the run of 7: borders in a circle of its own, two per block
    borders = (counts[:, :50] != np.roll(counts[:, :50], 1, axis=1)).sum(axis=1)
    assert borders.max() <= 2 * 3
    short = counts[:, 50:57]
    assert len(np.unique(short, axis=0)) > 7  # more than the rotations of one block


def test_fewer_frames_drawn_scatter_as_a_shorter_series_would():
    # mean of white noise: variance 1/m for m frames drawn, in blocks of one
    series = np.random.default_rng(5).standard_normal(400)
    spread = []
    for drawn in (400, 100):
        counts = circular_block_counts(400, 1, 4000, rng=np.random.default_rng(6), drawn=drawn)
        assert (counts.sum(axis=1) == drawn).all()
        spread.append((counts @ series / drawn).std())
    # ratio 2; each deviation has a standard error of 1 / sqrt(8000)
    assert abs(spread[1] / spread[0] - 2) < 4 * 2 * np.sqrt(2 / 8000)
