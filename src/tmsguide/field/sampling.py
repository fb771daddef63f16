"""What a field is at chosen places: points, regions, the peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.field.forward import require_frame
from tmsguide.field.hotspots import weighted_percentile
from tmsguide.model import Points, Tissue
from tmsguide.num.point_location import cell_grid, containing_cells, nearest_cells
from tmsguide.num.recovery import patch_recovery
from tmsguide.num.tetrahedra import barycentres, compact, volumes

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from tmsguide.model import Field, HeadModel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["Places", "at_places", "cortex_field", "peak", "places", "region_mean", "roi_around"]

_FAR_MM = 10.0  # a cortex point further than this from grey matter belongs to another head


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Points in a head's cells: ``cell`` (P,), barycentric ``weight`` (P, 4), ``away_mm`` (P,).

    ``away_mm`` is 0 in the tissue asked for, else the distance to the place in it that stands for
    the point.
    """

    cell: Ints
    weight: Floats
    away_mm: Floats


def places(
    head: HeadModel,
    at: Points,
    *,
    tissues: Collection[Tissue] = (Tissue.GM,),
    reach_mm: float = _FAR_MM,
) -> Places:
    """Find the cells of some tissues that hold points (P, 3), or else lie nearest to them.

    Raises
    ------
    FrameError
        The points are not in the head's frame.
    GeometryError
        The head has none of these tissues, or a point lies over ``reach_mm`` from them.
    """
    require_frame(at.frame, head)
    names = " or ".join(t.name for t in tissues)
    chosen = np.flatnonzero(np.isin(head.tissue, [t.value for t in tissues]))
    if len(chosen) == 0:
        raise GeometryError(f"the head has no {names or 'tissue'}; choose a tissue that it has")
    grid = cell_grid(head.nodes.xyz_mm, head.cells[chosen])
    cell, weight = containing_cells(grid, at.xyz_mm)
    away = np.zeros(len(at))
    out = np.flatnonzero(cell < 0)
    if len(out):
        cell[out], weight[out], away[out] = nearest_cells(grid, at.xyz_mm[out])
    far = away > reach_mm
    if far.any():
        raise GeometryError(
            f"{int(far.sum())} of {len(at)} points lie more than {reach_mm:g} mm from any {names} "
            f"(the furthest {away.max():.1f} mm); check that points and head are of one "
            "person, or leave these points out"
        )
    return Places(chosen[cell], weight, away)


def at_places(head: HeadModel, e_v_per_m: Floats, where: Places) -> Floats:
    """Give the recovered field (P, 3), V/m, at places from a cell field (M, 3).

    Linear in each cell between its corners' patch values, which never mix tissues; the same map as
    `tmsguide.num.recovery.recovered_gradient` with the places' weights. In a layered ball its
    error is a third of the cells' own values and half of the mean of the nearest cells.
    """
    touched = np.zeros(len(head.nodes), dtype=np.bool_)
    touched[head.cells[where.cell].ravel()] = True
    tissues = np.unique(head.tissue[where.cell])
    near = np.isin(head.tissue, tissues) & touched[head.cells].any(axis=1)
    row = np.cumsum(near) - 1
    nodes, cells, _ = compact(head.nodes.xyz_mm, head.cells[near])
    recovery = patch_recovery(nodes, cells, head.tissue[near])
    at_nodes = recovery.patch @ e_v_per_m[near]
    corner = recovery.row[row[where.cell]]
    return np.asarray(sum(where.weight[:, c, None] * at_nodes[corner[:, c]] for c in range(4)))


def roi_around(
    head: HeadModel, point: Points, radius_mm: float, *, tissue: Tissue = Tissue.GM
) -> Bools:
    """Mark the cells (M,) of a tissue with barycentres within ``radius_mm`` of a point (1, 3).

    Raises
    ------
    FrameError
        The point is not in the head's frame.
    GeometryError
        No cell of that tissue is so near.
    """
    require_frame(point.frame, head)
    if len(point) != 1:
        raise GeometryError(f"a region is drawn round one point, given {len(point)}")
    centre = barycentres(head.nodes.xyz_mm, head.cells)
    away = np.linalg.norm(centre - point.xyz_mm, axis=1)
    of_tissue = head.tissue == tissue
    roi = of_tissue & (away <= radius_mm)
    if not roi.any():
        near = float(away[of_tissue].min()) if of_tissue.any() else np.inf
        raise GeometryError(
            f"no {tissue.name} element within {radius_mm:g} mm of {point.xyz_mm[0].round(1)}; the "
            f"nearest is {near:.1f} mm away. Give a larger radius or a point on the cortex"
        )
    return np.asarray(roi)


def cortex_field(head: HeadModel, field: Field, at: Points) -> Floats:
    """Give the recovered grey-matter E (P, 3), V/m, at points (P, 3) on or near the cortex.

    A point outside grey matter takes the value at the nearest place in it, so a point on the pial
    surface is never mixed with cerebrospinal fluid.

    Raises
    ------
    FrameError
        The points are not in the head's frame.
    GeometryError
        A point lies over 10 mm from any grey matter, or the head has none.
    """
    return at_places(head, field.e_v_per_m, places(head, at))


def region_mean(head: HeadModel, field: Field, roi: Bools) -> Floats:
    """Give the volume-weighted mean recovered E vector (3,), V/m, over marked cells (M,)."""
    share = volumes(head.nodes.xyz_mm, head.cells[roi])
    return np.asarray(share @ field.recovered_v_per_m[roi] / share.sum())


def peak(
    head: HeadModel, field: Field, *, tissue: Tissue = Tissue.GM, percentile: float = 99.9
) -> tuple[Points, float]:
    """Give where a tissue's recovered |E| peaks, (1, 3), and how strong it is there, V/m.

    Strength is the volume-weighted ``percentile`` of |E|, which single odd elements cannot set;
    the place is the |E|-weighted middle of the elements above it that lie within 10 mm of their
    strongest.
    """
    cells = np.flatnonzero(head.tissue == tissue)
    if len(cells) == 0:
        raise GeometryError(f"the head has no {tissue.name}")
    strength = np.linalg.norm(field.recovered_v_per_m[cells], axis=1)
    share = volumes(head.nodes.xyz_mm, head.cells[cells])
    limit = weighted_percentile(strength, share, percentile)
    top = strength >= limit
    centre = barycentres(head.nodes.xyz_mm, head.cells[cells[top]])
    best = centre[np.argmax(strength[top])]
    near = np.linalg.norm(centre - best, axis=1) <= _FAR_MM
    weight = strength[top][near]
    place = weight @ centre[near] / weight.sum()
    return Points(place[None], head.nodes.frame), limit
