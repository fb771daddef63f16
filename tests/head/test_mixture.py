"""EM and smoothing on piecewise-constant images with a vague prior."""

import numpy as np
import pytest
from scipy import ndimage

from tests.tolerance import STORED, assert_close
from tmsguide.errors import QualityError
from tmsguide.head.tissues.mixture import BINS, fit_greys, tissue_chances

LEVEL = np.array([0.8, 0.55, 0.2, 0.08, 0.65, 0.02])


def piecewise(noise=0.03, level=LEVEL, seed=0):
    rng = np.random.default_rng(seed)
    shape = (30, 34, 38)
    truth = np.digitize(
        ndimage.gaussian_filter(rng.standard_normal(shape), 3), [-0.07, -0.03, 0.0, 0.03, 0.07]
    )
    truth[:2] = truth[-2:] = 5
    vague = np.stack([ndimage.gaussian_filter((truth == k) * 1.0, 1.5) for k in range(6)], -1)
    prior = ((vague + 0.02) / (vague + 0.02).sum(-1, keepdims=True)).astype(np.float32)
    image = level[truth] + noise * rng.standard_normal(shape)
    return truth, prior, np.clip(image * BINS, 0, BINS - 1).astype(np.uint16)


def test_greys_are_found():
    _, prior, grey = piecewise()
    found = fit_greys(grey.ravel(), prior.reshape(-1, 6))
    assert np.abs(found.mean - LEVEL[:3]).max() < 0.015
    assert np.abs(found.sd - 0.03).max() < 0.015
    assert found.contrast_to_noise > 5


def test_labels_beat_the_prior():
    truth, prior, grey = piecewise()
    greys = fit_greys(grey.ravel(), prior.reshape(-1, 6))
    head = np.ones(truth.shape, dtype=np.bool_)
    chance = tissue_chances(grey, prior, greys, head=head, coupling=0.3, rounds=3)
    assert_close(chance.sum(-1), np.ones(truth.shape), STORED)
    before, after = (prior.argmax(-1) == truth).mean(), (chance.argmax(-1) == truth).mean()
    assert before < 0.9
    assert after > 0.97  # measured 0.99


def test_neighbours_clean_speckle():
    truth, prior, grey = piecewise(noise=0.09)
    greys = fit_greys(grey.ravel(), prior.reshape(-1, 6))
    head = np.ones(truth.shape, dtype=np.bool_)
    alone = tissue_chances(grey, prior, greys, head=head, coupling=0.0, rounds=0)
    together = tissue_chances(grey, prior, greys, head=head, coupling=0.3, rounds=3)
    wrong = [(c.argmax(-1) != truth).mean() for c in (alone, together)]
    assert wrong[1] < 0.8 * wrong[0]


def test_outside_the_head_is_air():
    truth, prior, grey = piecewise()
    greys = fit_greys(grey.ravel(), prior.reshape(-1, 6))
    head = np.ones(truth.shape, dtype=np.bool_)
    head[:, :5] = False
    chance = tissue_chances(grey, prior, greys, head=head, coupling=0.3, rounds=1)
    assert (chance[:, :5, :, 5] == 1).all()


def test_border_of_grey_and_white_lies_midway():
    """Cortex spreads more than white matter; shared voxels must still split at the middle."""
    rng = np.random.default_rng(4)
    fraction = np.r_[np.zeros(30_000), np.ones(30_000), rng.random(12_000)]
    sd = np.where(fraction == 1, 0.02, 0.05)
    image = 0.5 + 0.3 * fraction + sd * rng.standard_normal(len(fraction))
    image = np.r_[image, 0.2 + 0.05 * rng.standard_normal(20_000)]
    prior = np.full((len(image), 6), 1e-4, dtype=np.float32)
    prior[: len(fraction), :2] = 0.5
    prior[len(fraction) :, 2] = 0.9
    prior[:30_000, 1], prior[30_000:60_000, 0] = 0.8, 0.8
    found = fit_greys(np.clip(image * BINS, 0, BINS - 1).astype(np.uint16), prior)
    x = (np.arange(BINS) + 0.5) / BINS
    between = (x > found.mean[1]) & (x < found.mean[0])
    border = x[between][np.argmin(np.abs(np.log(found.table[0] / found.table[1])[between]))]
    middle = found.mean[:2].mean()
    assert abs(border - middle) < 0.15 * (found.mean[0] - found.mean[1])


def test_t2_contrast_is_refused():
    _, prior, grey = piecewise(level=np.array([0.4, 0.55, 0.9, 0.08, 0.5, 0.02]))
    with pytest.raises(QualityError, match="T1"):
        fit_greys(grey.ravel(), prior.reshape(-1, 6))
