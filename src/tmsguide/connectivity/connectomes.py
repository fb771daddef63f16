"""How every two parcels move together: plain, with all others held still, or against a group."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.connectivity.parcels import parcel_series
from tmsguide.errors import InputError, QualityError
from tmsguide.model import Connectome
from tmsguide.num.covariances import partial_correlation, shrunk_covariance, typical_count
from tmsguide.num.positive_definite import geometric_mean, inverse_root, logarithm
from tmsguide.num.statistics import fisher_z, standardise, varies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.model import Denoised, Parcels

    Floats = NDArray[np.float64]

__all__ = [
    "ConnectomeKind",
    "TangentReference",
    "connectome",
    "edges",
    "series_connectome",
    "tangent_connectome",
    "tangent_reference",
]


class ConnectomeKind(Enum):
    """What the numbers of a connectome are."""

    CORRELATION = "correlation"
    PARTIAL = "partial correlation"
    TANGENT = "tangent"


@dataclass(frozen=True, slots=True, eq=False)
class TangentReference:
    """Where a cohort's covariances of P parcels centre: ``mean`` (P, P), their geometric mean.

    ``people`` says how many it was fitted on. A person who is to be compared must not be among
    them, or the displacement is drawn towards 0.
    """

    mean: Floats
    names: tuple[str, ...]
    networks: tuple[str, ...]
    people: int


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
    _check(series, names, networks)
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


def tangent_reference(
    cohort: Sequence[NDArray[np.floating]], names: Sequence[str], networks: Sequence[str]
) -> TangentReference:
    """Geometric mean of the shrunk covariances of a cohort's parcel series (T_s, P) each.

    Raises
    ------
    InputError
        If there are fewer than two people, or their parcels differ.
    QualityError
        If a parcel is without signal in anyone.

    References
    ----------
    Varoquaux et al. 2010, 10.1007/978-3-642-15705-9_25; Dadi et al. 2019,
    10.1016/j.neuroimage.2019.02.062.
    """
    if len(cohort) < 2:
        raise InputError(f"a reference was asked of {len(cohort)} people; needed two or more")
    covariances = np.stack([_covariance(series, names, networks) for series in cohort])
    return TangentReference(
        mean=geometric_mean(covariances),
        names=tuple(names),
        networks=tuple(networks),
        people=len(cohort),
    )


def tangent_connectome(
    series: NDArray[np.floating],
    reference: TangentReference,
    *,
    kept: NDArray[np.bool_] | None = None,
    most: float = float("inf"),
) -> Connectome:
    """How one person's covariance is displaced from a cohort's mean, edge by edge.

    log(G^-½ C G^-½) of the shrunk covariance C of the series (T, P) and the reference's mean G.
    The diagonal, which tells of a parcel's own share, is left out (0). Not a Fisher z: its scale
    is near that of a difference of z where the cohort's mean is weak.

    Raises
    ------
    QualityError
        If a parcel of the reference has no signal in this person.
    """
    covariance = _covariance(series, reference.names, reference.networks)
    half = inverse_root(reference.mean)
    shift = logarithm(half @ covariance @ half)
    shift = (shift + shift.T) / 2
    np.fill_diagonal(shift, 0.0)
    kept = np.ones(len(series), dtype=np.bool_) if kept is None else kept
    return Connectome(
        z=shift,
        names=reference.names,
        networks=reference.networks,
        kind=ConnectomeKind.TANGENT.value,
        dof=max(min(typical_count(series, kept) - 2.0, most), 1.0),
    )


def edges(of: Connectome) -> Floats:
    """Every pair of parcels once: the P (P - 1) / 2 values above the diagonal, row by row."""
    return np.asarray(of.z[np.triu_indices(len(of.z), 1)])


def _check(series: NDArray[np.floating], names: Sequence[str], networks: Sequence[str]) -> None:
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


def _covariance(
    series: NDArray[np.floating], names: Sequence[str], networks: Sequence[str]
) -> Floats:
    _check(series, names, networks)
    dead = ~varies(series)
    if dead.any():
        lost = ", ".join(name for name, none in zip(names, dead, strict=True) if none)
        raise QualityError(
            f"no signal in {lost}; a tangent needs every parcel in everyone. Leave these parcels "
            "out of the reference and of the person"
        )
    whole = np.ones(len(series), dtype=np.bool_)
    return shrunk_covariance(series, count=typical_count(series, whole))


def _spread(z: Floats, alive: NDArray[np.bool_]) -> Floats:
    """Put (A, A) values where there is signal into (P, P), NaN elsewhere and 0 on the diagonal."""
    out = np.full((len(alive), len(alive)), np.nan)
    out[np.ix_(alive, alive)] = (z + z.T) / 2
    out[alive, alive] = 0.0
    return out
