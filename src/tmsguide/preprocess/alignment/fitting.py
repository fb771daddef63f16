"""Searches for the place of a functional volume on an anatomy: tissues, edge, wide, in halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, optimize
from scipy.spatial.transform import Rotation

from tmsguide.num.rigid import (
    inverted,
    rigid_displacement_mm,
    rigid_from_parameters,
    rotation_angle_deg,
)
from tmsguide.preprocess.alignment.boundary import (
    Boundary,
    boundary_cost,
    pair_costs,
    white_boundary,
)
from tmsguide.preprocess.alignment.mixture import TissueMixture, mixture_cost, tissue_mixture

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Volume

    Floats = NDArray[np.float64]

__all__ = [
    "Fit",
    "edge_from",
    "edge_of",
    "fit_of",
    "halves_mm",
    "judged",
    "rotations_within",
    "tissue_from",
    "wide_starts",
]

#: Slope of the searches, per percent. Gentler than the 0.5 of the paper, whose tanh is flat at
#: most pairs: on a real scan two halves of the edge agree to 0.08 mm instead of 0.29 mm.
_SEARCH_SLOPE = 0.05
#: Rotations are searched in millimetres at this distance from the centre of the brain.
_ARM_MM = 50.0
_FEW_PAIRS, _FEWEST_PAIRS, _FEW_PLACES, _FEWEST_PLACES = 3000, 300, 12_000, 1500
#: The wide search: rotations this far from the header's, this far apart, so many followed.
_WIDE_DEG, _APART_DEG, _FOLLOWED = 45.0, 15.0, 6


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A functional volume, sharp to blurred (X, Y, Z), beside the edge and tissues of an anatomy.

    ``few`` are some of the pairs of ``boundary``, ``sparse`` some of the places of ``mixture``.
    """

    sharp: NDArray[np.float32]
    blurred: NDArray[np.float32]
    coarse: NDArray[np.float32]
    voxel_from_bold: Floats
    boundary: Boundary
    few: Boundary
    mixture: TissueMixture
    sparse: TissueMixture


def fit_of(mean_bold: Volume, anatomy: Anatomy) -> Fit:
    """Give the `Fit` of a mean functional volume and an anatomy."""
    data = np.ascontiguousarray(mean_bold.data, np.float32)
    boundary, mixture = white_boundary(anatomy), tissue_mixture(anatomy)

    def smooth(sigma_voxels: float) -> NDArray[np.float32]:
        return np.asarray(ndimage.gaussian_filter(data, sigma_voxels, output=np.float32))

    return Fit(
        sharp=smooth(0.4),
        blurred=smooth(1.2),
        coarse=smooth(2.0),
        voxel_from_bold=inverted(np.asarray(mean_bold.frame_from_voxel, np.float64)),
        boundary=boundary,
        few=boundary.thinned(_FEW_PAIRS),
        mixture=mixture.thinned(_FEW_PLACES),
        sparse=mixture.thinned(_FEWEST_PLACES),
    )


def tissue_from(fit: Fit, start: Floats) -> Floats:
    """Give ``bold_from_t1w`` (4, 4) after the tissue-mixture search from ``start``."""

    def cost(bold_from_t1w: Floats) -> float:
        return mixture_cost(fit.blurred, fit.voxel_from_bold @ bold_from_t1w, fit.mixture)

    return _minimised(cost, start, fit.boundary.middle_mm, first_step=4.0, tolerance=0.02)


def edge_from(fit: Fit, start: Floats) -> Floats:
    """Give ``bold_from_t1w`` (4, 4) after boundary searches, few pairs then all."""
    middle = edge_of(fit, fit.few, start)
    return _edge_search(fit, fit.boundary, middle, first_step=0.3, tolerance=0.002)


def edge_of(fit: Fit, pairs: Boundary, start: Floats) -> Floats:
    """Give ``bold_from_t1w`` (4, 4) after a boundary search over ``pairs`` alone."""
    return _edge_search(fit, pairs, start, first_step=1.0, tolerance=0.01)


def judged(fit: Fit, bold_from_t1w: Floats) -> tuple[float, float]:
    """Give the boundary cost, with the slope of the paper, and the part in view."""
    return boundary_cost(fit.sharp, fit.voxel_from_bold @ bold_from_t1w, fit.boundary)


