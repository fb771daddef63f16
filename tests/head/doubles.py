"""Simple volumes and engines for the tests of the head room."""

import numpy as np

from tmsguide.model import Anatomy, Tissue, Volume, native_frame

FRAME = native_frame("shells")


def shells(radii_mm=(40.0, 46.0, 50.0, 57.0, 64.0), voxel_mm=2.0, side=75):
    """Concentric WM, GM, CSF, bone and scalp balls: an anatomy with exact borders."""
    matrix = np.diag([-voxel_mm, voxel_mm, voxel_mm, 1.0])
    matrix[:3, 3] = [side * voxel_mm / 2, -side * voxel_mm / 2 + 3, -side * voxel_mm / 2 - 5]
    index = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1)
    centre = matrix[:3, 3] + matrix[:3, :3] @ np.full(3, (side - 1) / 2)
    distance = np.linalg.norm(index @ matrix[:3, :3].T + matrix[:3, 3] - centre, axis=-1)
    labels = np.zeros(distance.shape, dtype=np.uint8)
    for radius, tissue in zip(radii_mm[::-1], list(Tissue)[5:0:-1], strict=True):
        labels[distance < radius] = tissue
    chance = np.eye(6, dtype=np.float32)[labels][..., 1:]
    place = lambda data: Volume(data, matrix, FRAME)  # noqa: E731
    grey = np.array([0, 100, 65, 20, 10, 80], dtype=np.float32)[labels]
    return Anatomy(
        place(grey), place(labels), place(chance), place(np.isin(labels, [1, 2]))
    ), centre


def labels_in_mesh(head, labels):
    """Tissue of the cell that holds each voxel's centre, in the shape of ``labels``; 0 outside."""
    voxel = np.linalg.inv(labels.frame_from_voxel)
    corner = (head.nodes.xyz_mm @ voxel[:3, :3].T + voxel[:3, 3])[head.cells]
    low = np.ceil(corner.min(axis=1)).astype(int)
    count = np.floor(corner.max(axis=1)).astype(int) - low + 1
    out = np.zeros(labels.data.shape, dtype=np.uint8)
    inverse = np.linalg.inv(np.swapaxes(corner[:, 1:] - corner[:, :1], 1, 2))
    for step in np.ndindex(*count.max(axis=0)):
        cell = np.flatnonzero((count > step).all(axis=1))
        place = low[cell] + step
        weight = np.einsum("cij,cj->ci", inverse[cell], place - corner[cell, 0])
        held = (weight >= -1e-9).all(axis=1) & (weight.sum(axis=1) <= 1 + 1e-9)
        out[tuple(place[held].T)] = head.tissue[cell[held]]
    return out
