from dataclasses import replace

import numpy as np
import pytest

from tests.connectivity.scans import QUALITY, lattice, scan
from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import dual_regression
from tmsguide.errors import InputError, QualityError

FLOAT32 = Tol(1e-5, "float32 series; measured 4e-7")


def bump(centre, width=6.0):
    return np.exp(-np.sum((lattice() - centre) ** 2, axis=1) / (2 * width**2))


GROUP = np.stack([bump([-9.0, -3.0, -24.0]), bump([3.0, 9.0, -12.0]), bump([0.0, 0.0, -30.0])])
OWN = np.stack([bump([-6.0, -3.0, -21.0]), bump([3.0, 6.0, -12.0]), bump([3.0, 0.0, -30.0])])


def planted(frames=300, noise=0.3, seed=0):
    """A person whose own maps lie a voxel off the group's."""
    rng = np.random.default_rng(seed)
    courses = rng.standard_normal((frames, 3))
    return courses, courses @ OWN + noise * rng.standard_normal((frames, OWN.shape[1]))


def test_planted_courses_and_the_persons_own_maps_are_found():
    courses, series = planted()
    found = dual_regression(scan(series, lattice()), GROUP)
    for k in range(3):
        assert np.corrcoef(found.courses[:, k], courses[:, k])[0, 1] > 0.9  # measured 0.946
        own, group = (np.corrcoef(found.maps[k], some[k])[0, 1] for some in (OWN, GROUP))
        assert own > group
        assert own > 0.85  # measured 0.91 and more


def test_it_is_two_least_squares_fits():
    _, series = planted()
    denoised = scan(series, lattice())
    x = denoised.series.astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    design = np.column_stack([np.ones(504), GROUP.T])
    courses = np.linalg.lstsq(design, x.T, rcond=None)[0][1:].T
    courses = (courses - courses.mean(axis=0)) / courses.std(axis=0)
    maps = np.linalg.lstsq(courses, x, rcond=None)[0]
    found = dual_regression(denoised, GROUP)
    assert_close(found.courses, courses, FLOAT32)
    assert_close(found.maps, maps, FLOAT32)


def test_z_is_standard_where_nothing_is_planted():
    # 40 people of white noise at places the maps hardly touch
    from tests.oracles.correlation import ar1

    rng = np.random.default_rng(2)
    far = bump([6.0, 12.0, -6.0], 4.0) + bump([6.0, 12.0, -6.0], 8.0) < 0.02
    one = bump([-12.0, -9.0, -30.0], 4.0)[None]
    z = []
    for _ in range(40):
        series = ar1(300, 0.5, rng, 504) + 3 * ar1(300, 0.5, rng) * one
        z.append(dual_regression(scan(series, lattice()), one).z[0, (one[0] < 1e-3) & far])
    assert np.std(z) == pytest.approx(1, abs=0.05)  # measured 1.00; 1.29 if all frames counted


def test_scale_of_series_and_maps_does_not_matter_and_a_turned_map_turns_its_sign():
    _, series = planted()
    before = dual_regression(scan(series, lattice()), GROUP)
    after = dual_regression(scan(series * 9 + 4, lattice()), GROUP * [[3], [0.2], [-1]] + 7)
    assert_close(after.z[:2], before.z[:2], Tol(1e-4, "float32 of larger numbers; measured 2e-6"))
    assert_close(after.z[2], -before.z[2], Tol(1e-4, "measured 2e-6"))


def test_places_without_signal_hold_zero():
    _, series = planted()
    series[:, 100] = 3
    found = dual_regression(scan(series, lattice()), GROUP)
    assert (found.z[:, 100] == 0).all()
    assert np.isfinite(found.z).all()


def test_maps_that_do_not_fit_or_repeat_are_refused():
    denoised = scan(planted()[1], lattice())
    with pytest.raises(InputError, match=r"maps of shape \(3, 9\) for 504 places"):
        dual_regression(denoised, GROUP[:, :9])
    with pytest.raises(InputError, match="3 maps, of which 2 tell something"):
        dual_regression(denoised, GROUP[[0, 1, 1]])
    poor = replace(denoised, quality=replace(QUALITY, dof=4.0))
    with pytest.raises(QualityError, match="4 effective degrees of freedom for 3 maps"):
        dual_regression(poor, GROUP)
