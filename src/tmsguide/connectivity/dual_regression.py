"""One person's own version of spatial maps that a group analysis found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import InputError, QualityError
from tmsguide.num.bootstrap import column_blocks
from tmsguide.num.statistics import correlation_dof, fisher_z, standardise, varies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Denoised

    Floats = NDArray[np.float64]

__all__ = ["PersonalMaps", "dual_regression"]


@dataclass(frozen=True, slots=True, eq=False)
class PersonalMaps:
    """K maps of one person: ``courses`` (T, K) of variance 1, ``maps`` (K, N) and ``z`` (K, N).

    ``maps`` are regression weights of z-scored series on the courses; ``z`` is in standard errors
    (partial correlation, Fisher z, times √(dof - K)). ``dof`` (K,) are effective, of a course with
    a typical place. Places without signal hold 0.
    """

    courses: Floats
    maps: Floats
    z: Floats
    dof: Floats


def dual_regression(denoised: Denoised, maps: NDArray[np.floating]) -> PersonalMaps:
    """Time courses of supplied maps (K, N) in one person, then the person's maps of these courses.

    First every frame is fitted by the maps (each without its mean over places with signal), then
    every place by the courses. The maps come from the user: an independent component analysis of
    a group, or probability maps of networks, sampled at the person's places.

    Raises
    ------
    InputError
        If the maps do not fit the places, are not finite, or repeat each other.
    QualityError
        If the scan's effective degrees of freedom are not more than the maps.

    References
    ----------
    Nickerson et al. 2017, 10.3389/fnins.2017.00115.
    """
    maps = np.asarray(maps, dtype=np.float64)
    if maps.ndim != 2 or maps.shape[1] != len(denoised.where) or not np.isfinite(maps).all():
        raise InputError(
            f"maps of shape {maps.shape} for {len(denoised.where)} places; needed (K, N) finite "
            "numbers, sampled at the places of the scan"
        )
    alive = varies(denoised.series)
    some = standardise(denoised.series[:, alive])
    centred = maps[:, alive] - maps[:, alive].mean(axis=1, keepdims=True)
    solved, _, rank, _ = np.linalg.lstsq(centred.T, some.T, rcond=1e-8)
    if rank < len(maps):
        raise InputError(
            f"{len(maps)} maps, of which {rank} tell something of their own at places with "
            "signal; leave out those that are constant or that repeat others"
        )
    courses = standardise(solved.T)
    dof = np.array(
        [
            correlation_dof(course, some, denoised.kept, most=denoised.quality.dof)
            for course in courses.T
        ]
    )
    if dof.min() <= len(maps) + 1:
        raise QualityError(
            f"{dof.min():.0f} effective degrees of freedom for {len(maps)} maps; needed more than "
            f"{len(maps) + 1}. Scan longer or give fewer maps"
        )
    out = np.zeros((2, len(maps), len(alive)))
    out[:, :, alive] = _fitted(courses, some)
    return PersonalMaps(
        courses=courses, maps=out[0], z=out[1] * np.sqrt(dof - len(maps))[:, None], dof=dof
    )


def _fitted(courses: Floats, series: Floats) -> Floats:
    """Weights of series (T, N) on courses, and Fisher z of the partial correlation, (2, K, N)."""
    frames, many = courses.shape
    inverse = np.linalg.inv(courses.T @ courses)
    left = frames - many - 1
    out = np.empty((2, many, series.shape[1]))
    for part in column_blocks(series.shape[1]):
        some = series[:, part]
        weight = inverse @ (courses.T @ some)
        noise = np.sum((some - courses @ weight) ** 2, axis=0) / left
        t = weight / np.sqrt(np.outer(np.diag(inverse), np.maximum(noise, 1e-12)))
        out[0, :, part] = weight
        out[1, :, part] = fisher_z(t / np.sqrt(t * t + left))
    return out
