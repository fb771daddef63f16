import numpy as np
import pytest
from scipy import signal, stats

from tests.connectivity.planted import rest
from tests.connectivity.scans import lattice
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.connectivity import alff, falff, lattice_reho, mesh_reho
from tmsguide.errors import InputError
from tmsguide.model import MNI, Points
from tmsguide.num.periodograms import fourier_hz, power_density

TR = 2.0
SCIPY = Tol(1e-9, "sums of 200 products; measured 1e-13")


def white(frames=200, columns=5, seed=0):
    return np.random.default_rng(seed).standard_normal((frames, columns))


@pytest.mark.parametrize("frames", [200, 201])
def test_power_of_a_whole_scan_is_the_periodogram(frames):
    x = white(frames)
    hz, density = signal.periodogram(x, 1 / TR, detrend="constant", axis=0)
    found = power_density(x - x.mean(axis=0), np.ones(frames, bool), TR, fourier_hz(frames, TR))
    assert_close(fourier_hz(frames, TR), hz[1:], EXACT)
    assert_close(found, density[1:], SCIPY)


def test_power_of_a_censored_scan_is_lombs_and_scargles():
    kept = np.random.default_rng(1).random(200) > 0.3
    x, hz = white()[kept], np.linspace(0.01, 0.2, 40)
    found = power_density(x, kept, TR, hz)
    for column in range(5):
        theirs = signal.lombscargle(np.flatnonzero(kept) * TR, x[:, column], 2 * np.pi * hz)
        assert_close(found[:, column], 2 * TR * theirs, SCIPY)


def test_white_noise_has_the_same_amplitude_however_long_or_censored():
    # density 2 TR s²; the mean root of an exponential variable is √π / 2 of its root mean
    expected = np.sqrt(2 * TR) * np.sqrt(np.pi) / 2 * 3
    kept = np.random.default_rng(1).random(400) > 0.3
    some = white(400, 300)[kept]
    for x, mask in ((white(200, 300), None), (white(900, 300), None), (some, kept)):
        assert alff(3 * x, tr_s=TR, kept=mask).mean() == pytest.approx(expected, rel=0.02)


def test_amplitude_is_that_of_the_band_alone_and_scales():
    t = np.arange(250) * TR
    slow, fast = np.sin(2 * np.pi * 0.05 * t), np.sin(2 * np.pi * 0.2 * t)
    found = alff(np.stack([slow, slow + 4 * fast, 2 * slow], axis=1), tr_s=TR)
    # both waves have whole numbers of cycles; taking the trend out moves the third digit
    assert found[1] == pytest.approx(found[0], rel=0.05)
    assert found[2] == pytest.approx(2 * found[0], rel=1e-9)


def test_share_of_white_noise_is_that_of_the_band_and_has_no_unit():
    x = white(600, 200)
    assert falff(x, tr_s=TR).mean() == pytest.approx(0.09 / 0.25, rel=0.02)
    assert_close(falff(x * 5 + 7, tr_s=TR), falff(x, tr_s=TR), SCIPY)
    still = np.ones((100, 3)) * [1.0, 7.3, np.nan]
    assert np.isnan(falff(still, tr_s=TR)).all()
    assert (alff(still, tr_s=TR) == 0).all()


def test_slow_places_have_the_larger_share():
    x = white(300, 20)
    slow = rest(300, np.random.default_rng(2), columns=10)
    x[:, :10] += 3 * slow / slow.std()
    share = falff(x, tr_s=TR)
    assert share[:10].min() > share[10:].max()


def test_shares_of_band_passed_series_are_refused_their_amplitude_is_not():
    x = 5 * rest(300, np.random.default_rng(2))
    with pytest.raises(InputError, match=r"the series were band-passed.*before the band-pass"):
        falff(x, tr_s=TR)
    assert (alff(x, tr_s=TR) > 0).all()


def test_amplitudes_of_z_scored_series_are_refused():
    x = white()
    with pytest.raises(InputError, match="z-scored, so their amplitude is gone"):
        alff((x - x.mean(axis=0)) / x.std(axis=0), tr_s=TR)


def test_masks_and_bands_must_fit():
    with pytest.raises(InputError, match="199 frames are marked as kept, the series have 200"):
        alff(white(), tr_s=TR, kept=np.ones(199, bool))
    with pytest.raises(InputError, match="no frequency of this scan"):
        alff(white(20), tr_s=TR, low_hz=0.001, high_hz=0.002)


def test_homogeneity_is_kendalls_over_27_places():
    xyz = lattice()
    x = white(30, len(xyz)) + white(30, 1, seed=5)
    x = np.round(x, 1)  # ties
    found = lattice_reho(x, Points(xyz @ turn(), MNI))
    for i in (0, 250, 333):
        around = np.abs(xyz - xyz[i]).max(axis=1) < 3.1
        block = x[:, around].astype(float)
        theirs = stats.friedmanchisquare(*block).statistic / (block.shape[1] * (len(block) - 1))
        assert found.size[i] == np.count_nonzero(around)
        assert found.w[i] == pytest.approx(theirs, rel=1e-9)
        rho = stats.spearmanr(block).statistic
        mean = rho[np.triu_indices(len(rho), 1)].mean()
        assert found.mean_rho[i] == pytest.approx(mean, abs=0.01)  # ties: W corrects for the sum
    assert found.size.max() == 27
    assert found.size.min() == 8


def turn():
    angle = 0.4
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def test_homogeneity_of_a_mesh_is_over_edges():
    edge = np.array([[0, 1], [1, 2], [3, 2], [2, 0]])
    x = white(40, 6)
    found = mesh_reho(x, edge)
    block = x[:, [2, 0, 1, 3]]
    assert found.size.tolist() == [3, 3, 4, 2, 1, 1]
    assert found.w[2] == pytest.approx(stats.friedmanchisquare(*block).statistic / (4 * 39))
    assert np.isnan(found.w[4:]).all()
    with pytest.raises(InputError, match="6 vertices"):
        mesh_reho(x, np.array([[0, 6]]))


def test_the_same_series_agree_wholly_and_unrelated_ones_by_chance():
    xyz = lattice()
    where = Points(xyz, MNI)
    same = lattice_reho(np.repeat(white(50, 1), len(xyz), axis=1), where)
    assert_close(same.w, np.ones(len(xyz)), EXACT)
    none = lattice_reho(white(400, len(xyz)), where)
    assert abs(none.mean_rho.mean()) < 0.002  # ± 1 / √(400 × 504 × ...): measured 3e-4
    assert (none.w * none.size).mean() == pytest.approx(1, abs=0.02)


def test_rising_changes_of_scale_and_order_of_places_do_not_matter():
    xyz = lattice()
    x = white(40, len(xyz))
    w = lattice_reho(x, Points(xyz, MNI)).w
    assert_close(lattice_reho(np.exp(2 * x), Points(xyz, MNI)).w, w, EXACT)
    order = np.random.default_rng(1).permutation(len(xyz))
    assert_close(lattice_reho(x[:, order], Points(xyz[order], MNI)).w, w[order], EXACT)


def test_places_without_signal_do_not_count():
    xyz = lattice()
    x = white(40, len(xyz))
    x[:, 200] = 0
    x[3, 300] = np.nan
    keep = np.delete(np.arange(len(xyz)), [200, 300])
    found = lattice_reho(x, Points(xyz, MNI))
    assert np.isnan(found.w[[200, 300]]).all()
    assert (found.size[[200, 300]] == 0).all()
    assert_close(found.w[keep], lattice_reho(x[:, keep], Points(xyz[keep], MNI)).w, EXACT)
