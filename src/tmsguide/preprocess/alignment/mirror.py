"""Whether left on the functional scan is left on the T1w."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.preprocess.alignment.boundary import pair_costs
from tmsguide.preprocess.alignment.fitting import edge_from, fit_of, tissue_from
from tmsguide.preprocess.alignment.midplane import mid_reflection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Volume
    from tmsguide.preprocess.alignment.conviction import Coregistration

    Floats = NDArray[np.float64]

__all__ = ["MirrorCheck", "Sides", "mirror_check"]

#: Neighbouring pairs see the same folds: margins are compared between cubes of this edge.
_BLOCK_MM = 20.0
#: Standard errors, and cost, that one answer must be better by. Right pairs (two generated heads,
#: a real one with noise, distortion, coarse voxels, slabs) gave 11 to 28, wrong ones up to 3.5.
_SURE_ERRORS, _SURE_COST = 6.0, 0.03
_FEWEST_BLOCKS = 12


class Sides(Enum):
    """Whether left and right of two images are the same."""

    SAME = "left and right agree"
    SWAPPED = "left and right are swapped"
    UNCLEAR = "left and right cannot be told apart"


@dataclass(frozen=True, slots=True)
class MirrorCheck:
    """The boundary cost as found and mirrored, and what that says.

    ``margin`` is mirrored less found, averaged over blocks of the edge, in standard errors:
    positive where the images agree, negative where mirroring makes the fit better.
    """

    sides: Sides
    cost: float
    mirrored_cost: float
    margin: float
    words: str


def mirror_check(mean_bold: Volume, anatomy: Anatomy, found: Coregistration) -> MirrorCheck:
    """Give whether the functional scan fits the anatomy as it is, or better mirrored.

    The mirrored scan is laid on the anatomy anew (tissue mixture, then boundary), from ``found``
    across the brain's own mid-plane. It cannot tell which of the two images is the wrong one,
    and neither can it see that both are swapped.
    """
    fit = fit_of(mean_bold, anatomy)
    here = found.t1w_from_bold.inverse().matrix
    there = edge_from(fit, tissue_from(fit, here @ mid_reflection(anatomy)))
    as_found = pair_costs(fit.sharp, fit.voxel_from_bold @ here, fit.boundary)
    mirrored = pair_costs(fit.sharp, fit.voxel_from_bold @ there, fit.boundary)
    both = np.isfinite(as_found) & np.isfinite(mirrored)
    cost, mirrored_cost = _mean(as_found), _mean(mirrored)
    margin = _margin((mirrored - as_found)[both], fit.boundary.white_mm[both])
    sides = _sides(margin, mirrored_cost - cost)
    return MirrorCheck(sides, cost, mirrored_cost, margin, _words(sides, cost, mirrored_cost))


def _mean(costs: Floats) -> float:
    seen = costs[np.isfinite(costs)]
    return float(seen.mean()) if len(seen) else 1.0


def _margin(gain: Floats, places_mm: Floats) -> float:
    """Give the mean of ``gain`` (M,) in standard errors, from the scatter between blocks."""
    if len(gain) == 0:
        return 0.0
    block = np.unique(np.floor(places_mm / _BLOCK_MM), axis=0, return_inverse=True)[1].ravel()
    weight = np.bincount(block).astype(np.float64)
    mean = np.bincount(block, gain) / weight
    if len(mean) < _FEWEST_BLOCKS:
        return 0.0
    share = weight / weight.sum()
    middle = float((share * mean).sum())
    # Variance of a weighted mean of blocks that differ in size.
    error = float(np.sqrt((share**2 * (mean - middle) ** 2).sum()))
    return middle / error if error > 0 else 0.0


def _sides(margin: float, gain: float) -> Sides:
    if margin >= _SURE_ERRORS and gain >= _SURE_COST:
        return Sides.SAME
    if margin <= -_SURE_ERRORS and gain <= -_SURE_COST:
        return Sides.SWAPPED
    return Sides.UNCLEAR


def _words(sides: Sides, cost: float, mirrored_cost: float) -> str:
    costs = f"boundary cost {cost:.2f} as it is, {mirrored_cost:.2f} mirrored"
    if sides is Sides.SAME:
        return f"left and right of the functional scan and the T1w agree ({costs})"
    if sides is Sides.SWAPPED:
        return (
            f"the functional scan fits the T1w better when mirrored ({costs}): left and right are "
            "swapped in one of the two files. Do not use a target from them; convert both again "
            "from the scanner's own files"
        )
    return (
        f"whether left and right of the functional scan and the T1w agree cannot be told "
        f"({costs}); check the orientation of both files"
    )
