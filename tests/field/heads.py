"""Small heads for the field tests: shelled balls and a lopsided egg."""

import numpy as np

from tmsguide.head.meshing.mesh import tetrahedralise
from tmsguide.model import Placement, Tissue, Volume, native_frame

FRAME = native_frame("ball")
SIGMA = {
    Tissue.WM: 0.126,
    Tissue.GM: 0.275,
    Tissue.CSF: 1.654,
    Tissue.BONE: 0.01,
    Tissue.SCALP: 0.465,
}


def shells(radii_mm, *, voxel_mm, stretch=(1.0, 1.0, 1.0)):
    """Labels of concentric ellipsoids, outer radii of WM, GM, CSF, bone and scalp, about 0."""
    half = np.ceil(radii_mm[-1] * np.array(stretch) / voxel_mm).astype(int) + 1
    x, y, z = (np.arange(-n, n + 1) * voxel_mm / s for n, s in zip(half, stretch, strict=True))
    r = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
    labels = np.zeros(r.shape, np.uint8)
    for tissue in (5, 4, 3, 2, 1):
        labels[r < radii_mm[tissue - 1]] = tissue
    frame_from_voxel = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    frame_from_voxel[:3, 3] = -half * voxel_mm
    return Volume(labels, frame_from_voxel, FRAME)


def ball_head(radii_mm, *, voxel_mm, edge_mm):
    return tetrahedralise(
        shells(radii_mm, voxel_mm=voxel_mm), edge_mm=edge_mm, sigma_s_per_m=SIGMA
    )


def egg_head(edge_mm=7.0):
    """A small lopsided head of half axes 50, 60 and 54 mm, for laws that hold in any head."""
    labels = shells((34, 39, 43, 47, 54), voxel_mm=1.5, stretch=(0.93, 1.11, 1.0))
    return tetrahedralise(labels, edge_mm=edge_mm, sigma_s_per_m=SIGMA)


def over_the_top(height_mm, *, turn=0.0, tilt=0.0, shift=(0.0, 0.0), didt=1e6, frame=FRAME):
    """A pose above the head that looks down, turned about its axis and tilted about its x."""
    c, s = np.cos(turn), np.sin(turn)
    spin = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    c, s = np.cos(tilt), np.sin(tilt)
    lean = np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    pose = np.eye(4)
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ lean @ spin
    pose[:3, 3] = [*shift, height_mm]
    return Placement(pose, frame, didt, 4.0)
