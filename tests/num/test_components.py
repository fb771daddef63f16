import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from tests.tolerance import EXACT, assert_close
from tmsguide.num.components import clusters, lattice_step, near, neighbour_pairs


@pytest.fixture(params=["straight", "oblique"])
def lattice(request):
    index = np.argwhere(np.ones((7, 8, 9)))
    turn = np.eye(3)
    if request.param == "oblique":
        turn = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
    return index @ turn.T * 2.5 + [10, -70, 33]


def test_lattice_step_is_the_voxel_edge(lattice):
    assert_close(lattice_step(lattice), 2.5, EXACT)


def test_clusters_are_those_of_26_connectivity(lattice):
    chosen = np.random.default_rng(4).random((7, 8, 9)) < 0.06
    expected, count = ndimage.label(chosen, structure=np.ones((3, 3, 3)))
    label = clusters(chosen.ravel(), neighbour_pairs(lattice, 2.5))
    assert (label[~chosen.ravel()] == -1).all()
    assert len(np.unique(label)) == count + 1 > 5
    pairs = set(zip(label[chosen.ravel()], expected.ravel()[chosen.ravel()], strict=True))
    assert len(pairs) == count  # one label of ours for each of theirs


def test_inner_places_have_26_neighbours(lattice):
    pairs = neighbour_pairs(lattice, 2.5)
    degree = np.bincount(pairs.ravel(), minlength=7 * 8 * 9).reshape(7, 8, 9)
    assert (degree[1:-1, 1:-1, 1:-1] == 26).all()
    assert degree[0, 0, 0] == 7


def test_near_leaves_out_the_border_of_the_sphere():
    xyz = np.array([[10.0, 0, 0], [9.999, 0, 0], [0, 0, 30.5], [0, 21, 30]])
    assert near(xyz, np.array([[0.0, 0, 0], [0, 0, 30]]), 10.0).tolist() == [
        False,
        True,
        True,
        False,
    ]
