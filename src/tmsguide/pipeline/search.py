"""The placement search on one prepared head: every reachable pose scored, the best refined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmsguide.errors import GeometryError, InputError
from tmsguide.field import mean_vector, reciprocal, roi_around, score
from tmsguide.model import Points
from tmsguide.model.progress import silent
from tmsguide.placement import (
    Candidates,
    Guidance,
    candidates,
    expected_scores,
    handle_angle_deg,
    refine,
    scalp_depth,
    search,
    subset,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tmsguide.field import Prepared, Reading
    from tmsguide.model import Coil, SearchSettings, Surface
    from tmsguide.placement import Ranked

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Objective = Callable[[Floats], Floats]

__all__ = ["Found", "Tested", "find_placement", "guidance_named", "robust_poses"]

GUIDANCES = {"navigator": Guidance.NEURONAVIGATION, "cap": Guidance.CAP}
#: V/m far below any field: what a pose counts for whose windings cannot be read.
_UNREAD = -1e9
#: Poses tried under error are nearer to one another than those offered (8 mm, 30 degrees).
_POOL_APART_MM, _POOL_APART_DEG = 6.0, 20.0
_ERROR_REACH = 2.6  # standard deviations: the largest of the 64 errors that a pose is tried with


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search found: the refined ``best`` and its rivals, ``ranked`` with the best first.

    ``among`` are all candidates with their ``scores`` (K,) in V/m, ``strength`` gives those of
    other poses; ``roi`` (M,) marks the cells that ``reading`` reads.
    """

    best: Ranked
    ranked: tuple[Ranked, ...]
    among: Candidates
    scores: Floats
    strength: Objective
    roi: Bools
    reading: Reading


class Tested(NamedTuple):
    """Poses with the share of their field that is left under placement error: mean and low."""

    poses: Candidates
    expected_share: Floats
    low_share: Floats


def guidance_named(name: str) -> Guidance:
    """Give what guides the hand: ``navigator`` or ``cap``.

    Raises
    ------
    InputError
        Another word.
    """
    if name not in GUIDANCES:
        raise InputError(f"guidance '{name}' is unknown; needed one of {', '.join(GUIDANCES)}")
    return GUIDANCES[name]


def find_placement(
    prepared: Prepared,
    scalp: Surface,
    target: Points,
    *,
    coil: Coil,
    settings: SearchSettings,
    reading_of: Callable[[Prepared, Bools], Reading] = mean_vector,
    keep: int = 10,
    say: Callable[[str], None] = silent,
) -> Found:
    """Score every pose near the target by reciprocity and refine the best.

    ``reading_of`` says what counts in the grey matter round the target (1, 3): the size of the
    mean vector, or its mean along directions, then with sign, so that both senses of the coil are
    tried.

    Raises
    ------
    FrameError
        Head, scalp and target are in different frames.
    GeometryError
        No grey matter near the target, a target outside the head, or no pose that clears it.
    """
    scalp_depth(scalp, target)  # refuses a target outside the head before anything else
    roi = roi_around(prepared.head, target, settings.roi_radius_mm)
    reading = reading_of(prepared, roi)
    among = candidates(
        scalp,
        target,
        radius_mm=settings.radius_mm,
        step_mm=settings.step_mm,
        angle_deg=settings.angle_deg,
        standoff_mm=settings.standoff_mm,
        coil=coil,
        full_turn=len(reading.weights) == 1,
    )
    say("solving the reciprocal fields")
    strength = _strength(prepared, reading, among, coil=coil, settings=settings)
    say(f"scoring {len(among)} placements")
    scores = strength(among.matsimnibs)
    if not (scores > _UNREAD).any():
        raise GeometryError(
            f"none of {len(among)} placements of {coil.name} near the target can be read: all "
            "put windings into the head; check that scalp and head mesh are of one person"
        )
    ranked = search(lambda _: scores, among, keep=keep, didt_a_per_s=settings.didt_a_per_s)
    best = refine(strength, ranked[0], scalp, coil=coil, standoff_mm=settings.standoff_mm)
    rivals = tuple(r for r in ranked[1:] if r.score > _UNREAD)
    return Found(best, (best, *rivals), among, scores, strength, roi, reading)


