"""Surface series on the grid: each voxel from its own bank, left from the left, or a refusal."""

import numpy as np
import pytest

from tests.io.foreign import icosphere
from tests.io.refusals import refused
from tests.tolerance import EXACT, STORED, Tol, assert_close
from tmsguide.errors import FrameError, QualityError
from tmsguide.model import Frame, Points, Surface, Tissue, native_frame
from tmsguide.preprocess.grids import BrainGrid
from tmsguide.preprocess.ribbon import series_on_grid
from tmsguide.preprocess.spheres import carried_by_sphere

FRAME = native_frame("01")
SPHERE = Frame("fsaverage/sphere")


def shell_grid(centres=((-24.0, 0, 0), (24.0, 0, 0)), inner=18.0, outer=22.0):
    """Two grey shells round white matter, 2 mm voxels."""
    shape, frame_from_voxel = (52, 28, 28), np.diag([2.0, 2, 2, 1])
    frame_from_voxel[:3, 3] = -51, -27, -27
    at = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1) * 2.0
    at += frame_from_voxel[:3, 3]
    radius = np.min([np.linalg.norm(at - c, axis=-1) for c in centres], axis=0)
    mask = radius < outer
    grey = (radius >= inner)[mask]
    tissue = np.stack([~grey, grey, np.zeros_like(grey)], axis=1).astype(np.float32)
    return BrainGrid(mask, frame_from_voxel, FRAME, tissue)


def sheet(centre, radius=20.0, rounds=4):
    return icosphere(rounds)[0] * radius + centre


def both():
    return Points(np.concatenate([sheet((-24.0, 0, 0)), sheet((24.0, 0, 0))]), FRAME)


def test_constant_stays_constant_and_left_stays_left():
    grid, where = shell_grid(), both()
    side = np.sign(where.xyz_mm[:, 0])
    series = np.stack([np.ones(len(where)), side]).astype(np.float32)
    got, seen = series_on_grid(series, where, grid)
    assert_close(got[0, seen], np.ones(seen.sum()), STORED)
    assert not got[:, ~seen].any()
    x = grid.places.xyz_mm[seen, 0]
    far = np.abs(x) > 4
    assert_close(got[1, seen][far], np.sign(x[far]), STORED)
    assert (grid.of_tissue(Tissue.GM) & seen).sum() == seen.sum() > 2000


def test_smooth_course_arrives_at_its_place():
    """A linear course of place is read within the spacing of the vertices."""
    grid, where = shell_grid(), both()
    got, seen = series_on_grid(where.xyz_mm.T.astype(np.float32), where, grid)
    error = np.linalg.norm(got[:, seen].T - grid.places.xyz_mm[seen], axis=1)
    assert np.median(error) < 1.5  # measured 1.08: the shell is 4 mm thick
    assert error.max() < 3.0  # the reach; measured 2.04


def test_far_bank_counts_for_little():
    """Two facing banks with opposite courses, 3 mm apart: a voxel on one follows that one."""
    mask = np.ones((9, 14, 14), bool)
    frame_from_voxel = np.diag([1.0, 2, 2, 1])
    frame_from_voxel[0, 3] = -3
    x = np.argwhere(mask)[:, 0] - 3.0
    grey = np.isin(x, (0, 3))  # the rest is CSF between and white matter beyond
    tissue = np.stack([~grey, grey, np.zeros_like(grey)], axis=1).astype(np.float32)
    grid = BrainGrid(mask, frame_from_voxel, FRAME, tissue)
    y, z = (c.ravel() for c in np.meshgrid(np.arange(0.3, 26, 1.7), np.arange(0.6, 26, 1.7)))
    banks = [np.column_stack([np.full_like(y, at), y, z]) for at in (0.4, 2.8)]
    course = np.repeat([1.0, -1.0], len(y))[None].astype(np.float32)
    got, seen = series_on_grid(course, Points(np.concatenate(banks), FRAME), grid)
    own = np.where(x[seen] == 0, 1.0, -1.0)
    assert (got[0, seen] * own).min() > 0.99  # measured .9993


def test_reach_bounds_what_is_seen():
    grid, where = shell_grid(), both()
    series = np.ones((1, len(where)), np.float32)
    counts = [series_on_grid(series, where, grid, reach_mm=r)[1].sum() for r in (0.8, 1.5, 3.0)]
    assert counts[0] < counts[1] < counts[2]
    left = Points(sheet((-24.0, 0, 0)), FRAME)
    _, seen = series_on_grid(series[:, : len(left)], left, grid)
    assert grid.places.xyz_mm[seen, 0].max() < 0


@pytest.mark.parametrize("shift", [(6.0, 0, 0), (0, 5.0, 0), (0, -9.0, 9.0), (0, 0, 60.0)])
def test_surface_of_another_space_is_refused(shift):
    where = Points(both().xyz_mm + shift, FRAME)
    series = np.ones((1, len(where)), np.float32)
    refused(series_on_grid, series, where, shell_grid(), words=["shift"], error=QualityError)


def test_misfits_are_refused():
    grid, where = shell_grid(), both()
    series = np.ones((3, len(where)), np.float32)
    refused(series_on_grid, series[:, :-1], where, grid, words=["column per place"])
    refused(series_on_grid, series, where, grid, reach_mm=0.0, words=["reach_mm"])
    other = Points(where.xyz_mm, native_frame("02"))
    refused(series_on_grid, series, other, grid, words=["sub-02"], error=FrameError)


def test_template_lies_where_the_persons_vertices_do():
    """A person whose sphere is the template's, shuffled: each vertex finds its own place."""
    v, f = icosphere(3)
    order = np.random.default_rng(2).permutation(len(v))
    places = np.random.default_rng(3).uniform(-60, 60, (len(v), 3))
    person = Surface(Points(places[order], FRAME), f)
    sphere = Surface(Points(v[order] * 100, SPHERE), f)
    got = carried_by_sphere(person, sphere, Surface(Points(v * 100, SPHERE), f))
    assert_close(got.vertices.xyz_mm, places, EXACT)
    assert got.vertices.frame == FRAME


def test_place_error_is_half_the_native_spacing():
    """A fine native mesh on a 50 mm sphere: error at most the vertices' half-distance."""
    native, f = icosphere(5)
    template, g = icosphere(2)
    tilt = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    wanted = template @ tilt
    got = carried_by_sphere(
        Surface(Points(native * 50, FRAME), f),
        Surface(Points(native * 100, SPHERE), f),
        Surface(Points(wanted * 100, SPHERE), g),
    )
    # longest edge 2.07 mm: no place in a triangle is over 1.19 mm from its corners
    assert_close(got.vertices.xyz_mm, wanted * 50, Tol(0.024, "1.19 mm of 50; measured .86"))


def test_spheres_that_do_not_belong_are_refused():
    v, f = icosphere(3)
    whole = Surface(Points(v * 100, SPHERE), f)
    half = Surface(Points(v[v[:, 2] > 0] * 100, SPHERE), f[:1])
    cortex = Surface(Points(v * 40, FRAME), f)
    part = Surface(Points(v[v[:, 2] > 0] * 40, FRAME), f[:1])
    refused(carried_by_sphere, part, half, whole, words=["uncovered"])
    refused(carried_by_sphere, part, whole, whole, words=["642"])
    refused(carried_by_sphere, cortex, cortex, whole, words=["sphere"], error=FrameError)
