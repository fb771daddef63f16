"""How an echo-planar image was read out: its phase-encoding direction and readout time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["needed_number", "phase_direction", "readout_time_s"]

_DIRECTIONS = ("i", "i-", "j", "j-", "k", "k-")
#: Effective readouts of head EPI lie between 5 and 200 ms (a judgement, wide on purpose).
_SHORTEST_S, _LONGEST_S = 0.002, 0.5


def phase_direction(sidecar: Mapping[str, object], name: str) -> str:
    """Give the BIDS PhaseEncodingDirection of the image ``name``: i, j or k, with - or without.

    Raises
    ------
    InputError
        It is missing or something else.
    """
    given = sidecar.get("PhaseEncodingDirection")
    if given not in _DIRECTIONS:
        raise InputError(
            f"{name} has PhaseEncodingDirection {given!r} in its sidecar; needed i, i-, j, j-, k "
            "or k- (voxel axis and way) to use the fieldmap; add it from the scan protocol"
        )
    return str(given)


def readout_time_s(
    sidecar: Mapping[str, object], shape: tuple[int, ...], *, name: str = "the image"
) -> float:
    """Give the total readout time in seconds as BIDS defines it.

    TotalReadoutTime, else EffectiveEchoSpacing x (lines - 1), where lines is ReconMatrixPE or the
    voxels of ``shape`` along the phase-encoding axis.

    Raises
    ------
    InputError
        Neither is there, or the time is not in seconds.

    Examples
    --------
    >>> sidecar = {
    ...     "EffectiveEchoSpacing": 0.0005,
    ...     "ReconMatrixPE": 81,
    ...     "PhaseEncodingDirection": "j",
    ... }
    >>> readout_time_s(sidecar, (64, 81, 30))
    0.04
    """
    if "TotalReadoutTime" in sidecar:
        time_s = needed_number(sidecar, "TotalReadoutTime", name)
        said = "TotalReadoutTime"
    elif "EffectiveEchoSpacing" in sidecar:
        spacing_s = needed_number(sidecar, "EffectiveEchoSpacing", name)
        lines = shape["ijk".index(phase_direction(sidecar, name)[0])]
        if "ReconMatrixPE" in sidecar:
            lines = int(needed_number(sidecar, "ReconMatrixPE", name))
        time_s = spacing_s * (lines - 1)
        said = f"EffectiveEchoSpacing {spacing_s:g} s times {lines - 1}"
    else:
        raise InputError(
            f"{name} has neither TotalReadoutTime nor EffectiveEchoSpacing in its sidecar; needed "
            "one to use the fieldmap; convert the scan again with dcm2niix, or add it"
        )
    if not _SHORTEST_S <= time_s <= _LONGEST_S:
        raise InputError(
            f"{name} has a total readout time of {time_s:g} s ({said}); needed {_SHORTEST_S:g} to "
            f"{_LONGEST_S:g} s; check that it is in seconds, not milliseconds"
        )
    return time_s


def needed_number(sidecar: Mapping[str, object], key: str, name: str) -> float:
    """Give a positive number of a sidecar.

    Raises
    ------
    InputError
        The key is missing or holds something else; the message names the image and the key.
    """
    value = sidecar.get(key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, int | float) or not number or not math.isfinite(value) or value <= 0:
        given = "no" if value is None else f"{value!r} as"
        raise InputError(
            f"{name} has {given} {key} in its sidecar; needed a number above 0 to use the "
            f"fieldmap; add {key} from the scan protocol"
        )
    return float(value)
