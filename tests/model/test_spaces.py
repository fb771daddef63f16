"""Laws of frames, points, affines and warps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tolerance import EXACT, assert_close
from tmsguide.errors import FrameError
from tmsguide.model import MNI, Affine, Frame, Placement, Points, Warp, native_frame

A, B, C = Frame("a"), Frame("b"), native_frame("01")


def rigid(seed):
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    m = np.eye(4)
    m[:3, :3] = q * np.sign(np.linalg.det(q))
    m[:3, 3] = rng.normal(size=3) * 30
    return m


@given(st.integers(0, 10_000))
def test_inverse_undoes_and_chain_associates(seed):
    rng = np.random.default_rng(seed)
    b_from_a = Affine(rigid(seed), source=A, target=B)
    c_from_b = Affine(rigid(seed + 1), source=B, target=C)
    points = Points(rng.normal(size=(5, 3)) * 50, A)
    there = b_from_a(points)
    assert there.frame == B
    assert_close(b_from_a.inverse()(there).xyz_mm, points.xyz_mm, EXACT, scale=100)
    both = (c_from_b @ b_from_a)(points)
    assert_close(both.xyz_mm, c_from_b(there).xyz_mm, EXACT, scale=100)


def test_wrong_frame_is_refused_and_named():
    b_from_a = Affine(np.eye(4), source=A, target=B)
    with pytest.raises(FrameError, match="points are in b, the transform expects a"):
        b_from_a(Points(np.zeros((1, 3)), B))
    with pytest.raises(FrameError):
        _ = b_from_a @ b_from_a


def test_points_refuse_nan_and_wrong_shape():
    with pytest.raises(FrameError, match="NaN"):
        Points(np.full((1, 3), np.nan), A)
    with pytest.raises(FrameError, match=r"\(N, 3\)"):
        Points(np.zeros((3, 2)), A)


def test_singular_affine_is_refused():
    with pytest.raises(FrameError, match="no inverse"):
        Affine(np.diag([1.0, 1, 0, 1]), source=A, target=B)


def test_warp_is_exact_for_a_linear_displacement():
    source_from_voxel = np.diag([2.0, 3, 4, 1])
    source_from_voxel[:3, 3] = -5, 1, 2
    voxel = np.stack(np.meshgrid(*map(np.arange, (7, 8, 9)), indexing="ij"), -1)
    xyz = voxel @ source_from_voxel[:3, :3].T + source_from_voxel[:3, 3]
    slope = np.array([[0.1, 0, 0.02], [0, -0.1, 0], [0.05, 0, 0]])
    warp = Warp((xyz @ slope.T + 1).astype(np.float32), source_from_voxel, A, MNI)
    inside = np.random.default_rng(0).uniform(xyz.min((0, 1, 2)), xyz.max((0, 1, 2)), (20, 3))
    out = warp(Points(inside, A))
    assert out.frame == MNI
    # float32 displacements: 1e-6 of the 30 mm extent
    assert np.abs(out.xyz_mm - (inside + inside @ slope.T + 1)).max() < 3e-5
    far = warp(Points(np.array([[1e3, 0, 0]]), A)).xyz_mm - [1e3, 0, 0]
    assert np.isfinite(far).all(), "outside its grid the nearest displacement holds"
    with pytest.raises(FrameError):
        warp(Points(inside, B))


def test_mirrored_placement_is_refused():
    mirrored = np.diag([-1.0, 1, 1, 1])
    with pytest.raises(FrameError, match="left and right"):
        Placement(mirrored, C, 1e6, 4.0)
