import numpy as np
import pytest

from tests.oracles.correlation import ar1, ar1_effective_count, autocorrelation_pairs
from tests.tolerance import EXACT, assert_close
from tmsguide.num.statistics import (
    autocorrelation,
    correlation_dof,
    effective_count,
    fisher_z,
    standardise,
    varies,
)


def test_fisher_z_is_the_logarithmic_form():
    r = np.linspace(-0.99, 0.99, 41)
    assert_close(fisher_z(r), 0.5 * np.log((1 + r) / (1 - r)), EXACT)


def test_fisher_z_of_a_series_with_itself_is_finite_and_signed():
    assert_close(fisher_z(np.array([1.0, -1.0])), np.array([1, -1]) * np.arctanh(1 - 1e-6), EXACT)


def test_varies_names_the_columns_with_signal():
    series = np.random.default_rng(0).standard_normal((9, 5))
    series[:, 1] = 3.0
    series[4, 2] = np.nan
    series[0, 3] = np.inf
    assert varies(series).tolist() == [True, False, False, False, True]


def test_standardise_gives_mean_zero_variance_one_and_leaves_constants_at_zero():
    series = np.random.default_rng(0).gamma(2.0, 3.0, (50, 4)) + 100
    series[:, 2] = 7.0
    scored = standardise(series)
    assert_close(scored.mean(axis=0), np.zeros(4), EXACT, scale=1.0)
    assert_close(scored.std(axis=0), np.array([1.0, 1, 0, 1]), EXACT)


def test_autocorrelation_counts_true_lags_across_gaps():
    rng = np.random.default_rng(1)
    kept = rng.random(60) > 0.3
    series = ar1(60, 0.7, rng)[kept]
    expected = autocorrelation_pairs(series[:, 0], kept, 12)
    assert_close(autocorrelation(series, kept, 12), np.clip(expected, -1, 1), EXACT)


def test_autocorrelation_of_many_columns_is_their_mean():
    rng = np.random.default_rng(2)
    series, kept = rng.standard_normal((40, 3)), np.ones(40, dtype=bool)
    each = [autocorrelation(series[:, [i]], kept, 6) for i in range(3)]
    assert_close(autocorrelation(series, kept, 6), np.mean(each, axis=0), EXACT)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.9, 0.3), (-0.6, -0.4), (0.0, 0.8)])
def test_effective_count_of_ar1_is_the_closed_form(a, b):
    n = 300
    lag = np.arange(1, n)
    assert_close(effective_count(n, a**lag, b**lag), ar1_effective_count(n, a, b), EXACT)


def test_effective_count_stays_between_one_and_the_frames():
    # alternating signs would promise more samples than there are frames
    assert effective_count(100, np.array([-0.9]), np.array([0.9])) == 100
    assert effective_count(100, np.ones(99), np.ones(99)) == pytest.approx(1.0)


def test_fisher_z_scatters_as_the_dof_say():
    # 400 pairs of independent AR(1) series, 0.7 and 0.5, n = 400: the standard error of their
    # Fisher z should be 1 / sqrt(dof - 1). Measured ratio 0.99; SE of a standard deviation from
    # 400 values is 1 / sqrt(800) = 0.035, limit 4 SE.
    rng = np.random.default_rng(3)
    x, y = ar1(400, 0.7, rng, 400), ar1(400, 0.5, rng, 400)
    z = fisher_z(np.mean(standardise(x) * standardise(y), axis=0))
    kept = np.ones(400, dtype=bool)
    dof = np.mean([correlation_dof(x[:, i], y, kept, most=np.inf) for i in range(20)])
    assert abs(z.std() * np.sqrt(dof - 1) - 1) < 4 * 0.035
    assert z.std() * np.sqrt(400 - 3) > 1.3  # counting every frame would be wrong


def test_dof_never_exceed_what_regression_left_nor_fall_below_one():
    rng = np.random.default_rng(4)
    series, kept = rng.standard_normal((100, 20)), np.ones(100, dtype=bool)
    assert correlation_dof(series[:, 0], series[:, 1:], kept, most=12.5) == 12.5
    ramp = np.linspace(-1, 1, 100)
    assert correlation_dof(ramp, ramp[:, None], kept, most=50.0) >= 1.0
