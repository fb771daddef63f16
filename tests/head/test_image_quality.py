"""Figures of a T1w image against what they are by hand, and laws of the whole."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.tolerance import EXACT, Tol, assert_close
from tmsguide.errors import QualityError
from tmsguide.head.image_quality import (
    coefficient_of_joint_variation,
    contrast_to_noise,
    energy_ratio,
    entropy_focus,
    shading_range,
    signal_to_noise,
    t1w_quality,
)
from tmsguide.model import Anatomy, Volume, native_frame

FRAME = native_frame("balls")

PAIR = np.array([-1.0, 1.0])  # mean 0, deviation 1


def test_contrast_is_over_the_noise_of_all_three():
    white, grey = 100 + 3 * PAIR, 70 + 4 * PAIR
    assert_close(contrast_to_noise(white, grey, air_sd=12.0), 30 / 13, EXACT)  # 3, 4, 12: 13
    assert np.isnan(contrast_to_noise(np.full(4, 9.0), np.full(4, 5.0), air_sd=0.0))


def test_joint_variation_is_over_the_difference():
    assert_close(coefficient_of_joint_variation(100 + 3 * PAIR, 70 + 4 * PAIR), 7 / 30, EXACT)
    assert coefficient_of_joint_variation(5 + PAIR, 5 + PAIR) == np.inf


def test_signal_to_noise_takes_the_spread_of_a_sample():
    assert_close(signal_to_noise(10 + PAIR), 10 / np.sqrt(2), EXACT)


@pytest.mark.parametrize(("bright", "size"), [(1, 64), (64, 64), (16, 64), (9, 1000)])
def test_entropy_of_a_few_bright_voxels(bright, size):
    image = np.zeros(size)
    image[:bright] = 7.0
    expected = np.sqrt(bright / size) * np.log(bright) / np.log(size)
    assert_close(entropy_focus(image), expected, EXACT, scale=1.0)
    assert_close(entropy_focus(3 * image), expected, EXACT, scale=1.0)


def test_energy_of_the_head_is_over_that_of_the_air():
    assert_close(energy_ratio(30 * PAIR, 2 * PAIR), 225.0, EXACT)
    assert energy_ratio(PAIR, np.zeros(3)) == np.inf


def test_a_planted_slope_of_brightness_is_found():
    corrected = np.full((40, 60, 50), 100.0)
    along = np.linspace(-0.5, 0.5, 60)[None, :, None]
    raw = 3 * corrected * (1 + 0.4 * along)
    inside = np.zeros(raw.shape, bool)
    inside[5:35, 5:55, 5:45] = True
    # 50 of 60 planes, from their 5th to their 95th percentile: 0.9 * 49 / 59 * 0.4
    found = shading_range(raw, corrected, inside, np.array([2.0, 2.0, 2.0]))
    assert_close(found, 0.9 * 49 / 59 * 0.4, Tol(0.1, "read over 8 mm; measured 0.05"))
    assert shading_range(corrected, corrected, inside, np.ones(3)) < 1e-6


@pytest.fixture(scope="module")
def head():
    """Balls in balls, 2 mm: WM, GM, CSF, bone, scalp, air; shaded and noisy."""
    rng = np.random.default_rng(1)
    index = np.indices((58, 66, 62)).astype(float)
    away_mm = 2 * np.linalg.norm(index - np.array([28, 32, 30])[:, None, None, None], axis=0)
    labels = 1 + np.searchsorted([26, 36, 40, 46, 52], away_mm)
    labels = np.where(labels > 5, 0, labels).astype(np.uint8)
    grey = np.array([0.0, 1.0, 0.66, 0.22, 0.1, 0.8])[labels] * 800
    shading = 1 + 0.2 * (index[1] - 32) / 32
    noise = 25 * rng.standard_normal((2, *labels.shape))
    raw = np.hypot(grey * shading + noise[0], noise[1]).astype(np.float32)
    share = np.stack([labels == t for t in range(1, 6)], -1).astype(np.float32)
    place = np.diag([-2.0, 2, 2, 1]), FRAME
    t1w = Volume((raw / shading).astype(np.float32), *place)
    brain = np.isin(labels, (1, 2, 3))
    return Volume(raw, *place), Anatomy(
        t1w, Volume(labels, *place), Volume(share, *place), Volume(brain, *place)
    )


def test_figures_do_not_depend_on_scale_or_storage(head):
    raw, anatomy = head
    plain = asdict(t1w_quality(raw, anatomy))
    assert all(np.isfinite(v) for k, v in plain.items() if k != "problems")
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = raw.data.shape[0] - 1
    others = (
        replace(raw, data=7 * raw.data),
        Volume(raw.data[::-1], raw.frame_from_voxel @ flip, raw.frame),
    )
    for other in others:
        again = asdict(t1w_quality(other, anatomy))
        assert again.pop("problems") == plain["problems"]
        for name, value in again.items():
            assert_close(value, plain[name], Tol(1e-4, "float32 images"))


def test_more_noise_is_worse_and_named(head):
    raw, anatomy = head
    rng = np.random.default_rng(0)
    noise = 250 * rng.standard_normal(raw.data.shape).astype(np.float32)
    worse = t1w_quality(
        replace(raw, data=np.abs(raw.data + noise)),
        replace(anatomy, t1w=replace(anatomy.t1w, data=np.abs(anatomy.t1w.data + noise))),
    )
    before = t1w_quality(raw, anatomy)
    assert worse.cnr < before.cnr
    assert worse.snr < before.snr
    assert worse.cjv > before.cjv
    assert worse.efc > before.efc
    assert worse.fber < before.fber
    words = " ".join(worse.problems)
    for part in ("signal-to-noise", "overlap", "air round the head"):
        assert part in words
    assert "nan" not in words


def test_blanked_air_is_unknown_and_silent(head):
    raw, anatomy = head
    blanked = np.where(anatomy.labels.data > 0, raw.data, 0)
    found = t1w_quality(replace(raw, data=blanked), anatomy)
    assert np.isnan(found.fber)
    assert not any("air" in words for words in found.problems)
    assert np.isfinite(found.cnr)


def test_an_anatomy_without_white_matter_is_refused(head):
    raw, anatomy = head
    none = replace(anatomy, labels=replace(anatomy.labels, data=0 * anatomy.labels.data))
    with pytest.raises(QualityError, match="0 voxels are surely WM"):
        t1w_quality(raw, none)
