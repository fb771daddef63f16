from dataclasses import replace

import numpy as np
import pytest

from tests.preprocess.phantoms import BOLD, Epi, stored
from tests.shared_data import shared
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.model import Frame, Scan, Volume
from tmsguide.num.rigid import inverted, rigid_displacement_mm, rigid_from_parameters
from tmsguide.preprocess import estimate_motion, framewise_displacement

EPI = Epi()


def _moved(count, rng):
    parameters = np.column_stack(
        [rng.normal(0, 0.8, (count, 3)), np.radians(rng.normal(0, 0.8, (count, 3)))]
    )
    parameters[0] = 0
    moves = [rigid_from_parameters(p, np.zeros(3)) for p in parameters]
    frames = [EPI.frame(m) + rng.normal(0, 1.5, EPI.shape).astype(np.float32) for m in moves]
    return moves, frames


@pytest.fixture(scope="module")
def planted():
    return _moved(16, np.random.default_rng(5))


def test_planted_motion_is_recovered(planted):
    moves, frames = planted
    found = estimate_motion(EPI.scan(frames))
    # both relative to frame 0: the reference's own place is free
    first = found.frame_from_reference[0]
    brain = np.random.default_rng(0).uniform(-40, 40, (300, 3))
    error = [
        rigid_displacement_mm(m @ inverted(first), truth, brain).mean()
        for m, truth in zip(found.frame_from_reference, moves, strict=True)
    ]
    assert not found.unsettled.any()
    # 3.5 mm voxels, noise 1.5 of 100: measured mean 0.048, worst 0.074 mm
    assert np.mean(error) < 0.06
    assert np.max(error) < 0.1


def test_parameters_are_millimetres_then_radians_about_the_head(planted):
    found = estimate_motion(EPI.scan(planted[1][:6]))
    for move, parameters in zip(found.frame_from_reference, found.parameters, strict=True):
        again = rigid_from_parameters(parameters, found.center_mm)
        assert_close(again, move, EXACT, scale=100)
    assert np.linalg.norm(found.center_mm) < 10  # the phantom's head is centred on 0


def test_sign_of_the_motion():
    shift = np.eye(4)
    shift[:3, 3] = 0, 0, 2.0  # the head went up in frames 8 to 15
    frames = [EPI.frame()] * 8 + [EPI.frame(shift)] * 8
    z_mm = estimate_motion(EPI.scan(frames)).parameters[:, 2]
    # measured 0.01 mm
    assert abs(z_mm[8:].mean() - z_mm[:8].mean() - 2) < 0.03


def test_one_spoiled_frame_harms_no_other(planted):
    frames = list(planted[1])
    before = estimate_motion(EPI.scan(frames))
    frames[5] = np.random.default_rng(0).uniform(0, 160, EPI.shape).astype(np.float32)
    after = estimate_motion(EPI.scan(frames))
    assert after.unsettled.tolist() == [t == 5 for t in range(16)]
    others = np.arange(16) != 5
    gap = after.parameters[others] - before.parameters[others]
    # through the median reference only: measured 0.036 mm
    assert np.abs(gap - gap.mean(axis=0))[:, :3].max() < 0.06


def _jumping(size, rng):
    """Frames still but for one jump of ``size`` mm and degrees, and the moves."""
    parameters = np.zeros((8, 6))
    way = rng.standard_normal((2, 3))
    way *= size / np.linalg.norm(way, axis=1, keepdims=True)
    parameters[4:] = [*way[0], *np.radians(way[1])]
    moves = [rigid_from_parameters(p, np.zeros(3)) for p in parameters]
    return moves, [EPI.frame(m) + rng.normal(0, 1.5, EPI.shape) for m in moves]


@pytest.mark.parametrize("size", [5, 10])
def test_large_jumps_are_followed(size):
    moves, frames = _jumping(size, np.random.default_rng(size))
    found = estimate_motion(EPI.scan(frames))
    jump = found.frame_from_reference[5] @ inverted(found.frame_from_reference[2])
    brain = np.random.default_rng(0).uniform(-40, 40, (300, 3))
    assert not found.unsettled.any()
    # measured 0.03 mm
    assert rigid_displacement_mm(jump, moves[5], brain).mean() < 0.08


