import numpy as np
import pytest

from tests.connectivity.planted import NAMES, NETWORKS, correlation, planted
from tests.connectivity.scans import QUALITY, lattice, scan
from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.connectivity import (
    ConnectomeKind,
    connectome,
    edges,
    parcel_series,
    series_connectome,
    sphere_parcels,
    tangent_connectome,
    tangent_reference,
)
from tmsguide.errors import InputError, QualityError
from tmsguide.model import MNI, Points
from tmsguide.num.statistics import standardise

PARTIAL = ConnectomeKind.PARTIAL
MEAN = Tol(1e-5, "both stop their geometric mean early; measured 7e-8")


def series(seed=0, frames=200):
    return planted(frames, np.random.default_rng(seed))


def nilearn(kind, cohort):
    from nilearn.connectome import ConnectivityMeasure
    from sklearn.covariance import LedoitWolf

    measure = ConnectivityMeasure(
        cov_estimator=LedoitWolf(store_precision=False, assume_centered=True), kind=kind
    )
    return measure.fit([standardise(x) for x in cohort])


def white(seed, frames=400, parcels=6):
    """Independent frames, of which every one counts: no correction of the shrinkage."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((frames, parcels)) @ rng.standard_normal((parcels, parcels))


def uncorrelated_in_time(monkeypatch, module):
    monkeypatch.setattr(module, "typical_count", lambda x, kept: float(len(x)))


def test_correlations_are_those_of_numpy():
    x = series()
    found = series_connectome(x, NAMES, NETWORKS)
    expected = np.arctanh(np.corrcoef(x.T) - np.eye(30))
    assert_close(found.z, expected, EXACT)
    assert found.kind == "correlation"
    assert_close(edges(found), expected[np.triu_indices(30, 1)], EXACT)


def test_partial_correlations_are_nilearns(monkeypatch):
    from tmsguide.connectivity import connectomes

    uncorrelated_in_time(monkeypatch, connectomes)
    x = white(1)
    found = series_connectome(x, "abcdef", "xxxyyy", kind=PARTIAL)
    expected = nilearn("partial correlation", [x]).transform([standardise(x)])[0]
    np.fill_diagonal(expected, 0)
    assert_close(np.tanh(found.z), expected, Tol(1e-10, "two inverses; measured 1e-14"))


def test_tangents_are_nilearns(monkeypatch):
    from tmsguide.connectivity import tangents

    uncorrelated_in_time(monkeypatch, tangents)
    cohort = [white(seed) for seed in range(7)]
    theirs = nilearn("tangent", cohort)
    reference = tangent_reference(cohort, "abcdef", "xxxyyy")
    assert_close(reference.mean, theirs.mean_, MEAN)
    expected = theirs.transform([standardise(x) for x in [*cohort, white(9)]])
    for x, want in zip([*cohort, white(9)], expected, strict=True):
        np.fill_diagonal(want, 0)
        assert_close(tangent_connectome(x, reference).z, want, MEAN)


def test_cohorts_displacements_add_up_to_nothing():
    cohort = [series(seed) for seed in range(5)]
    reference = tangent_reference(cohort, NAMES, NETWORKS)
    shifts = np.stack([tangent_connectome(x, reference).z for x in cohort])
    assert np.abs(shifts.mean(axis=0)).max() < 1e-6 * np.abs(shifts).max()  # measured 1e-8


def test_a_planted_partial_correlation_is_found_and_a_chain_is_no_triangle():
    # a drives b, b drives c: a and c move together, but not with b held still
    rng = np.random.default_rng(4)
    a, u, v = rng.standard_normal((3, 20000))
    b = 0.8 * a + 0.6 * u
    c = 0.8 * b + 0.6 * v
    x = np.stack([a, b, c], axis=1)
    plain = series_connectome(x, "abc", "xyz")
    partial = series_connectome(x, "abc", "xyz", kind=PARTIAL)
    assert abs(plain.z[0, 2] - np.arctanh(0.64)) < 4 / np.sqrt(20000)
    assert abs(partial.z[0, 2]) < 4 / np.sqrt(20000)
    assert partial.z[0, 1] > 0.5


def test_counting_autocorrelation_brings_partial_correlations_nearer_to_the_truth():
    # 5 min of 30 parcels: measured error 3.9 with every frame counted, 2.3 so; nearer in 40 of 40
    from tmsguide.num.covariances import partial_correlation, shrunk_covariance, typical_count

    truth, whole = partial_correlation(correlation()), np.ones(150, dtype=bool)
    for seed in range(10):
        x = series(seed, frames=150)
        plain, counted = (
            np.linalg.norm(partial_correlation(shrunk_covariance(x, count=count)) - truth)
            for count in (None, typical_count(x, whole))
        )
        assert counted < 0.8 * plain


def test_effective_dof_tell_the_spread_of_unrelated_edges():
    rng = np.random.default_rng(5)
    found = [
        series_connectome(planted(450, rng, r=np.eye(30)), NAMES, NETWORKS) for _ in range(20)
    ]
    spread = np.concatenate([edges(of) for of in found]).std()
    expected = np.mean([1 / np.sqrt(of.dof - 1) for of in found])
    assert spread == pytest.approx(expected, rel=0.05)  # measured 1 %
    assert found[0].dof < 200  # of 450 frames


def test_dof_are_at_most_what_quality_leaves():
    assert series_connectome(series(), NAMES, NETWORKS, most=17.0).dof == 17.0


def test_a_parcel_without_signal_is_nan_and_touches_no_other():
    x = series()
    whole = series_connectome(x, NAMES, NETWORKS)
    x[:, 4] = np.nan
    x[:, 7] = 1.0
    found = series_connectome(x, NAMES, NETWORKS)
    assert np.isnan(found.z[[4, 7]]).all()
    assert np.isnan(found.z[:, [4, 7]]).all()
    rest = np.delete(np.arange(30), [4, 7])
    assert_close(found.z[np.ix_(rest, rest)], whole.z[np.ix_(rest, rest)], EXACT)
    with pytest.raises(QualityError, match="no signal in p04, p07"):
        tangent_reference([x, x], NAMES, NETWORKS)


def test_scale_shift_and_order_of_parcels_do_not_matter():
    x = series()
    order = np.random.default_rng(1).permutation(30)
    for kind in (ConnectomeKind.CORRELATION, PARTIAL):
        z = series_connectome(x, NAMES, NETWORKS, kind=kind).z
        moved = series_connectome(x * 7 - 3, NAMES, NETWORKS, kind=kind).z
        shuffled = series_connectome(x[:, order], NAMES, NETWORKS, kind=kind).z
        assert_close(moved, z, Tol(1e-9, "inverse of shifted series; measured 1e-13"))
        assert_close(shuffled, z[np.ix_(order, order)], Tol(1e-9, "measured 1e-14"))


def test_the_door_from_a_scan_joins_parcels_and_series():
    rng = np.random.default_rng(2)
    xyz = lattice()
    denoised = scan(rng.standard_normal((60, len(xyz))), xyz)
    centres = np.array([[-6.0, 0.0, -12.0], [3.0, 3.0, -12.0], [0.0, 6.0, -24.0]])
    parcels = sphere_parcels(Points(xyz, MNI), centres, "abc", "xxy", radius_mm=4, source="s")
    found = connectome(denoised, parcels)
    assert_close(
        found.z, series_connectome(parcel_series(denoised, parcels), "abc", "xxy").z, EXACT
    )
    assert found.dof <= min(58, QUALITY.dof)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="use tangent_reference"):
        series_connectome(series(), NAMES, NETWORKS, kind=ConnectomeKind.TANGENT)
    with pytest.raises(InputError, match=r"series of shape \(200, 30\) with 29 names"):
        series_connectome(series(), NAMES[1:], NETWORKS)
    with pytest.raises(InputError, match="1 people; needed two"):
        tangent_reference([series()], NAMES, NETWORKS)
    with pytest.raises(QualityError, match="0 of 30 parcels have signal"):
        series_connectome(np.zeros((50, 30)), NAMES, NETWORKS)
