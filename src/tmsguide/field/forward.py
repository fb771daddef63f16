"""The field of one placement: finite elements on a prepared head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, GeometryError
from tmsguide.field.primary import Gauge, node_potential, placed
from tmsguide.model import Field, Tissue
from tmsguide.num.linear_fem import assemble, couple, gradient
from tmsguide.num.multigrid import build_multigrid, solve_potential, solve_potentials
from tmsguide.num.node_tree import build_node_tree
from tmsguide.num.occupancy import occupancy
from tmsguide.num.recovery import patch_recovery
from tmsguide.num.tetrahedra import barycentres, volumes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tmsguide.field.primary import PlacedCoil
    from tmsguide.model import Coil, Frame, HeadModel, Placement, Points
    from tmsguide.num.linear_fem import Assembled
    from tmsguide.num.multigrid import Multigrid
    from tmsguide.num.node_tree import NodeTree
    from tmsguide.num.occupancy import Occupancy
    from tmsguide.num.recovery import Recovery

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "TOLERANCE",
    "Prepared",
    "cell_means",
    "inside_head",
    "potentials",
    "prepare",
    "require_frame",
    "solve",
]

TOLERANCE = 1e-6  # relative residual: E changes by less than 2e-6 of its largest below this
_VOXEL_M = 0.004
_BEHIND_M = 0.012  # a winding beside the head is not between it and its middle
_FURTHEST_M = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A head made ready for many solves: lengths in metres, matrix factored by multigrid.

    ``nodes_m`` (N, 3); ``volume_m3`` (M,); ``barycentre_m`` (M, 3); ``assembled`` holds the
    stiffness matrix (N, N) in siemens and its coupling to node vectors; ``recovery`` maps cell
    fields to smooth ones; ``tree`` holds the nodes in boxes, ``occupancy`` the voxels they fill;
    ``centre_m`` (3,) is the middle of the radial gauge.
    """

    head: HeadModel
    nodes_m: Floats
    volume_m3: Floats
    barycentre_m: Floats
    assembled: Assembled
    multigrid: Multigrid
    recovery: Recovery
    tree: NodeTree
    occupancy: Occupancy
    centre_m: Floats


def prepare(head: HeadModel, *, centre: Points | None = None) -> Prepared:
    """Give the head with its stiffness matrix, multigrid hierarchy and recovery operator.

    ``centre`` (1, 3) is the middle of the radial gauge; by default that of the brain's volume.

    Raises
    ------
    FrameError
        The centre is not in the head's frame.
    GeometryError
        A tetrahedron without positive volume, or a conductivity that is not positive.
    """
    nodes = 1e-3 * head.nodes.xyz_mm
    volume = volumes(nodes, head.cells)
    if not (volume > 0).all():
        raise GeometryError(
            f"{int((volume <= 0).sum())} tetrahedra have no positive volume; mesh the head again"
        )
    if not (np.isfinite(head.sigma_s_per_m) & (head.sigma_s_per_m > 0)).all():
        raise GeometryError("every tetrahedron needs a positive conductivity in S/m")
    middle = barycentres(nodes, head.cells)
    assembled = assemble(nodes, head.cells, head.sigma_s_per_m, head.tensor_s_per_m)
    return Prepared(
        head=head,
        nodes_m=nodes,
        volume_m3=volume,
        barycentre_m=middle,
        assembled=assembled,
        multigrid=build_multigrid(assembled.matrix),
        recovery=patch_recovery(nodes, head.cells, head.tissue),
        tree=build_node_tree(nodes),
        occupancy=occupancy(nodes, head.cells, _VOXEL_M),
        centre_m=_centre(head, middle, volume, centre),
    )


def solve(
    prepared: Prepared, coil: Coil, placement: Placement, *, gauge: Gauge = Gauge.RADIAL
) -> Field:
    """Give the electric field of one placement, V/m, as elements and recovered.

    Solves div(sigma grad phi) = -div(sigma dA/dt) with no current through the scalp, linear
    elements and one conductivity per element, to a relative residual of 1e-6 (E within 2e-6 of its
    largest value). Recovery smooths grad phi alone, not dA/dt, which needs none.

    Raises
    ------
    FrameError
        The placement is not in the head's frame.
    GeometryError
        Windings inside the head, or between its middle and a part of it.

    References
    ----------
    Saturnino et al. 2019, J. Neural Eng. 16:066032, doi:10.1088/1741-2552/ab41ba.
    """
    a_dot = placement.didt_a_per_s * _potential(prepared, coil, placement, gauge)
    phi = solve_potential(
        prepared.multigrid, -couple(prepared.assembled, a_dot), tolerance=TOLERANCE
    )
    slope = gradient(prepared.nodes_m, prepared.head.cells, phi)
    primary = cell_means(prepared.head, a_dot)
    return Field(
        e_v_per_m=-slope - primary,
        recovered_v_per_m=-prepared.recovery(slope) - primary,
        placement=placement,
    )


