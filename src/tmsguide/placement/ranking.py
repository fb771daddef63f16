"""The best poses for an objective, unlike one another, and the climb from one of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError
from tmsguide.model import Placement
from tmsguide.placement.poses import MAX_STANDOFF_MM, Seat, rest
from tmsguide.placement.sense import is_usual, reversed_pose
from tmsguide.placement.skin import plane_axes, project, skin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Coil, Surface
    from tmsguide.placement.candidates import Candidates
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]
    Objective = Callable[[Floats], Floats]

__all__ = ["Ranked", "refine", "search"]

#: Scores whose relative difference is below this are the same but for rounding.
SAME_SCORE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A pose and what the objective says of it; larger is better."""

    score: float
    placement: Placement


def search(
    objective: Objective,
    among: Candidates,
    *,
    keep: int,
    apart_mm: float = 8.0,
    apart_deg: float = 30.0,
    didt_a_per_s: float = 1e6,
) -> tuple[Ranked, ...]:
    """Give the ``keep`` best poses, best first, each really another choice than the ones before.

    ``objective`` takes poses (K, 4, 4) and gives scores (K,). A pose is passed over when a better
    one is both nearer than ``apart_mm`` and turned by less than ``apart_deg`` from it, a half turn
    counting as none. Fewer come back where the candidates hold no more. Ties keep their order.

    Raises
    ------
    GeometryError
        If there are no candidates, or the objective gives wrong shapes, NaN or infinity.
    """
    if keep < 1 or len(among) == 0:
        raise GeometryError(f"asked for {keep} of {len(among)} poses; needed at least 1 of 1")
    scores = scored(objective, among.matsimnibs)
    free = np.ones(len(among), dtype=bool)
    chosen: list[Ranked] = []
    for i in np.argsort(-scores, kind="stable"):
        if not free[i]:
            continue
        placement = Placement(
            among.matsimnibs[i], among.frame, didt_a_per_s, float(among.standoff_mm[i])
        )
        chosen.append(Ranked(float(scores[i]), placement))
        if len(chosen) == keep:
            break
        free &= unlike(among.matsimnibs, int(i), apart_mm=apart_mm, apart_deg=apart_deg)
    return tuple(chosen)


def unlike(poses: Floats, one: int, *, apart_mm: float, apart_deg: float) -> NDArray[np.bool_]:
    """Tell (K,) which poses (K, 4, 4) are another choice than the ``one``, in place or in turn."""
    centres, handles = poses[:, :3, 3], poses[:, :3, 1]
    close = np.linalg.norm(centres - centres[one], axis=1) < apart_mm
    alike = np.abs(handles @ handles[one]) > np.cos(np.deg2rad(apart_deg))
    return np.asarray(~(close & alike))


def refine(
    objective: Objective,
    start: Ranked,
    scalp: Surface,
    *,
    coil: Coil,
    standoff_mm: float,
    step_mm: float = 1.0,
    angle_deg: float = 2.5,
    max_moves: int = 25,
    max_standoff_mm: float = MAX_STANDOFF_MM,
) -> Ranked:
    """Give the best pose reached from ``start`` by steps of ``step_mm`` and ``angle_deg``.

    Each move looks at the poses up to two steps away along the scalp in both directions and up to
    four steps of turn, and goes to the best of them; it ends when none is better. The gap is
    again ``standoff_mm`` unless the casing needs more. Never worse than ``start``.

    A climb that ends with the handle in the other half turn than the clinic's (see `candidates`)
    is turned by 180 degrees and scored again. A field strength is the same there, to rounding; an
    objective that is lower there cares for the sense of the field, and its pose stays as it was.
    """
    on = skin(scalp)
    if start.placement.frame != on.frame:
        raise FrameError(
            f"the pose is in {start.placement.frame.name}, the scalp in {on.frame.name}; "
            "refine a pose on its own person's scalp"
        )
    seat = Seat.of(coil, standoff_mm=standoff_mm, max_standoff_mm=max_standoff_mm)
    best = start
    for _ in range(max_moves):
        poses, gaps = _neighbours(on, best.placement, seat, step_mm=step_mm, angle_deg=angle_deg)
        if len(poses) == 0:
            break
        scores = scored(objective, poses)
        top = int(np.argmax(scores))
        if not scores[top] > best.score:
            break
        didt = start.placement.didt_a_per_s
        best = Ranked(float(scores[top]), Placement(poses[top], on.frame, didt, float(gaps[top])))
    return _usual(objective, best, on)


def _usual(objective: Objective, best: Ranked, on: Skin) -> Ranked:
    """Give the pose in its usual half turn, scored there, unless the objective is against it."""
    pose = best.placement.matsimnibs
    if is_usual(on, scalp_point(best.placement), pose):
        return best
    turned = reversed_pose(pose)
    score = float(scored(objective, turned[None])[0])
    if score < best.score - SAME_SCORE * abs(best.score):
        return best
    return Ranked(score, replace(best.placement, matsimnibs=turned))


def scored(objective: Objective, poses: Floats) -> Floats:
    """Give the objective's finite scores (K,) of poses (K, 4, 4)."""
    scores = np.asarray(objective(poses), dtype=np.float64)
    if scores.shape != (len(poses),) or not np.isfinite(scores).all():
        raise GeometryError(
            f"the objective gave shape {scores.shape} with {np.isnan(scores).sum()} NaN for "
            f"{len(poses)} poses; needed one finite score per pose"
        )
    return scores


def scalp_point(placement: Placement) -> Floats:
    """Give the scalp point (3,) under the coil's centre."""
    return np.asarray(placement.center_mm + placement.standoff_mm * placement.matsimnibs[:3, 2])


def _neighbours(
    on: Skin, placement: Placement, seat: Seat, *, step_mm: float, angle_deg: float
) -> tuple[Floats, Floats]:
    towards, normal = placement.matsimnibs[:3, 1], -placement.matsimnibs[:3, 2]
    steps = step_mm * np.arange(-2, 3)
    right, ahead = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    flat = np.stack([right, ahead], axis=1) @ plane_axes(normal, towards)
    points = project(on, scalp_point(placement) + flat, normal, within_mm=4 * step_mm)
    points = points[np.isfinite(points).all(axis=1)]
    turns = angle_deg * np.arange(-4.0, 5.0)
    poses, gaps, _ = rest(on, points, angles_deg=turns, seat=seat, towards=towards)
    return poses, gaps
