"""Breathing where it does not belong: in motion estimates, and in the global signal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from tmsguide.errors import InputError
from tmsguide.num.regression import complement, cosines_outside
from tmsguide.preprocess.movement.motion import framewise_displacement
from tmsguide.preprocess.tables import by_age, denoising_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "FilteredMotion",
    "MotionFilter",
    "breathing_hz",
    "bursts_per_min",
    "fd_limit_for",
    "filtered_motion",
]

#: Frames per breath, at the fastest rate of the age, that a notch needs. With three it keeps
#: 0.7 of a sudden movement, with two only half.
_FRAMES_PER_BREATH = 3
#: Fewer in-band waves than this and a count of falls says nothing.
_FEWEST_WAVES = 4


class MotionFilter(Enum):
    """What may be done about breathing in motion estimates before frames are judged.

    ``NOTCH`` takes breathing out where the TR resolves it and otherwise leaves motion alone.
    ``LOWPASS`` does the same and, where the TR is slower, keeps only what is below 0.1 Hz as
    long as breathing does not fold into that; a lower displacement limit goes with it.
    """

    NONE = "none"
    NOTCH = "notch"
    LOWPASS = "low-pass"

    @classmethod
    def named(cls, name: str) -> MotionFilter:
        """Give the filter of that name, or say which there are."""
        for one in cls:
            if one.value == name:
                return one
        raise InputError(
            f"motion filter {name!r} is unknown; choose one of {', '.join(o.value for o in cls)}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class FilteredMotion:
    """Motion (T, 6: shift mm, rotation rad) after ``used``, with displacement before and after.

    ``raw_fd_mm`` and ``fd_mm`` (T,) are of the motion as estimated and as filtered; ``note`` says
    in words what was done or why nothing was.
    """

    parameters: Floats
    raw_fd_mm: Floats
    fd_mm: Floats
    used: MotionFilter
    note: str

    @property
    def judged_mm(self) -> Floats:
        """Displacement (T,) frames are judged by: filtered, but no filter hides 0.9 mm."""
        always = float(denoising_table()["always"]["fd_limit_mm"])
        return np.where(self.raw_fd_mm > always, self.raw_fd_mm, self.fd_mm)


def filtered_motion(
    parameters: Floats,
    tr_s: float,
    *,
    age_years: float | None = None,
    wanted: MotionFilter = MotionFilter.NOTCH,
    fd_mm: Floats | None = None,
) -> FilteredMotion:
    """Give motion ``parameters`` (T, 6) without breathing, where the TR allows it.

    Breathing moves the main field and so seems to move the head, along the phase encoding. A notch
    (second order, forward and backward) over the rates of the age takes it out where the fastest
    breath spans three frames; its centre goes entirely, its edges lose half. Frames are judged by
    the result; what is regressed out stays the motion as estimated. ``fd_mm`` (T,) is the
    displacement before filtering where another program gives it.

    References
    ----------
    Fair et al. 2020, doi:10.1016/j.neuroimage.2019.116400 (notch); Gratton et al. 2020,
    doi:10.1016/j.neuroimage.2020.116866 (low-pass, TR 2 to 2.5 s).
    """
    band_hz = breathing_hz(age_years)
    raw = np.asarray(parameters, np.float64)
    used = _possible(wanted, band_hz, tr_s)
    out = raw
    if used is not MotionFilter.NONE and len(raw) > 1:
        if used is MotionFilter.NOTCH:
            middle, width = sum(band_hz) / 2, band_hz[1] - band_hz[0]
            b, a = signal.iirnotch(middle, middle / width, fs=1 / tr_s)
        else:
            b, a = signal.butter(1, _cut_hz(), fs=1 / tr_s)
        out = signal.filtfilt(b, a, raw, axis=0, padtype="constant", padlen=len(raw) - 1)
    before = framewise_displacement(raw) if fd_mm is None else np.asarray(fd_mm, np.float64)
    after = before if out is raw else framewise_displacement(out)
    return FilteredMotion(out, before, after, used, _note(wanted, used, band_hz, tr_s))


def breathing_hz(age_years: float | None) -> tuple[float, float]:
    """Give the slowest and fastest usual breathing of an age in Hz; no age is an adult.

    Examples
    --------
    >>> [round(hz, 3) for hz in breathing_hz(15)]
    [0.2, 0.333]
    """
    slow, fast = by_age(denoising_table()["breathing"], age_years)["breaths_per_min"]
    return slow / 60, fast / 60


def fd_limit_for(age_years: float | None, used: MotionFilter) -> float:
    """Give the framewise displacement in mm above which a frame is left out; no age is an adult.

    Examples
    --------
    >>> fd_limit_for(None, MotionFilter.NONE), fd_limit_for(15, MotionFilter.NOTCH)
    (0.3, 0.25)
    """
    rows = [r for r in denoising_table()["fd_limit"] if r["filter"] == used.value]
    return float(by_age(rows, age_years)["limit_mm"])


def bursts_per_min(global_signal: Floats, tr_s: float, kept: NDArray[np.bool_]) -> float:
    """Give how often per kept minute the slow global signal falls as after a burst of breathing.

    ``global_signal`` (T0,) is the mean over the brain before denoising. Deep or fast breathing
    lowers carbon dioxide, flow and signal for some 20 s. Counted are falls of the part from 0.01
    to 0.05 Hz, fitted on the kept frames, by 0.5 % of the mean; it must rise over the mean again
    before the next one counts. Not-a-number where the scan is too short to hold such waves.

    References
    ----------
    Lynch et al. 2020, doi:10.1038/s41467-020-18974-9. The rule and its limit are our own.
    """
    rule = denoising_table()["bursts"]
    outside = cosines_outside(len(kept), tr_s, low_hz=rule["low_hz"], high_hz=rule["high_hz"])[
        kept
    ]
    inside = complement(np.column_stack([np.ones(len(outside)), outside]))
    if inside.shape[1] < _FEWEST_WAVES:
        return float("nan")
    level = np.asarray(global_signal, np.float64)[kept]
    percent = 100 * (level / level.mean() - 1)
    falls, ready = 0, True
    for value in inside @ (inside.T @ percent):
        if ready and value <= -rule["fall_percent"]:
            falls, ready = falls + 1, False
        elif value > 0:
            ready = True
    return falls / (float(kept.sum()) * tr_s / 60)


def _possible(wanted: MotionFilter, band_hz: tuple[float, float], tr_s: float) -> MotionFilter:
    """Give the filter that the repetition time allows of what is wanted."""
    if wanted is MotionFilter.NONE:
        return wanted
    if tr_s * band_hz[1] * _FRAMES_PER_BREATH <= 1 + 1e-9:
        return MotionFilter.NOTCH
    if wanted is MotionFilter.LOWPASS and _folded_hz(*band_hz, tr_s) >= _cut_hz():
        return MotionFilter.LOWPASS
    return MotionFilter.NONE


def _note(
    wanted: MotionFilter, used: MotionFilter, band_hz: tuple[float, float], tr_s: float
) -> str:
    if used is MotionFilter.NOTCH:
        return (
            f"breathing, {60 * band_hz[0]:.0f} to {60 * band_hz[1]:.0f} breaths per minute, was "
            "filtered out of the motion estimates before frames were judged"
        )
    if used is MotionFilter.LOWPASS:
        return (
            f"motion estimates faster than {_cut_hz():g} Hz, breathing with them, were filtered "
            "out before frames were judged"
        )
    if wanted is MotionFilter.NONE:
        return "breathing was not filtered out of the motion estimates"
    return (
        f"with one volume every {tr_s:g} s breathing cannot be told from movement in the motion "
        "estimates; they were left as they are"
    )


def _cut_hz() -> float:
    return float(denoising_table()["low_pass"]["cut_hz"])


def _folded_hz(slow_hz: float, fast_hz: float, tr_s: float) -> float:
    """Give the lowest frequency at which breathing of a band shows when sampled each ``tr_s``."""
    rates = np.linspace(slow_hz, fast_hz, 201)
    return float(np.abs(rates - np.round(rates * tr_s) / tr_s).min() + 1e-9)
