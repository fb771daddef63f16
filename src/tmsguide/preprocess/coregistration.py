"""Where the functional scan lies in the person's T1w space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, optimize

from tmsguide.errors import EngineError, QualityError
from tmsguide.model import Affine, Volume
from tmsguide.num.rigid import (
    inverted,
    rigid_displacement_mm,
    rigid_from_parameters,
    rotation_angle_deg,
)
from tmsguide.preprocess.boundary import Boundary, boundary_cost, white_boundary
from tmsguide.preprocess.mixture import TissueMixture, mixture_cost, tissue_mixture
from tmsguide.preprocess.motion import head_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, LinearRegistrar

    Floats = NDArray[np.float64]

__all__ = ["Coregistration", "Start", "coregister"]

#: bbregister's advice: look again above 0.8; 1 is chance.
POOR_COST = 0.8
#: Above this the edge of white matter is not seen at all.
HOPELESS_COST = 0.9
#: Two sessions, or a repositioned head, explain less than this; more wants a person's eye.
FAR_MM, FAR_DEG = 15.0, 15.0
#: Part of the brain's edge that must be in view.
LEAST_IN_VIEW = 0.2
#: Solutions of like cost that lie further apart than this are rivals.
_RIVAL_MM, _RIVAL_COST = 3.0, 0.03
#: Slope of the searches, per percent. Gentler than the 0.5 of the paper, whose tanh is flat at
#: most pairs: on a real scan two halves of the edge agree to 0.08 mm instead of 0.29 mm.
_SEARCH_SLOPE = 0.05
#: Rotations are searched in millimetres at this distance from the centre of the brain.
_ARM_MM = 50.0


@dataclass(frozen=True, slots=True)
class Start:
    """Where one start of the search ended: its cost and its mean distance from the chosen one."""

    name: str
    cost: float
    distance_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Coregistration:
    """The rigid map ``t1w_from_bold`` and how far it can be trusted.

    ``cost`` is the boundary cost of the pairs in view (0 best, 1 chance); ``in_view`` their part
    of all; ``moved_mm`` (mean over the edge of white matter) and ``moved_deg`` the way from what
    the headers say; ``disagreement_mm`` the largest distance of a start whose cost is as good.
    """

    t1w_from_bold: Affine
    cost: float
    in_view: float
    moved_mm: float
    moved_deg: float
    disagreement_mm: float
    starts: tuple[Start, ...]
    problems: tuple[str, ...]


def coregister(
    mean_bold: Volume, anatomy: Anatomy, *, linear: LinearRegistrar | None = None
) -> Coregistration:
    """Give the `Coregistration` of a mean functional volume with the T1w, headers first.

    Starts: the headers as they are (both worlds are scanner coordinates), the headers and the
    centres of mass, each after a tissue-mixture search. Each is refined on the white-matter
    boundary; the lowest cost wins. Only where that leaves a doubt is ``linear`` (mutual
    information), where given, asked for one more start.

    Raises
    ------
    QualityError
        No start ends anywhere where the boundary is seen.

    References
    ----------
    Greve & Fischl 2009, NeuroImage 48:63, doi:10.1016/j.neuroimage.2009.06.060.
    """
    search = _Search(mean_bold, white_boundary(anatomy), tissue_mixture(anatomy))
    header = np.eye(4)
    starts = {
        "header": header,
        "header, then tissue mixture": search.mix(header),
        "centres of mass, then tissue mixture": search.mix(_by_centers(mean_bold, anatomy)),
    }
    ends = {name: search.refine(start) for name, start in starts.items()}
    found = _best(search, ends, mean_bold, anatomy)
    if found.problems and linear is not None:
        extra = search.refine(_by_engine(mean_bold, anatomy, linear))
        found = _best(search, {**ends, "mutual information": extra}, mean_bold, anatomy)
    if found.cost > HOPELESS_COST or found.in_view < LEAST_IN_VIEW:
        raise QualityError(
            f"the functional scan could not be laid on the T1w: boundary cost {found.cost:.2f} (1 "
            f"is chance, below {POOR_COST} is needed), {found.in_view:.0%} of the brain's edge in "
            "view. Check that both are of the same person and that their headers are right"
        )
    return found


def _best(
    search: _Search, ends: dict[str, Floats], mean_bold: Volume, anatomy: Anatomy
) -> Coregistration:
    """Give the end (``bold_from_t1w``) of lowest cost, compared with the others."""
    judged = {name: search.judge(end) for name, end in ends.items()}
    widest = max(in_view for _, in_view in judged.values())
    # A place that shows little of the edge may fit it by chance.
    costs = {n: cost if in_view > 0.6 * widest else 1.0 for n, (cost, in_view) in judged.items()}
    best = min(costs, key=lambda name: costs[name])
    cost, in_view = judged[best]
    on_edge = search.edge_mm
    away = {
        name: float(rigid_displacement_mm(end, ends[best], on_edge).mean())
        for name, end in ends.items()
    }
    moved_mm = float(rigid_displacement_mm(ends[best], np.eye(4), on_edge).mean())
    moved_deg = rotation_angle_deg(ends[best])
    disagreement_mm = max(away[n] for n in ends if costs[n] - costs[best] < _RIVAL_COST)
    return Coregistration(
        t1w_from_bold=Affine(inverted(ends[best]), mean_bold.frame, anatomy.t1w.frame),
        cost=cost,
        in_view=in_view,
        moved_mm=moved_mm,
        moved_deg=moved_deg,
        disagreement_mm=disagreement_mm,
        starts=tuple(Start(n, judged[n][0], away[n]) for n in ends),
        problems=_doubts(cost, moved_mm, moved_deg, disagreement_mm),
    )


def _doubts(
    cost: float, moved_mm: float, moved_deg: float, disagreement_mm: float
) -> tuple[str, ...]:
    """Give the reasons to look at the overlay, in plain words."""
    out = []
    if moved_mm > FAR_MM or moved_deg > FAR_DEG:
        out.append(
            f"coregistration moved the functional scan {moved_mm:.0f} mm and {moved_deg:.0f} "
            "degrees from where its header places it; look at the overlay"
        )
    if cost > POOR_COST:
        out.append(
            f"the functional scan fits the T1w poorly (boundary cost {cost:.2f}, above "
            f"{POOR_COST}); look at the overlay"
        )
    if disagreement_mm > _RIVAL_MM:
        out.append(
            f"coregistration has two answers {disagreement_mm:.1f} mm apart that fit alike; "
            "look at the overlay"
        )
    return tuple(out)


class _Search:
    """The mean functional volume beside the edge and tissues of one anatomy."""

    def __init__(self, mean_bold: Volume, boundary: Boundary, mixture: TissueMixture) -> None:
        data = np.ascontiguousarray(mean_bold.data, np.float32)
        self._sharp = ndimage.gaussian_filter(data, 0.4, output=np.float32)
        self._blurred = ndimage.gaussian_filter(data, 1.2, output=np.float32)
        self._voxel_from_bold = inverted(np.asarray(mean_bold.frame_from_voxel, np.float64))
        self._boundary = boundary
        self._few = boundary.thinned(3000)
        self._mixture = mixture

    def mix(self, start: Floats) -> Floats:
        """Give ``bold_from_t1w`` after the tissue-mixture search from ``start``."""

        def cost(bold_from_t1w: Floats) -> float:
            return mixture_cost(
                self._blurred, self._voxel_from_bold @ bold_from_t1w, self._mixture
            )

        return self._minimised(cost, start, first_step=4.0, tolerance=0.02)

    def refine(self, start: Floats) -> Floats:
        """Give ``bold_from_t1w`` after boundary searches, few pairs then all."""

        def cost(bold_from_t1w: Floats, pairs: Boundary) -> float:
            m = self._voxel_from_bold @ bold_from_t1w
            return boundary_cost(self._sharp, m, pairs, slope=_SEARCH_SLOPE)[0]

        few, every = self._few, self._boundary
        middle = self._minimised(lambda m: cost(m, few), start, first_step=1.0, tolerance=0.01)
        return self._minimised(lambda m: cost(m, every), middle, first_step=0.3, tolerance=0.002)

    @property
    def edge_mm(self) -> Floats:
        """Places (M, 3) on the edge of white matter."""
        return self._boundary.white_mm

    def judge(self, bold_from_t1w: Floats) -> tuple[float, float]:
        """Give the boundary cost, with the slope of the paper, and the part in view."""
        return boundary_cost(self._sharp, self._voxel_from_bold @ bold_from_t1w, self._boundary)

    def _minimised(
        self,
        cost: Callable[[Floats], float],
        start: Floats,
        *,
        first_step: float,
        tolerance: float,
    ) -> Floats:
        center = self._boundary.middle_mm

        def place(x: Floats) -> Floats:
            parameters = np.concatenate([x[:3], x[3:] / _ARM_MM])
            return start @ rigid_from_parameters(parameters, center)

        found = optimize.minimize(
            lambda x: cost(place(x)),
            np.zeros(6),
            method="Powell",
            options={"xtol": tolerance, "ftol": 1e-6, "direc": first_step * np.eye(6)},
        )
        return place(np.asarray(found.x, np.float64))


def _by_engine(mean_bold: Volume, anatomy: Anatomy, linear: LinearRegistrar) -> Floats:
    """Give ``bold_from_t1w`` of a rigid registration to the brain of the T1w, headers first.

    An engine that fails leaves the headers as they are.
    """
    brain = np.where(np.asarray(anatomy.brain_mask.data) > 0, anatomy.t1w.data, 0)
    fixed = Volume(brain.astype(np.float32), anatomy.t1w.frame_from_voxel, anatomy.t1w.frame)
    initial = Affine(np.eye(4), source=mean_bold.frame, target=anatomy.t1w.frame)
    try:
        return inverted(linear(fixed, mean_bold, initial=initial, dof=6).matrix)
    except EngineError:
        return np.eye(4)


def _by_centers(mean_bold: Volume, anatomy: Anatomy) -> Floats:
    """Give the shift that lays the brain's centre on the functional scan's centre of signal."""
    middle = np.argwhere(head_mask(np.asarray(mean_bold.data, np.float32))).mean(axis=0)
    brain = np.argwhere(np.asarray(anatomy.brain_mask.data) > 0).mean(axis=0)
    a, b = mean_bold.frame_from_voxel, anatomy.brain_mask.frame_from_voxel
    out = np.eye(4)
    out[:3, 3] = (a[:3, :3] @ middle + a[:3, 3]) - (b[:3, :3] @ brain + b[:3, 3])
    return out
