"""Power of series at chosen frequencies, whether or not every frame is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.bootstrap import column_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["fourier_hz", "power_density"]


def fourier_hz(frames: int, tr_s: float) -> Floats:
    """Frequencies k / (frames tr_s) in Hz, k = 1 up to the Nyquist frequency."""
    return np.arange(1, frames // 2 + 1) / (frames * tr_s)


def power_density(
    series: NDArray[np.floating], kept: NDArray[np.bool_], tr_s: float, hz: Floats
) -> Floats:
    """One-sided power per Hz of each column of (T, N) at ``hz`` (F,), (F, N).

    ``kept`` (T0,) marks which of T0 acquired frames the T rows are. Each frequency is fitted to
    the frames that are there (Lomb and Scargle), none is made up; with every frame there it is the
    periodogram. White noise of variance s² has density 2 tr s² however many frames are kept.

    References
    ----------
    Lomb 1976, 10.1007/BF00648343; Scargle 1982, 10.1086/160554.
    """
    time = np.flatnonzero(kept) * tr_s
    angle = 2 * np.pi * hz * time[:, None]
    # Scargle's shift makes sine and cosine orthogonal on the frames that are there
    shift = 0.5 * np.arctan2(np.sin(2 * angle).sum(axis=0), np.cos(2 * angle).sum(axis=0))
    cosine, sine = np.cos(angle - shift), np.sin(angle - shift)
    out = np.empty((len(hz), series.shape[1]))
    for part in column_blocks(series.shape[1]):
        some = np.asarray(series[:, part], dtype=np.float64)
        out[:, part] = tr_s * (_explained(cosine, some) + _explained(sine, some))
    return out


def _explained(wave: Floats, series: Floats) -> Floats:
    """Square of each column's projection on each wave, (F, N); 0 for a wave that vanishes."""
    size = np.sum(wave * wave, axis=0)
    seen = size > 1e-9 * len(wave)
    unit = np.divide(wave, np.sqrt(size), out=np.zeros_like(wave), where=seen)
    return np.asarray((unit.T @ series) ** 2)
