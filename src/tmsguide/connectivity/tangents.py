"""A person's connectome against a cohort: how its covariance is displaced from the group's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.connectivity.connectomes import ConnectomeKind, check_series
from tmsguide.errors import InputError, QualityError
from tmsguide.model import Connectome
from tmsguide.num.covariances import shrunk_covariance, typical_count
from tmsguide.num.positive_definite import geometric_mean, inverse_root, logarithm
from tmsguide.num.statistics import varies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["TangentReference", "tangent_connectome", "tangent_reference"]


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


def _covariance(
    series: NDArray[np.floating], names: Sequence[str], networks: Sequence[str]
) -> Floats:
    check_series(series, names, networks)
    dead = ~varies(series)
    if dead.any():
        lost = ", ".join(name for name, none in zip(names, dead, strict=True) if none)
        raise QualityError(
            f"no signal in {lost}; a tangent needs every parcel in everyone. Leave these parcels "
            "out of the reference and of the person"
        )
    whole = np.ones(len(series), dtype=np.bool_)
    return shrunk_covariance(series, count=typical_count(series, whole))
