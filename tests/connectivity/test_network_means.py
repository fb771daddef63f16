import numpy as np
import pytest

from tests.connectivity.planted import NAMES, NETWORKS, correlation, planted
from tests.connectivity.scans import lattice, scan
from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import network_means, series_connectome, series_network_means
from tmsguide.errors import InputError, QualityError
from tmsguide.model import Parcels

MEMBER = np.array(["abc".index(word) for word in NETWORKS])
FLOAT32 = Tol(1e-5, "float32 series; measured 3e-7")


def by_hand(z):
    out = np.zeros((3, 3))
    for a in range(3):
        for b in range(3):
            out[a, b] = np.mean(
                [z[i, j] for i in range(30) for j in range(30)
                 if i != j and MEMBER[i] == a and MEMBER[j] == b]
            )  # fmt: skip
    return out


def means(x, seed=0, **words):
    rng = np.random.default_rng(seed)
    return series_network_means(x, NETWORKS, rng=rng, block_frames=10, **words)


def test_means_are_over_all_pairs_within_and_between():
    x = planted(200, np.random.default_rng(1))
    found = means(x)
    assert found.names == ("a", "b", "c")
    assert_close(found.z, by_hand(series_connectome(x, NAMES, NETWORKS).z), FLOAT32)
    assert found.edges.tolist() == [[45, 100, 100], [100, 45, 100], [100, 100, 45]]
    assert (found.low < found.z).all()
    assert (found.z < found.high).all()
    assert (found.low == found.low.T).all()


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [5, 15])
def test_intervals_cover_the_planted_means(minutes):
    # 300 scans, 6 means each. Measured (block 20 s): 94.8 % at 5 min, 94.7 % at 15 min
    rng = np.random.default_rng(5)
    truth = by_hand(np.arctanh(correlation() - np.eye(30)))
    hit = []
    for _ in range(300):
        found = means(planted(minutes * 30, rng), seed=int(rng.integers(1e9)))
        hit.append(((found.low <= truth) & (truth <= found.high))[np.triu_indices(3)])
    share = np.mean(hit)
    # the six means of a scan move together: at least 300 independent tries, 4 SE = 5 %; more
    # than 4 SE too wide is no honest interval either
    assert 0.90 <= share <= 0.99


def test_longer_scans_have_narrower_intervals():
    rng = np.random.default_rng(6)
    width = [np.mean(means(x).high - means(x).low) for x in (planted(n, rng) for n in (150, 1350))]
    assert width[1] == pytest.approx(width[0] / 3, rel=0.3)  # nine times as long: a third


def test_parcels_without_signal_do_not_count():
    x = planted(200, np.random.default_rng(1))
    x[:, :9] = np.nan
    found = means(x)
    assert found.edges[0].tolist() == [0, 10, 10]
    assert np.isnan(found.z[0, 0])
    assert np.isnan(found.low[0, 0])
    assert np.isfinite(found.z[1:, 1:]).all()


def test_same_generator_same_interval_and_scale_does_not_matter():
    x = planted(200, np.random.default_rng(1))
    assert (means(x).low == means(x).low).all()
    assert (means(x).low != means(x, seed=1).low).any()
    assert_close(means(x * 5 - 2).low, means(x).low, FLOAT32)


def test_blocks_stay_within_runs():
    # two runs of opposite means: only a draw that mixes runs unequally would move the means
    rng = np.random.default_rng(3)
    x = planted(400, rng)
    one, two = means(x, run_frames=(200, 200)), means(x)
    assert_close(one.z, two.z, FLOAT32)
    assert (one.low != two.low).any()


def test_the_door_from_a_scan():
    rng = np.random.default_rng(2)
    xyz = lattice()
    member = (np.arange(len(xyz)) % 6 + 1).astype(np.int64)
    parcels = Parcels(tuple("uvwxyz"), tuple("aabbcc"), member, "s")
    denoised = scan(rng.standard_normal((120, len(xyz))), xyz)
    found = network_means(denoised, parcels, rng=np.random.default_rng(0))
    assert found.edges.tolist() == [[1, 4, 4], [4, 1, 4], [4, 4, 1]]
    assert ((found.low < 0) & (found.high > 0)).sum() >= 7  # nothing planted: 95 % of 9


def test_too_few_blocks_and_odd_shapes_are_refused():
    x = planted(30, np.random.default_rng(1))
    with pytest.raises(QualityError, match="30 frames hold 3 blocks of 10"):
        means(x)
    with pytest.raises(InputError, match="runs of 29 frames"):
        means(x, run_frames=(10, 19))
    with pytest.raises(QualityError, match="0 parcels have signal"):
        means(np.zeros((100, 30)))
