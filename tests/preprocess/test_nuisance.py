import numpy as np
import pytest

from tests.preprocess.phantoms import anatomy
from tests.tolerance import EXACT, STORED, assert_close
from tmsguide.model import Tissue
from tmsguide.preprocess import CARPET_ROWS, brain_grid, carpet, confounds, dvars
from tmsguide.preprocess.nuisance import tissue_core


@pytest.fixture(scope="module")
def grid():
    return brain_grid(anatomy(), grid_mm=3.0)


def _series(grid, frames, rng):
    return (100 + rng.normal(size=(frames, len(grid.places)))).astype(np.float32)


def test_names_and_order_of_the_courses(grid):
    rng = np.random.default_rng(0)
    series, motion = _series(grid, 40, rng), rng.normal(size=(40, 6))
    found = confounds(
        series,
        grid,
        motion=motion,
        kept=np.ones(40, bool),
        tr_s=2.0,
        low_hz=0.01,
        acompcor=3,
    )
    assert found.values.shape == (40, 24 + 3 + 3 + 1) == (40, len(found.names))
    column = dict(zip(found.names, found.values.T, strict=True))
    assert_close(column["rot_y"], motion[:, 4], EXACT)
    change = np.concatenate([[0], np.diff(motion[:, 2])])
    assert_close(column["trans_z_derivative1"], change, EXACT)
    assert_close(column["trans_z_power2"], motion[:, 2] ** 2, EXACT)
    assert_close(column["trans_z_derivative1_power2"], change**2, EXACT)
    assert_close(column["global_signal"], series.mean(axis=1), STORED)


def test_components_follow_white_matter_only(grid):
    rng = np.random.default_rng(1)
    series = _series(grid, 60, rng)
    course = np.cos(np.arange(60) * 0.7)
    series[:, grid.of_tissue(Tissue.WM)] += (3 * course[:, None]).astype(np.float32)
    found = confounds(
        series,
        grid,
        motion=np.zeros((60, 6)),
        kept=np.ones(60, bool),
        tr_s=2.0,
        low_hz=0.01,
        acompcor=1,
    )
    column = dict(zip(found.names, found.values.T, strict=True))
    white = abs(np.corrcoef(column["w_comp_cor_00"], course)[0, 1])
    fluid = abs(np.corrcoef(column["c_comp_cor_00"], course)[0, 1])
    assert white > 0.99  # measured 0.998: drifts below 0.01 Hz are out
    assert fluid < 0.5


def test_the_core_of_a_tissue_is_away_from_cortex(grid):
    for tissue in (Tissue.WM, Tissue.CSF):
        core = tissue_core(grid, tissue)
        assert core.sum() > 50
        assert (grid.tissue[core, int(tissue) - 1] > 0.9).all()
        cortex = grid.places.xyz_mm[grid.tissue[:, 1] > 0.5]
        for place in grid.places.xyz_mm[core][::50]:
            assert np.linalg.norm(cortex - place, axis=1).min() > 3.01


def test_dvars_is_the_root_mean_square_change():
    series = np.full((4, 1000), 500, np.float32)
    series[2] += 5
    scale = 1000 / 501.25  # a thousandth of the median of the voxels' means
    assert_close(dvars(series), [0, 0, 5 * scale, 5 * scale], STORED)
    half = np.full((2, 1000), 500, np.float32)
    half[1, :250] += 10
    assert_close(dvars(half), [0, 10], STORED)  # 10 of 500, in a quarter of the voxels


def test_the_carpet_is_ordered_by_tissue(grid):
    rng = np.random.default_rng(2)
    series = _series(grid, 50, rng)
    course = np.sin(np.arange(50) * 0.9).astype(np.float32)
    series[:, grid.of_tissue(Tissue.WM)] += 20 * course[:, None]
    series += np.linspace(0, 30, 50, dtype=np.float32)[:, None]
    picture = carpet(series, grid)
    assert picture.shape == (50, 300)
    assert picture.dtype == np.float32
    assert_close(picture.std(axis=0), np.ones(300), STORED)
    r = np.array([np.corrcoef(row, course)[0, 1] for row in picture.T])
    (_, gray), (_, white), (_, fluid) = CARPET_ROWS
    assert (r[gray : gray + white] > 0.9).all()
    assert np.abs(np.delete(r, slice(gray, gray + white))).mean() < 0.2
    assert gray + white + fluid == 300
