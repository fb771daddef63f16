import numpy as np
import pytest

from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import Criterion, directed_influence
from tmsguide.connectivity.directed import EXPLORATORY
from tmsguide.errors import InputError, QualityError

SOLVED = Tol(1e-8, "two least-squares solvers; measured 1e-12")


def driven(frames=400, seed=0, weight=0.4, lag=1):
    """a drives b, b drives c; nothing else: conditional on b, a says nothing of c."""
    rng = np.random.default_rng(seed)
    x = np.zeros((frames + 50, 3))
    for t in range(lag, len(x)):
        x[t] = 0.4 * x[t - 1] + rng.standard_normal(3)
        x[t, 1] += weight * x[t - lag, 0]
        x[t, 2] += weight * x[t - lag, 1]
    return x[50:]


def test_the_statistic_is_statsmodels():
    from statsmodels.tsa.api import VAR

    x = driven(lag=2)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    found = directed_influence(x, "abc", most_order=4, criterion=Criterion.AIC)
    fitted = VAR(x).fit(found.order)
    for i in range(3):
        for j in range(3):
            if i != j:
                theirs = fitted.test_causality(i, j, kind="f")
                assert_close(found.f[i, j], theirs.test_statistic, SOLVED)


@pytest.mark.parametrize("criterion", list(Criterion))
def test_the_order_is_statsmodels(criterion):
    from statsmodels.tsa.api import VAR

    for lag in (1, 2, 3):
        x = driven(lag=lag)
        found = directed_influence(x, "abc", most_order=5, criterion=criterion)
        assert found.order == VAR(x).select_order(5, trend="c").selected_orders[criterion.value]
        assert found.order >= lag


def test_planted_influences_are_found_and_no_others():
    found = directed_influence(driven(), "abc")
    planted = np.zeros((3, 3), dtype=bool)
    planted[1, 0] = planted[2, 1] = True
    assert (found.q[planted] < 0.001).all()
    others = ~planted & ~np.eye(3, dtype=bool)
    assert (found.p[others] > 0.01).all()
    assert found.strength[1, 0] > 0.05
    assert np.isnan(found.p.diagonal()).all()
    assert found.caution == EXPLORATORY
    assert EXPLORATORY.startswith("Exploratory")


def test_noise_shows_influence_as_often_as_chance_has_it():
    # 200 scans of correlated noise without any influence, 6 pairs each
    rng = np.random.default_rng(1)
    p = []
    for _ in range(200):
        x = rng.standard_normal((200, 3)) + rng.standard_normal((200, 1))
        p.append(directed_influence(x, "abc").p[~np.eye(3, dtype=bool)])
    share = np.mean(np.asarray(p) < 0.05)
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1200))  # measured 0.048


def test_no_past_reaches_over_a_gap_or_into_another_run():
    x = driven(300)
    kept = np.ones(340, dtype=bool)
    kept[100:140] = False
    # rows after a gap have no past: as if two runs were fitted together
    gap = directed_influence(x, "abc", kept=kept, most_order=1)
    runs = directed_influence(x, "abc", run_frames=(100, 200), most_order=1)
    whole = directed_influence(x, "abc", most_order=1)
    away = ~np.eye(3, dtype=bool)
    assert_close(gap.f[away], runs.f[away], SOLVED)
    assert np.abs(gap.f - whole.f)[away].max() > 1e-4
    past = np.column_stack([np.ones(298), np.delete(x, [99, 299], axis=0)])
    now = np.delete(x, [0, 100], axis=0)[:, 1]
    full, without = (
        np.sum((now - some @ np.linalg.lstsq(some, now, rcond=None)[0]) ** 2)
        for some in (past, past[:, [0, 2, 3]])
    )
    assert gap.f[1, 0] == pytest.approx((without - full) / (full / 294))


def test_scale_and_order_of_parcels_do_not_matter():
    x = driven()
    f = directed_influence(x, "abc").f
    moved = directed_influence(x * [1, 50, 0.1] + 3, "abc").f
    away = ~np.eye(3, dtype=bool)
    assert_close(moved[away], f[away], SOLVED)
    turned = directed_influence(x[:, [2, 0, 1]], "cab").f
    assert_close(turned[np.ix_([1, 2, 0], [1, 2, 0])][away], f[away], SOLVED)


def test_what_cannot_be_fitted_is_refused():
    x = driven()
    with pytest.raises(QualityError, match="11 frames follow on another; 3 parcels need 12"):
        directed_influence(x[:12], "abc")
    with pytest.raises(InputError, match="no signal in b"):
        directed_influence(x * [1, 0, 1], "abc")
    with pytest.raises(InputError, match="399 marked as kept"):
        directed_influence(x, "abc", kept=np.ones(399, bool))
    with pytest.raises(InputError, match="with 2 names"):
        directed_influence(x, "ab")
