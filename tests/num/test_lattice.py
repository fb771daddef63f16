"""Octrees and graded lattices: balanced, conforming, as fine as asked."""

import numpy as np
import pytest

from tests.tolerance import EXACT, assert_close
from tmsguide.num.dihedral import least_dihedral_deg
from tmsguide.num.lattice import graded_lattice
from tmsguide.num.octree import balanced_leaves
from tmsguide.num.tetrahedra import barycentres, boundary_triangles, face_counts, volumes


def everywhere(points):
    return np.ones(len(points), dtype=bool)


def scattered(shape, seed, share=0.002, top=3):
    """Coarse all over but for a few cubes that ask for less."""
    rng = np.random.default_rng(seed)
    asked = np.full(shape, top, dtype=np.int8)
    for k in range(top):
        asked[rng.random(shape) < share] = k
    return asked


def leaf_size(leaves):
    """Doublings of the whole cube over each finest cube; each is covered once."""
    out = np.zeros(leaves.shape, dtype=int)
    times = np.zeros(leaves.shape, dtype=int)
    for k, whole in enumerate(leaves.whole):
        covered = whole.repeat(1 << k, 0).repeat(1 << k, 1).repeat(1 << k, 2)
        out[covered] = k
        times += covered
    assert (times == 1).all()
    return out


@pytest.mark.parametrize("seed", range(4))
def test_cubes_fill_the_box_once_balanced_and_as_fine_as_asked(seed):
    asked = scattered((37, 24, 51), seed, share=1e-4)
    size = leaf_size(balanced_leaves(asked))
    assert (size[:37, :24, :51] <= asked).all()
    assert (size == 3).any()
    n = np.array(size.shape)
    for shift in np.argwhere(np.ones((3, 3, 3))) - 1:
        here = tuple(slice(max(0, -d), m - max(0, d)) for d, m in zip(shift, n, strict=True))
        there = tuple(slice(max(0, d), m - max(0, -d)) for d, m in zip(shift, n, strict=True))
        assert np.abs(size[here] - size[there]).max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_a_graded_lattice_conforms_without_cracks_or_flat_cells(seed):
    asked = scattered((24, 16, 32), seed)
    nodes, cells = graded_lattice(np.zeros(3), 0.5, asked, inside=everywhere)
    volume = volumes(nodes, cells)
    assert volume.min() > 0
    assert len(face_counts(cells)) == 3
    assert np.array_equal(np.unique(cells), np.arange(len(nodes)))
    assert least_dihedral_deg(nodes, cells).min() > 45 - 1e-9
    corner = nodes[boundary_triangles(cells)]
    gap = np.minimum(corner.mean(axis=1), 0.5 * np.array(asked.shape) - corner.mean(axis=1))
    assert gap.min(axis=1).max() < 0.5 * 8 / 2  # the boundary is the box's rim: no cracks inside
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]) / 2
    flux = np.einsum("ij,ij->", area, corner.mean(axis=1)) / 3  # divergence theorem
    assert_close(flux, volume.sum(), EXACT)


def test_cells_are_small_where_asked_and_large_elsewhere():
    asked = np.full((32, 32, 32), 3, dtype=np.int8)
    asked[:4, :4, :4] = 0
    nodes, cells = graded_lattice(np.zeros(3), 1.0, asked, inside=everywhere)
    centre, volume = barycentres(nodes, cells), volumes(nodes, cells)
    assert_close(volume[(centre < 3.4).all(axis=1)].max(), 1 / 12, EXACT)
    assert_close(volume[(centre > 16).all(axis=1)].min(), 8**3 / 12, EXACT)