def potentials(
    prepared: Prepared,
    members: Sequence[tuple[Coil, Placement]],
    *,
    gauge: Gauge = Gauge.RADIAL,
    tolerance: float = TOLERANCE,
) -> tuple[NDArray[np.float32], Floats]:
    """Give dA/dt (N, 3, K) in V/m and phi (N, K) in V at the nodes for many placements at once.

    The solves share their passes over the matrix: each is far cheaper than one alone.
    """
    a_dot = np.empty((len(prepared.nodes_m), 3, len(members)), dtype=np.float32)
    for k, (coil, placement) in enumerate(members):
        a_dot[:, :, k] = placement.didt_a_per_s * _potential(prepared, coil, placement, gauge)
    rhs = -couple(prepared.assembled, cast("Floats", a_dot))
    return a_dot, solve_potentials(prepared.multigrid, rhs, tolerance=tolerance)


def _potential(prepared: Prepared, coil: Coil, placement: Placement, gauge: Gauge) -> Floats:
    require_frame(placement.frame, prepared.head)
    where = placed(coil, placement.matsimnibs)
    sunk = int(inside_head(prepared, where.places_m).sum())
    if sunk:
        raise GeometryError(
            f"{sunk} of {len(where.places_m)} winding elements of {coil.name} lie inside the "
            "head; move the coil outward or check that matsimnibs' z points into the head"
        )
    if gauge is Gauge.RADIAL:
        _require_outside(prepared, where)
    return node_potential(prepared.tree, where, gauge, prepared.centre_m)


def _require_outside(prepared: Prepared, where: PlacedCoil) -> None:
    """Refuse windings between the head's middle and a part of it, such as under the chin."""
    away = where.places_m - prepared.centre_m
    size = np.linalg.norm(away, axis=1)[:, None]
    beyond = np.arange(_BEHIND_M, _FURTHEST_M, _VOXEL_M)
    rays = prepared.centre_m + away[:, None] * (1 + beyond / size)[:, :, None]
    hidden = prepared.occupancy.near(rays.reshape(-1, 3)).reshape(len(away), -1).any(axis=1)
    if hidden.any():
        raise GeometryError(
            f"{int(hidden.sum())} winding elements lie between the head's middle and a part of "
            "the head (the coil is beside the neck or under the chin); solve this placement with "
            "gauge=Gauge.COULOMB"
        )


def _centre(head: HeadModel, middle: Floats, volume: Floats, centre: Points | None) -> Floats:
    if centre is not None:
        require_frame(centre.frame, head)
        return np.asarray(1e-3 * centre.xyz_mm[0])
    brain = head.tissue <= Tissue.CSF
    share = volume * (brain if brain.any() else 1.0)
    return np.asarray(share @ middle / share.sum())


def cell_means(head: HeadModel, at_nodes: Floats) -> Floats:
    """Mean (M, 3) over each cell's corners of node vectors (N, 3)."""
    return barycentres(at_nodes, head.cells)


def require_frame(frame: Frame, head: HeadModel) -> None:
    """Refuse whatever does not lie in the head's frame."""
    if frame != head.nodes.frame:
        raise FrameError(
            f"given {frame.name}, the head is in {head.nodes.frame.name}; map it to that first"
        )


def inside_head(prepared: Prepared, points_m: Floats) -> Bools:
    """Tell which points (P, 3) lie in a tetrahedron, by the cells round the nearest barycentres.

    A point in a cell may be nearer to other barycentres; 32 candidates cover cells of fair shape.
    """
    inside = prepared.occupancy.near(points_m)
    near = np.flatnonzero(inside)
    if len(near) == 0:
        return inside
    points = points_m[near]
    margin = 0.01  # candidates: cells within a centimetre of the box of the points
    box = (
        (prepared.barycentre_m > points.min(axis=0) - margin)
        & (prepared.barycentre_m < points.max(axis=0) + margin)
    ).all(axis=1)
    candidates = np.flatnonzero(box)
    if len(candidates) == 0:
        inside[near] = False
        return inside
    k = min(32, len(candidates))
    _, at = cKDTree(prepared.barycentre_m[candidates]).query(points, k=np.arange(1, k + 1))
    corner = prepared.nodes_m[prepared.head.cells[candidates[at]]]  # (P, k, 4, 3)
    edges = corner[:, :, 1:] - corner[:, :, :1]
    offset = points[:, None] - corner[:, :, 0]
    weight = np.linalg.solve(np.swapaxes(edges, 2, 3), offset[..., None])[..., 0]
    within = (weight >= 0).all(axis=2) & (weight.sum(axis=2) <= 1)
    inside[near] = within.any(axis=1)
    return inside
