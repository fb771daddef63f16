"""Sliding windows: whether connectivity changes within a scan more than chance makes it seem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.statistics import standardise, varies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

__all__ = ["CAUTION", "Dynamics", "phase_randomised", "sliding_windows"]

#: Goes with every result (netn_a_00437: dwell time poor, occupancy ICC 0.5 after about 15 min).
CAUTION = (
    "Measures of changing connectivity have weak test-retest reliability, and windows of a scan "
    "whose connectivity never changes differ too: only what exceeds the surrogates counts."
)
_FEWEST_WINDOWS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """How much windowed Fisher z varies per edge, against surrogates that cannot change.

    ``spread`` (P, P) is the standard deviation over ``windows`` windows, ``expected`` its mean
    and ``p`` the share (with the scan itself) of S surrogates with as much or more; ``q`` is the
    false-discovery rate over edges. ``mean_spread``, ``mean_expected`` and ``mean_p`` are those
    of the mean over all edges: one test per scan. NaN for parcels without signal and the diagonal.
    """

    spread: Floats
    expected: Floats
    p: Floats
    q: Floats
    mean_spread: float
    mean_expected: float
    mean_p: float
    windows: int
    caution: str = CAUTION


def sliding_windows(
    series: NDArray[np.floating],
    *,
    tr_s: float,
    rng: np.random.Generator,
    run_frames: Sequence[int] = (),
    window_s: float = 100.0,  # 1 / the high-pass of 0.01 Hz (Leonardi & Van De Ville 2015)
    surrogates: int = 100,
) -> Dynamics:
    """Spread of windowed connectivity of parcel series (T, P), against surrogates without change.

    Windows with a Hamming taper move on by a tenth of their length within each run of
    ``run_frames`` frames; where frames were censored a window spans more than its seconds. A
    surrogate keeps each run's power and cross spectra, so autocorrelation and static connectivity,
    and holds no change but chance.

    Raises
    ------
    InputError
        If runs do not add up to the series.
    QualityError
        If the runs hold fewer than eight windows, or fewer than two parcels have signal.

    References
    ----------
    Leonardi & Van De Ville 2015, 10.1016/j.neuroimage.2014.09.007; Hindriks et al. 2016,
    10.1016/j.neuroimage.2015.11.055; Prichard & Theiler 1994, 10.1103/PhysRevLett.73.951.
    """
    runs = tuple(run_frames) or (len(series),)
    alive = varies(series)
    length = max(round(window_s / tr_s), 4)
    windows = list(_windows(runs, length))
    _check(series, runs, windows=len(windows), alive=alive, window_s=window_s)
    taper = np.hamming(length).astype(np.float32)
    some = standardise(series[:, alive]).astype(np.float32)
    found = _spread(some, windows, taper)
    drawn = np.stack(
        [
            _spread(phase_randomised(some, runs, rng=rng).astype(np.float32), windows, taper)
            for _ in range(surrogates)
        ]
    )
    mean = drawn.mean(axis=1)
    p = (1.0 + np.count_nonzero(drawn >= found, axis=0)) / (surrogates + 1.0)
    return Dynamics(
        spread=_square(found, alive),
        expected=_square(drawn.mean(axis=0), alive),
        p=_square(p, alive),
        q=_square(_false_discovery(p), alive),
        mean_spread=float(found.mean()),
        mean_expected=float(mean.mean()),
        mean_p=float((1 + np.count_nonzero(mean >= found.mean())) / (surrogates + 1)),
        windows=len(windows),
    )


def phase_randomised(
    series: NDArray[np.floating], runs: Sequence[int], *, rng: np.random.Generator
) -> Floats:
    """Series (T, P) with each frequency turned by one random phase, the same in every column.

    Done run by run. Every column keeps its spectrum and every two their cross spectrum, hence
    their correlation over the run.
    """
    out = np.empty(series.shape)
    start = 0
    for frames in runs:
        spectrum = np.fft.rfft(np.asarray(series[start : start + frames], np.float64), axis=0)
        turn = np.exp(2j * np.pi * rng.random((len(spectrum), 1)))
        turn[0] = 1.0
        if frames % 2 == 0:
            turn[-1] = 1.0  # the Nyquist frequency has no phase
        out[start : start + frames] = np.fft.irfft(spectrum * turn, frames, axis=0)
        start += frames
    return out


def _windows(runs: Sequence[int], length: int) -> Iterator[int]:
    """First frame of every window."""
    start = 0
    for frames in runs:
        yield from range(start, start + frames - length + 1, max(length // 10, 1))
        start += frames


def _spread(series: Singles, windows: Sequence[int], taper: Singles) -> Floats:
    """Deviation over windows of the Fisher z of every pair of columns, (E,)."""
    upper = np.triu_indices(series.shape[1], 1)
    root = np.sqrt(taper / taper.sum())[:, None]
    total = np.zeros(len(upper[0]))
    square = np.zeros(len(upper[0]))
    for start in windows:
        weighted = series[start : start + len(taper)]
        weighted = (weighted - np.sum(root * root * weighted, axis=0)) * root
        size = np.sqrt(np.sum(weighted * weighted, axis=0))
        unit = weighted / np.where(size > 0, size, 1)
        z = np.arctanh(np.clip((unit.T @ unit)[upper], -1 + 1e-6, 1 - 1e-6))
        total += z
        square += z * z
    count = len(windows)
    return np.sqrt(np.maximum(square / count - (total / count) ** 2, 0.0))


def _square(values: Floats, alive: NDArray[np.bool_]) -> Floats:
    out = np.full((len(alive), len(alive)), np.nan)
    some = np.full((np.count_nonzero(alive),) * 2, np.nan)
    row, column = np.triu_indices(len(some), 1)
    some[row, column] = some[column, row] = values
    out[np.ix_(alive, alive)] = some
    return out


def _false_discovery(p: Floats) -> Floats:
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p), dtype=np.float64)


def _check(
    series: NDArray[np.floating],
    runs: tuple[int, ...],
    *,
    windows: int,
    alive: NDArray[np.bool_],
    window_s: float,
) -> None:
    if sum(runs) != len(series):
        raise InputError(f"runs of {sum(runs)} frames for series of {len(series)}")
    if windows < _FEWEST_WINDOWS:
        raise QualityError(
            f"the runs hold {windows} windows of {window_s:g} s; needed {_FEWEST_WINDOWS}. Scan "
            "longer; shorter windows than 1 / (lowest frequency) show noise"
        )
    if np.count_nonzero(alive) < 2:
        raise QualityError(f"{np.count_nonzero(alive)} parcels have signal; needed two")
