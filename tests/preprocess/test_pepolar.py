import numpy as np
import pytest

from tests.preprocess.distorted import READOUT_S, VOXEL_MM, Scanner, rms
from tests.tolerance import Tol, assert_close
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import Frame, Volume
from tmsguide.num.rigid import rigid_from_parameters
from tmsguide.preprocess.distortion.pepolar import field_from_pair

#: Millimetres of shift per Hz along the anterior axis.
MM_PER_HZ = READOUT_S * 52 / 51 * VOXEL_MM[1]
BOTH = (READOUT_S, READOUT_S)


@pytest.fixture(scope="module")
def pair():
    scanner = Scanner()
    return scanner.epi("j", noise=0.03), scanner.epi("j-", noise=0.03, seed=1)


@pytest.fixture(scope="module")
def found(pair):
    return field_from_pair(*pair, directions=("j", "j-"), readouts_s=BOTH)


def test_the_planted_field_is_found(found):
    scanner = Scanner()
    truth, brain = scanner.field().data[scanner.brain()], scanner.brain()
    before_mm, after_mm = truth * MM_PER_HZ, (found.data[brain] - truth) * MM_PER_HZ
    # planted: -9.9 to 3.2 mm, root mean square 1.09 mm
    assert np.abs(before_mm).max() > 6
    assert rms(before_mm) > 0.8
    # measured 0.116 mm, 99th percentile 0.32 mm
    assert rms(after_mm) < 0.15
    assert np.percentile(np.abs(after_mm), 99) < 0.45


def test_swapping_the_pair_gives_the_same_field(pair, found):
    swapped = field_from_pair(pair[1], pair[0], directions=("j-", "j"), readouts_s=BOTH)
    brain = Scanner().brain()
    assert rms((swapped.data - found.data)[brain]) * MM_PER_HZ < 0.01


@pytest.mark.parametrize("axes", ["LAS", "LPS", "PSR"])
def test_storage_order_does_not_matter(axes, found):
    scanner = Scanner(axes)
    directions = (scanner.toward("A"), scanner.toward("P"))
    images = [scanner.epi(d, noise=0.03, seed=s) for s, d in enumerate(directions)]
    field = field_from_pair(*images, directions=directions, readouts_s=BOTH)
    error = (field.data - scanner.field().data)[scanner.brain()]
    assert rms(error) * MM_PER_HZ < 0.15


def test_one_image_may_be_stored_the_other_way_round(pair, found):
    """Both say j, but j runs to the front in one and to the back in the other."""
    first, second = pair
    turned = np.array(second.frame_from_voxel)
    turned[:3, 3] += turned[:3, 1] * (second.data.shape[1] - 1)
    turned[:3, 1] *= -1
    other = Volume(second.data[:, ::-1].copy(), turned, second.frame)
    field = field_from_pair(first, other, directions=("j", "j"), readouts_s=BOTH)
    assert rms((field.data - found.data)[Scanner().brain()]) * MM_PER_HZ < 0.01


def test_readouts_may_differ(found):
    scanner = Scanner()
    images = scanner.epi("j"), scanner.epi("j-", readout_s=0.025)
    field = field_from_pair(*images, directions=("j", "j-"), readouts_s=(0.04, 0.025))
    error = (field.data - scanner.field().data)[scanner.brain()]
    assert rms(error) * MM_PER_HZ < 0.15


def test_another_contrast_costs_little(pair):
    """As of a spin-echo image beside a gradient-echo run: brightness compressed, and shaded."""
    scanner = Scanner()
    shade = 1 + 0.1 * np.sin(scanner.places()[0][:, 2] / 30).reshape(scanner.shape)
    other = scanner.volume(20 * shade * (pair[1].data / 100) ** 0.8)
    field = field_from_pair(pair[0], other, directions=("j", "j-"), readouts_s=BOTH)
    error = (field.data - scanner.field().data)[scanner.brain()]
    assert rms(error) * MM_PER_HZ < 0.5  # measured 0.35


@pytest.mark.slow
def test_motion_between_the_two_is_followed():
    scanner = Scanner()
    move = rigid_from_parameters(np.array([1.5, 0.0, 2.0, 0.02, 0.03, -0.03]), np.zeros(3))
    images = scanner.epi("j", noise=0.02), scanner.epi("j-", noise=0.02, seed=1, move=move)
    field = field_from_pair(*images, directions=("j", "j-"), readouts_s=BOTH)
    error = (field.data - scanner.field().data)[scanner.brain()] * MM_PER_HZ
    # a turn mixes with a slope of the field: measured 0.24 mm
    assert rms(error) < 0.35


def test_images_without_distortion_give_no_field():
    scanner = Scanner()
    image = scanner.still()
    field = field_from_pair(image, image, directions=("j", "j-"), readouts_s=BOTH)
    assert np.abs(field.data).max() < 0.05


def test_a_constant_field_is_a_shift():
    """Two copies of one image, 2 voxels apart: the field that moves each by one."""
    scanner = Scanner()
    image = scanner.still().data
    images = [scanner.volume(np.roll(image, step, axis=1)) for step in (1, -1)]
    field = field_from_pair(*images, directions=("j", "j-"), readouts_s=BOTH)
    expected = np.full(scanner.brain().sum(), 1 / (READOUT_S * 52 / 51))
    assert_close(field.data[scanner.brain()], expected, Tol(1e-3, "measured 5e-5"))


def test_what_is_no_pair_is_refused(pair):
    a, b = pair
    with pytest.raises(InputError, match="distorted alike"):
        field_from_pair(a, b, directions=("j", "j"), readouts_s=BOTH)
    with pytest.raises(InputError, match="different axes"):
        field_from_pair(a, b, directions=("j", "i-"), readouts_s=BOTH)
    with pytest.raises(InputError, match="seconds, not milliseconds"):
        field_from_pair(a, b, directions=("j", "j-"), readouts_s=(40.0, 40.0))
    with pytest.raises(InputError, match="PhaseEncodingDirection"):
        field_from_pair(a, b, directions=("AP", "j-"), readouts_s=BOTH)
    elsewhere = Volume(b.data, b.frame_from_voxel, Frame("other"))
    with pytest.raises(FrameError, match="other"):
        field_from_pair(a, elsewhere, directions=("j", "j-"), readouts_s=BOTH)
    empty = Volume(np.zeros_like(b.data), b.frame_from_voxel, b.frame)
    with pytest.raises(QualityError, match="empty"):
        field_from_pair(a, empty, directions=("j", "j-"), readouts_s=BOTH)
