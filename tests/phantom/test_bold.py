from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from tests.phantom import recover as known
from tests.phantom import reference_analysis as ref
from tmsguide.model import MNI, Points, Tissue
from tmsguide.phantom import PhantomSettings, person
from tmsguide.phantom.motion import draw_motion
from tmsguide.phantom.scanner import kept_signal


def estimate_motion(volume, still, affine):
    """One Gauss-Newton step from rest, with derivatives by finite differences."""
    middle = (np.array(still.shape) - 1) / 2
    centre = affine[:3, :3] @ middle + affine[:3, 3]
    back = np.linalg.inv(affine)
    inner = (slice(1, -1),) * 3
    h = np.array([0.2, 0.2, 0.2, 0.004, 0.004, 0.004])

    def moved(row):
        fetch = back @ np.linalg.inv(ref.rigid(row, centre)) @ affine
        return ndimage.affine_transform(still, fetch, order=3, mode="nearest")[inner].ravel()

    columns = [(moved(h * e) - moved(-h * e)) / (2 * s) for e, s in zip(np.eye(6), h, strict=True)]
    step, *_ = np.linalg.lstsq(np.stack(columns, 1), (volume - still)[inner].ravel(), rcond=None)
    return step


def test_shape_type_and_sidecar(someone):
    settings = PhantomSettings.small()
    assert someone.bold.volume.data.dtype == np.int16
    assert someone.bold.volume.data.shape[3] == settings.n_volumes == len(someone.motion_params)
    assert someone.bold.metadata["RepetitionTime"] == someone.bold.tr_s == 2.5
    assert someone.bold.metadata["TaskName"] == "rest"


def test_contrast_is_that_of_epi(someone):
    mean = someone.bold.volume.data.mean(-1)
    back = np.linalg.inv(someone.bold.volume.frame_from_voxel)
    t = someone.labels.data
    a = someone.labels.frame_from_voxel
    level = {}
    for tissue in (Tissue.WM, Tissue.GM, Tissue.CSF, Tissue.AIR):
        index = np.argwhere(ndimage.binary_erosion(t == tissue))[::7]
        at = known.bold_of(someone, index @ a[:3, :3].T + a[:3, 3])
        at = at @ back[:3, :3].T + back[:3, 3]
        level[tissue] = np.median(ndimage.map_coordinates(mean, at.T, order=1))
    assert level[Tissue.CSF] > level[Tissue.GM] > level[Tissue.WM] > 20 * level[Tissue.AIR]


def test_subgenual_seed_keeps_60_to_80_percent():
    kept = kept_signal(ref.ball(ref.SEED, 10).astype(np.float32))
    assert 0.6 < kept.mean() < 0.8  # measured .763
    assert kept_signal(np.float32([[0, 34, -26]]))[0] < 0.3
    assert kept_signal(np.float32([[-42, 44, 30]]))[0] > 0.99


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_motion_is_centred_with_a_few_spikes(seed):
    settings = PhantomSettings()
    motion = draw_motion(np.random.default_rng(seed), settings)
    assert np.abs(motion.mean(0)).max() < 1e-12
    fd = ref.framewise_displacement(motion)
    assert 0.05 < fd.mean() < 0.2
    assert settings.jerks / 2 <= (fd > 0.3).sum() <= 0.08 * len(fd)


def test_without_drift_or_jerks_displacement_is_breathing_alone():
    still = replace(PhantomSettings(), drift_mm=0.0, jerks=0)
    fd = ref.framewise_displacement(draw_motion(np.random.default_rng(0), still))
    t = np.arange(still.n_volumes)
    breath = 0.06 * np.sin(2 * np.pi * 0.27 * still.tr_s * t)
    # z and, at half the size, rotation about x; tremor adds six |N(0, 2 * .012^2)| per frame
    expected = 1.5 * np.abs(np.diff(breath)).mean() + 4 * 0.012 * 2 / np.sqrt(np.pi)
    assert abs(fd[1:].mean() / expected - 1) < 0.15


def test_images_move_as_the_planted_parameters_say(someone):
    data, affine = someone.bold.volume.data, someone.bold.volume.frame_from_voxel
    still = data.mean(-1)
    planted = ref.framewise_displacement(someone.motion_params)
    jerk = int(np.clip(planted.argmax(), 3, len(planted) - 4))
    frames = slice(jerk - 3, jerk + 4)
    found = np.stack(
        [estimate_motion(v.astype(float), still, affine) for v in np.moveaxis(data, 3, 0)[frames]]
    )
    miss = np.abs(found - someone.motion_params[frames])
    assert miss[:, :3].max() < 0.04  # six seeds: .009 to .018 mm, .008 to .021 deg
    assert np.degrees(miss[:, 3:]).max() < 0.04
    trace = ref.framewise_displacement(found)[1:]
    assert np.abs(trace - planted[frames][1:]).max() < 0.06  # six seeds: .019 to .033
    assert planted[jerk] > 0.3


def test_seed_and_patch_oppose_each_other(someone):
    found = known.recover(someone)
    assert -0.65 < found.r_patch < -0.25
    assert found.r_patch < found.r_rest - 0.15
    assert 0.6 < found.seed_share < 0.85
    assert 45 < known.raw_tsnr(someone) < 95


@pytest.mark.slow
def test_without_coupling_there_is_nothing_to_find(maps):
    settings = replace(PhantomSettings.small(), patch_coupling=0.0)
    someone = person(*maps, label="n", rng=np.random.default_rng(0), settings=settings)
    assert known.recover(someone).r_patch > -0.25


@pytest.mark.slow
def test_a_plain_analysis_finds_the_planted_centre(maps):
    settings = replace(PhantomSettings.small(), patch_coupling=0.6, n_volumes=300, jerks=5)
    errors = [
        known.recover(
            person(*maps, label="r", rng=np.random.default_rng(seed), settings=settings)
        ).error_mm
        for seed in range(5)
    ]
    assert np.median(errors) < 5
    assert max(errors) < 9


def test_patch_lies_in_the_search_region(someone):
    mni = someone.mni_from_native(someone.target)
    assert mni.frame == MNI
    region = ref.search_region()
    assert np.linalg.norm(region - mni.xyz_mm, axis=1).min() < 2
    assert isinstance(mni, Points)