def robust_poses(found: Found, scalp: Surface, settings: SearchSettings) -> Tested:
    """Give the poses that keep most of their field under placement error, the best one first.

    The best ``tested_poses`` unlike poses are tried under the errors of the guidance; the
    ``solved_poses`` of them with the largest expected field come back, each another choice.

    Raises
    ------
    GeometryError
        The best placement, held with its error, leaves what can be read.
    """
    error = guidance_named(settings.guidance).error
    pool = search(
        lambda _: found.scores,
        found.among,
        keep=settings.tested_poses,
        apart_mm=_POOL_APART_MM,
        apart_deg=_POOL_APART_DEG,
    )
    poses = _poses_of([found.best, *(r for r in pool if r.score > _UNREAD)])
    held = expected_scores(found.strength, poses, scalp, error=error)
    readable = held.expected > 1e-3 * _UNREAD
    if not readable[0]:
        raise GeometryError(
            "the best placement cannot be read under placement error: held a little off, it puts "
            "windings into the head; choose a larger standoff, or --guidance navigator"
        )
    # the refined best stays first whatever the error does to it
    order = np.where(readable, held.expected, _UNREAD)
    order[0] = 2 * np.abs(order[1:]).max(initial=1.0)
    rest = search(lambda _: order, poses, keep=settings.solved_poses)
    chosen = np.array([_row(poses, r) for r in rest if r.score > _UNREAD])
    planned = held.planned[chosen]
    return Tested(
        subset(poses, chosen), held.expected[chosen] / planned, held.low[chosen] / planned
    )


def _strength(
    prepared: Prepared,
    reading: Reading,
    among: Candidates,
    *,
    coil: Coil,
    settings: SearchSettings,
) -> Objective:
    """Give what turns poses (K, 4, 4) into V/m (K,), far below zero where they cannot be read."""
    adjoint = reciprocal(prepared, reading, reach=_reach(among, settings), coil=coil)

    def readings(poses: Floats) -> Floats:
        values = score(adjoint, coil, poses, didt_a_per_s=settings.didt_a_per_s)
        return values[:, 0] if values.shape[1] == 1 else np.linalg.norm(values, axis=1)

    def strength(poses: Floats) -> Floats:
        try:
            return readings(poses)
        except GeometryError:
            if len(poses) == 1:
                return np.array([_UNREAD])
            half = len(poses) // 2
            return np.concatenate([strength(poses[:half]), strength(poses[half:])])

    return strength


def _reach(among: Candidates, settings: SearchSettings) -> Points:
    """Candidate centres, and a ring round each as wide as the coil may be held off it."""
    poses = among.matsimnibs
    _, first = np.unique(poses[:, :3, 3], axis=0, return_index=True)
    off_mm = _ERROR_REACH * guidance_named(settings.guidance).error.position_sd_mm
    turn = np.deg2rad(np.arange(0, 360, 45))
    ring = off_mm * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    centres, axes = poses[first, :3, 3], poses[first, :3, :2]
    around = centres[:, None] + np.einsum("rd,pxd->prx", ring, axes)
    return Points(np.concatenate([centres, around.reshape(-1, 3)]), among.frame)


def _poses_of(ranked: Sequence[Ranked]) -> Candidates:
    placements = [r.placement for r in ranked]
    return Candidates(
        np.stack([p.matsimnibs for p in placements]),
        np.array([p.standoff_mm for p in placements]),
        np.array([handle_angle_deg(p) for p in placements]),
        placements[0].frame,
    )


def _row(poses: Candidates, one: Ranked) -> int:
    same = (poses.matsimnibs == one.placement.matsimnibs).all(axis=(1, 2))
    return int(np.flatnonzero(same)[0])
