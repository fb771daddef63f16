"""Echoes: planted decay times, the textbook weights, and the chain on a multi-echo run."""

import dataclasses

import numpy as np
import pytest

from tests.preprocess.phantoms import Epi
from tests.tolerance import EXACT, assert_close
from tmsguide.errors import InputError
from tmsguide.preprocess import decay_time_s, echo_times_s, echo_weights

TIMES = np.array([0.0128, 0.0284, 0.044])


def test_planted_decay_times_are_found():
    truth = np.array([0.015, 0.03, 0.045, 0.09])
    found = decay_time_s(700 * np.exp(-TIMES[:, None] / truth), TIMES)
    assert_close(found, truth, EXACT)


def test_noise_moves_the_decay_time_by_what_it_must():
    rng = np.random.default_rng(1)
    signal = 700 * np.exp(-TIMES[:, None] / 0.045) + rng.normal(0, 5, (3, 20_000))
    found = decay_time_s(signal, TIMES)
    # relative error of T2* from the noise of two logarithms 31 ms apart: about .045 / .031 * .016
    assert abs(np.median(found) - 0.045) < 0.0005
    assert found.std() < 0.002


def test_weights_sum_to_one_and_peak_where_the_decay_time_says():
    weights = echo_weights(np.exp(-TIMES[:, None] / [0.013, 0.03, 0.08]), TIMES)
    assert_close(weights.sum(axis=0), np.ones(3), EXACT)
    assert weights.argmax(axis=0).tolist() == [0, 1, 2]


def test_the_combination_has_more_contrast_than_any_echo():
    """The law that the weights come from: contrast is TE exp(-TE/T2*), noise alike in all."""
    t2 = 0.035
    contrast = TIMES * np.exp(-TIMES / t2)
    weights = echo_weights(np.exp(-TIMES[:, None] / [t2]), TIMES)[:, 0]
    joined = weights @ contrast / np.sqrt((weights**2).sum())
    assert joined > contrast.max()
    assert_close(joined, np.sqrt((contrast**2).sum()), EXACT)  # the most any weights can give


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((0.013, None), "needed EchoTime"),
        ((13.0, 28.0), "in seconds"),
        ((0.03, 0.01), "do not rise"),
        ((0.01, 0.01), "do not rise"),
    ],
)
def test_bad_echo_times_are_refused(times, words):
    scan = Epi(shape=(6, 6, 6)).scan([np.ones((6, 6, 6))] * 3)
    echoes = [dataclasses.replace(scan, metadata={"EchoTime": t} if t else {}) for t in times]
    with pytest.raises(InputError, match=words):
        echo_times_s(echoes)
