"""Phase images to radians, and radians to phase without jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.restoration import unwrap_phase

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["phase_radians", "unwrapped", "wrapped"]

#: What scanners and converters write for half a turn, and the share of it that an image reaches
#: at least: radians; Siemens 12 bit; thousandths of a radian (GE); Siemens with its slope of 2.
_HALF_TURNS = ((np.pi, 0.5), (2048.0, 0.5), (3142.0, 0.97), (4096.0, 0.5))


def phase_radians(stored: NDArray[Any]) -> Floats:
    """Give a phase image in radians (-pi to pi), whatever the scanner's scale.

    Known scales: radians from -pi or from 0, 0 to 4095 (0 is minus half a turn), -4096 to 4094,
    -2048 to 2047, thousandths of a radian. A phase image fills its scale, because air holds every
    phase; a range that fits none of these is refused rather than guessed.

    Raises
    ------
    InputError
        The range is none of those.

    Examples
    --------
    >>> phase_radians(np.array([0.0, 2048.0, 4095.0])).round(3).tolist()
    [-3.142, 0.0, 3.14]
    """
    low, high = float(np.min(stored)), float(np.max(stored))
    for half, least in _HALF_TURNS:
        room = 0.002 * half
        if low < 0 and least * half < max(-low, high) <= half + room:
            return wrapped(np.asarray(stored, np.float64) * (np.pi / half))
        if low >= 0 and (1 + least) * half < high <= 2 * half + room:
            # Radians from 0 are a turn ahead; the scanner's integers start at minus half a turn.
            zero = 0.0 if half in (np.pi, 3142.0) else half
            return wrapped((np.asarray(stored, np.float64) - zero) * (np.pi / half))
    raise InputError(
        f"the phase image runs from {low:g} to {high:g}; needed radians, 0 to 4095, -4096 to 4094 "
        "or thousandths of a radian; convert the fieldmap again with dcm2niix"
    )


def wrapped(phase: Floats) -> Floats:
    """Give ``phase`` (rad) within -pi to pi."""
    return np.asarray((phase + np.pi) % (2 * np.pi) - np.pi)


def unwrapped(phase: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Give ``phase`` (X, Y, Z) without jumps of a turn inside ``mask``, 0 outside.

    What whole turns remain open is settled by the median, which shimming holds within half a turn
    of zero. The mask is to be one piece.

    References
    ----------
    Abdul-Rahman et al. 2007, Appl. Opt. 46:6623, doi:10.1364/AO.46.006623 (by scikit-image).
    """
    masked = np.ma.masked_array(phase, mask=~mask)
    smooth = np.ma.filled(unwrap_phase(masked, rng=0), 0.0)
    turn = 2 * np.pi
    smooth = smooth - turn * np.round(np.median(smooth[mask]) / turn)
    return np.where(mask, smooth, 0.0)
