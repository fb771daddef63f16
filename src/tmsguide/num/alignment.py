"""Rigid alignment of one grid of values to another by Gauss–Newton on trilinear samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from scipy import ndimage

from tmsguide.num.rigid import inverted, rigid_from_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Template", "align", "template"]

#: A step this small (mm, at 50 mm from the centre for rotations) ends the search.
_STEP_MM = 1e-3
_MAX_STEPS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What `align` needs of the fixed grid: places (N, 3), values (N,), Jacobian (N, 7).

    The seventh Jacobian column is the value itself: a gain that the search fits and forgets.
    """

    points_mm: Floats
    values: Floats
    jacobian: Floats
    center_mm: Floats
    sigma_voxels: float


def template(
    volume: NDArray[np.float32],
    world_from_voxel: Floats,
    mask: NDArray[np.bool_],
    *,
    center_mm: Floats,
    sigma_voxels: float,
    every: int = 1,
) -> Template:
    """Give the `Template` of ``volume`` (X, Y, Z), smoothed by ``sigma_voxels``, within ``mask``.

    ``every`` keeps each n-th masked voxel, for a coarse and quick first search.
    """
    smooth = ndimage.gaussian_filter(volume, sigma_voxels, output=np.float32)
    index = np.argwhere(mask)[::every]
    at = tuple(index.T)
    gradient = np.stack([g[at] for g in np.gradient(smooth)], axis=1).astype(np.float64)
    gradient = gradient @ np.linalg.inv(world_from_voxel[:3, :3])
    points = index @ world_from_voxel[:3, :3].T + world_from_voxel[:3, 3]
    values = smooth[at].astype(np.float64)
    jacobian = np.column_stack([gradient, np.cross(points - center_mm, gradient), values])
    return Template(points, values, jacobian, center_mm, sigma_voxels)


def align(
    fixed: Template,
    volume: NDArray[np.float32],
    voxel_from_world: Floats,
    *,
    start: Floats,
) -> tuple[Floats, bool]:
    """Give the rigid ``moving_from_fixed`` (4, 4) in world mm, and whether the search settled.

    Minimises the squared difference of ``volume`` (smoothed like the template) at the moved places
    and the template's values; the gradient is the template's (inverse compositional).

    References
    ----------
    Baker & Matthews 2004, Int. J. Comput. Vis. 56:221, doi:10.1023/B:VISI.0000011205.11775.fd.
    """
    smooth = ndimage.gaussian_filter(volume, fixed.sigma_voxels, output=np.float32)
    moving_from_fixed: Floats = start
    for _ in range(_MAX_STEPS):
        hessian, slope = np.zeros((7, 7)), np.zeros(7)
        inside = _normal_equations(
            smooth,
            voxel_from_world @ moving_from_fixed,
            fixed.points_mm,
            fixed.values,
            fixed.jacobian,
            hessian,
            slope,
        )
        if inside < len(fixed.values) // 4:
            return start, False
        step: Floats = np.linalg.lstsq(hessian, slope, rcond=None)[0][:6].astype(np.float64)
        moving_from_fixed = moving_from_fixed @ inverted(
            rigid_from_parameters(step, fixed.center_mm)
        )
        if max(np.abs(step[:3]).max(), 50 * np.abs(step[3:]).max()) < _STEP_MM:
            return moving_from_fixed, True
    return moving_from_fixed, False


@njit(cache=True, nogil=True)
def _normal_equations(
    volume: Any, m: Any, points: Any, values: Any, jacobian: Any, hessian: Any, slope: Any
) -> int:
    nx, ny, nz = volume.shape
    inside = 0
    for i in range(points.shape[0]):
        p, q, r = points[i, 0], points[i, 1], points[i, 2]
        x = m[0, 0] * p + m[0, 1] * q + m[0, 2] * r + m[0, 3]
        y = m[1, 0] * p + m[1, 1] * q + m[1, 2] * r + m[1, 3]
        z = m[2, 0] * p + m[2, 1] * q + m[2, 2] * r + m[2, 3]
        if not (0 <= x < nx - 1 and 0 <= y < ny - 1 and 0 <= z < nz - 1):
            continue
        inside += 1
        a, b, c = int(x), int(y), int(z)
        u, v, w = x - a, y - b, z - c
        value = 0.0
        for d in range(2):
            fx = u if d else 1 - u
            for e in range(2):
                fy = v if e else 1 - v
                value += (
                    fx * fy * (volume[a + d, b + e, c] * (1 - w) + volume[a + d, b + e, c + 1] * w)
                )
        error = value - values[i]
        for k in range(7):
            slope[k] += jacobian[i, k] * error
            for n in range(k, 7):
                hessian[k, n] += jacobian[i, k] * jacobian[i, n]
    for k in range(7):
        for n in range(k):
            hessian[k, n] = hessian[n, k]
    return inside
