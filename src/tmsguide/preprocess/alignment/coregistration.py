"""Where the functional scan lies in the person's T1w space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import EngineError, QualityError
from tmsguide.model import Affine, Volume
from tmsguide.num.rigid import inverted, rigid_displacement_mm, rotation_angle_deg
from tmsguide.preprocess.alignment.conviction import (
    RIVAL_COST,
    SURE_COST,
    UNEVEN_MM,
    Coregistration,
    Start,
    convincing,
    doubts,
    refusal,
)
from tmsguide.preprocess.alignment.fitting import (
    Fit,
    edge_from,
    fit_of,
    halves_mm,
    judged,
    tissue_from,
    wide_starts,
)
from tmsguide.preprocess.alignment.midplane import mid_reflection
from tmsguide.preprocess.movement.motion import head_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, LinearRegistrar

    Floats = NDArray[np.float64]

__all__ = ["Coregistration", "Start", "coregister"]


def coregister(
    mean_bold: Volume, anatomy: Anatomy, *, linear: LinearRegistrar | None = None
) -> Coregistration:
    """Give the `Coregistration` of a mean functional volume with the T1w, headers first.

    Starts: the headers as they are (both worlds are scanner coordinates), and the headers after a
    tissue-mixture search. Each is refined on the white-matter boundary; the lowest cost wins. Only
    where that does not convince come the centres of mass, then turns of up to 45 degrees about
    them, then ``linear`` (mutual information), where given.

    Raises
    ------
    QualityError
        No start ends where the boundary is seen, or its parts or two starts contradict each other.

    References
    ----------
    Greve & Fischl 2009, NeuroImage 48:63, doi:10.1016/j.neuroimage.2009.06.060.
    """
    fit = fit_of(mean_bold, anatomy)
    ends: dict[str, Floats] = {}
    for starts in _in_turn(fit, mean_bold, anatomy, linear):
        ends |= {name: edge_from(fit, start) for name, start in starts().items()}
        found = _best(fit, ends, mean_bold, anatomy)
        if convincing(found):
            return found
    why = refusal(found)
    if why:
        hint = _mirrored_hint(fit, mean_bold, anatomy)
        raise QualityError(f"the functional scan could not be laid on the T1w: {why}. {hint}")
    return found


def _in_turn(
    fit: Fit, mean_bold: Volume, anatomy: Anatomy, linear: LinearRegistrar | None
) -> list[Callable[[], dict[str, Floats]]]:
    """Give the rounds of starts (``bold_from_t1w`` by name); a later one only in doubt."""
    header, centers = np.eye(4), _by_centers(mean_bold, anatomy)

    def first() -> dict[str, Floats]:
        return {"header": header, "header, then tissue mixture": tissue_from(fit, header)}

    def second() -> dict[str, Floats]:
        return {"centres of mass, then tissue mixture": tissue_from(fit, centers)}

    def third() -> dict[str, Floats]:
        turned = wide_starts(fit, centers)
        return {f"turn {k + 1}, then tissue mixture": start for k, start in enumerate(turned)}

    rounds = [first, second, third]
    if linear is not None:
        engine = linear
        rounds.append(lambda: {"mutual information": _by_engine(mean_bold, anatomy, engine)})
    return rounds


def _mirrored_hint(fit: Fit, mean_bold: Volume, anatomy: Anatomy) -> str:
    """Give what to do about a scan that fits nowhere: mirrored, or not a pair."""
    mirror = mid_reflection(anatomy)
    for start in (np.eye(4), _by_centers(mean_bold, anatomy)):
        end = edge_from(fit, tissue_from(fit, start @ mirror))
        cost = judged(fit, end)[0]
        if cost < SURE_COST and halves_mm(fit, end) < UNEVEN_MM:
            return (
                f"Mirrored, it fits (boundary cost {cost:.2f}): left and right are swapped in one "
                "of the two files; convert both again from the scanner's own files"
            )
    return "Check that both are of the same person and that their headers are right"


def _best(
    fit: Fit, ends: dict[str, Floats], mean_bold: Volume, anatomy: Anatomy
) -> Coregistration:
    """Give the end (``bold_from_t1w``) of lowest cost, compared with the others."""
    all_judged = {name: judged(fit, end) for name, end in ends.items()}
    widest = max(in_view for _, in_view in all_judged.values())
    # A place that shows little of the edge may fit it by chance.
    costs = {n: cost if seen > 0.6 * widest else 1.0 for n, (cost, seen) in all_judged.items()}
    best = min(costs, key=lambda name: costs[name])
    cost, in_view = all_judged[best]
    on_edge = fit.boundary.white_mm
    away = {
        name: float(rigid_displacement_mm(end, ends[best], on_edge).mean())
        for name, end in ends.items()
    }
    found = Coregistration(
        t1w_from_bold=Affine(inverted(ends[best]), mean_bold.frame, anatomy.t1w.frame),
        cost=cost,
        in_view=in_view,
        moved_mm=float(rigid_displacement_mm(ends[best], np.eye(4), on_edge).mean()),
        moved_deg=rotation_angle_deg(ends[best]),
        disagreement_mm=max(away[n] for n in ends if costs[n] - costs[best] < RIVAL_COST),
        starts=tuple(Start(n, all_judged[n][0], away[n]) for n in ends),
        problems=(),
        halves_mm=halves_mm(fit, ends[best]),
    )
    return replace(found, problems=doubts(found))


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
