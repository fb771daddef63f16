import numpy as np
import pytest
from nilearn.datasets import load_mni152_brain_mask

from tests.shared_data import shared
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import MNI, Points, native_frame
from tmsguide.num.components import near
from tmsguide.targeting import landmark, landmarks, search_mask
from tmsguide.targeting.definitions import Spheres, definition
from tmsguide.targeting.mask import mask_volume_and_centre


def grid(step=2.0):
    """Every voxel centre of a 2-mm MNI lattice, as the published masks use."""
    index = np.argwhere(np.ones((91, 109, 91), dtype=bool))
    return Points(index * step - [90.0, 126.0, 72.0], MNI)


def test_mask_without_a_brain_has_the_published_size():
    # 10,458 voxels of 2 mm: the union of four 20-mm spheres (science reference, section 2.1)
    mask = search_mask(grid())
    assert mask.sum() == 10_458
    assert_close(grid().xyz_mm[mask].mean(axis=0).round(1), np.array([-40.0, 30.4, 42.9]), EXACT)


def test_mask_is_the_published_image_voxel_by_voxel():
    import nibabel as nib

    image = nib.load(
        shared("atlases/circuit_rois/DLPFCspheres_space-MNI152NLin6Asym_res-02.nii.gz")
    )
    index = np.argwhere(np.ones(image.shape, dtype=bool))
    xyz = index @ image.affine[:3, :3].T + image.affine[:3, 3]
    assert (search_mask(Points(xyz, MNI)) == (np.asarray(image.dataobj) != 0).ravel()).all()
    in_brain = nib.load(
        shared("atlases/circuit_rois/DLPFCspheresmasked_space-MNI152NLin6Asym_res-02.nii.gz")
    )
    inside = (np.asarray(in_brain.dataobj) != 0).ravel()
    assert inside.sum() * 8e-3 == pytest.approx(42.0, abs=0.05)
    assert search_mask(Points(xyz[inside], MNI)).all()


def test_mask_in_the_brain_has_the_published_place_and_about_its_size():
    # Published with FSL's brain mask: 42.0 cm3, centre -35.3 26 38.4. This is the brain of another
    # template (ICBM 2009a symmetric), 3 % larger in all: measured 44.8 cm3, centre 0.7 mm off.
    image = load_mni152_brain_mask(resolution=2)
    index = np.argwhere(image.get_fdata() > 0)
    xyz = index @ image.affine[:3, :3].T + image.affine[:3, 3]
    mask = search_mask(Points(xyz, MNI))
    assert mask.sum() * 8e-3 == pytest.approx(42.0, rel=0.08)
    assert np.linalg.norm(xyz[mask].mean(axis=0) - [-35.3, 26, 38.4]) < 1.0


def test_seed_sphere_has_the_published_size():
    assert near(grid().xyz_mm, np.array([landmark("sgacc").mni_mm]), 10.0).sum() == 485


def test_the_mask_is_on_the_left():
    xyz = grid().xyz_mm
    assert (xyz[search_mask(grid()), 0] < 0).all()


def test_native_points_are_refused():
    with pytest.raises(FrameError, match=r"points are in sub-01/T1w; map them with mni_from_t1w"):
        search_mask(Points(np.zeros((1, 3)), native_frame("01")))


def test_every_landmark_has_a_source_and_a_role_that_is_known():
    names = [place.name for place in landmarks()]
    assert len(set(names)) == len(names) == 16
    for place in landmarks():
        assert len(place.source) > 20
        assert place.roles
        assert set(place.roles) <= {"search", "target", "site", "seed", "control"}


def test_coordinates_are_those_of_the_literature():
    expected = {
        "5cm": (-41, 16, 54),
        "beam-f3": (-37, 26, 49),
        "ba9": (-36, 39, 43),
        "ba46": (-44, 40, 29),
        "fox-2012": (-38, 44, 26),
        "weigand-2018": (-42, 44, 30),
        "sgacc": (6, 16, -10),
        "v1": (2, -82, 5),
    }
    assert {p.name: p.mni_mm for p in landmarks() if p.name in expected} == expected


