"""Rays from the middle of the brain: the vault as one radius for each direction.

Over the vault skull and scalp lie round the middle of the brain like the shells of an egg, so each
of their borders is met once by a ray from there. What neighbouring rays see is put together before
a border is drawn, which single voxels of a noisy image do not allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Rays", "blur", "radius_at", "rays_from", "seen"]

RAYS = 24_000  # a ray each 2.2 mm on a sphere of 9 cm
REACH_MM = 140.0
ASIDE_RAD = 0.03  # farther from the next ray than neighbours ever are


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Directions (N, 3) from ``centre`` (3,), both in the axes of a grid, in mm; samples' radii.

    ``radius_mm`` (R,) are evenly spaced.
    """

    centre: NDArray[np.float64]
    way: Floats
    radius_mm: Floats
    voxel_mm: float

    @property
    def step_mm(self) -> float:
        """Distance of two samples."""
        return float(self.radius_mm[1] - self.radius_mm[0])


def rays_from(centre_voxel: NDArray[np.int64], voxel_mm: float, step_mm: float = 0.5) -> Rays:
    """Give evenly spread rays (golden-angle spiral) from a place of a grid of cubic voxels."""
    k = np.arange(RAYS) + 0.5
    z = 1 - 2 * k / RAYS
    turn = np.pi * (1 + np.sqrt(5)) * k
    flat = np.sqrt(1 - z**2)
    way = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], -1)
    radius = np.arange(15.0, REACH_MM, step_mm)
    centre = np.asarray(centre_voxel, dtype=np.float64) * voxel_mm
    return Rays(centre, way.astype(np.float32), radius.astype(np.float32), voxel_mm)


def seen(rays: Rays, data: NDArray[np.generic], *, order: int = 1) -> Floats:
    """Give what each ray meets, (N, R); 0 beyond the grid."""
    out = np.empty((len(rays.way), len(rays.radius_mm)), dtype=np.float32)
    source = np.asarray(data, dtype=np.float32)
    for start in range(0, len(rays.way), 4000):
        way = rays.way[start : start + 4000]
        at = way[:, None, :] * rays.radius_mm[None, :, None] + rays.centre.astype(np.float32)
        at = np.moveaxis(at / np.float32(rays.voxel_mm), -1, 0)
        out[start : start + 4000] = ndimage.map_coordinates(source, at, order=order)
    return out


def blur(rays: Rays, at_radius_mm: float, spread_mm: float) -> csr_array:
    """Give the (N, N) matrix of Gaussian weights among rays, rows of sum 1."""
    angle = spread_mm / at_radius_mm
    tree = cKDTree(rays.way)
    pairs = tree.query_pairs(2.5 * angle, output_type="ndarray")
    n = len(rays.way)
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)])
    apart = np.linalg.norm(rays.way[rows] - rays.way[columns], axis=1)
    weight = np.exp(-0.5 * (apart / angle) ** 2)
    total = np.bincount(rows, weight, minlength=n)
    return csr_array(((weight / total[rows]).astype(np.float32), (rows, columns)), shape=(n, n))


def radius_at(
    rays: Rays, voxels: NDArray[np.int64], borders_mm: NDArray[np.floating]
) -> tuple[Floats, Floats]:
    """Give how far voxels (M, 3) lie from the centre (M,), and borders (N, B) there (M, B).

    Borders are not-a-number for voxels that no ray passes near.
    """
    away = (voxels * rays.voxel_mm - rays.centre).astype(np.float32)
    radius = np.linalg.norm(away, axis=1)
    way = away / np.maximum(radius, 1e-6)[:, None]
    apart, near = cKDTree(rays.way).query(way, k=3)
    weight = 1 / (apart.astype(np.float32) + 1e-4)
    weight /= weight.sum(1, keepdims=True)
    border = np.einsum("mk,mkb->mb", weight, np.asarray(borders_mm, dtype=np.float32)[near])
    border[apart[:, 0] > ASIDE_RAD] = np.nan
    return radius, border
