"""How every two parcels move together: plain, or with all others held still."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.connectivity.parcels import parcel_series
from tmsguide.errors import InputError, QualityError
from tmsguide.model import Connectome
from tmsguide.num.covariances import partial_correlation, shrunk_covariance, typical_count
from tmsguide.num.statistics import fisher_z, standardise, varies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Parcels

    Floats = NDArray[np.float64]

__all__ = ["ConnectomeKind", "check_series", "connectome", "edges", "series_connectome"]


class ConnectomeKind(Enum):
    """What the numbers of a connectome are."""

    CORRELATION = "correlation"
    PARTIAL = "partial correlation"
    TANGENT = "tangent"


def connectome(
    denoised: Denoised, parcels: Parcels, *, kind: ConnectomeKind = ConnectomeKind.CORRELATION
) -> Connectome:
    """Fisher z between the mean series of every two parcels of one person.

    Rows of parcels without signal are NaN. See `series_connectome`.
    """
    return series_connectome(
        parcel_series(denoised, parcels),
        parcels.names,
        parcels.networks,
        kind=kind,
        kept=denoised.kept,
        most=denoised.quality.dof,
    )


def series_connectome(
    series: NDArray[np.floating],
    names: Sequence[str],
    networks: Sequence[str],
    *,
    kind: ConnectomeKind = ConnectomeKind.CORRELATION,
    kept: NDArray[np.bool_] | None = None,
    most: float = float("inf"),
) -> Connectome:
    """Fisher z between every two of P parcel series (T, P); the diagonal is 0.

    PARTIAL inverts a Ledoit-Wolf covariance whose shrinkage counts the autocorrelation; with many
    parcels and few minutes it is drawn far towards 0. ``kept`` (T0,) marks the T frames of T0
    acquired, all if None. ``dof`` is what autocorrelation leaves of T, at most ``most``; for
    PARTIAL it is an upper bound, as holding P - 2 parcels still costs up to P - 2 of it.

    Raises
    ------
    InputError
        If names or networks do not fit, or the kind is TANGENT (needs a reference).
    QualityError
        If fewer than two parcels have signal.

    References
    ----------
    Varoquaux & Craddock 2013, 10.1016/j.neuroimage.2013.04.007.
    """
    if kind is ConnectomeKind.TANGENT:
        raise InputError(
            "a tangent connectome is told against a cohort; use tangent_reference on the cohort's "
            "series and then tangent_connectome"
        )
    check_series(series, names, networks)
    alive = _alive(series)
    some = standardise(series[:, alive])
    kept = np.ones(len(series), dtype=np.bool_) if kept is None else kept
    count = typical_count(some, kept)
    if kind is ConnectomeKind.PARTIAL:
        r = partial_correlation(shrunk_covariance(some, count=count))
    else:
        r = some.T @ some / len(some)
    return Connectome(
        z=_spread(fisher_z(r), alive),
        names=tuple(names),
        networks=tuple(networks),
        kind=kind.value,
        dof=max(min(count - 2.0, most), 1.0),
    )


def edges(of: Connectome) -> Floats:
    """Every pair of parcels once: the P (P - 1) / 2 values above the diagonal, row by row."""
    return np.asarray(of.z[np.triu_indices(len(of.z), 1)])


def check_series(
    series: NDArray[np.floating], names: Sequence[str], networks: Sequence[str]
) -> None:
    """Raise InputError unless series (T, P), P names and P networks belong together."""
    if series.ndim != 2 or series.shape[1] != len(names) or len(names) != len(networks):
        raise InputError(
            f"series of shape {series.shape} with {len(names)} names and {len(networks)} "
            "networks; needed (T, P) with one name and one network per parcel"
        )


def _alive(series: NDArray[np.floating]) -> NDArray[np.bool_]:
    alive = varies(series)
    if np.count_nonzero(alive) < 2:
        raise QualityError(
            f"{np.count_nonzero(alive)} of {len(alive)} parcels have signal; needed two. Check "
            "that the parcels overlap the brain and are in the space of the scan"
        )
    return alive


def _spread(z: Floats, alive: NDArray[np.bool_]) -> Floats:
    """Put (A, A) values where there is signal into (P, P), NaN elsewhere and 0 on the diagonal."""
    out = np.full((len(alive), len(alive)), np.nan)
    out[np.ix_(alive, alive)] = (z + z.T) / 2
    out[alive, alive] = 0.0
    return out
