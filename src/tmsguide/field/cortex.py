"""Points on the middle of the cortex, from nothing but a head's tetrahedra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import GeometryError
from tmsguide.model import Points, Tissue
from tmsguide.num.point_location import cell_grid, containing_cells
from tmsguide.num.tetrahedra import boundary_triangles
from tmsguide.num.thinning import spread_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import HeadModel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["CortexSheet", "cortex_points", "cortex_sheet"]

# Cortex is 1 to 4.5 mm thick (Fischl & Dale 2000, doi:10.1073/pnas.200033797); labels at 1 mm and
# elements of 2 mm add to it. Thicker grey matter is nuclei or labels gone wrong.
_THICKEST_MM = 7.0
_LEAST_SPACING_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CortexSheet:
    """Points (K, 3) halfway between white matter and pia, evenly spread.

    ``outward`` (K, 3) unit normals toward the pia; ``thickness_mm`` (K,); ``area_mm2`` (K,), the
    share of the sheet's area that each point stands for.
    """

    points: Points
    outward: Floats
    thickness_mm: Floats
    area_mm2: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Triangles:
    """Corners (F, 3, 3) mm, unit normals (F, 3) toward the pia, areas (F,) mm²."""

    corner: Floats
    normal: Floats
    area: Floats

    @property
    def middle(self) -> Floats:
        return np.asarray(self.corner.mean(axis=1))


def cortex_points(head: HeadModel, spacing_mm: float) -> Points:
    """Give the points of `cortex_sheet` alone."""
    return cortex_sheet(head, spacing_mm).points


def cortex_sheet(head: HeadModel, spacing_mm: float) -> CortexSheet:
    """Give points on the middle of the cortex, at least ``spacing_mm`` apart on each bank.

    Each triangle of the pial border (grey matter against anything but white) and of the white
    border is joined with the nearest place of the other; halfway lies a candidate. At 2 mm, 18,000
    points come out for the average head at 19.5 years. Grey nuclei that meet fluid within 7 mm of
    white matter lend a few points.

    Raises
    ------
    GeometryError
        No grey matter between white matter and something else, or a spacing under .5 mm.
    """
    if not spacing_mm >= _LEAST_SPACING_MM:
        raise GeometryError(
            f"points {spacing_mm:g} mm apart; needed at least {_LEAST_SPACING_MM:g} mm, finer "
            "than any head mesh"
        )
    pial, white = _borders(head)
    if len(pial.area) == 0 or len(white.area) == 0:
        raise GeometryError(
            "the head has no grey matter with white matter on one side and fluid on the other; "
            "needed both borders for the middle of the cortex. Check the tissue labels"
        )
    seeds = [_joined(pial, white), _joined(white, pial)]
    middle, normal, thickness, area = (np.concatenate(part) for part in zip(*seeds, strict=True))
    grey = head.cells[head.tissue == Tissue.GM]
    inside = containing_cells(cell_grid(head.nodes.xyz_mm, grey), middle)[0] >= 0
    middle, normal, thickness, area = (v[inside] for v in (middle, normal, thickness, area))
    kept = spread_out(middle, normal, spacing_mm)
    if len(kept) == 0:
        raise GeometryError(
            f"nowhere is grey matter under {_THICKEST_MM:g} mm thick between white matter and "
            "fluid, so it is no cortex; check the tissue labels"
        )
    return CortexSheet(
        points=Points(middle[kept], head.nodes.frame),
        outward=_smooth_normals(middle, normal, area, kept, 0.5 * spacing_mm),
        thickness_mm=thickness[kept],
        area_mm2=_shares(middle, area, kept),
    )


def _borders(head: HeadModel) -> tuple[_Triangles, _Triangles]:
    """Pial and white border of the grey matter."""
    grey = boundary_triangles(head.cells[head.tissue == Tissue.GM])
    white = boundary_triangles(head.cells[head.tissue == Tissue.WM])
    shared = np.isin(_keys(grey), _keys(white))
    xyz = head.nodes.xyz_mm
    return _triangles(xyz[grey[~shared]]), _triangles(xyz[grey[shared][:, ::-1]])


def _keys(triangles: Ints) -> Ints:
    """One number per triangle, whatever its winding; nodes are fewer than 2^21 in every mesh."""
    t = np.sort(triangles, axis=1)
    return np.asarray((t[:, 0] << 42) | (t[:, 1] << 21) | t[:, 2])


def _triangles(corner: Floats) -> _Triangles:
    cross = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    size = np.linalg.norm(cross, axis=1)
    sound = size > 0
    return _Triangles(corner[sound], cross[sound] / size[sound, None], 0.5 * size[sound])


def _joined(one: _Triangles, other: _Triangles) -> tuple[Floats, Floats, Floats, Floats]:
    """Halfway points from one border to the other: middle, normal, thickness, half the area."""
    cloud, owner = _cloud(other)
    away, near = cKDTree(cloud).query(one.middle)
    facing = other.normal[owner[near]]
    normal = one.normal + facing
    agree = np.einsum("pk,pk->p", one.normal, facing) > 0
    good = agree & (away <= _THICKEST_MM)
    unit = normal[good] / np.linalg.norm(normal[good], axis=1, keepdims=True)
    middle = 0.5 * (one.middle[good] + cloud[near[good]])
    return middle, unit, away[good], 0.5 * one.area[good]


def _cloud(border: _Triangles) -> tuple[Floats, Ints]:
    """Middles, corners and edge middles of triangles, with the triangle of each."""
    c = border.corner
    edges = 0.5 * (c + np.roll(c, -1, axis=1))
    points = np.concatenate([border.middle[:, None], c, edges], axis=1)
    return points.reshape(-1, 3), np.repeat(np.arange(len(c)), 7)


def _smooth_normals(
    middle: Floats, normal: Floats, area: Floats, kept: Ints, radius_mm: float
) -> Floats:
    """Mean normal of the candidates round each kept one that lie on the same bank."""
    pairs = cKDTree(middle[kept]).sparse_distance_matrix(
        cKDTree(middle), max(radius_mm, 1.0), output_type="ndarray"
    )
    here, there = pairs["i"].astype(np.int64), pairs["j"].astype(np.int64)
    agree = np.einsum("pk,pk->p", normal[kept[here]], normal[there])
    weight = np.where(agree > 0, agree * area[there], 0.0)
    total = np.stack(
        [np.bincount(here, weight * normal[there, d], minlength=len(kept)) for d in range(3)],
        axis=1,
    )
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True))


def _shares(middle: Floats, area: Floats, kept: Ints) -> Floats:
    """Area of the candidates nearest to each kept one."""
    _, owner = cKDTree(middle[kept]).query(middle)
    return np.bincount(owner, area, minlength=len(kept)).astype(np.float64)
