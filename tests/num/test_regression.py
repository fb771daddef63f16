import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.num.regression import (
    complement,
    cosines_outside,
    leading_components,
    residual_zscored,
    span,
)

FLOAT32 = Tol(1e-6, "result is stored in float32")


def test_cosines_are_those_outside_the_band():
    waves = cosines_outside(100, 2.0, low_hz=0.01, high_hz=0.1)
    # frequencies k / 400 s: 0 ... 3 lie below 0.01 Hz, 41 ... 99 above 0.1 Hz
    assert waves.shape == (100, 4 + 59)
    gram = waves.T @ waves
    assert_close(gram / np.sqrt(np.outer(gram.diagonal(), gram.diagonal())), np.eye(63), EXACT)
    assert_close(waves[:, 0], np.ones(100), EXACT)
    assert_close(waves[:, 4], np.cos(np.pi * 41 * (np.arange(100) + 0.5) / 100), EXACT)


def test_span_and_complement_split_the_space():
    rng = np.random.default_rng(0)
    few = rng.normal(size=(30, 6))
    # a repeat, a combination, an empty and a hugely scaled column add no rank
    columns = np.column_stack(
        [few, few[:, 0], few @ rng.normal(size=6), np.zeros(30), 1e9 * few[:, 1]]
    )
    inside, outside = span(columns), complement(columns)
    assert inside.shape == (30, 6)
    assert outside.shape == (30, 24)
    assert_close(inside @ inside.T + outside @ outside.T, np.eye(30), EXACT)
    assert_close(outside.T @ few, np.zeros((24, 6)), EXACT, scale=np.abs(few).max())


def test_nothing_to_regress_leaves_everything():
    assert span(np.zeros((5, 0))).shape == (5, 0)
    assert complement(np.zeros((5, 2))).shape == (5, 5)


def test_residual_is_orthogonal_and_of_unit_variance():
    rng = np.random.default_rng(1)
    regressors = rng.normal(size=(40, 10))
    series = rng.normal(1000, 10, (40, 9001)).astype(np.float32)  # over one block
    out = residual_zscored(series, complement(regressors))
    assert out.dtype == np.float32
    assert_close(np.mean(out.astype(float) ** 2, axis=0), np.ones(9001), FLOAT32)
    assert_close(regressors.T @ out, np.zeros((10, 9001)), FLOAT32, scale=40)


def test_a_column_within_the_regressors_becomes_zero():
    rng = np.random.default_rng(2)
    regressors = rng.normal(size=(40, 10))
    series = (regressors @ rng.normal(size=(10, 3))).astype(np.float32)
    assert (residual_zscored(series, complement(regressors)) == 0).all()


@pytest.mark.parametrize("dropped", [[], [3, 4, 5, 20]])
def test_components_are_the_planted_courses(dropped):
    rng = np.random.default_rng(3)
    frames = 60
    courses = rng.normal(size=(frames, 2))
    weights = rng.normal(size=(2, 4000)) * np.array([[2.0], [1.0]])
    series = (500 + courses @ weights + 0.1 * rng.normal(size=(frames, 4000))).astype(np.float32)
    kept = np.ones(frames, bool)
    kept[dropped] = False
    found = leading_components(series, kept, np.ones((frames, 1)), count=2)
    assert_close(np.linalg.norm(found[kept], axis=0), np.ones(2), EXACT)
    centred = courses - courses[kept].mean(axis=0)
    fitted = found @ np.linalg.lstsq(found, centred, rcond=None)[0]
    # the columns are scaled to unit variance and carry 1 % noise: measured 8e-4
    assert_close(fitted, centred, Tol(5e-3, "noise of the planted columns"))


def test_dropped_frames_do_not_shape_the_components():
    rng = np.random.default_rng(4)
    series = rng.normal(size=(50, 300)).astype(np.float32)
    kept = np.ones(50, bool)
    kept[10:14] = False
    spoiled = series.copy()
    spoiled[10:14] = 1e4
    drift = np.ones((50, 1))
    first = leading_components(series, kept, drift, count=3)
    second = leading_components(spoiled, kept, drift, count=3)
    assert_close(second[kept], first[kept], EXACT)
