"""Small search areas, a voxel lattice and a folded mesh, and maps over them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import Delaunay

from tmsguide.targeting.finders.terrain import lattice_terrain, mesh_terrain


@dataclass(frozen=True)
class Area:
    """Places of a search area; ``edges`` and ``area_mm2`` are None on a lattice."""

    xyz: np.ndarray
    edges: np.ndarray | None = None
    area_mm2: np.ndarray | None = None

    def terrain(self):
        if self.edges is None:
            return lattice_terrain(self.xyz)
        return mesh_terrain(self.xyz, self.edges, self.area_mm2)

    def mirrored(self):
        return replace(self, xyz=self.xyz * [-1.0, 1.0, 1.0])

    def reordered(self, order):
        if self.edges is None:
            return Area(self.xyz[order])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return Area(self.xyz[order], place[self.edges][::-1, ::-1], self.area_mm2[order])


def lattice(shape=(11, 12, 13), step=2.0):
    """A block of voxels on the left side, unequal sides."""
    return Area(np.argwhere(np.ones(shape)) * step - [60.0, 0, 0])


def mesh(seed=0):
    """A triangulated sheet, uneven and bent like the crown of a gyrus, on the left side."""
    rng = np.random.default_rng(seed)
    flat = np.argwhere(np.ones((27, 29))) * 1.6
    flat = flat + rng.uniform(-0.4, 0.4, flat.shape)
    x, y = flat.T
    xyz = np.column_stack([x - 60.0, y, 20.0 + 6.0 * np.cos((x - x.mean()) / 12.0) + 0.02 * y])
    faces = Delaunay(flat).simplices
    longest = np.linalg.norm(flat[faces] - flat[np.roll(faces, 1, axis=1)], axis=2).max(axis=1)
    faces = faces[longest < 4.0]  # no slivers along the rim
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    a, b, c = (xyz[faces[:, k]] for k in range(3))
    third = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    area = np.bincount(faces.ravel(), np.repeat(third, 3), minlength=len(xyz))
    return Area(xyz, edges, area)


def bump(xyz, centre, sigma):
    return np.exp(-0.5 * ((xyz - np.asarray(centre)) ** 2).sum(axis=1) / sigma**2)


def smooth_maps(xyz, count, seed, *, bumps=6):
    """Random sums of bumps (count, M), some of them above and some below 0."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            sum(
                rng.normal() * bump(xyz, centre, rng.uniform(3.0, 7.0))
                for centre in xyz[rng.integers(0, len(xyz), bumps)]
            )
            for _ in range(count)
        ]
    )


def inner_place(xyz):
    """The place nearest to the middle of the area."""
    return int(np.argmin(np.linalg.norm(xyz - xyz.mean(axis=0), axis=1)))
