"""Landmarks of the head, the 10-10 positions on its scalp, and whether left is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError, InputError, QualityError
from tmsguide.head import (
    Grid,
    Hemisphere,
    SideVerdict,
    find_landmarks,
    sidedness,
    tape_numbers,
    ten_twenty,
)
from tmsguide.io import mni_surfaces
from tmsguide.model import Points
from tmsguide.pipeline.literature import published

if TYPE_CHECKING:
    from tmsguide.head import TapeNumbers
    from tmsguide.model import Anatomy, Landmarks, Placement, Surface, Warp
    from tmsguide.pipeline.bench import Bench
    from tmsguide.pipeline.store import Result

__all__ = ["Marks", "landmark_step", "tape_to_coil"]


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Fiducials and 10-10 positions of one head, None where it does not show enough for them.

    ``problems`` hold in words what could not be found, and a suspicion about left and right.
    """

    fiducials: Landmarks | None
    positions: Landmarks | None
    side_score: float
    problems: tuple[str, ...]


def landmark_step(
    bench: Bench, anatomy: Result, normalisation: Result, surfaces: Result
) -> Result:
    """Give the ``marks`` of the head."""

    def work() -> dict[str, Marks]:
        return {
            "marks": _marks(
                anatomy.content["anatomy"],
                surfaces.content["scalp"],
                normalisation.content["t1w_from_mni"],
            )
        }

    keys = {"anatomy": anatomy.key, "normalisation": normalisation.key, "scalp": surfaces.key}
    return bench.step("landmarks", work, version=1, settings={}, inputs=keys)


def tape_to_coil(marks: Marks, scalp: Surface, placement: Placement) -> TapeNumbers | None:
    """Give the tape measures to the scalp under the coil's centre, None where there are none."""
    if marks.fiducials is None:
        return None
    centre = placement.matsimnibs[:3, 3]
    away = np.linalg.norm(scalp.vertices.xyz_mm - centre, axis=1)
    under = Points(scalp.vertices.xyz_mm[away.argmin()][None], scalp.vertices.frame)
    try:
        return tape_numbers(scalp, marks.fiducials, under)
    except (GeometryError, InputError):
        return None  # a place that no tape of the scheme reaches


def _marks(anatomy: Anatomy, scalp: Surface, t1w_from_mni: Warp) -> Marks:
    there = published(t1w_from_mni)
    fiducials = positions = None
    problems: list[str] = []
    try:
        fiducials = find_landmarks(anatomy, scalp, there)
        positions = ten_twenty(scalp, fiducials, Grid.TEN_TEN)
    except (GeometryError, InputError, QualityError) as error:
        problems.append(f"10-20 positions could not be laid on this scalp: {error}")
    score = float("nan")
    try:
        left, right = (
            Hemisphere(pial=one.pial, white=one.white)
            for one in (mni_surfaces()[side] for side in ("left", "right"))
        )
        sides = sidedness(anatomy, there, left=left, right=right)
        score = sides.score
        if sides.verdict is SideVerdict.FLIPPED_LIKELY:
            problems.append(sides.words)
    except (FrameError, InputError, QualityError) as error:
        problems.append(f"left and right could not be checked: {error}")
    return Marks(fiducials, positions, score, tuple(problems))
