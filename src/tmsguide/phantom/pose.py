"""Where a generated head lies: its size, its warp from the template, and the scanner's grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.model import MNI, Frame, Points, Warp
from tmsguide.phantom.smooth import expand, lattice_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Head", "draw_head", "invert", "jacobian", "oblique_grid", "rotation"]

_LATTICE_MM = 4.0  # spacing of stored displacements; between nodes they are off by < 0.1 mm
_LOW_MNI = np.array([-112.0, -156.0, -140.0])  # a box round head, face and neck
_HIGH_MNI = np.array([112.0, 132.0, 116.0])
_KNOT_MM = 32.0
_FOLD_LIMIT = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head's place: ``native_from_mni``, its linear part (4, 4) and its mean scale."""

    native_from_mni: Warp
    linear: Floats
    scale: float


def rotation(angles_rad: Floats) -> Floats:
    """Give the rotation (3, 3) Rx Ry Rz for angles about x, y and z."""
    out = np.eye(3)
    for axis, angle in enumerate(angles_rad):
        j, k = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[j, j] = turn[k, k] = np.cos(angle)
        turn[k, j] = np.sin(angle)
        turn[j, k] = -np.sin(angle)
        out = out @ turn
    return out


def draw_head(rng: np.random.Generator, native: Frame, *, warp_mm: float) -> Head:
    """Give a head of individual size, pose and shape.

    Parameters
    ----------
    rng
        Source of all chances.
    native
        Frame of the person's T1w.
    warp_mm
        Largest non-linear displacement.

    Notes
    -----
    Scale per axis 0.93 to 1.07, rotation up to 5 degrees, the anterior commissure up to 3 cm
    from the scanner's origin; the warp is a cubic B-spline with knots 32 mm apart, shrunk until
    its Jacobian determinant exceeds 0.2 everywhere.
    """
    scale = np.clip(rng.uniform(0.945, 1.02) + rng.uniform(-0.025, 0.025, 3), 0.93, 1.07)
    linear = np.eye(4)
    linear[:3, :3] = rotation(np.deg2rad(rng.uniform(-5, 5, 3))) @ np.diag(scale)
    linear[:3, 3] = rng.uniform([-8, 5, -30], [8, 30, -5])
    shape = tuple(int(n) for n in np.ceil((_HIGH_MNI - _LOW_MNI) / _LATTICE_MM) + 1)
    bend = _bend(rng, shape, warp_mm * rng.uniform(0.75, 1.0))
    mni_from_node = np.diag([_LATTICE_MM] * 3 + [1.0])
    mni_from_node[:3, 3] = _LOW_MNI
    at = _nodes(shape, mni_from_node)
    moved = (at + bend) @ linear[:3, :3].T + linear[:3, 3]
    warp = Warp((moved - at).astype(np.float32), mni_from_node, MNI, native)
    return Head(warp, linear, float(scale.mean()))


def invert(head: Head, native_from_voxel: Floats, shape: tuple[int, ...]) -> Warp:
    """Give ``mni_from_native`` on a lattice that covers a grid of ``shape`` in the native frame.

    Fixed-point iteration at the nodes; the lattice step is a whole number of
    voxels, 4 mm or a little more.

    Raises
    ------
    GeometryError
        When the iteration does not settle, that is, the warp folds.
    """
    warp = head.native_from_mni
    step = int(np.ceil(_LATTICE_MM / float(np.linalg.norm(native_from_voxel[:3, 0])) - 0.01))
    native_from_node = native_from_voxel @ np.diag([step] * 3 + [1.0])
    nodes = lattice_shape(shape, step)
    at = _nodes(nodes, native_from_node).reshape(-1, 3)
    back = np.linalg.inv(head.linear)
    guess = at @ back[:3, :3].T + back[:3, 3]
    for _ in range(30):
        miss = at - warp(Points(guess, MNI)).xyz_mm
        guess = guess + miss @ back[:3, :3].T
        if np.abs(miss).max() < 1e-3:
            shift = (guess - at).reshape(*nodes, 3).astype(np.float32)
            return Warp(shift, native_from_node, warp.target, MNI)
    raise GeometryError(
        f"the generated warp did not invert (left {np.abs(miss).max():.2g} mm); lower warp_mm"
    )


def jacobian(warp: Warp) -> Floats:
    """Give the Jacobian determinant of a warp at its lattice nodes, (X, Y, Z)."""
    step = np.linalg.norm(warp.source_from_voxel[:3, :3], axis=0)
    turn = warp.source_from_voxel[:3, :3] / step
    shift = warp.displacement_mm.astype(np.float64)
    slope = np.stack([np.gradient(shift, step[k], axis=k) for k in range(3)], axis=-1)
    return np.asarray(np.linalg.det(np.eye(3) + slope @ turn.T), dtype=np.float64)


def oblique_grid(
    rng: np.random.Generator, extent_mm: Floats, voxel_mm: float, *, centre_mm: Floats
) -> tuple[Floats, tuple[int, int, int]]:
    """Give a scanner grid round ``centre_mm``: (frame_from_voxel (4, 4), shape).

    A few degrees oblique; first voxel axis to the right or, in half of the draws, to the left.
    """
    shape = np.round(extent_mm / voxel_mm).astype(int)
    turn = rotation(np.deg2rad(rng.uniform([1.0, -3.0, -3.0], [5.0, 3.0, 3.0])))
    first = rng.choice([-1.0, 1.0])
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ np.diag([first * voxel_mm, voxel_mm, voxel_mm])
    matrix[:3, 3] = centre_mm - matrix[:3, :3] @ ((shape - 1) / 2)
    return matrix, (int(shape[0]), int(shape[1]), int(shape[2]))


def _bend(rng: np.random.Generator, shape: tuple[int, ...], largest_mm: float) -> Floats:
    """Give a fold-free spline displacement (X, Y, Z, 3) whose longest arrow is ``largest_mm``."""
    step = _KNOT_MM / _LATTICE_MM
    knots = tuple(int((n - 1) / step) + 4 for n in shape)
    free = expand(rng.standard_normal((*knots, 3), dtype=np.float32), shape, step, degree=3)
    bend = free.astype(np.float64) * (largest_mm / np.linalg.norm(free, axis=-1).max())
    identity = np.diag([_LATTICE_MM] * 3 + [1.0])
    while jacobian(Warp(bend.astype(np.float32), identity, MNI, MNI)).min() < _FOLD_LIMIT:
        bend = bend * 0.9
    return np.asarray(bend, dtype=np.float64)


def _nodes(shape: tuple[int, ...], frame_from_voxel: Floats) -> Floats:
    """Give the positions of all voxels, (X, Y, Z, 3)."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    return np.asarray(index @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3])
