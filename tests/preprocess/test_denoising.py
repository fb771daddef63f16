import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tolerance import Tol, assert_close
from tmsguide.errors import InputError, QualityError
from tmsguide.preprocess import (
    Band,
    Confounds,
    affordable,
    check_usable,
    degrees_of_freedom,
    denoise,
    kept_frames,
)

BAND = Band(tr_s=2.0, low_hz=0.01, high_hz=0.1)
FLOAT32 = Tol(2e-6, "series are stored in float32")


def _case(seed, frames=120, voxels=50, courses=8):
    rng = np.random.default_rng(seed)
    series = (800 + 20 * rng.normal(size=(frames, voxels)).cumsum(axis=0)).astype(np.float32)
    nuisance = rng.normal(size=(frames, courses)) * 10.0 ** rng.integers(-3, 4, courses)
    kept = rng.random(frames) > 0.1
    return rng, series, nuisance, kept


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_residual_is_orthogonal_to_every_regressor(seed):
    _, series, nuisance, kept = _case(seed)
    out = denoise(series, nuisance, kept, band=BAND).astype(float)
    inside = nuisance[kept] - nuisance[kept].mean(axis=0)
    inside /= np.linalg.norm(inside, axis=0)
    assert_close(inside.T @ out, np.zeros((8, 50)), FLOAT32, scale=np.sqrt(kept.sum()))
    assert_close(out.mean(axis=0), np.zeros(50), FLOAT32, scale=1)
    assert_close((out**2).mean(axis=0), np.ones(50), FLOAT32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_denoising_twice_is_denoising_once(seed):
    _, series, nuisance, kept = _case(seed)
    once = denoise(series, nuisance, kept, band=BAND)
    full = np.zeros_like(series)
    full[kept] = once
    assert_close(denoise(full, nuisance, kept, band=BAND), once, FLOAT32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_adding_nuisance_changes_nothing(seed):
    rng, series, nuisance, kept = _case(seed)
    unit = nuisance / nuisance.std(axis=0)
    more = series + (3 * unit @ rng.normal(size=(8, 50))).astype(np.float32) + 100
    # float32 input of size 1000 with a residual of size 20: measured 2e-5
    tol = Tol(1e-4, "rounding of the float32 input")
    assert_close(
        denoise(more, nuisance, kept, band=BAND), denoise(series, nuisance, kept, band=BAND), tol
    )
    mixed = nuisance @ rng.normal(size=(8, 8))
    assert degrees_of_freedom(
        np.column_stack([nuisance, mixed]), kept, band=BAND
    ) == degrees_of_freedom(nuisance, kept, band=BAND)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_dropped_frames_have_no_say(seed):
    _, series, nuisance, kept = _case(seed)
    spoiled, wild = series.copy(), nuisance.copy()
    spoiled[~kept], wild[~kept] = 1e6, -1e5
    first = denoise(series, nuisance, kept, band=BAND)
    assert (denoise(spoiled, wild, kept, band=BAND) == first).all()


def _cosine(hz, frames=200):
    k = round(hz * 2 * frames * 2.0)
    return np.cos(np.pi * k * (np.arange(frames) + 0.5) / frames)


@pytest.mark.parametrize(("hz", "passes"), [(0.005, 0), (0.03, 1), (0.08, 1), (0.15, 0)])
@pytest.mark.parametrize("gaps", [[], [20, 21, 22, 90, 150]])
def test_band_pass(hz, passes, gaps):
    """Waves of the transform: out of band gone whatever the gaps, in band kept."""
    wave, carrier = _cosine(hz), _cosine(0.05)
    kept = np.ones(200, bool)
    kept[gaps] = False
    series = np.column_stack([100 * wave + carrier, wave, carrier]).astype(np.float32)
    out = denoise(series, np.zeros((200, 0)), kept, band=BAND).astype(float)
    if not passes:
        assert (out[:, 1] == 0).all()
        assert_close(out[:, 0], out[:, 2], Tol(1e-4, "float32 of a wave 100 times as high"))
        return
    r = np.corrcoef(out[:, 1], wave[kept])[0, 1]
    # each gap costs the band a degree of freedom next to it: measured 0.96 with five frames gone
    assert r > (0.95 if gaps else 1 - 1e-9)


@pytest.mark.parametrize("hz", [0.0075, 0.0532, 0.127])
def test_a_sine_off_the_grid(hz):
    """A sine between two frequencies of the transform, beside a carrier in band as strong."""
    carrier = _cosine(0.05, 300)
    sine = np.sin(2 * np.pi * hz * np.arange(300) * 2.0 + 0.3)
    series = (sine + carrier).astype(np.float32)[:, None]
    out = denoise(series, np.zeros((300, 0)), np.ones(300, bool), band=BAND)[:, 0].astype(float)
    expected = carrier + (sine if 0.01 < hz < 0.1 else 0)
    # what leaks through is the step at the ends: measured r 0.981, 0.9993, 0.9997
    assert np.corrcoef(out, expected)[0, 1] > 0.97


def test_degrees_of_freedom_are_counted():
    kept = np.ones(156, bool)
    nuisance = np.random.default_rng(0).normal(size=(156, 35))
    # k / 624 s within 0.01 to 0.1 Hz: k = 7 ... 62, 56 of them
    assert degrees_of_freedom(nuisance[:, :0], kept, band=BAND) == 56
    assert degrees_of_freedom(nuisance, kept, band=BAND) == 21


def test_frames_are_dropped_with_short_stretches_and_dummies():
    fd = np.zeros(30)
    fd[[10, 14, 25]] = 0.5
    kept = kept_frames(fd, fd_limit_mm=0.3, dummy_volumes=3)
    assert kept.nonzero()[0].tolist() == [*range(3, 10), *range(15, 25)]
    assert kept_frames(np.zeros(9), fd_limit_mm=0.3).all()
    with pytest.raises(InputError, match="fd_limit_mm"):
        kept_frames(fd, fd_limit_mm=0.0)


MOTION = [
    f"{axis}{kind}"
    for kind in ("", "_derivative1", "_power2", "_derivative1_power2")
    for axis in ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
]
TISSUE = [
    f"{name}{kind}"
    for name in ("white_matter", "csf", "global_signal")
    for kind in ("", "_derivative1", "_power2", "_derivative1_power2")
]


def _confounds(frames, components=5, more=()):
    names = MOTION + [f"w_comp_cor_{k:02d}" for k in range(components)] + list(more)
    values = np.random.default_rng(1).normal(size=(frames, len(names)))
    return Confounds(values, tuple(names), ("no fluid",))


@pytest.mark.parametrize(
    ("frames", "components", "left", "words"),
    [
        (300, 5, 24 + 5, ()),
        (300, 40, 24 + 40, ()),  # 108 in-band waves less 64
        (156, 11, 12 + 5, ("components after the fifth and squares of",)),
        (156, 5, 12 + 5, ("squares of",)),
        (125, 5, 6 + 5, ("squares and changes of",)),
    ],
)
def test_the_model_shrinks_with_the_scan(frames, components, left, words):
    kept = np.ones(frames, bool)
    model, why = affordable(_confounds(frames, components), kept, band=BAND)
    assert model.values.shape == (frames, left)
    assert len(model.names) == left
    assert model.problems == ("no fluid",)
    assert len(why) == len(words)
    for reason, said in zip(why, words, strict=True):
        dof = degrees_of_freedom(model.values, kept, band=BAND)
        assert f"{said} the confounds" in reason
        assert f"{dof} degrees of freedom" in reason
        assert dof >= 30


def test_36_courses_shrink_alike():
    """Squares go first, of motion and of means; then all changes: 36, 18, 9."""
    for frames, left in ((300, 36), (156, 18), (125, 9)):
        model, _ = affordable(_confounds(frames, 0, TISSUE), np.ones(frames, bool), band=BAND)
        assert len(model.names) == left


def test_too_few_degrees_of_freedom_are_refused():
    with pytest.raises(QualityError, match="degrees of freedom"):
        affordable(_confounds(80), np.ones(80, bool), band=BAND)


def _carpet(seed, frames=240, voxels=30):
    rng = np.random.default_rng(seed)
    series = 900 + rng.normal(size=(frames, voxels)).cumsum(axis=0)
    return series.astype(np.float32), rng.normal(size=(frames, 7)).cumsum(axis=0)


@pytest.mark.parametrize("gaps", [0, 25])
def test_one_regression_is_that_of_nilearn(gaps):
    """Drift cosines and confounds in one go, on kept frames: an independent program agrees."""
    signal = pytest.importorskip("nilearn.signal")
    series, nuisance = _carpet(5)
    kept = np.ones(240, bool)
    kept[np.random.default_rng(6).choice(240, gaps, replace=False)] = False
    ours = denoise(series, nuisance, kept, band=Band(tr_s=2.0, low_hz=0.0101, high_hz=1.0))
    theirs = signal.clean(
        series.astype(float),
        confounds=nuisance,
        sample_mask=np.flatnonzero(kept),
        detrend=False,
        filter="cosine",
        high_pass=0.0101,
        t_r=2.0,
        standardize="zscore_sample",
        standardize_confounds=True,
    )
    n = kept.sum()
    assert_close(ours, theirs * np.sqrt(n / (n - 1)), FLOAT32)


def test_too_little_time_is_refused():
    kept = np.zeros(300, bool)
    kept[:59] = True
    with pytest.raises(QualityError, match=r"2\.0 of 10\.0 minutes"):
        check_usable(kept, tr_s=2.0)
    kept[:60] = True
    check_usable(kept, tr_s=2.0)


@pytest.mark.parametrize("band", [(2000.0, 0.01, 0.1), (2.0, 0.1, 0.01), (2.0, -0.1, 0.1)])
def test_an_impossible_band_is_refused(band):
    with pytest.raises(InputError, match=r"seconds|band"):
        Band(*band)
