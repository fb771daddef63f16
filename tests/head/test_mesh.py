"""Heads meshed from labels: faithful, conforming, blind to how the volume is stored."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import GeometryError, InputError
from tmsguide.head.meshing.mesh import tetrahedralise
from tmsguide.model import Tissue, Volume, native_frame
from tmsguide.num.tetrahedra import barycentres, boundary_triangles, face_counts, volumes

FRAME = native_frame("egg")
SIGMA = dict(zip(sorted(Tissue)[1:6], (0.126, 0.275, 1.654, 0.01, 0.465), strict=True))
CENTRE = np.array([3.31, -4.17, 5.23])  # off every plane of the lattice


def egg(voxel=(1.5, 1.5, 1.5), stretch=(0.8, 1.0, 0.9)):
    """Labels of nested ellipsoids about CENTRE, in RAS order."""
    voxel, stretch = np.array(voxel), np.array(stretch)
    half = np.ceil(42 * stretch / voxel).astype(int) + 2
    index = np.stack(np.indices(2 * half + 1), axis=-1)
    r = np.linalg.norm((index - half) * voxel / stretch, axis=-1)
    labels = np.zeros(r.shape, np.uint8)
    for tissue, radius in ((5, 42), (4, 37), (3, 33), (2, 29), (1, 24)):
        labels[r < radius] = tissue
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = CENTRE - half * voxel
    return labels, affine


def mesh(labels, affine, edge_mm=5.0):
    return tetrahedralise(Volume(labels, affine, FRAME), edge_mm=edge_mm, sigma_s_per_m=SIGMA)


def tissue_at(head, points):
    """Tissue of the cell that holds each point (P, 3); 0 outside."""
    corner = head.nodes.xyz_mm[head.cells]
    _, near = cKDTree(corner.mean(axis=1)).query(points, k=24)
    inverse = np.linalg.inv(np.swapaxes(corner[:, 1:] - corner[:, :1], 1, 2))[near]
    weight = np.einsum("pkij,pkj->pki", inverse, points[:, None] - corner[near, 0])
    within = (weight >= -1e-9).all(axis=2) & (weight.sum(axis=2) <= 1 + 1e-9)
    first = near[np.arange(len(points)), within.argmax(axis=1)]
    return np.where(within.any(axis=1), head.tissue[first], 0)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.fixture(scope="module")
def head():
    return mesh(*egg())


def test_mesh_is_conforming_positive_and_whole(head):
    volume = volumes(head.nodes.xyz_mm, head.cells)
    assert volume.min() > 1e-4 * 5.0**3
    assert len(face_counts(head.cells)) == 3
    assert np.array_equal(np.unique(head.cells), np.arange(len(head.nodes)))
    triangles = boundary_triangles(head.cells)
    away = np.linalg.norm((head.nodes.xyz_mm[triangles] - CENTRE) / [0.8, 1.0, 0.9], axis=-1)
    assert away.min() > 40  # every boundary face is scalp: no hanging nodes, no inner cracks
    assert head.nodes.frame == FRAME


def test_each_tissue_has_its_volume_and_conductivity(head):
    volume = volumes(head.nodes.xyz_mm, head.cells)
    radii = {5: 42, 4: 37, 3: 33, 2: 29, 1: 24}
    for tissue, radius in radii.items():
        want = 4 / 3 * np.pi * radius**3 * 0.8 * 0.9
        found = volume[head.tissue <= tissue].sum()
        assert_close(found, want, Tol(0.03, "5 mm chords: measured 0.021 at worst"))
        assert (head.sigma_s_per_m[head.tissue == tissue] == SIGMA[Tissue(tissue)]).all()


def test_borders_lie_where_the_labels_change(head):
    r = np.linalg.norm((head.nodes.xyz_mm - CENTRE) / [0.8, 1.0, 0.9], axis=1)
    for inner, radius in ((1, 24), (2, 29), (3, 33), (4, 37)):
        border = np.intersect1d(
            head.cells[head.tissue == inner], head.cells[head.tissue == inner + 1]
        )
        assert np.abs(r[border] - radius).mean() < 0.3  # measured 0.17 mm with 1.5 mm voxels


def test_storage_order_and_orientation_hardly_matter(head):
    labels, affine = egg()
    flip = np.eye(4)
    flip[0, 0], flip[0, 3] = -1, labels.shape[0] - 1
    swap = np.eye(4)[[1, 0, 2, 3]]
    las = mesh(np.asfortranarray(labels[::-1]), affine @ flip)
    swapped = mesh(labels.swapaxes(0, 1), affine @ swap)
    for other in (las, swapped):
        assert len(other.nodes) == len(head.nodes)
        away, _ = cKDTree(other.nodes.xyz_mm).query(head.nodes.xyz_mm)
        # where a smoothed level is zero to rounding, a node may choose another edge to snap along
        assert (away > 1e-3).mean() < 0.01  # measured 0.002
        size = [np.bincount(h.tissue, volumes(h.nodes.xyz_mm, h.cells)) for h in (other, head)]
        assert_close(*size, Tol(2e-4, "those nodes: measured 4e-5"))


def test_air_round_the_head_changes_nothing(head):
    labels, affine = egg()
    wide = affine.copy()
    wide[:3, 3] -= [3 * 1.5, 7 * 1.5, 0]
    again = mesh(np.pad(labels, ((3, 5), (7, 1), (0, 2))), wide)
    assert_close(again.nodes.xyz_mm, head.nodes.xyz_mm, EXACT)


def test_an_oblique_volume_gives_the_same_anatomy(head):
    labels, affine = egg()
    turn = np.eye(4)
    turn[:3, :3] = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))[0]
    turned = mesh(labels, turn @ affine)
    size = volumes(head.nodes.xyz_mm, head.cells)
    other = volumes(turned.nodes.xyz_mm, turned.cells)
    assert other.min() > 0
    for tissue in range(1, 6):
        assert_close(
            other[turned.tissue == tissue].sum(),
            size[head.tissue == tissue].sum(),
            Tol(0.03, "another lattice through the same shells: measured 0.012"),
        )


def test_ventricles_and_inner_air_keep_their_own_label():
    labels, affine = egg()
    index = np.stack(np.indices(labels.shape), axis=-1) @ affine[:3, :3] + affine[:3, 3]
    ventricle = np.linalg.norm(index - CENTRE - [0, 6, 0], axis=-1) < 9
    labels[ventricle] = Tissue.CSF
    scalp_ward = np.linalg.norm(index - CENTRE - [0, 0, -33], axis=-1) < 4
    labels[scalp_ward] = Tissue.AIR
    head = mesh(labels, affine, 4.0)
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    inside = np.linalg.norm(centre - CENTRE - [0, 6, 0], axis=1) < 8
    assert (head.tissue[inside] == Tissue.CSF).mean() > 0.97  # flat cells near the wall may not
    rim = np.abs(np.linalg.norm(centre - CENTRE - [0, 6, 0], axis=1) - 11) < 1.5
    assert (head.tissue[rim] == Tissue.WM).mean() > 0.97  # no false cortex round the ventricle
    assert not (np.linalg.norm(centre - CENTRE - [0, 0, -33], axis=1) < 3).any()
    assert len(face_counts(head.cells)) == 3


def test_islands_do_not_enter_the_mesh(head):
    labels, affine = egg()
    labels = np.pad(labels, ((0, 12), (0, 0), (0, 0)))
    labels[-7:-2, 10:15, 10:15] = Tissue.SCALP  # a block in the air
    labels[labels.shape[0] // 2 - 6, 20, 20] = Tissue.BONE  # a stray voxel
    again = mesh(labels, affine)
    assert again.nodes.xyz_mm[:, 0].max() == head.nodes.xyz_mm[:, 0].max()


def test_a_gyrated_brain_is_followed():
    """MNI grey and white matter at 2 mm within shells, meshed at 3 mm."""
    labels, affine = mni_head()
    head = mesh(labels, affine, 3.0)
    voxels = np.argwhere(labels > 0)
    voxels = np.random.default_rng(0).choice(voxels, 12000, replace=False)
    found = tissue_at(head, voxels @ affine[:3, :3].T + affine[:3, 3])
    truth = labels[tuple(voxels.T)]
    got = {t: dice(found == t, truth == t) for t in range(1, 6)}
    limits = {1: 0.95, 2: 0.95, 3: 0.945, 4: 0.985, 5: 0.985}  # measured .959 .959 .954 .989 .995
    assert all(got[t] > limits[t] for t in limits), got


def mni_head():
    """The left frontal block of the average brain with simple CSF, bone and scalp shells."""
    from pathlib import Path

    import nibabel as nib
    import nilearn

    folder = Path(nilearn.__file__).parent / "datasets" / "data"
    maps = [
        nib.load(folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz")
        for name in ("gm", "wm")
    ]
    affine = maps[0].affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    grey, white = (m.get_fdata()[::2, ::2, ::2] for m in maps)
    block = (slice(0, 49), slice(68, None), slice(30, None))
    affine[:3, 3] += affine[:3, :3] @ [0, 68, 30]
    grey, white = grey[block], white[block]
    brain = grey + white > 0.5 * grey.max()  # stored as 0 to 1 or 0 to 255
    pad = 8
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, pad)
    brain, white, grey = (np.pad(v, pad) for v in (brain, white, grey))
    hull = ndimage.binary_closing(brain, iterations=5)
    labels = np.zeros(brain.shape, np.uint8)
    labels[ndimage.binary_dilation(hull, iterations=6)] = Tissue.SCALP
    labels[ndimage.binary_dilation(hull, iterations=4)] = Tissue.BONE
    labels[ndimage.binary_dilation(hull, iterations=1)] = Tissue.CSF
    labels[brain] = Tissue.GM
    labels[brain & (white > grey)] = Tissue.WM
    return labels, affine


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda d: d.astype(float), InputError, "whole-number"),
        (lambda d: d + 20, InputError, r"labels 20, .*needed 0 \(air\), 1 \(WM\)"),
        (lambda d: np.minimum(d, 4), GeometryError, "no scalp"),
        (lambda d: 0 * d, GeometryError, "air only"),
    ],
)
def test_labels_that_are_no_head_are_refused(change, error, words):
    labels, affine = egg((4.0, 4.0, 4.0))
    with pytest.raises(error, match=words):
        mesh(change(labels), affine)


def test_steps_and_conductivities_that_cannot_work_are_refused():
    labels, affine = egg((4.0, 4.0, 4.0))
    with pytest.raises(InputError, match="edge_mm"):
        mesh(labels, affine, 0.0)
    with pytest.raises(InputError, match="BONE"):
        tetrahedralise(
            Volume(labels, affine, FRAME),
            edge_mm=5.0,
            sigma_s_per_m={**SIGMA, Tissue.BONE: 0.0},
        )
