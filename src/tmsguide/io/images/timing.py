"""Repetition and slice times of a functional run, from its sidecar and its header."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_slice_times", "repetition_time_s"]

_SHORTEST_S, _LONGEST_S = 0.1, 20.0
_AGREE = 0.01
_SLICE_AXIS = {"i": 0, "j": 1, "k": 2}


def repetition_time_s(
    sidecar: Mapping[str, object], stored_tr_s: float | None, name: str
) -> float:
    """Give the repetition time in seconds; the sidecar's where there is one, else the header's.

    Raises
    ------
    InputError
        Neither gives one, they differ by more than 1 %, or the value is not in seconds.

    Examples
    --------
    >>> repetition_time_s({"RepetitionTime": 2.0}, 2.0, "bold")
    2.0
    """
    stated = sidecar.get("RepetitionTime")
    if stated is None:
        if "VolumeTiming" in sidecar:
            raise InputError(
                f"{name} is timed by VolumeTiming (sparse sampling); needed a regular "
                "RepetitionTime in seconds; choose another run"
            )
        if stored_tr_s is None:
            raise InputError(
                f"{name} has no repetition time: its JSON sidecar gives no RepetitionTime and its "
                'header no time in known units; add "RepetitionTime": <seconds> to the sidecar'
            )
        return _in_seconds(stored_tr_s, f"the header of {name}")
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        raise InputError(
            f"{name} has RepetitionTime {stated!r} in its sidecar; needed a number of seconds, "
            'such as "RepetitionTime": 2.0'
        )
    tr_s = _in_seconds(float(stated), f"the JSON sidecar of {name}")
    if stored_tr_s is not None and abs(stored_tr_s / tr_s - 1) > _AGREE:
        raise InputError(_conflict(name, tr_s, stored_tr_s))
    return tr_s


def _in_seconds(value_s: float, where: str) -> float:
    if not math.isfinite(value_s) or value_s <= 0:
        raise InputError(f"{where} gives the repetition time {value_s:g}; needed seconds above 0")
    if value_s > _LONGEST_S:
        raise InputError(
            f"{where} gives a repetition time of {value_s:g} s, which looks like milliseconds; "
            f"BIDS needs seconds: write {value_s / 1000:g}"
        )
    if value_s < _SHORTEST_S:
        raise InputError(
            f"{where} gives a repetition time of {value_s:g} s; needed {_SHORTEST_S:g} to "
            f"{_LONGEST_S:g} s; check the units (s, not ms) and the value"
        )
    return value_s


def _conflict(name: str, tr_s: float, stored_tr_s: float) -> str:
    ratio = stored_tr_s / tr_s
    mixed = any(abs(ratio / factor - 1) < _AGREE for factor in (1e3, 1e-3, 1e6, 1e-6))
    hint = "one of them mixes up milliseconds and seconds" if mixed else "one of them is wrong"
    return (
        f"{name}: the JSON sidecar gives a repetition time of {tr_s:g} s and the NIfTI header "
        f"{stored_tr_s:g} s; {hint}; correct the sidecar or the header so that both agree"
    )


def check_slice_times(
    sidecar: Mapping[str, object], shape: tuple[int, ...], tr_s: float, *, name: str
) -> None:
    """Refuse slice times that cannot belong to this run; a run without slice times passes.

    Raises
    ------
    InputError
        ``SliceTiming`` is no list of one time per slice between 0 and the repetition time.
    """
    times = sidecar.get("SliceTiming")
    if times is None:
        return
    axis = str(sidecar.get("SliceEncodingDirection", "k")).rstrip("-")
    slices = shape[_SLICE_AXIS.get(axis, 2)]
    numbers = isinstance(times, list) and all(
        isinstance(t, int | float) and not isinstance(t, bool) and math.isfinite(t) for t in times
    )
    if not isinstance(times, list) or not numbers or len(times) != slices:
        given = f"{len(times)} entries" if isinstance(times, list) else type(times).__name__
        raise InputError(
            f"{name} has {slices} slices and SliceTiming with {given}; needed one number of "
            "seconds per slice; correct the sidecar or remove SliceTiming from it"
        )
    if min(times) < 0 or max(times) > tr_s * (1 + _AGREE):
        raise InputError(
            f"{name} has slice times from {min(times):g} to {max(times):g} s, beyond its "
            f"repetition time of {tr_s:g} s; needed seconds, not milliseconds; correct the sidecar"
        )
