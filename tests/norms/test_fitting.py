"""The fit against other programs and planted truths."""

import numpy as np
from scipy import stats

from tests.norms import cohorts
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.norms import (
    AgeShape,
    Covariates,
    Person,
    deviation,
    fit_norms,
    predicted,
)
from tmsguide.norms.ages import age_columns, age_curve


def test_one_site_is_ordinary_regression():
    """Expected value, interval and residual sd are those of statsmodels' OLS prediction."""
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    made = cohorts.truth(rng, 7)
    values, who = cohorts.draw(rng, made, 90)
    norms = fit_norms(values, who, made.names, age_shape=AgeShape.PARABOLA)
    new, them = cohorts.draw(rng, made, 5)

    def columns(c):
        male = np.array([s == "M" for s in c.sex], float)
        return np.column_stack(
            [np.ones(len(male)), c.age_years, c.age_years**2, male, c.mean_fd_mm]
        )

    tol = Tol(1e-9, "another scaling of age in the normal equations; measured 4e-13")
    for row, person in zip(range(5), cohorts.persons(them), strict=True):
        found = deviation(norms, new[row], person)
        for k in range(7):
            fit = sm.OLS(values[:, k], columns(who)).fit()
            frame = fit.get_prediction(columns(them)[row : row + 1]).summary_frame(alpha=0.05)
            assert_close(found.expected[k], frame["mean"][0], tol)
            assert_close(found.low[k], frame["obs_ci_lower"][0], tol)
            assert_close(found.high[k], frame["obs_ci_upper"][0], tol)


def test_without_covariates_it_is_the_prediction_interval_of_a_mean():
    rng = np.random.default_rng(2)
    values = rng.normal(3, 2, (25, 4))
    found = deviation(
        fit_norms(values, Covariates(), tuple("abcd")), np.array([1.0, 2, 3, 4]), Person()
    )
    half = stats.t.ppf(0.975, 24) * values.std(axis=0, ddof=1) * np.sqrt(1 + 1 / 25)
    assert_close(found.expected, values.mean(axis=0), EXACT)
    assert_close((found.high - found.low) / 2, half, Tol(1e-10, "t quantile; measured 2e-15"))


def test_the_spline_is_natural_and_smooth():
    """Straight beyond the end knots, and with continuous second derivative within."""
    ages = np.random.default_rng(3).uniform(20, 70, 400)
    curve = age_curve(ages, AgeShape.SPLINE)
    ends = curve.centre_years + curve.scale_years * curve.knots[[0, -1]]
    for start in (ends[0] - 15, ends[1] + 1):
        line = age_columns(curve, start + np.arange(5) * 3.0)
        bend = np.diff(line, 2, axis=0)
        assert np.abs(bend).max() < 1e-9 * np.abs(line).max()
    fine = np.linspace(ends[0] - 5, ends[1] + 5, 4001)
    second = np.diff(age_columns(curve, fine), 2, axis=0) / (fine[1] - fine[0]) ** 2
    assert np.abs(np.diff(second, axis=0)).max() < 0.01 * np.abs(second).max()
    inner = (fine > ends[0] + 5) & (fine < ends[1] - 5)
    assert np.abs(second[1:][inner[1:-1][: len(second) - 1]]).max() > 0.1 * np.abs(second).max()


def test_a_bent_age_effect_is_followed():
    """A wave that no parabola holds is held by the spline."""
    rng = np.random.default_rng(4)
    ages = rng.uniform(10, 60, 1200)

    def wave(a):
        return np.sin((a - 10) / 50 * np.pi * 1.2)

    values = wave(ages)[:, None] + rng.normal(0, 0.3, (1200, 1))
    who = Covariates(age_years=ages)
    spline, parabola = (
        fit_norms(values, who, ("m",), age_shape=s) for s in (AgeShape.SPLINE, AgeShape.PARABOLA)
    )
    at = np.linspace(15, 55, 9)

    def off(norms):
        return np.array([predicted(norms, Person(age_years=a)).expected[0] for a in at]) - wave(at)

    # measured 0.028 (spline) and 0.089 (parabola)
    assert np.abs(off(spline)).max() < 0.05
    assert np.abs(off(parabola)).max() > 0.06


def test_spread_that_grows_with_age_is_found():
    rng = np.random.default_rng(5)
    made = cohorts.truth(rng, 30, slope=0.3, alike=0.0)
    values, who = cohorts.draw(rng, made, 400)
    spread = fit_norms(values, who, made.names).spread
    scale = np.std(who.age_years) / 12
    se = np.sqrt(1 / (2 * 400 * 30))
    assert abs(spread.slope.mean() / scale - 0.3) < 4 * se  # measured 0.296
    even = cohorts.truth(rng, 30, alike=0.0)
    flat = fit_norms(*cohorts.draw(rng, even, 400), even.names).spread
    assert np.abs(flat.slope).max() < 0.03  # measured 0.007: shrunk


def test_small_cohorts_have_wide_intervals():
    rng = np.random.default_rng(6)
    made = cohorts.truth(rng, 40)
    person = Person(40.0, "F", 0.15, "s0")

    def width(people):
        norms = fit_norms(*cohorts.draw(rng, made, people), made.names)
        found = deviation(norms, np.zeros(40), person)
        return np.mean((found.high - found.low) / (made.unit * 2 * 1.96))

    small, middle, large = width(50), width(150), width(1500)
    assert small > middle > large
    assert abs(large - 1) < 0.02


def test_units_do_not_matter():
    """a x + b of a measure moves its interval alike and leaves z and q as they are."""
    rng = np.random.default_rng(7)
    made = cohorts.truth(rng, 12, sites=3)
    values, who = cohorts.draw(rng, made, 150)
    new, them = cohorts.draw(rng, made, 1)
    person = Person(40.0, "F", 0.15, them.site[0])
    factor, offset = rng.uniform(0.1, 9, 12), rng.normal(0, 5, 12)
    one = deviation(fit_norms(values, who, made.names), new[0], person)
    two = deviation(
        fit_norms(values * factor + offset, who, made.names), new[0] * factor + offset, person
    )
    tol = Tol(1e-8, "iterated weights; measured 2e-13")
    assert_close(two.z, one.z, tol)
    assert_close(two.q, one.q, tol)
    assert_close(two.low, one.low * factor + offset, tol)


def test_order_of_people_and_measures_does_not_matter():
    rng = np.random.default_rng(8)
    made = cohorts.truth(rng, 9, sites=3)
    values, who = cohorts.draw(rng, made, 120)
    rows, columns = rng.permutation(120), rng.permutation(9)
    one = fit_norms(values, who, made.names)
    names = tuple(made.names[k] for k in columns)
    two = fit_norms(values[rows][:, columns], cohorts.some(who, rows), names)
    tol = Tol(1e-9, "sums in another order; measured 1e-13")
    assert_close(two.spread.sd, one.spread.sd[columns], tol)
    assert_close(two.coefficients, one.coefficients[:, columns], tol)
    assert (one.left_out == two.left_out).all()


def test_nothing_given_is_changed():
    rng = np.random.default_rng(9)
    made = cohorts.truth(rng, 5, sites=2)
    values, who = cohorts.draw(rng, made, 80)
    before = values.copy()
    norms = fit_norms(values, who, made.names)
    deviation(norms, values[0], Person(40.0, "F", 0.15, "s1"))
    assert (values == before).all()
