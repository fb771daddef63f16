"""Mean field in a region for thousands of placements, from three adjoint solves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, GeometryError
from tmsguide.field.forward import require_frame
from tmsguide.num.cubic_lookup import integrate_along_wires
from tmsguide.num.linear_fem import gradient, weak_divergence
from tmsguide.num.multigrid import solve_potential
from tmsguide.num.treecode import build_cluster_tree, coulomb_sum
from tmsguide.num.wires import MU0_OVER_4PI

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.field.forward import Prepared
    from tmsguide.model import Coil, Frame, Points

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Reciprocal", "reciprocal", "score"]

_STEP_M = 0.004
_DEPTH_M = 0.010  # grid kept this far under the scalp, for the cells that touch it


@dataclass(frozen=True, slots=True, eq=False)
class Reciprocal:
    """The auxiliary vector potential of one region on a grid outside the head.

    ``potential`` (X, Y, Z, 3, 3): for unit weight on the mean E's x, y and z, the potential's
    three components, in V/m per metre of wire and A/s, NaN where it was not asked for; nodes at
    ``origin_m + step_m * index``.
    """

    potential: Floats
    origin_m: Floats
    step_m: float
    frame: Frame


def reciprocal(
    prepared: Prepared, roi: Bools, *, reach: Points, coil_reach_mm: float = 105.0
) -> Reciprocal:
    """Give what is needed to score any placement whose centre lies near ``reach``.

    ``roi`` (M,) marks the cells to average over. ``reach`` are places of the casing's centre, such
    as candidate centres or the scalp patch they stand on; the grid covers windings up to
    ``coil_reach_mm`` from their bounding box. A current dipole spread over the region drives
    currents in the whole head; by reciprocity their vector potential along a wire is the mean E
    that this wire induces in the region. Three adjoint solves, then a cluster sum over all nodes
    on a 4 mm grid.

    Raises
    ------
    FrameError
        ``reach`` is not in the head's frame.
    GeometryError
        The region is empty or not one flag per cell.

    References
    ----------
    Gomez et al. 2021, NeuroImage 228:117696, doi:10.1016/j.neuroimage.2020.117696.
    """
    head = prepared.head
    require_frame(reach.frame, head)
    if roi.shape != (len(head.cells),) or not roi.any() or len(reach) == 0:
        raise GeometryError(
            f"the region marks {int(np.count_nonzero(roi))} of {roi.shape} cells, with "
            f"{len(reach)} places to reach; needed one flag for each of {len(head.cells)} cells, "
            "at least one of them set, and at least one place"
        )
    sources = _auxiliary_currents(prepared, roi.astype(np.float64))
    origin, shape = _box(1e-3 * reach.xyz_mm, 1e-3 * coil_reach_mm)
    wanted = np.flatnonzero(_outside(prepared, origin, shape).ravel())
    points = origin + _STEP_M * np.stack(np.unravel_index(wanted, shape), axis=1)
    tree = build_cluster_tree(prepared.nodes_m, sources.reshape(-1, 9))
    ball = 0.5 * (prepared.volume_m3.sum() / len(prepared.nodes_m)) ** (1 / 3)
    grid = np.full((np.prod(shape), 9), np.nan)
    grid[wanted] = MU0_OVER_4PI * coulomb_sum(tree, points, ball_radius=float(ball))
    return Reciprocal(grid.reshape(*shape, 3, 3), origin, _STEP_M, reach.frame)


def score(
    reciprocal: Reciprocal, coil: Coil, matsimnibs: Floats, *, didt_a_per_s: float
) -> Floats:
    """Give the mean recovered E vector (K, 3), V/m, in the region for each pose (K, 4, 4).

    Poses are coil millimetres to millimetres of the reciprocal's frame. Equals the volume-weighted
    mean of `solve`'s recovered field over the region.

    Raises
    ------
    GeometryError
        A coil that enters the head or leaves the grid.
    """
    if matsimnibs.ndim != 3 or matsimnibs.shape[1:] != (4, 4):
        raise FrameError(f"poses are (K, 4, 4) matrices, given {matsimnibs.shape}")
    poses = np.array(matsimnibs[:, :3], dtype=np.float64)
    poses[:, :, 3] *= 1e-3
    mean = integrate_along_wires(
        reciprocal.potential,
        reciprocal.origin_m,
        reciprocal.step_m,
        position=coil.position_m,
        element=coil.element_m,
        poses=poses,
    )
    lost = np.flatnonzero(~np.isfinite(mean).all(axis=1))
    if len(lost):
        raise GeometryError(
            f"{len(lost)} of {len(poses)} placements (first: {lost[0]}) put windings deep inside "
            "the head or further off than the reciprocal reaches; give it their centres as reach"
        )
    return didt_a_per_s * mean


def _auxiliary_currents(prepared: Prepared, member: Floats) -> Floats:
    """Give current moments (N, 3, 3) at nodes, A m: (node, direction of mean E, component).

    Mean E = sum over cells of J · dA/dt, with J = sigma V grad(lambda) - w; dA/dt in a cell is the
    mean over its corners, so each corner takes a quarter of its cells' J.
    """
    head = prepared.head
    share = member * prepared.volume_m3
    weight = prepared.recovery.adjoint(share / share.sum())
    sigma_volume = (head.sigma_s_per_m * prepared.volume_m3)[:, None]
    out = np.empty((len(prepared.nodes_m), 3, 3))
    for k in range(3):
        direct = np.zeros((len(head.cells), 3))
        direct[:, k] = weight
        rhs = weak_divergence(prepared.nodes_m, head.cells, direct)
        adjoint = solve_potential(prepared.multigrid, rhs, tolerance=1e-6)
        current = sigma_volume * gradient(prepared.nodes_m, head.cells, adjoint) - direct
        for d in range(3):
            out[:, k, d] = np.bincount(
                head.cells.ravel(),
                np.repeat(current[:, d] / 4.0, 4),
                minlength=len(prepared.nodes_m),
            )
    return out


def _box(reach_m: Floats, margin_m: float) -> tuple[Floats, tuple[int, int, int]]:
    """Origin and shape of the grid that holds every winding and the cells round it."""
    low = np.floor((reach_m.min(axis=0) - margin_m) / _STEP_M) - 1
    high = np.ceil((reach_m.max(axis=0) + margin_m) / _STEP_M) + 2
    nx, ny, nz = (high - low + 1).astype(int)
    return low * _STEP_M, (int(nx), int(ny), int(nz))


def _outside(prepared: Prepared, origin: Floats, shape: tuple[int, int, int]) -> Bools:
    """Which grid nodes lie outside the head, or less than a centimetre under its surface."""
    cell = np.rint((prepared.nodes_m - origin) / _STEP_M).astype(np.int64)
    cell = cell[((cell >= 0) & (cell < shape)).all(axis=1)]
    full = np.zeros(shape, dtype=np.bool_)
    full[tuple(cell.T)] = True
    reach = int(np.ceil(_DEPTH_M / _STEP_M))
    solid = ndimage.binary_closing(np.pad(full, reach), iterations=2)
    deep = ndimage.binary_erosion(solid, iterations=reach)[(slice(reach, -reach),) * 3]
    return np.asarray(~deep)