def test_a_coordinate_that_nobody_read_is_never_a_default_target():
    for place in landmarks():
        if not place.verified:
            assert place.roles == ("site",)


def test_an_unknown_landmark_is_refused_with_those_known():
    with pytest.raises(InputError, match="no landmark 'f4'; the table has 5cm, beam-f3"):
        landmark("f4")


def lattice_of(path):
    import nibabel as nib

    image = nib.load(shared(path))
    index = np.argwhere(np.asarray(image.dataobj) > 0)
    return Points(index @ image.affine[:3, :3].T + image.affine[:3, 3], MNI)


def test_left_dlpfc_of_the_published_brain_has_the_published_volume_and_centre():
    # The brain comes from the published area of 30-mm spheres, cut by FSL's 2-mm brain: it holds
    # all of that brain where the 20-mm spheres are. Measured 42.04 cm3, centre 0.05 mm off.
    brain = lattice_of(
        "atlases/circuit_rois/dilatedDLPFCspheresmasked_space-MNI152NLin6Asym_res-02.nii.gz"
    )
    volume, centre = mask_volume_and_centre(brain, 2.0)
    assert volume == pytest.approx(42.0, abs=0.5)
    assert np.abs(centre - [-35.3, 26.0, 38.4]).max() < 0.5


def test_seeds_of_the_definitions_are_the_published_images():
    for name, file in (
        ("sgacc-cluster", "SGCsphere"),
        ("sgacc-bilateral-cluster", "bilateralSGCspheres"),
    ):
        published = lattice_of(f"atlases/circuit_rois/{file}_space-MNI152NLin6Asym_res-02.nii.gz")
        seed = definition(name).seed
        assert search_mask(published, seed).all()
        assert search_mask(grid(), seed).sum() == len(published)


def test_a_ball_has_the_volume_of_a_ball_and_its_centre():
    lattice = Points(np.argwhere(np.ones((41, 41, 41))) - 20.0, MNI)
    ball = Spheres(((1.0, -2.0, 3.0),), 15.0)
    volume, centre = mask_volume_and_centre(lattice, 1.0, ball)
    # counting voxels of 1 mm: measured 0.1 % off
    assert volume == pytest.approx(4 / 3 * np.pi * 15**3 / 1000, rel=0.01)
    assert_close(centre, np.array([1.0, -2.0, 3.0]), EXACT)


def test_the_right_dlpfc_is_the_mirror_of_the_left():
    mirrored = Points(grid().xyz_mm * [-1, 1, 1], MNI)
    right = search_mask(mirrored, definition("right-dlpfc-cluster").search)
    assert (right == search_mask(grid())).all()
    assert right.any()


def test_approximate_ba25_has_the_centre_and_about_the_size_of_the_mask_it_stands_for():
    # no point of this lattice lies on the border of a ball
    corner = np.array([-0.7, 10.3, -12.2]) - 14.75
    lattice = Points(np.argwhere(np.ones((60, 60, 60))) * 0.5 + corner, MNI)
    volume, centre = mask_volume_and_centre(lattice, 0.5, definition("ba25-cluster").seed)
    assert_close(centre, np.array([-0.7, 10.3, -12.2]), EXACT)
    assert volume == pytest.approx(197 * 8e-3, rel=0.1)  # 197 voxels of 2 mm; measured 6 % more


def test_an_area_without_spheres_or_outside_the_brain_is_refused():
    with pytest.raises(InputError, match=r"the area is the image own\.nii\.gz, needed at least"):
        search_mask(grid(), Spheres(map_file="own.nii.gz"))
    with pytest.raises(InputError, match="the area is empty, needed at least one sphere"):
        search_mask(grid(), Spheres())
    with pytest.raises(QualityError, match="none of 902629 voxels lies in the area"):
        mask_volume_and_centre(grid(), 2.0, Spheres(((119.0, 119, 119),), 5.0))
