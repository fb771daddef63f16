"""How good a head mesh is against the labels it was cut from."""

import numpy as np

from tmsguide.model import Tissue
from tmsguide.num.point_location import cell_grid, containing_cells
from tmsguide.num.tetrahedra import volumes


def quality(head, labels, *, voxels=400_000):
    """Least dihedral angle (degrees), worst Dice and volume error over tissues, by tissue."""
    angles = dihedral_angles(head.nodes.xyz_mm, head.cells)
    dice, volume = overlap(head, labels, voxels=voxels)
    return {
        "mesh_min_dihedral_deg": round(float(angles.min()), 2),
        "mesh_share_below_10_deg": float(f"{(angles.min(axis=1) < 10).mean():.2g}"),
        "mesh_dice": {t.name: round(v, 4) for t, v in dice.items()},
        "mesh_volume_error_percent": {t.name: round(v, 2) for t, v in volume.items()},
    }


def dihedral_angles(nodes, cells):
    """Dihedral angles (M, 6), degrees, from the outward normals of each cell's faces."""
    corner = nodes[cells]
    faces = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))
    normals = []
    for a, b, c in faces:
        n = np.cross(corner[:, b] - corner[:, a], corner[:, c] - corner[:, a])
        normals.append(n / np.linalg.norm(n, axis=1, keepdims=True))
    pairs = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    cosine = [-(normals[i] * normals[j]).sum(axis=1) for i, j in pairs]
    return np.degrees(np.arccos(np.clip(np.stack(cosine, axis=1), -1, 1)))


def overlap(head, labels, *, voxels):
    """Dice at voxel centres, and volume error in percent, per tissue."""
    data, affine = labels.data, labels.frame_from_voxel
    index = np.argwhere(np.ones(data.shape, dtype=bool)) if data.size <= voxels else None
    if index is None:
        flat = np.random.default_rng(0).choice(data.size, voxels, replace=False)
        index = np.stack(np.unravel_index(flat, data.shape), axis=1)
    points = index @ affine[:3, :3].T + affine[:3, 3]
    cell, _ = containing_cells(cell_grid(head.nodes.xyz_mm, head.cells), points)
    found = np.where(cell >= 0, head.tissue[np.maximum(cell, 0)], 0)
    truth = data[tuple(index.T)]
    size = volumes(head.nodes.xyz_mm, head.cells)
    voxel = abs(np.linalg.det(affine[:3, :3]))
    dice, error = {}, {}
    for t in (Tissue(int(v)) for v in np.unique(data) if v):
        a, b = found == t, truth == t
        dice[t] = float(2 * (a & b).sum() / (a.sum() + b.sum()))
        whole = (data == t).sum() * voxel
        error[t] = float(100 * (size[head.tissue == t].sum() / whole - 1))
    return dice, error
