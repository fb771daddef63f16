from dataclasses import replace

import numpy as np
import pytest

from tests.connectivity.scans import NATIVE, lattice, scan
from tests.tolerance import Tol, assert_close
from tmsguide.connectivity import empty_parcels, labelled_parcels, parcel_series, sphere_parcels
from tmsguide.errors import FrameError, InputError
from tmsguide.model import MNI, Frame, Points, Volume

FLOAT32 = Tol(1e-5, "float32 series, float64 sums; measured 1e-7")
CENTRES = np.array([[-6.0, 0.0, -12.0], [3.0, 0.0, -12.0], [90.0, 0.0, 0.0]])
WORDS = ("a", "b", "far"), ("left", "right", "right")


def spheres(radius_mm=6.0):
    return sphere_parcels(Points(lattice(), MNI), CENTRES, *WORDS, radius_mm=radius_mm, source="s")


def test_a_place_belongs_to_the_nearest_centre_within_the_radius():
    parcels = spheres()
    distance = np.linalg.norm(lattice()[:, None] - CENTRES, axis=2)
    inside = distance.min(axis=1) <= 6.0
    assert (parcels.member[inside] == distance.argmin(axis=1)[inside] + 1).all()
    assert (parcels.member[~inside] == 0).all()
    assert (
        np.count_nonzero(parcels.member == 1) == 33 - 1
    )  # within 2 steps; the furthest is nearer to b
    assert parcels.names == WORDS[0]


def test_parcels_without_a_place_keep_their_name():
    assert empty_parcels(spheres()) == ("far",)


def test_centres_are_mni_and_fit_their_names():
    with pytest.raises(FrameError, match=r"places are in sub-sim/T1w.*map the places to MNI"):
        sphere_parcels(Points(lattice(), NATIVE), CENTRES, *WORDS, source="s")
    with pytest.raises(InputError, match=r"centres of shape \(3, 3\), 2 names"):
        sphere_parcels(Points(lattice(), MNI), CENTRES, ("a", "b"), WORDS[1], source="s")


@pytest.fixture
def labels():
    """Labels 7 and 3 in an image whose axes are turned and whose voxels are no cubes."""
    data = np.zeros((5, 6, 4), dtype=np.int16)
    data[1, 2, 3], data[4, 0, 1], data[0, 0, 0] = 7, 3, 99
    affine = np.array([[0, 0, -2.0, 5], [3.0, 0, 0, -1], [0, 1.5, 0, 2], [0, 0, 0, 1]])
    return Volume(data, affine, MNI)


def at(volume, voxel):
    return volume.frame_from_voxel[:3, :3] @ voxel + volume.frame_from_voxel[:3, 3]


def test_a_place_takes_the_label_of_its_nearest_voxel(labels):
    where = np.array(
        [
            at(labels, [1, 2, 3]),
            at(labels, [1.4, 1.6, 3.4]),
            at(labels, [1.6, 2, 3]),
            at(labels, [4, 0, 1]),
            at(labels, [0, 0, 0]),  # a label without a name
            at(labels, [40, 0, 0]),  # outside the image
        ]
    )
    parcels = labelled_parcels(
        Points(where, MNI), labels, {7: "seven", 3: "three"}, {3: "x", 7: "y"}, source="s"
    )
    assert parcels.names == ("three", "seven")
    assert parcels.networks == ("x", "y")
    assert parcels.member.tolist() == [2, 2, 0, 1, 0, 0]


def test_labels_lie_in_the_space_of_the_places_or_both_in_mni(labels):
    names, networks = {7: "seven"}, {7: "y"}
    where = at(labels, [1, 2, 3])[None]
    for frame in (MNI, Frame("MNI152NLin6Asym")):
        found = labelled_parcels(Points(where, frame), labels, names, networks, source="s")
        assert found.member.tolist() == [1]
    own = replace(labels, frame=NATIVE)
    found = labelled_parcels(Points(where, NATIVE), own, names, networks, source="s")
    assert found.member.tolist() == [1]
    with pytest.raises(FrameError, match=r"labels are in MNI.*places in sub-sim/T1w"):
        labelled_parcels(Points(where, NATIVE), labels, names, networks, source="s")


def test_every_named_label_needs_a_network(labels):
    with pytest.raises(InputError, match="labels 7 have a name but no network"):
        labelled_parcels(Points(lattice(), MNI), labels, {7: "seven"}, {}, source="s")


@pytest.fixture
def rest():
    xyz = lattice()
    return scan(np.random.default_rng(3).standard_normal((50, len(xyz))), xyz)


def test_series_are_means_of_z_scored_places(rest):
    parcels = spheres()
    series = parcel_series(rest, parcels)
    x = rest.series.astype(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    for p in (0, 1):
        assert_close(series[:, p], x[:, parcels.member == p + 1].mean(axis=1), FLOAT32)
    assert np.isnan(series[:, 2]).all()


def test_places_without_signal_do_not_count_and_scale_changes_nothing(rest):
    parcels = spheres()
    before = parcel_series(rest, parcels)
    first = np.flatnonzero(parcels.member == 1)
    series = rest.series * 3 + 2
    series[:, first[0]] = 5
    after = parcel_series(replace(rest, series=series), parcels)
    assert_close(after[:, 1], before[:, 1], FLOAT32)
    x = rest.series[:, first[1:]].astype(float)
    expected = ((x - x.mean(axis=0)) / x.std(axis=0)).mean(axis=1)
    assert_close(after[:, 0], expected, FLOAT32)


def test_parcels_of_other_places_are_refused(rest):
    parcels = replace(spheres(), member=np.zeros(3, dtype=np.int64))
    with pytest.raises(InputError, match="3 places, the scan has 504"):
        parcel_series(rest, parcels)
