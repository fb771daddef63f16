"""The live field of one head: which placements its basis is drawn from, and what tests it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.field import LiveField, Poses, build_live_field, cortex_sheet, places
from tmsguide.model import Points, Tissue
from tmsguide.model.progress import silent
from tmsguide.placement import clears_head, reachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.field import CortexSheet, Prepared
    from tmsguide.model import Coil, Surface

    Floats = NDArray[np.float64]

__all__ = ["LiveHead", "build_live_head", "held_poses_of", "plane_under_brain"]

MODES = 192
_FAMILY = 5  # placements drawn for each mode of the basis
_HELD_OUT = 60
_GAPS_MM = (3.0, 12.0)
_TILT_SD_DEG = 3.0
_SPACING_MM = 12.0
_TURN_DEG = 30.0
_LOWER_MM = 10.0  # the plane over which coils are placed, under the brain's middle


@dataclass(frozen=True, slots=True, eq=False)
class LiveHead:
    """A live field with the cortex sheet whose points it gives E at."""

    sheet: CortexSheet
    field: LiveField


def build_live_head(
    prepared: Prepared,
    scalp: Surface,
    coil: Coil,
    *,
    rng: np.random.Generator,
    modes: int = MODES,
    held_out: int = _HELD_OUT,
    spacing_mm: float = 2.0,
    say: Callable[[str], None] = silent,
) -> LiveHead:
    """Give the live field at the middle of the cortex for a coil anywhere on the upper head.

    Placements lie on the scalp above the plane `plane_under_brain`, 3 to 12 mm off it, at every
    angle and tilted by about 3 degrees; those held out are drawn anew and solved in full.
    """
    sheet = cortex_sheet(prepared.head, spacing_mm)
    grid = _grid(prepared, scalp, coil)
    family = held_poses_of(grid, scalp, coil, modes * _FAMILY, rng)
    tests = held_poses_of(grid, scalp, coil, held_out, rng)
    where = places(prepared.head, sheet.points)
    live = build_live_field(
        prepared,
        sheet.points,
        where,
        family=[family],
        held_out=[tests],
        modes=modes,
        rng=rng,
        say=say,
    )
    return LiveHead(sheet, live)


def plane_under_brain(prepared: Prepared) -> Points:
    """Give three points (3, 3) of the level plane 10 mm under the middle of the brain."""
    head = prepared.head
    brain = head.nodes.xyz_mm[np.unique(head.cells[head.tissue <= Tissue.GM])]
    if len(brain) == 0:
        raise GeometryError("the head has no brain; a live field needs grey or white matter")
    middle = brain.mean(axis=0) - [0.0, 0.0, _LOWER_MM]
    return Points(
        middle + np.array([[0.0, 50.0, 0.0], [-50.0, 0.0, 0.0], [50.0, 0.0, 0.0]]),
        head.nodes.frame,
    )


def held_poses_of(
    grid: Floats, scalp: Surface, coil: Coil, count: int, rng: np.random.Generator
) -> Poses:
    """Draw placements (K, 4, 4) from a grid that touches the scalp, lifted, turned and tilted."""
    poses, gaps = [], []
    found = 0
    while found < count:
        n = 2 * (count - found)
        tried = grid[rng.integers(len(grid), size=n)]
        gap = rng.uniform(*_GAPS_MM, size=n)
        turned = tried @ _tilts(n, rng)
        turned[:, :3, 3] -= gap[:, None] * tried[:, :3, 2]
        clear = clears_head(scalp, coil, turned)
        poses.append(turned[clear])
        gaps.append(gap[clear])
        found += int(clear.sum())
        if not clear.any():
            raise GeometryError(f"no placement of {coil.name} clears the head; check the scalp")
    return Poses(coil, np.concatenate(poses)[:count], np.concatenate(gaps)[:count])


def _grid(prepared: Prepared, scalp: Surface, coil: Coil) -> Floats:
    among = reachable(
        scalp,
        plane_under_brain(prepared),
        standoff_mm=0.0,
        coil=coil,
        step_mm=_SPACING_MM,
        angle_deg=_TURN_DEG,
        full_turn=True,
    )
    return among.matsimnibs


def _tilts(n: int, rng: np.random.Generator) -> Floats:
    """Give turns (n, 4, 4) about the coil's own axes: any about z, small ones about x and y."""
    out = np.tile(np.eye(4), (n, 1, 1))
    turn = rng.uniform(0, 2 * np.pi, n)
    out[:, 0, 0] = out[:, 1, 1] = np.cos(turn)
    out[:, 1, 0] = np.sin(turn)
    out[:, 0, 1] = -np.sin(turn)
    for axis in (0, 1):
        angle = np.deg2rad(_TILT_SD_DEG) * rng.standard_normal(n)
        lean = np.tile(np.eye(4), (n, 1, 1))
        a, b = (1, 2) if axis == 0 else (2, 0)
        lean[:, a, a] = lean[:, b, b] = np.cos(angle)
        lean[:, b, a], lean[:, a, b] = np.sin(angle), -np.sin(angle)
        out = out @ lean
    return out
