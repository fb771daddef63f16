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
