import numpy as np
import pytest

from tests.preprocess.phantoms import anatomy
from tests.tolerance import EXACT, STORED, assert_close
from tmsguide.model import Tissue
from tmsguide.preprocess import CARPET_ROWS, brain_grid, carpet, confounds, dvars
from tmsguide.preprocess.denoising.compcor import tissue_core
from tmsguide.preprocess.denoising.nuisance import without_global_signal
from tmsguide.preprocess.denoising.presets import Preset, preset_named, presets


@pytest.fixture(scope="module")
def grid():
    return brain_grid(anatomy(), grid_mm=3.0)


def _series(grid, frames, rng):
    return (100 + rng.normal(size=(frames, len(grid.places)))).astype(np.float32)


def _found(series, grid, preset, **changed):
    frames = len(series)
    given = {"motion": np.zeros((frames, 6)), "kept": np.ones(frames, bool)} | changed
    return confounds(series, grid, tr_s=2.0, low_hz=0.01, preset=preset, **given)


def _columns(found):
    assert found.values.shape[1] == len(found.names) == len(set(found.names))
    return dict(zip(found.names, found.values.T, strict=True))


def test_names_and_order_of_the_courses(grid):
    rng = np.random.default_rng(0)
    series, motion = _series(grid, 40, rng), rng.normal(size=(40, 6))
    found = _found(series, grid, preset_named("24p-acompcor-gsr"), motion=motion)
    assert found.values.shape == (40, 24 + 5 + 5 + 1)
    assert found.names[-1] == "global_signal"
    column = _columns(found)
    assert_close(column["rot_y"], motion[:, 4], EXACT)
    change = np.concatenate([[0], np.diff(motion[:, 2])])
    assert_close(column["trans_z_derivative1"], change, EXACT)
    assert_close(column["trans_z_power2"], motion[:, 2] ** 2, EXACT)
    assert_close(column["trans_z_derivative1_power2"], change**2, EXACT)
    assert_close(column["global_signal"], series.mean(axis=1), STORED)


@pytest.mark.parametrize("preset", presets(), ids=lambda p: p.name)
def test_every_preset_gives_what_it_says(grid, preset):
    """Numbers of courses by kind; without the global signal none of it is left."""
    rng = np.random.default_rng(5)
    motion = rng.normal(size=(60, 6))
    found = _found(_series(grid, 60, rng), grid, preset, motion=motion)
    assert found.problems == ()

    def count(*starts):
        return sum(name.startswith(starts) for name in found.names)

    assert count("trans_", "rot_") == preset.motion
    assert count("white_matter") == count("csf") == preset.tissue_means
    assert count("t_comp_cor") == preset.unsteady
    assert count("global_signal") == max(preset.global_signal, 1)
    if preset.variance:
        assert min(count("w_comp_cor"), count("c_comp_cor")) > 5  # noise: many for a half
    else:
        assert count("w_comp_cor") == count("c_comp_cor") == preset.components
    plain = without_global_signal(found)
    assert plain.names == tuple(n for n in found.names if "global" not in n)
    assert plain.values.shape[1] == len(plain.names)


def test_36_courses_are_those_of_fmriprep(grid):
    """Each of nine signals with its backward difference and both squares, under its names."""
    rng = np.random.default_rng(6)
    series, motion = _series(grid, 50, rng), rng.normal(size=(50, 6))
    column = _columns(_found(series, grid, preset_named("36p"), motion=motion))
    assert len(column) == 36
    axes = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    signals = dict(zip(axes, motion.T, strict=True))
    signals["global_signal"] = series.mean(axis=1, dtype=float)
    for tissue, name in ((Tissue.WM, "white_matter"), (Tissue.CSF, "csf")):
        signals[name] = series[:, tissue_core(grid, tissue)].mean(axis=1, dtype=float)
    for name, course in signals.items():
        # fMRIPrep leaves the first change empty ("n/a"); every reader fills in 0
        change = np.array([0.0, *(course[1:] - course[:-1])])
        for suffix, expected in (
            ("", course),
            ("_derivative1", change),
            ("_power2", course**2),
            ("_derivative1_power2", change**2),
        ):
            assert_close(column.pop(name + suffix), expected, EXACT)
    assert not column


def test_components_follow_white_matter_only(grid):
    rng = np.random.default_rng(1)
    series = _series(grid, 60, rng)
    course = np.cos(np.arange(60) * 0.7)
    series[:, grid.of_tissue(Tissue.WM)] += (3 * course[:, None]).astype(np.float32)
    column = _columns(_found(series, grid, Preset("trial", motion=6, components=1)))
    white = abs(np.corrcoef(column["w_comp_cor_00"], course)[0, 1])
    fluid = abs(np.corrcoef(column["c_comp_cor_00"], course)[0, 1])
    assert white > 0.99  # measured 0.998: drifts below 0.01 Hz are out
    assert fluid < 0.5


def test_a_tissue_that_is_not_seen_is_named(grid):
    rng = np.random.default_rng(7)
    dry = grid.keep(grid.tissue[:, 2] < 0.5)
    found = _found(_series(dry, 40, rng), dry, preset_named("24p-acompcor"))
    assert [name for name in found.names if name.startswith("c_comp_cor")] == []
    assert len(found.problems) == 1
    assert "cerebrospinal fluid" in found.problems[0]
    assert _found(_series(dry, 40, rng), dry, preset_named("24p-tcompcor")).problems == ()


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
