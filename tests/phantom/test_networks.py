import numpy as np
import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.phantom.networks import DECOYS, NETWORKS, coupling, network_map, planted_series


def test_coupling_is_a_correlation_matrix_with_the_patch_opposed_to_the_seed():
    r = coupling(0.7)
    assert (np.diag(r) == 1).all()
    assert (r == r.T).all()
    assert np.linalg.eigvalsh(r).min() > 0.05
    n = len(NETWORKS)
    assert r[0, n] == -0.7
    assert all(r[0, n] < r[0, n + 1 + k] < 0 for k in range(len(DECOYS)))


def test_planted_correlation_holds_in_the_very_sample_and_in_band():
    r = coupling(0.66)
    series = planted_series(np.random.default_rng(5), 360, r, tr_s=2.5)
    assert_close(np.corrcoef(series.T), r, EXACT)
    hz = np.fft.rfftfreq(360, 2.5)
    power = np.abs(np.fft.rfft(series, axis=0)) ** 2
    outside = (hz < 0.01) | (hz > 0.08)
    assert power[outside].sum() < 1e-20 * power.sum()


def test_maps_peak_where_the_table_says():
    subgenual = NETWORKS[0]
    at = np.float32([[6, 16, -10], [-6, 16, -10], [6, 40, -10], [60, -60, 40]])
    values = network_map(subgenual.blobs, at)
    assert values[0] == values[1]
    assert values[0] > values[2] > values[3]


def test_a_run_without_room_for_the_networks_is_refused():
    with pytest.raises(InputError, match="n_volumes"):
        planted_series(np.random.default_rng(0), 30, coupling(0.6), tr_s=2.5)
