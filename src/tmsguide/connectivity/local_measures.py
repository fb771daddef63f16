"""Measures of one place and its neighbours: slow amplitude, its share, local agreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError
from tmsguide.num.bootstrap import column_blocks
from tmsguide.num.components import lattice_step, neighbour_pairs
from tmsguide.num.concordance import concordance, neighbour_lists, ranks
from tmsguide.num.periodograms import fourier_hz, power_density
from tmsguide.num.statistics import varies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tmsguide.model import Points

    Floats = NDArray[np.float64]

__all__ = ["Homogeneity", "alff", "falff", "lattice_reho", "mesh_reho"]

#: Share of power outside the band below which series are taken as band-passed already; unfiltered
#: rest has several times as much, leakage of a filtered series less.
_FILTERED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Homogeneity:
    """Kendall's W of each place with its neighbours (N,), and the series it is over (N,).

    W of K unrelated series is about 1 / K, so it runs high where neighbours are few; ``mean_rho``,
    the mean rank correlation of two of them, does not. Both are NaN without signal or neighbours.
    """

    w: Floats
    size: NDArray[np.int64]

    @property
    def mean_rho(self) -> Floats:
        """Mean Spearman correlation of two series of the neighbourhood, (N,)."""
        many = np.maximum(self.size, 2)
        return np.asarray((many * self.w - 1) / (many - 1))


def alff(
    series: NDArray[np.floating],
    *,
    tr_s: float,
    kept: NDArray[np.bool_] | None = None,
    low_hz: float = 0.01,
    high_hz: float = 0.1,
) -> Floats:
    """Amplitude of low-frequency fluctuations of each column of (T, N), (N,).

    Mean over the band of the root of power density, in the series' unit per √Hz, which does not
    depend on the length of the scan. Give one run in a unit with a meaning (percent of the mean),
    band-passed or not; constant columns give 0. Censored frames (``kept`` (T0,) False) are left
    out of the fit, not filled. Mean and linear trend are removed.

    Raises
    ------
    InputError
        If the series are z-scored (their amplitude is gone) or too short for the band.

    References
    ----------
    Zang et al. 2007, 10.1016/j.braindev.2006.07.002.
    """
    spread = series[:, varies(series)].std(axis=0, dtype=np.float64)
    if spread.size and np.abs(spread - 1).max() < 1e-3:
        raise InputError(
            "the series are z-scored, so their amplitude is gone; give them in percent signal "
            "change, before standardising"
        )
    kept, hz = _timing(series, tr_s, kept)
    band = _band(hz, low_hz, high_hz)
    out = np.empty(series.shape[1])
    for part, amplitude in _amplitudes(series, kept, tr_s, hz):
        out[part] = amplitude[band].mean(axis=0)
    return out


def falff(
    series: NDArray[np.floating],
    *,
    tr_s: float,
    kept: NDArray[np.bool_] | None = None,
    low_hz: float = 0.01,
    high_hz: float = 0.1,
) -> Floats:
    """Share of the band in the amplitude at all frequencies, for each column of (T, N), (N,).

    The series must come from before the band-pass; their unit does not matter. See `alff`. NaN
    for constant columns.

    Raises
    ------
    InputError
        If the series were band-passed already, or are too short for the band.

    References
    ----------
    Zou et al. 2008, 10.1016/j.jneumeth.2008.04.012.
    """
    kept, hz = _timing(series, tr_s, kept)
    band = _band(hz, low_hz, high_hz)
    out = np.full(series.shape[1], np.nan)
    outside = np.full(series.shape[1], np.nan)
    for part, amplitude in _amplitudes(series, kept, tr_s, hz):
        power, some = np.sum(amplitude**2, axis=0), amplitude.any(axis=0)
        np.divide(amplitude[band].sum(axis=0), amplitude.sum(axis=0), out=out[part], where=some)
        beyond = np.sum(amplitude[~band] ** 2, axis=0)
        np.divide(beyond, power, out=outside[part], where=some)
    left = float(np.median(outside[np.isfinite(outside)])) if np.isfinite(outside).any() else 1.0
    if left < _FILTERED:
        raise InputError(
            f"{left:.1%} of the power lies outside {low_hz:g}-{high_hz:g} Hz: the series were "
            "band-passed, and the share of a band needs all frequencies. Give the series from "
            "before the band-pass"
        )
    return out


def lattice_reho(series: NDArray[np.floating], where: Points) -> Homogeneity:
    """Regional homogeneity over the up to 27 places of a voxel's neighbourhood.

    ``series`` (T, N) at ``where``, N voxels of one lattice of any orientation; unsmoothed, as
    smoothing makes neighbours agree. Voxels outside the N count neither way.

    References
    ----------
    Zang et al. 2004, 10.1016/j.neuroimage.2003.12.030.
    """
    xyz = where.xyz_mm
    return _homogeneity(series, neighbour_pairs(xyz, lattice_step(xyz)))


def mesh_reho(series: NDArray[np.floating], edge: NDArray[np.int64]) -> Homogeneity:
    """Regional homogeneity over each vertex and those one edge away.

    ``series`` (T, N) of N vertices, ``edge`` (E, 2) every edge once; unsmoothed.

    Raises
    ------
    InputError
        If an edge names a vertex that is not there.

    References
    ----------
    Zang et al. 2004, 10.1016/j.neuroimage.2003.12.030 (voxels).
    """
    edge = np.array(edge, dtype=np.int64)
    if edge.ndim != 2 or edge.shape[1] != 2 or (edge.size and edge.max() >= series.shape[1]):
        raise InputError(
            f"edges of shape {edge.shape} for {series.shape[1]} vertices; needed (E, 2) numbers "
            "of vertices, from 0"
        )
    return _homogeneity(series, edge)


def _homogeneity(series: NDArray[np.floating], pairs: NDArray[np.int64]) -> Homogeneity:
    alive = varies(series)
    pairs = pairs[alive[pairs].all(axis=1)]
    first, neighbour = neighbour_lists(pairs, series.shape[1])
    w, size = concordance(*ranks(series), first, neighbour)
    return Homogeneity(w=w, size=np.where(alive, size, 0))


def _timing(
    series: NDArray[np.floating], tr_s: float, kept: NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], Floats]:
    """Which frames are there (T0,), and the scan's own frequencies in Hz (F,)."""
    kept = np.ones(len(series), dtype=np.bool_) if kept is None else kept
    if np.count_nonzero(kept) != len(series):
        raise InputError(
            f"{np.count_nonzero(kept)} frames are marked as kept, the series have {len(series)}; "
            "give the mask of the acquired frames of this run"
        )
    return kept, fourier_hz(len(kept), tr_s)


