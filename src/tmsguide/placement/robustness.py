"""What a pose is worth when the hand and the navigator are a little off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError
from tmsguide.placement.poses import matsimnibs
from tmsguide.placement.ranking import scalp_point, scored
from tmsguide.placement.skin import plane_axes, project, skin, smooth_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Placement, Surface
    from tmsguide.placement.ranking import Objective
    from tmsguide.placement.skin import Skin

    Floats = NDArray[np.float64]

__all__ = ["Robustness", "robustness"]


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """Scores of one planned pose as it would really be held: ``scores`` (n,) of n attempts.

    ``planned`` is the score without error, ``expected`` the mean, ``low`` the 5th percentile.
    """

    planned: float
    expected: float
    low: float
    scores: Floats


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
    planned = float(scored(objective, placement.matsimnibs[None])[0])
    scores = scored(objective, _held(on, placement, slides=slides, turns=turns))
    low = float(np.percentile(scores, 5))
    return Robustness(planned, float(scores.mean()), low, scores)


def _held(on: Skin, placement: Placement, *, slides: Floats, turns: Floats) -> Floats:
    towards, normal = placement.matsimnibs[:3, 1], -placement.matsimnibs[:3, 2]
    across = plane_axes(normal, towards)
    start = scalp_point(placement)
    far_mm = float(np.abs(slides).max()) + 10.0
    points = project(on, start + slides @ across, normal, within_mm=far_mm)
    if not np.isfinite(points).all():
        raise GeometryError(
            "a slide of the coil by its placement error leaves the scalp; "
            "the pose lies on the rim of the scalp surface"
        )
    normals = smooth_normals(on, points)
    aims = np.cos(turns)[:, None] * across[1] - np.sin(turns)[:, None] * across[0]
    gap = placement.standoff_mm
    return matsimnibs(points + gap * normals, normals, aims)
