import numpy as np
import pytest

from tests.preprocess.phantoms import BOLD, Epi, anatomy, true_anatomy
from tests.shared_data import shared
from tests.tolerance import EXACT, assert_close
from tmsguide.engines import correct_bias, register_deformable, register_linear
from tmsguide.errors import QualityError
from tmsguide.head import head_prior, segment
from tmsguide.io import mni_maps
from tmsguide.model import Affine, AnatomySettings, Volume, native_frame
from tmsguide.phantom import PhantomSettings, person
from tmsguide.preprocess.alignment.conviction import Coregistration
from tmsguide.preprocess.alignment.coregistration import coregister
from tmsguide.preprocess.alignment.midplane import mid_reflection, reflection
from tmsguide.preprocess.alignment.mirror import Sides, mirror_check

FORREST = "bids/sub-forrest02"


@pytest.fixture(scope="module")
def head():
    return anatomy()


def _laid(head, matrix):
    """A coregistration that says ``matrix``, right or wrong."""
    return Coregistration(Affine(matrix, BOLD, head.t1w.frame), 0.5, 1.0, 0, 0, 0, (), ())


def test_a_reflection_undoes_itself_and_keeps_its_plane():
    rng = np.random.default_rng(0)
    normal, place = rng.standard_normal((2, 3))
    mirror = reflection(normal, place)
    assert_close(mirror @ mirror, np.eye(4), EXACT)
    assert_close(mirror @ [*place, 1], [*place, 1], EXACT)
    assert np.linalg.det(mirror[:3, :3]) == pytest.approx(-1)


def test_the_mid_plane_parts_the_brain(head):
    # the phantom is even about x = 0 but for its folds and one ventricle
    normal = np.linalg.svd(mid_reflection(head)[:3, :3] - np.eye(3))[2][0]
    assert abs(normal[0]) > np.cos(np.radians(10))


@pytest.fixture(scope="module")
def someone():
    """A generated person's true tissues and mean functional volume."""
    made = person(
        *mni_maps(), label="m", rng=np.random.default_rng(0), settings=PhantomSettings.small()
    )
    bold = made.bold.volume
    mean = Volume(bold.data.mean(axis=3, dtype=np.float32), bold.frame_from_voxel, bold.frame)
    return true_anatomy(made), mean


def _swapped(mean):
    return Volume(np.flip(mean.data, 0).copy(), mean.frame_from_voxel, mean.frame)


def test_sides_agree_and_are_said_to(someone):
    tissues, mean = someone
    check = mirror_check(mean, tissues, coregister(mean, tissues))
    assert check.sides is Sides.SAME
    assert check.margin > 8  # measured 10.3
    assert "agree" in check.words


def test_a_swapped_scan_is_caught(someone):
    tissues, mean = someone
    swapped = _swapped(mean)
    check = mirror_check(swapped, tissues, coregister(swapped, tissues))
    assert check.sides is Sides.SWAPPED
    assert check.margin < -8  # measured -10.3
    assert check.mirrored_cost < check.cost
    assert "Do not use a target" in check.words


@pytest.mark.slow
def test_a_real_scan_is_told_from_its_mirror_image():
    """A defaced adult at coarse labels; as it is, and with the header's left and right swapped."""
    import nibabel

    t1w = nibabel.load(shared(f"{FORREST}/anat/sub-forrest02_T1w.nii.gz"))
    image = nibabel.load(shared(f"{FORREST}/func/sub-forrest02_task-oneback_run-01_bold.nii.gz"))
    tissues = segment(
        Volume(np.asarray(t1w.dataobj, np.float32), t1w.affine, native_frame("forrest02")),
        head_prior(*mni_maps()),
        bias=correct_bias,
        linear=register_linear,
        deformable=register_deformable,
        settings=AnatomySettings(registration_mm=3.0, label_mm=2.0),
    )
    data = np.asarray(image.dataobj[..., :20]).mean(axis=3, dtype=np.float32)
    mean = Volume(data, image.affine, BOLD)
    found = coregister(mean, tissues)
    check = mirror_check(mean, tissues, found)
    assert check.sides is Sides.SAME
    assert check.margin > 15  # measured 19.8
    swapped = _swapped(mean)
    with pytest.raises(QualityError, match="left and right are swapped"):
        coregister(swapped, tissues)
    check = mirror_check(swapped, tissues, found)
    assert check.sides is Sides.SWAPPED
    assert check.margin < -15  # measured -29.4


def test_noise_is_told_from_neither(head):
    noise = np.random.default_rng(2).uniform(50, 150, Epi().shape).astype(np.float32)
    check = mirror_check(Epi().volume(noise), head, _laid(head, np.eye(4)))
    assert check.sides is Sides.UNCLEAR
    assert "cannot be told" in check.words
