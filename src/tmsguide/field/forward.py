"""The field of one placement: finite elements on a prepared head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tmsguide.errors import FrameError, GeometryError
from tmsguide.field.primary import placed_wires, primary_field
from tmsguide.model import Field
from tmsguide.num.linear_fem import gradient, stiffness, weak_divergence
from tmsguide.num.multigrid import Multigrid, build_multigrid, solve_potential
from tmsguide.num.recovery import Recovery, patch_recovery
from tmsguide.num.tetrahedra import barycentres, volumes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Coil, Frame, HeadModel, Placement

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Prepared", "cell_means", "inside_head", "prepare", "require_frame", "solve"]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A head made ready for many solves: lengths in metres, matrix factored by multigrid.

    ``nodes_m`` (N, 3); ``volume_m3`` (M,); ``barycentre_m`` (M, 3); ``multigrid`` holds the
    stiffness matrix (N, N) in siemens; ``recovery`` maps cell fields to smooth ones.
    """

    head: HeadModel
    nodes_m: Floats
    volume_m3: Floats
    barycentre_m: Floats
    multigrid: Multigrid
    recovery: Recovery


def prepare(head: HeadModel) -> Prepared:
    """Give the head with its stiffness matrix, multigrid hierarchy and recovery operator.

    Raises
    ------
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
    return Prepared(
        head=head,
        nodes_m=nodes,
        volume_m3=volume,
        barycentre_m=barycentres(nodes, head.cells),
        multigrid=build_multigrid(stiffness(nodes, head.cells, head.sigma_s_per_m)),
        recovery=patch_recovery(nodes, head.cells, head.tissue),
    )


def solve(prepared: Prepared, coil: Coil, placement: Placement) -> Field:
    """Give the electric field of one placement, V/m, as elements and recovered.

    Solves div(sigma grad phi) = -div(sigma dA/dt) with no current through the scalp, linear
    elements and one conductivity per element, to a relative residual of 1e-6 (E within 2e-6 of its
    largest value).

    Raises
    ------
    FrameError
        The placement is not in the head's frame.
    GeometryError
        Windings inside the head.

    References
    ----------
    Saturnino et al. 2019, J. Neural Eng. 16:066032, doi:10.1088/1741-2552/ab41ba.
    """
    head = prepared.head
    require_frame(placement.frame, head)
    position, _ = placed_wires(coil, placement.matsimnibs)
    sunk = int(inside_head(prepared, position).sum())
    if sunk:
        raise GeometryError(
            f"{sunk} of {len(position)} winding elements of {coil.name} lie inside the head; move "
            "the coil outward or check that matsimnibs' z points into the head"
        )
    a_dot = cell_means(head, primary_field(coil, placement, prepared.nodes_m))
    flux = -(head.sigma_s_per_m * prepared.volume_m3)[:, None] * a_dot
    potential = solve_potential(
        prepared.multigrid,
        weak_divergence(prepared.nodes_m, head.cells, flux),
        tolerance=1e-6,
    )
    e = -gradient(prepared.nodes_m, head.cells, potential) - a_dot
    return Field(e_v_per_m=e, recovered_v_per_m=prepared.recovery(e), placement=placement)


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
    low, high = prepared.nodes_m.min(axis=0), prepared.nodes_m.max(axis=0)
    inside: Bools = ((points_m >= low) & (points_m <= high)).all(axis=1)
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
