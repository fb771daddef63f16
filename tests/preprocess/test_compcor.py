import numpy as np
import pytest

from tests.tolerance import Tol, assert_close
from tmsguide.num.regression import cosines_outside, span
from tmsguide.preprocess.denoising.compcor import components_reaching, unsteady_components

FRAMES, TR_S = 120, 2.0
DRIFT = cosines_outside(FRAMES, TR_S, low_hz=0.01, high_hz=np.inf)


def _waves(count):
    """Orthonormal in-band courses (T, count)."""
    return span(cosines_outside(FRAMES, TR_S, low_hz=np.inf, high_hz=np.inf)[:, 9 : 9 + count])


def _mixed(loadings, rng):
    """Series (T, M) whose columns are each one of the waves, in the numbers given."""
    waves = _waves(len(loadings))
    columns = [np.repeat(waves[:, [k]], n, axis=1) for k, n in enumerate(loadings)]
    series = 500 + 40 * np.column_stack(columns)
    return (series + DRIFT[:, 1:] @ rng.normal(size=(DRIFT.shape[1] - 1, sum(loadings)))).astype(
        np.float32
    )


@pytest.mark.parametrize(
    ("variance", "count", "drop"),
    [
        *((0.399, 1, 0), (0.401, 2, 0), (0.699, 2, 0), (0.701, 3, 0), (0.95, 4, 0)),
        # without the first frames the waves are not quite orthogonal
        *((0.35, 1, 10), (0.5, 2, 10), (0.8, 3, 10), (0.95, 4, 10)),
    ],
)
def test_components_up_to_a_part_of_the_variance(variance, count, drop):
    """40, 30, 20 and 10 voxels of unlike waves: parts 0.4, 0.7, 0.9, 1 of the variance."""
    series = _mixed([40, 30, 20, 10], np.random.default_rng(0))
    kept = np.ones(FRAMES, bool)
    kept[:drop] = False
    series[:drop] = 9000
    assert components_reaching(variance, series, kept, DRIFT) == count


@pytest.mark.parametrize("place", [0, 37, 960])
def test_unsteady_voxels_are_the_two_percent_that_vary_most(place):
    """20 of 1000 voxels carry one wave; the others vary less, and drift more."""
    rng = np.random.default_rng(3)
    wave = _waves(1)[:, 0]
    series = 600 + rng.normal(size=(FRAMES, 1000))
    series[:, place : place + 20] += 100 * wave[:, None]
    slow = np.full(1000, 400.0)
    slow[place : place + 20] = 0
    series += slow * DRIFT[:, [1]]
    kept = np.ones(FRAMES, bool)
    kept[50:55] = False
    series[50:55] += rng.normal(size=(5, 1000)) * 500  # dropped frames choose no voxel
    found = unsteady_components(series.astype(np.float32), kept, DRIFT, count=2)
    assert found.shape == (FRAMES, 2)
    basis = span(DRIFT[kept])
    seen = wave[kept] - basis @ (basis.T @ wave[kept])
    assert abs(np.corrcoef(found[kept, 0], seen)[0, 1]) > 0.999  # measured 0.9997
    assert abs(np.corrcoef(found[kept, 1], seen)[0, 1]) < 0.05


def test_of_one_voxel_the_component_is_its_course():
    rng = np.random.default_rng(4)
    series = 700 + rng.normal(size=(FRAMES, 50))
    series[:, 49] += 5 * rng.normal(size=FRAMES)
    series = series.astype(np.float32)
    kept = np.ones(FRAMES, bool)
    found = unsteady_components(series, kept, DRIFT, count=1)
    # the 2 % of 50 voxels is one: the last, here without drift and of unit norm
    last = series[:, 49].astype(float)
    basis = span(DRIFT)
    last = last - basis @ (basis.T @ last)
    last /= np.linalg.norm(last)
    assert_close(found[:, 0] * np.sign(found[:, 0] @ last), last, Tol(1e-9, "one voxel"))
