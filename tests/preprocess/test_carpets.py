"""The picture of the whole scan: bands in their order, scaled by the frames that count."""

import numpy as np

from tests.preprocess.phantoms import anatomy
from tests.tolerance import Tol, assert_close
from tmsguide.preprocess import brain_grid
from tmsguide.preprocess.judging.carpets import CARPET_BANDS, CARPET_ROWS, carpet

FRAMES = 60


def _series(grid, rng):
    """Noise with a line, and a course of its own per tissue: sine, cosine, step."""
    time = np.linspace(0, 2 * np.pi, FRAMES)
    courses = (np.cos(time), np.sin(time), np.sign(time - np.pi))  # WM, GM, CSF as tissue columns
    which = grid.tissue.argmax(axis=1)
    clean = np.stack(courses, axis=1)[:, which] * 10 + 0.3 * np.arange(FRAMES)[:, None]
    return (1000 + clean + rng.standard_normal(clean.shape)).astype(np.float32)


def test_bands_are_the_tissues_in_the_order_they_are_named():
    grid = brain_grid(anatomy(), grid_mm=3.0)
    picture = carpet(_series(grid, np.random.default_rng(0)), grid)
    assert picture.shape == (FRAMES, sum(rows for _, rows in CARPET_ROWS))
    assert [name for name, _ in CARPET_BANDS] == ["grey matter", "white matter", "fluid"]
    assert [rows for _, rows in CARPET_BANDS] == [rows for _, rows in CARPET_ROWS]
    time = np.linspace(0, 2 * np.pi, FRAMES)
    first = 0
    for course, (_, rows) in zip((np.sin, np.cos), CARPET_BANDS, strict=False):
        expected = course(time) - np.polyval(np.polyfit(time, course(time), 1), time)
        band = picture[:, first : first + rows]
        r = [np.corrcoef(expected, row)[0, 1] for row in band.T]
        assert min(r) > 0.98  # measured 0.995
        first += rows


def test_rows_are_scaled_by_the_kept_frames_and_jerks_do_not_grey_the_rest():
    grid = brain_grid(anatomy(), grid_mm=3.0)
    series = _series(grid, np.random.default_rng(1))
    kept = np.ones(FRAMES, bool)
    kept[20:24] = False
    jerked = series.copy()
    jerked[20:24] += 500
    calm, scaled = (carpet(s, grid, kept) for s in (series, jerked))
    assert_close(scaled[kept], calm[kept], Tol(1e-4, "float32"))
    assert_close(scaled[kept].std(axis=0), np.ones(scaled.shape[1]), Tol(1e-4, "float32"))
    assert carpet(jerked, grid)[kept].std() < 0.5  # what it was without: grey


def test_a_tissue_too_small_is_left_blank():
    grid = brain_grid(anatomy(), grid_mm=3.0)
    gray = grid.keep(grid.of_tissue(CARPET_ROWS[0][0]))
    picture = carpet(_series(gray, np.random.default_rng(2)), gray)
    assert (picture[:, CARPET_ROWS[0][1] :] == 0).all()
    assert picture[:, : CARPET_ROWS[0][1]].std() > 0.9
