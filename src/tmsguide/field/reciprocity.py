"""Readings of the field for thousands of placements, from one adjoint solve per reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, GeometryError
from tmsguide.field.forward import TOLERANCE, require_frame
from tmsguide.field.primary import thinned
from tmsguide.num.cubic_lookup import integrate_along_wires
from tmsguide.num.linear_fem import couple_adjoint
from tmsguide.num.multigrid import solve_potentials
from tmsguide.num.radial_adjoint import dipole_readings, wire_readings
from tmsguide.num.recovery import recovered_gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.field.forward import Prepared
    from tmsguide.field.readings import Reading
    from tmsguide.model import Coil, Frame, Points

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Bools = NDArray[np.bool_]

__all__ = ["Reciprocal", "node_weights", "reciprocal", "score"]

_STEP_M = 0.004
_DEPTH_M = 0.012  # grid kept so far under the scalp, for the cubes of 64 nodes round a winding
_HIGHEST_M = 0.085  # windings of a coil on a round head lie no further off the scalp than this


@dataclass(frozen=True, slots=True, eq=False)
class Reciprocal:
    """What Q readings see of any coil, on a grid outside the head.

    ``wire`` (X, Y, Z, Q, 3) float32: V/m per A/s and metre of wire along each axis, at
    ``origin_m + step_m * index``, NaN where it was not asked for; ``dipole`` likewise per m² of
    magnetic moment, empty where no coil with dipoles was announced.
    """

    wire: Singles
    dipole: Singles
    origin_m: Floats
    step_m: float
    frame: Frame


def reciprocal(
    prepared: Prepared,
    reading: Reading,
    *,
    reach: Points,
    coil: Coil,
    step_m: float = _STEP_M,
) -> Reciprocal:
    """Give what is needed to score any placement of such a coil whose centre lies near ``reach``.

    ``reach`` are places of the casing's centre, such as candidate centres or the scalp patch they
    stand on. Each reading is put back through the finite elements as a source; by reciprocity
    what it makes along a wire is what a current in that wire makes in the reading.

    Raises
    ------
    FrameError
        ``reach`` is not in the head's frame.
    GeometryError
        No place to reach.

    References
    ----------
    Gomez et al. 2021, NeuroImage 228:117696, doi:10.1016/j.neuroimage.2020.117696.
    """
    require_frame(reach.frame, prepared.head)
    if len(reach) == 0:
        raise GeometryError("no place for the coil's centre is given; give candidate centres")
    weights = node_weights(prepared, reading)
    places = np.concatenate([coil.position_m, coil.dipole_position_m])
    margin = float(np.linalg.norm(places, axis=1).max())
    origin, shape = _box(1e-3 * reach.xyz_mm, margin, step_m)
    near = 1e-3 * reach.xyz_mm
    wanted = np.flatnonzero(_shell(prepared, origin, shape, step_m, near, margin).ravel())
    points = origin + step_m * np.stack(np.unravel_index(wanted, shape), axis=1)
    q = weights.shape[2]

    def gridded(values: Floats) -> Singles:
        grid = np.full((int(np.prod(shape)), q, 3), np.nan, dtype=np.float32)
        grid[wanted] = values
        return grid.reshape(*shape, q, 3)

    none = np.empty((0, 0, 0, q, 3), dtype=np.float32)
    tree, centre = prepared.tree, prepared.centre_m
    wire = gridded(wire_readings(tree, weights, points, centre)) if len(coil.position_m) else none
    dipole = (
        gridded(dipole_readings(tree, weights, points, centre))
        if len(coil.dipole_position_m)
        else none
    )
    return Reciprocal(wire, dipole, origin, step_m, reach.frame)


def score(
    reciprocal: Reciprocal, coil: Coil, matsimnibs: Floats, *, didt_a_per_s: float
) -> Floats:
    """Give the readings (K, Q), V/m, of each pose (K, 4, 4), mm of coil to mm of the head's frame.

    Raises
    ------
    FrameError
        Poses of another shape.
    GeometryError
        A coil that enters the head or leaves the grid, or of a kind that was not announced.
    """
    if matsimnibs.ndim != 3 or matsimnibs.shape[1:] != (4, 4):
        raise FrameError(f"poses are (K, 4, 4) matrices, given {matsimnibs.shape}")
    poses = np.array(matsimnibs[:, :3], dtype=np.float64)
    poses[:, :, 3] *= 1e-3
    few = thinned(coil)
    total = np.zeros((len(poses), reciprocal.wire.shape[3]))
    for grid, position, source in (
        (reciprocal.wire, few.position_m, few.element_m),
        (reciprocal.dipole, few.dipole_position_m, few.dipole_moment_m2),
    ):
        if len(position) == 0:
            continue
        if grid.size == 0:
            raise GeometryError(
                f"the reciprocal was not made for the kind of sources of {coil.name}; make it "
                "anew with this coil"
            )
        total += integrate_along_wires(
            grid,
            reciprocal.origin_m,
            reciprocal.step_m,
            position=position,
            element=source,
            poses=poses,
        )
    lost = np.flatnonzero(~np.isfinite(total).all(axis=1))
    if len(lost):
        raise GeometryError(
            f"{len(lost)} of {len(poses)} placements (first: {lost[0]}) put windings deep inside "
            "the head or further off than the reciprocal reaches; give it their centres as reach"
        )
    return didt_a_per_s * total


def node_weights(prepared: Prepared, reading: Reading) -> Floats:
    """Give (N, 3, Q): a reading is the sum of these times dA/dt at the nodes, to solver tolerance.

    The recovered field is minus the recovered gradient of phi minus each cell's mean of dA/dt;
    the first part goes back through the recovery and one solve, the second to the cell's corners.
    """
    head, q = prepared.head, len(reading.weights)
    slope = recovered_gradient(prepared.recovery, prepared.nodes_m, head.cells, reading.cells)
    rhs = slope.T @ reading.weights.reshape(q, -1).T
    back = solve_potentials(prepared.multigrid, np.asarray(rhs), tolerance=TOLERANCE)
    out = couple_adjoint(prepared.assembled, back)
    share = np.repeat(reading.weights.transpose(1, 2, 0) / 4.0, 4, axis=0)
    np.subtract.at(out, head.cells[reading.cells].ravel(), share)
    return out


def _box(reach_m: Floats, margin_m: float, step_m: float) -> tuple[Floats, tuple[int, int, int]]:
    """Origin and shape of the grid that holds every winding and the cells round it."""
    low = np.floor((reach_m.min(axis=0) - margin_m) / step_m) - 1
    high = np.ceil((reach_m.max(axis=0) + margin_m) / step_m) + 2
    nx, ny, nz = (high - low + 1).astype(int)
    return low * step_m, (int(nx), int(ny), int(nz))


def _shell(
    prepared: Prepared,
    origin: Floats,
    shape: tuple[int, int, int],
    step_m: float,
    near_m: Floats,
    margin_m: float,
) -> Bools:
    """Mark grid nodes where windings may be: outside the head or just under its surface, near."""
    pad = int(np.ceil(_DEPTH_M / step_m)) + 2
    cell = np.rint((prepared.nodes_m - origin) / step_m).astype(np.int64)
    cell = cell[((cell >= 0) & (cell < shape)).all(axis=1)]
    full = np.zeros(shape, dtype=np.bool_)
    full[tuple(cell.T)] = True
    solid = ndimage.binary_closing(np.pad(full, pad), iterations=2)
    deep = ndimage.binary_erosion(solid, iterations=int(np.ceil(_DEPTH_M / step_m)))
    inner = (slice(pad, -pad),) * 3
    solid, deep = solid[inner], deep[inner]
    off = ndimage.distance_transform_edt(~solid) * step_m if solid.any() else np.zeros(shape)
    centre = np.zeros(shape, dtype=np.bool_)
    centre[tuple(np.rint((near_m - origin) / step_m).astype(np.int64).T)] = True
    reached = ndimage.distance_transform_edt(~centre) * step_m <= margin_m + 5 * step_m
    return np.asarray(~deep & reached & (off <= _HIGHEST_M))
