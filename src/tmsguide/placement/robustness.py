"""What a pose is worth when the hand and the navigator are a little off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError
from tmsguide.placement.guidance import Guidance, error_draws
from tmsguide.placement.patches import outermost_mm
from tmsguide.placement.poses import matsimnibs
from tmsguide.placement.ranking import scored
from tmsguide.placement.skin import plane_axes, skin, smooth_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Placement, Surface
    from tmsguide.placement.candidates import Candidates
    from tmsguide.placement.guidance import PlacementError
    from tmsguide.placement.ranking import Objective
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["Expected", "Robustness", "expected_scores", "held_poses", "robustness"]


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """Scores of one planned pose as it would really be held: ``scores`` (n,) of n attempts.

    ``planned`` is the score without error, ``expected`` the mean, ``low`` the 5th percentile.
    """

    planned: float
    expected: float
    low: float
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Scores of K planned poses as they would really be held, each (K,).

    ``planned`` without error, ``expected`` the mean, ``low`` the 5th percentile, ``sd`` the
    standard deviation over attempts.
    """

    planned: Floats
    expected: Floats
    low: Floats
    sd: Floats


def expected_scores(
    objective: Objective,
    among: Candidates,
    scalp: Surface,
    *,
    error: PlacementError = Guidance.NEURONAVIGATION.value,
    n: int = 64,
) -> Expected:
    """Give what each candidate is worth under placement error; the objective is called once.

    All candidates meet the same n evenly spread errors (see `error_draws`), so that they are
    compared fairly and the answer never changes from run to run. The objective gets all
    K (n + 1) poses in one array and gives a score for each.

    Raises
    ------
    FrameError
        If candidates and scalp are in different frames.
    GeometryError
        If a slide leaves the scalp, or the objective gives wrong shapes, NaN or infinity.
    """
    held = held_poses(among, scalp, error=error, n=n)
    poses = np.concatenate([among.matsimnibs[:, None], held], axis=1)
    scores = scored(objective, poses.reshape(-1, 4, 4)).reshape(len(among), n + 1)
    off = scores[:, 1:]
    low = np.percentile(off, 5, axis=1)
    return Expected(scores[:, 0], off.mean(axis=1), low, off.std(axis=1))


def held_poses(among: Candidates, scalp: Surface, *, error: PlacementError, n: int = 64) -> Floats:
    """Give each candidate as it would be held in n attempts, (K, n, 4, 4).

    The coil slides along the scalp, lies flat on it there with the candidate's own gap, turns
    about its axis and tilts about the middle of its face; the casing is not lifted again.
    """
    on = skin(scalp)
    if among.frame != on.frame:
        raise FrameError(
            f"the poses are in {among.frame.name}, the scalp in {on.frame.name}; "
            "test poses on their own person's scalp"
        )
    draws = error_draws(n)
    return _held(
        on,
        among.matsimnibs,
        among.standoff_mm,
        slides=error.position_sd_mm * draws[:, :2],
        turns=np.deg2rad(error.angle_sd_deg) * draws[:, 2],
        tilts=np.deg2rad(error.tilt_sd_deg) * draws[:, 3:],
    )


def robustness(
    objective: Objective,
    placement: Placement,
    scalp: Surface,
    *,
    position_sd_mm: float = 2.0,
    angle_sd_deg: float = 2.5,
    n: int,
    rng: np.random.Generator,
) -> Robustness:
    """Give the expected score and its 5th percentile under placement error.

    The coil slides along the scalp by a normal error of ``position_sd_mm`` per direction and turns
    about its axis by ``angle_sd_deg`` (the settings of the NIMH targeting work, contarg). It stays
    flat on the scalp with the placement's own gap; the casing is not lifted again.
    """
    on = skin(scalp)
    if placement.frame != on.frame:
        raise FrameError(
            f"the pose is in {placement.frame.name}, the scalp in {on.frame.name}; "
            "test a pose on its own person's scalp"
        )
    if n < 1 or position_sd_mm < 0 or angle_sd_deg < 0:
        raise GeometryError(
            f"needed n >= 1 and errors >= 0; given n {n}, {position_sd_mm} mm, {angle_sd_deg} deg"
        )
    slides = position_sd_mm * rng.standard_normal((n, 2))
    turns = np.deg2rad(angle_sd_deg) * rng.standard_normal(n)
    pose, gap = placement.matsimnibs[None], np.array([placement.standoff_mm])
    planned = float(scored(objective, pose)[0])
    held = _held(on, pose, gap, slides=slides, turns=turns, tilts=np.zeros((n, 2)))
    scores = scored(objective, held[0])
    low = float(np.percentile(scores, 5))
    return Robustness(planned, float(scores.mean()), low, scores)


def _held(
    on: Skin, poses: Floats, gap_mm: Floats, *, slides: Floats, turns: Floats, tilts: Floats
) -> Floats:
    """Poses (K, n, 4, 4) off by slides (n, 2) mm, turns (n,) and tilts (n, 2) radians."""
    normal = -poses[:, :3, 2]
    across = plane_axes(normal, poses[:, :3, 1])
    start = poses[:, :3, 3] - gap_mm[:, None] * normal
    shape = (len(poses), len(slides), 3)
    flat = (start[:, None] + np.einsum("nd,kdx->knx", slides, across)).reshape(-1, 3)
    lines = np.broadcast_to(normal[:, None], shape).reshape(-1, 3)
    far_mm = float(np.abs(slides).max()) + 10.0
    rise = outermost_mm(on.patches, flat, lines, within_mm=far_mm)
    if not np.isfinite(rise).all():
        raise GeometryError(
            f"a slide of the coil by its placement error leaves the scalp at "
            f"{int((~np.isfinite(rise).reshape(shape[:2])).any(axis=1).sum())} of {len(poses)} "
            "poses; they lie on the rim of the scalp surface, leave them out"
        )
    points = flat + rise[:, None] * lines
    up = smooth_normals(on, points).reshape(shape)
    cosine, sine = np.cos(turns)[:, None], np.sin(turns)[:, None]
    aims = cosine * across[:, None, 1] - sine * across[:, None, 0]
    side = plane_axes(up, aims)
    leant = up + np.einsum("nd,kndx->knx", np.tan(tilts), side)
    leant /= np.linalg.norm(leant, axis=2, keepdims=True)
    centres = points.reshape(shape) + gap_mm[:, None, None] * up
    return matsimnibs(centres, leant, aims)
