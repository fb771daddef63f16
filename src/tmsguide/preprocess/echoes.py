"""Several echoes of one run, combined for the best contrast in every voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Scan

    Floats = NDArray[np.float64]

__all__ = ["decay_time_s", "echo_times_s", "echo_weights", "rising_echo_times_s"]

#: Grey matter at 3 T lies near 45 ms, fluid above 100 ms; beyond these the fit is noise.
_SHORTEST_S, _LONGEST_S = 0.002, 0.3


def echo_times_s(echoes: Sequence[Scan]) -> Floats:
    """Give the echo times (E,) of the scans of one run, in seconds and rising.

    Raises
    ------
    InputError
        As `rising_echo_times_s`, or the echoes differ in shape.
    """
    seconds = rising_echo_times_s([scan.metadata.get("EchoTime") for scan in echoes])
    shapes = {scan.volume.data.shape for scan in echoes}
    if len(shapes) > 1:
        raise InputError(
            f"the echoes of one run have shapes {sorted(shapes)}; needed the same for all"
        )
    return seconds


def rising_echo_times_s(times: Sequence[object]) -> Floats:
    """Give EchoTime as the sidecars of E echoes hold it, (E,) seconds.

    Raises
    ------
    InputError
        A time is missing, out of order or not in seconds.
    """
    seconds = [float(t) for t in times if isinstance(t, int | float)]
    if len(seconds) < len(times) or not all(0.001 < t < 0.3 for t in seconds):
        raise InputError(
            f"echo times are {times}; needed EchoTime in seconds in the sidecar of every echo"
        )
    if sorted(set(seconds)) != seconds:
        raise InputError(f"echo times {seconds} s do not rise from echo to echo; check the files")
    return np.array(seconds)


def decay_time_s(mean: Floats, times_s: Floats) -> Floats:
    """Give T2* (N,) in seconds from the mean signal (E, N) of E echoes.

    A straight line through the logarithms, each weighted by the square of its signal, because
    the noise of a logarithm grows as the signal falls; kept between 2 and 300 ms.

    References
    ----------
    Posse et al. 1999, Magn Reson Med 42:87,
    doi:10.1002/(SICI)1522-2594(199907)42:1<87::AID-MRM13>3.0.CO;2-O.

    Examples
    --------
    >>> times = np.array([0.012, 0.028, 0.044])
    >>> decay_time_s(np.exp(-times[:, None] / [0.03, 0.05]), times).round(4).tolist()
    [0.03, 0.05]
    """
    signal = np.maximum(mean, 1e-6 * max(float(mean.max()), 1e-12))
    weight = signal**2 / (signal**2).sum(axis=0)
    middle = (weight * times_s[:, None]).sum(axis=0)
    away = times_s[:, None] - middle
    slope = (weight * away * np.log(signal)).sum(axis=0) / (weight * away**2).sum(axis=0)
    return np.asarray(1 / np.clip(-slope, 1 / _LONGEST_S, 1 / _SHORTEST_S))


def echo_weights(mean: Floats, times_s: Floats) -> Floats:
    """Give the weight (E, N) of each echo, summing to 1: TE exp(-TE / T2*).

    This combination has the most BOLD contrast per noise where noise is alike in all echoes.

    References
    ----------
    Posse et al. 1999 (see `decay_time_s`), eq. 6.
    """
    rate = 1 / decay_time_s(mean, times_s)
    weight = times_s[:, None] * np.exp(-times_s[:, None] * rate)
    return np.asarray(weight / weight.sum(axis=0))
