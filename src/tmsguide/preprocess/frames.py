"""Frames of a functional scan: what may enter, and each frame brought to the middle of its TR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Frame, Points, Scan

__all__ = ["check_place", "check_scan", "frame_reader", "raw_frame", "repetition_time_s"]

#: Half-width and shape of the Kaiser-windowed sinc: within 0.4 % up to half the Nyquist frequency.
_LOBES, _KAISER = 6, 6.0
_SHORTEST_TR_S, _LONGEST_TR_S = 0.1, 10.0


def repetition_time_s(scan: Scan) -> float:
    """Give the TR in seconds, or refuse one that is missing, implausible or contradicted."""
    tr_s = scan.tr_s
    if tr_s is None:
        raise InputError("the functional scan has no repetition time; give RepetitionTime (s)")
    if not _SHORTEST_TR_S <= tr_s <= _LONGEST_TR_S:
        raise InputError(
            f"repetition time {tr_s:g} s is outside {_SHORTEST_TR_S:g} to {_LONGEST_TR_S:g} s; "
            "give it in seconds (2.0, not 2000)"
        )
    stated = scan.metadata.get("RepetitionTime")
    if isinstance(stated, (int, float)) and abs(stated - tr_s) > 0.01 * tr_s:
        raise InputError(
            f"the image header says TR {tr_s:g} s, the sidecar says {stated:g} s; "
            "correct whichever is wrong"
        )
    return float(tr_s)


def check_scan(scan: Scan) -> None:
    """Refuse what is not a 4-D functional scan of finite numbers with a sound TR."""
    shape = scan.volume.data.shape
    if len(shape) != 4 or min(shape[:3]) < 4:
        raise InputError(
            f"a functional scan has four axes (X, Y, Z, T) with at least 4 slices, given {shape}"
        )
    repetition_time_s(scan)
    for frame in range(shape[3]):
        values = scan.volume.data[..., frame]
        if not np.isfinite(values).all():
            raise InputError(f"frame {frame} of the functional scan holds NaN or infinity")
        if not values.any():
            raise InputError(f"frame {frame} of the functional scan is empty (all zero)")


def check_place(place: Points, frame: Frame) -> None:
    """Refuse a seed that is not one point in ``frame``."""
    if place.frame != frame:
        raise FrameError(
            f"the seed is in {place.frame.name}, needed in {frame.name}; map it there first"
        )
    if len(place) != 1:
        raise InputError(f"the seed is one point, given {len(place)}")


def raw_frame(scan: Scan, index: int) -> NDArray[np.float32]:
    """Give frame ``index`` (X, Y, Z) as acquired, contiguous float32."""
    return np.ascontiguousarray(scan.volume.data[..., index], np.float32)


def frame_reader(scan: Scan) -> Callable[[int], NDArray[np.float32]]:
    """Give a function: frame index to (X, Y, Z) float32, slices shifted to mid-acquisition.

    Without ``SliceTiming`` in the metadata frames come as acquired. With it, each slice is
    interpolated in time by a Kaiser-windowed sinc (mirrored at the ends); slices are stacked
    along ``SliceEncodingDirection`` (k by default). Like fMRIPrep, motion is estimated on frames
    as acquired and timing is corrected where the frame is resampled.

    Raises
    ------
    InputError
        ``SliceTiming`` does not fit the slices or the TR.
    """
    times = scan.metadata.get("SliceTiming")
    if not isinstance(times, (list, tuple, np.ndarray)) or len(times) == 0:
        return lambda index: raw_frame(scan, index)
    axis, taps = _slice_taps(scan, np.asarray(times, np.float64))
    count = scan.volume.data.shape[3]
    shape = [1, 1, 1]
    shape[axis] = -1

    def read(index: int) -> NDArray[np.float32]:
        out = np.zeros(scan.volume.data.shape[:3], np.float32)
        for tap, weight in zip(range(-_LOBES, _LOBES + 1), taps, strict=True):
            source = _mirror(index + tap, count)
            out += raw_frame(scan, source) * weight.reshape(shape)
        return out

    return read


def _slice_taps(scan: Scan, times_s: NDArray[np.float64]) -> tuple[int, NDArray[np.float32]]:
    """Give the slice axis and the weights (2 lobes + 1, slices) of the neighbouring frames."""
    tr_s = repetition_time_s(scan)
    direction = str(scan.metadata.get("SliceEncodingDirection", "k"))
    axis = "ijk".find(direction[:1])
    if axis < 0:
        raise InputError(f"SliceEncodingDirection is i, j or k with an optional -: {direction!r}")
    slices = scan.volume.data.shape[axis]
    if len(times_s) != slices or times_s.min() < 0 or times_s.max() >= tr_s:
        raise InputError(
            f"SliceTiming has {len(times_s)} times up to {times_s.max():g} s; needed {slices} "
            f"within the TR of {tr_s:g} s"
        )
    if direction.endswith("-"):
        times_s = times_s[::-1]
    # A slice taken late (shift > 0) shows the future: its value at mid-TR lies before its sample.
    shift = (times_s - (times_s.min() + times_s.max()) / 2) / tr_s
    distance = np.arange(-_LOBES, _LOBES + 1)[:, None] + shift[None, :]
    window = np.i0(_KAISER * np.sqrt(1 - (distance / (_LOBES + 1)) ** 2))
    weight = np.sinc(distance) * window
    return axis, (weight / weight.sum(axis=0)).astype(np.float32)


def _mirror(index: int, count: int) -> int:
    index = abs(index) % max(2 * (count - 1), 1)
    return index if index < count else 2 * (count - 1) - index