def test_a_reference_of_another_run_and_grid_can_be_the_target(planted):
    moves, frames = planted
    other = Epi(shape=(34, 46, 35))
    still = Volume(other.frame(), other.bold_from_voxel, BOLD)
    found = estimate_motion(EPI.scan(frames), reference=still)
    assert found.reference is still
    brain = np.random.default_rng(0).uniform(-40, 40, (300, 3))
    error = [
        rigid_displacement_mm(m, truth, brain).mean()
        for m, truth in zip(found.frame_from_reference, moves, strict=True)
    ]
    # the reference shows the planted rest, so nothing is free: measured 0.045 mm
    assert np.mean(error) < 0.07
    stray = Volume(other.frame(), other.bold_from_voxel, Frame("sub-other/bold"))
    with pytest.raises(FrameError, match="same session"):
        estimate_motion(EPI.scan(frames), reference=stray)


def test_backward_in_time_is_the_same_motion_backward(planted):
    still = EPI.volume(EPI.frame())
    forward = estimate_motion(EPI.scan(planted[1]), reference=still)
    backward = estimate_motion(EPI.scan(planted[1][::-1]), reference=still)
    assert_close(backward.parameters[::-1], forward.parameters, EXACT)


@pytest.mark.parametrize(("axes", "flips"), [((0, 1, 2), (0,)), ((2, 0, 1), (1, 2))])
def test_motion_is_the_same_however_voxels_are_stored(planted, axes, flips):
    scan = EPI.scan(planted[1])
    again = estimate_motion(replace(scan, volume=stored(scan.volume, axes, flips)))
    first = estimate_motion(scan)
    brain = np.random.default_rng(0).uniform(-40, 40, (300, 3))
    away = [
        rigid_displacement_mm(a, b, brain).max()
        for a, b in zip(again.frame_from_reference, first.frame_from_reference, strict=True)
    ]
    # the searches thin voxels in storage order: measured 0.0001 mm
    assert max(away) < 0.001


def test_displacement_is_the_sum_power_2012_defines():
    rng = np.random.default_rng(6)
    motion = rng.normal(size=(9, 6)) * [1, 1, 1, 0.01, 0.01, 0.01]
    expected = [0.0]
    for t in range(1, 9):
        step = [abs(motion[t, k] - motion[t - 1, k]) for k in range(6)]
        expected.append(sum(step[:3]) + 50 * sum(step[3:]))
    assert_close(framewise_displacement(motion), expected, EXACT)


@pytest.mark.parametrize(
    ("tr_s", "metadata", "words"),
    [
        (2000.0, {}, "2.0, not 2000"),
        (None, {}, "no repetition time"),
        (0.002, {}, "outside"),
        (2.0, {"RepetitionTime": 1.794}, "sidecar says 1.794"),
    ],
)
def test_a_wrong_repetition_time_is_refused(tr_s, metadata, words):
    volume = EPI.scan([EPI.frame()] * 3).volume
    with pytest.raises(InputError, match=words):
        estimate_motion(Scan(volume, tr_s=tr_s, metadata=metadata))


def test_a_single_volume_is_refused():
    with pytest.raises(InputError, match="four axes"):
        estimate_motion(Scan(EPI.volume(EPI.frame()), tr_s=2.0))


def test_an_empty_frame_is_refused():
    frames = [EPI.frame(), EPI.frame(), np.zeros(EPI.shape)]
    with pytest.raises(InputError, match=r"frame 2 .* empty"):
        estimate_motion(EPI.scan(frames))
    frames[1] = np.full(EPI.shape, np.nan)
    with pytest.raises(InputError, match=r"frame 1 .* NaN"):
        estimate_motion(EPI.scan(frames))


def test_a_scan_without_a_head_is_refused():
    speck = np.zeros(EPI.shape)
    speck[3, 3, 3] = 1.0
    with pytest.raises(QualityError, match="no head"):
        estimate_motion(EPI.scan([speck] * 3))


@pytest.mark.slow
def test_a_real_scan_moves_as_little_as_other_code_says():
    """Our throw-away realignment of another make found mean 0.13, largest 0.32 mm."""
    import nibabel as nib

    folder = "bids/sub-forrest02/func"
    image = nib.load(shared(f"{folder}/sub-forrest02_task-oneback_run-01_bold.nii.gz"))
    volume = Volume(np.asarray(image.dataobj, np.float32), image.affine, BOLD)
    found = estimate_motion(Scan(volume, tr_s=2.0))
    fd_mm = framewise_displacement(found.parameters)
    assert not found.unsettled.any()
    assert abs(fd_mm.mean() - 0.13) < 0.01
    assert abs(fd_mm.max() - 0.32) < 0.03
