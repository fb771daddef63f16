"""Every way a head mesh can be unsound has its own refusal, and what can be mended is."""

from dataclasses import replace

import numpy as np
import pytest

from tests.field.heads import egg_head
from tests.field.real_heads import mmc_head, peer_head
from tests.io.refusals import refused
from tmsguide.errors import GeometryError
from tmsguide.head import check_head, mended
from tmsguide.model import HeadModel, Points, Tissue
from tmsguide.num.tetrahedra import volumes


@pytest.fixture(scope="module")
def egg():
    return egg_head()


def fault(head, *words):
    return refused(check_head, head, words=words, error=GeometryError)


def with_nodes(head, xyz):
    return replace(head, nodes=Points(xyz, head.nodes.frame))


def more_cells(head, cells, nodes=None):
    """The head with scalp cells added, and nodes if given."""
    k = len(cells)
    xyz = head.nodes.xyz_mm if nodes is None else np.concatenate([head.nodes.xyz_mm, nodes])
    return HeadModel(
        Points(xyz, head.nodes.frame),
        np.concatenate([head.cells, cells]),
        np.append(head.tissue, np.full(k, 5, np.uint8)),
        np.append(head.sigma_s_per_m, np.full(k, 0.465)),
    )


def same(a, b):
    assert np.array_equal(a.nodes.xyz_mm, b.nodes.xyz_mm)
    assert np.array_equal(a.cells, b.cells)
    assert np.array_equal(a.tissue, b.tissue)
    assert np.array_equal(a.sigma_s_per_m, b.sigma_s_per_m)


def test_our_own_mesh_is_sound_and_mending_leaves_it_alone(egg):
    check_head(egg)
    same(mended(egg), egg)


def test_inverted_cells_are_counted_and_turned(egg):
    cells = egg.cells.copy()
    cells[3:10] = cells[3:10][:, [0, 2, 1, 3]]
    turned = replace(egg, cells=cells)
    fault(turned, "7 of", "inverted", "head.mended")
    back = mended(turned)
    check_head(back)
    assert np.array_equal(np.sort(back.cells, axis=1), np.sort(egg.cells, axis=1))
    assert (volumes(back.nodes.xyz_mm, back.cells) > 0).all()


def test_unused_nodes_and_loose_parts_are_counted_and_dropped(egg):
    first = np.full((3, 3), 99.0)
    xyz = np.concatenate([first, egg.nodes.xyz_mm])
    spare = replace(with_nodes(egg, xyz), cells=egg.cells + 3)
    fault(spare, "3 of", "no tetrahedron", "head.mended")
    same(mended(spare), egg)
    n = len(egg.nodes)
    island = np.array([[80.0, 0, 0], [83, 0, 0], [80, 3, 0], [80, 0, 3]])
    loose = more_cells(egg, np.arange(n, n + 4)[None], island)
    fault(loose, "1 tetrahedra (4.5 mm³)", "head.mended")
    same(mended(loose), egg)


def test_tensors_follow_their_cells(egg):
    tensor = np.eye(3) * egg.sigma_s_per_m[:, None, None]
    n = len(egg.nodes)
    island = np.array([[80.0, 0, 0], [83, 0, 0], [80, 3, 0], [80, 0, 3]])
    loose = more_cells(egg, np.arange(n, n + 4)[None], island)
    loose = replace(loose, tensor_s_per_m=np.concatenate([tensor, 9.0 * np.eye(3)[None]]))
    kept = mended(loose).tensor_s_per_m
    assert np.array_equal(kept, tensor)


def test_flat_and_overlapping_cells_are_refused_for_good(egg):
    cells = egg.cells.copy()
    cells[11, 3] = cells[11, 2]
    fault(replace(egg, cells=cells), "1 of", "flat", "number 11")
    twice = more_cells(egg, egg.cells[:2])
    fault(twice, "faces", "more than two")


def test_absent_nodes_are_refused_before_anything_is_computed(egg):
    for wrong in (len(egg.nodes), -1):
        cells = egg.cells.copy()
        cells[0, 0] = wrong
        head = replace(egg, cells=cells)
        fault(head, "1 of", f"outside 0 to {len(egg.nodes) - 1}")
        refused(mended, head, words=("outside",), error=GeometryError)
    none = HeadModel(egg.nodes, np.empty((0, 4), np.int64), np.empty(0, np.uint8), np.empty(0))
    fault(none, "no tetrahedra")


def test_heads_without_the_tissues_that_matter_are_refused(egg):
    bald = np.flatnonzero(egg.tissue != Tissue.SCALP)
    bare = mended(HeadModel(egg.nodes, egg.cells[bald], egg.tissue[bald], egg.sigma_s_per_m[bald]))
    fault(bare, "no SCALP", "WM, GM, CSF, BONE")
    grey_less = np.where(egg.tissue == Tissue.GM, Tissue.WM, egg.tissue).astype(np.uint8)
    fault(replace(egg, tissue=grey_less), "no GM")
    turned_round = (6 - egg.tissue).astype(np.uint8)  # scalp inside, white matter outside
    fault(replace(egg, tissue=turned_round), "only 0 %", "labels' order")
    odd = egg.tissue.copy()
    odd[5] = 77
    fault(replace(egg, tissue=odd), "[77]")
    sigma = egg.sigma_s_per_m.copy()
    sigma[:4] = 0.0
    fault(replace(egg, sigma_s_per_m=sigma), "4 tetrahedra", "not positive")


def test_a_mesh_made_by_others_passes_once_mended():
    head = mmc_head()
    fault(head, "5 of 59225 nodes", "head.mended")
    sound = mended(head)
    check_head(sound)
    assert len(head.cells) - len(sound.cells) == 26
    volume = volumes(sound.nodes.xyz_mm, sound.cells)
    layer = [volume[sound.tissue == t].sum() / 1000 for t in (1, 2, 3, 4, 5)]
    # a vault cut above the eyes: each layer has a part of an adult's volume (ml)
    assert all(80 < ml < 260 for ml in layer)


@pytest.mark.slow
def test_the_peer_mesh_is_sound_as_it_is():
    check_head(peer_head())