def halves_mm(fit: Fit, bold_from_t1w: Floats) -> float:
    """Give how far halves of the edge, sought alone, go from ``bold_from_t1w``: RMS of six, mm.

    Left, right, back, front, lower and upper half, each by its mean displacement. The right
    anatomy says the same everywhere; a wrong one is pulled elsewhere by each of its parts.
    """
    costs = pair_costs(fit.sharp, fit.voxel_from_bold @ bold_from_t1w, fit.few)
    seen = fit.few.chosen(np.isfinite(costs))
    if len(seen.white_mm) < _FEWEST_PAIRS:
        return float("inf")
    middle = np.median(seen.white_mm, axis=0)
    away = []
    for axis in range(3):
        high = seen.white_mm[:, axis] > middle[axis]
        for chosen in (high, ~high):
            half = seen.chosen(chosen)
            end = edge_of(fit, half, bold_from_t1w)
            away.append(rigid_displacement_mm(end, bold_from_t1w, half.white_mm).mean())
    return float(np.sqrt(np.mean(np.square(away))))


def wide_starts(fit: Fit, start: Floats) -> list[Floats]:
    """Give the most promising of many turns round ``start``, each after a tissue-mixture search.

    Rotations to 45 degrees every 15, each shifted to where few places fit best; the best few that
    are well apart are followed.
    """
    center = fit.boundary.middle_mm

    def cost(bold_from_t1w: Floats) -> float:
        return mixture_cost(fit.coarse, fit.voxel_from_bold @ bold_from_t1w, fit.sparse)

    tried = []
    for rotation in rotations_within(_WIDE_DEG, apart_deg=_APART_DEG):
        turn = np.eye(4)
        turn[:3, :3] = rotation
        turn[:3, 3] = center - rotation @ center
        place = _shifted(cost, start @ turn)
        tried.append((cost(place), place))
    tried.sort(key=lambda item: item[0])
    chosen: list[Floats] = []
    for _, place in tried:
        if all(rotation_angle_deg(inverted(o) @ place) > 1.1 * _APART_DEG for o in chosen):
            chosen.append(place)
        if len(chosen) == _FOLLOWED:
            break
    return [tissue_from(fit, place) for place in chosen]


def rotations_within(angle_deg: float, *, apart_deg: float) -> Floats:
    """Give rotations (K, 3, 3) of up to ``angle_deg`` on a cubic lattice of rotation vectors."""
    count = int(angle_deg / apart_deg)
    steps = np.arange(-count, count + 1) * apart_deg
    vectors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = vectors[np.linalg.norm(vectors, axis=1) <= angle_deg * (1 + 1e-9)]
    return np.asarray(Rotation.from_rotvec(vectors, degrees=True).as_matrix(), np.float64)


def _edge_search(
    fit: Fit, pairs: Boundary, start: Floats, *, first_step: float, tolerance: float
) -> Floats:
    def cost(bold_from_t1w: Floats) -> float:
        m = fit.voxel_from_bold @ bold_from_t1w
        return boundary_cost(fit.sharp, m, pairs, slope=_SEARCH_SLOPE)[0]

    return _minimised(
        cost, start, fit.boundary.middle_mm, first_step=first_step, tolerance=tolerance
    )


def _minimised(
    cost: Callable[[Floats], float],
    start: Floats,
    center_mm: Floats,
    *,
    first_step: float,
    tolerance: float,
) -> Floats:
    """Give ``start`` after the rigid move of least cost, by Powell's directions."""

    def place(x: Floats) -> Floats:
        parameters = np.concatenate([x[:3], x[3:] / _ARM_MM])
        return start @ rigid_from_parameters(parameters, center_mm)

    found = optimize.minimize(
        lambda x: cost(place(x)),
        np.zeros(6),
        method="Powell",
        options={"xtol": tolerance, "ftol": 1e-6, "direc": first_step * np.eye(6)},
    )
    return place(np.asarray(found.x, np.float64))


def _shifted(cost: Callable[[Floats], float], start: Floats) -> Floats:
    """Give ``start`` after the best shift, to about a millimetre."""

    def place(x: Floats) -> Floats:
        shift = np.eye(4)
        shift[:3, 3] = x
        return shift @ start

    found = optimize.minimize(
        lambda x: cost(place(x)),
        np.zeros(3),
        method="Powell",
        options={"xtol": 0.1, "ftol": 1e-3, "maxiter": 2, "direc": 8.0 * np.eye(3)},
    )
    return place(np.asarray(found.x, np.float64))