def _amplitudes(
    series: NDArray[np.floating], kept: NDArray[np.bool_], tr_s: float, hz: Floats
) -> Iterator[tuple[slice, Floats]]:
    """Yield the root of power density (F, n) of blocks of columns, without mean and trend."""
    line = np.column_stack([np.ones(len(series)), np.flatnonzero(kept)])
    basis, _ = np.linalg.qr(line - [0.0, line[:, 1].mean()])
    for part in column_blocks(series.shape[1]):
        some = series[:, part]
        data = np.where(varies(some), np.asarray(some, dtype=np.float64), 0.0)
        left = data - basis @ (basis.T @ data)
        # what rounding leaves of a constant or a straight line is no fluctuation
        left[:, np.abs(left).max(axis=0) <= 1e-9 * np.abs(data).max(axis=0)] = 0.0
        yield part, np.sqrt(power_density(left, kept, tr_s, hz))


def _band(hz: Floats, low_hz: float, high_hz: float) -> NDArray[np.bool_]:
    inside = (hz >= low_hz) & (hz <= high_hz)
    if not inside.any():
        raise InputError(
            f"no frequency of this scan ({hz[0]:.3g} to {hz[-1]:.3g} Hz) lies in {low_hz:g}-"
            f"{high_hz:g} Hz; scan longer or widen the band"
        )
    return np.asarray(inside)
