"""Many placements solved in full and read where it matters: cortex, scalp and target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError
from tmsguide.field import Places, cortex_sheet, direct_field, places, vertex_areas
from tmsguide.model import Points, Tissue
from tmsguide.num.raster import vertex_normals
from tmsguide.num.thinning import spread_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.field import CortexSheet, Prepared, Reading
    from tmsguide.model import Coil, SearchSettings, Surface
    from tmsguide.pipeline.search import Found
    from tmsguide.placement import Candidates

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Sites", "Solved", "sites_of", "solve_poses"]

_BATCH = 12  # solves that share a pass over the matrix: more save little time and cost memory
_TOLERANCE = 1e-5  # E within 2e-5 of its largest, far below what tells two placements apart
_SKIN_MM = 4.0  # spacing of the points in the scalp
_COIL_MM = 100.0  # scalp further than this beyond the searched patch lies under no winding
_NEAR_SKIN_MM = 8.0  # the skin drawn and the mesh of one head differ by less


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Where fields are read: cortex sheet, scalp with its area (S,) mm², cells of the target."""

    sheet: CortexSheet
    cortex: Places
    skin: Places
    skin_mm2: Floats
    target: Places


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Of the K poses at ``rows``: V/m in the target (K,), on the cortex (K, P), in skin (K, S)."""

    rows: Ints
    target: Floats
    cortex: Floats
    skin: Floats


def sites_of(prepared: Prepared, scalp: Surface, found: Found, settings: SearchSettings) -> Sites:
    """Give a cortex sheet, the skin under any winding of the search, and the target's cells.

    Raises
    ------
    GeometryError
        The head has no cortex, or no scalp tissue under its scalp surface.
    """
    sheet = cortex_sheet(prepared.head, settings.sheet_mm)
    skin, area = _skin(prepared, scalp, found, settings.radius_mm + _COIL_MM)
    cells = found.reading.cells
    middle = Places(cells, np.full((len(cells), 4), 0.25), np.zeros(len(cells)))
    return Sites(sheet, places(prepared.head, sheet.points), skin, area, middle)


def _skin(
    prepared: Prepared, scalp: Surface, found: Found, within_mm: float
) -> tuple[Places, Floats]:
    """Places of the scalp tissue under the skin near the best pose, with the area of each, mm²."""
    xyz, area = scalp.vertices.xyz_mm, vertex_areas(scalp)
    near = np.linalg.norm(xyz - found.best.placement.center_mm, axis=1) <= within_mm
    normals = vertex_normals(xyz, scalp.triangles)[near]
    xyz, area = xyz[near], area[near]
    kept = spread_out(xyz, normals, _SKIN_MM)
    _, owner = cKDTree(xyz[kept]).query(xyz)
    share = np.bincount(owner, area, minlength=len(kept)).astype(np.float64)
    at = Points(xyz[kept], scalp.vertices.frame)
    found_at = places(prepared.head, at, tissues=(Tissue.SCALP,), reach_mm=np.inf)
    good = (found_at.away_mm <= _NEAR_SKIN_MM) & (share > 0)
    if not good.any():
        raise GeometryError(
            f"no SCALP tissue lies within {_NEAR_SKIN_MM:g} mm of the scalp surface; check that "
            "surface and head mesh are of one person"
        )
    return Places(found_at.cell[good], found_at.weight[good], found_at.away_mm[good]), share[good]


def solve_poses(
    prepared: Prepared,
    sites: Sites,
    found: Found,
    coil: Coil,
    poses: Candidates,
    *,
    settings: SearchSettings,
    say: Callable[[str], None],
) -> Solved:
    """Solve batch by batch; a pose that cannot be solved is left out, unless it is the first."""
    parts = (sites.cortex, sites.skin, sites.target)
    every = Places(*(np.concatenate(v) for v in zip(*map(_columns, parts), strict=True)))
    cuts = np.cumsum([len(part.cell) for part in parts])[:-1]
    rows: list[int] = []
    target, cortex, skin = [], [], []
    for first in range(0, len(poses), _BATCH):
        batch = range(first, min(first + _BATCH, len(poses)))
        for row, e in _fields(prepared, every, coil, poses.matsimnibs, batch):
            on_cortex, in_skin, in_target = np.split(settings.didt_a_per_s * e, cuts)
            rows.append(row)
            target.append(_in_target(prepared, found.reading, in_target))
            cortex.append(np.linalg.norm(on_cortex, axis=1))
            skin.append(np.linalg.norm(in_skin, axis=1))
        say(f"solved {batch.stop} of {len(poses)} placements in full")
    return Solved(np.array(rows), np.array(target), np.stack(cortex), np.stack(skin))


def _columns(part: Places) -> tuple[Ints, Floats, Floats]:
    return part.cell, part.weight, part.away_mm


def _fields(
    prepared: Prepared, sites: Places, coil: Coil, poses: Floats, rows: range
) -> list[tuple[int, Floats]]:
    """E (P, 3) at 1 A/s by row; rows with windings where no field can be solved are missing."""
    try:
        blocks = [
            e.reshape(len(sites.cell), 3, -1)
            for _, e in direct_field(
                prepared, sites, [(coil, poses[row]) for row in rows], tolerance=_TOLERANCE
            )
        ]
    except GeometryError:
        if rows == range(1):
            raise
        if len(rows) == 1:
            return []
        half = len(rows) // 2
        return [
            *_fields(prepared, sites, coil, poses, rows[:half]),
            *_fields(prepared, sites, coil, poses, rows[half:]),
        ]
    fields = np.concatenate(blocks, axis=2)
    return [(row, fields[:, :, k]) for k, row in enumerate(rows)]


def _in_target(prepared: Prepared, reading: Reading, e: Floats) -> float:
    """Mean strength over the target's cells, or the mean along the reading's direction."""
    if len(reading.weights) == 1:
        return float(np.einsum("pd,pd->", reading.weights[0], e))
    volume = prepared.volume_m3[reading.cells]
    return float(volume @ np.linalg.norm(e, axis=1) / volume.sum())
