import numpy as np
import pytest

from tests.connectivity.planted import planted, rest
from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import sliding_windows
from tmsguide.connectivity.dynamics import CAUTION, phase_randomised
from tmsguide.errors import InputError, QualityError

FOURIER = Tol(1e-9, "two transforms of 200 samples; measured 1e-15")


def windows(x, seed=0, **words):
    return sliding_windows(x, tr_s=2.0, rng=np.random.default_rng(seed), **words)


def test_surrogates_keep_spectra_and_correlations():
    x = planted(200, np.random.default_rng(1))
    for runs in ((200,), (90, 110), (67, 133)):
        y = phase_randomised(x, runs, rng=np.random.default_rng(2))
        assert np.abs(y - x).max() > 0.5
        start = 0
        for frames in runs:
            a, b = x[start : start + frames], y[start : start + frames]
            start += frames
            assert_close(np.cov(b.T), np.cov(a.T), FOURIER)
            spectra = [np.abs(np.fft.rfft(run, axis=0)) for run in (b, a)]
            assert_close(*spectra, FOURIER)


def changing(frames, rng):
    """Two series that move together in the first half and against each other in the second."""
    shared, own = rest(frames, rng, columns=1), rest(frames, rng, columns=2)
    sign = np.where(np.arange(frames) < frames // 2, 1, -1)[:, None]
    x = rest(frames, rng, columns=4)
    x[:, 0] = (shared + 0.5 * own[:, :1])[:, 0]
    x[:, 1] = (sign * shared + 0.5 * own[:, 1:])[:, 0]
    return x


def test_a_planted_change_exceeds_the_surrogates():
    found = windows(changing(450, np.random.default_rng(3)))
    assert found.p[0, 1] == pytest.approx(1 / 101)
    assert found.q[0, 1] < 0.05
    assert found.spread[0, 1] > found.expected[0, 1] * 1.5
    assert found.caution == CAUTION
    assert "weak" in CAUTION


def test_edges_beside_a_planted_change_are_found_as_often_as_chance_has_it():
    p = []
    for seed in range(40):
        found = windows(changing(450, np.random.default_rng(seed)), seed=seed, surrogates=19)
        p.append(found.p[np.triu_indices(4, 1)][1:])
    share = np.mean(np.asarray(p) <= 0.05)  # 200 edges at 1 in 20; measured 4.7 % of 300
    assert share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_scans_that_never_change_are_found_to_change_as_often_as_chance_has_it():
    rng = np.random.default_rng(4)
    p = [windows(planted(300, rng), seed=k, surrogates=19).mean_p for k in range(60)]
    # one test per scan at 1 in 20: 60 scans give 3 ± 1.7; measured 2
    assert np.count_nonzero(np.asarray(p) <= 0.05) <= 3 + 4 * 1.7
    assert np.mean(p) == pytest.approx(0.525, abs=4 * 0.29 / np.sqrt(60))
    # and yet the windows differ a lot: what is reported without surrogates
    assert windows(planted(300, rng), surrogates=1).mean_spread > 0.2


def test_spread_is_over_tapered_windows():
    x = planted(120, np.random.default_rng(5))[:, :3]
    found = windows(x, surrogates=1, window_s=40.0)
    taper = np.hamming(20)
    z = []
    for start in range(0, 101, 2):
        weighted = np.cov(x[start : start + 20].T, aweights=taper, ddof=0)
        z.append(np.arctanh(weighted[0, 2] / np.sqrt(weighted[0, 0] * weighted[2, 2])))
    assert found.windows == 51
    assert found.spread[0, 2] == pytest.approx(np.std(z), rel=1e-4)  # float32: measured 2e-7


def test_windows_stay_within_runs_and_dead_parcels_are_nan():
    x = planted(300, np.random.default_rng(6))
    assert windows(x, surrogates=1, run_frames=(150, 150)).windows == 42
    assert windows(x, surrogates=1).windows == 51
    x[:, 2] = 0
    found = windows(x, surrogates=1)
    assert np.isnan(found.spread[2]).all()
    assert np.isfinite(found.q[0, 1])


def test_same_generator_same_answer():
    x = planted(200, np.random.default_rng(7))
    assert (
        windows(x, surrogates=3).expected[0, 1:] == windows(x, surrogates=3).expected[0, 1:]
    ).all()


def test_short_scans_and_odd_runs_are_refused():
    x = planted(60, np.random.default_rng(8))
    with pytest.raises(QualityError, match="the runs hold 3 windows of 100 s; needed 8"):
        windows(x)
    with pytest.raises(InputError, match="runs of 50 frames"):
        windows(x, run_frames=(50,))
    with pytest.raises(QualityError, match="0 parcels have signal"):
        windows(np.zeros((300, 4)))
