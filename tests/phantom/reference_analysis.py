"""A plain seed-based analysis, written apart from tmsguide: arrays in, target out."""

import numpy as np
from scipy import ndimage

SPHERES = ((-36, 39, 43), (-44, 40, 29), (-41, 16, 54), (-37, 26, 49))  # BA9, BA46, 5 cm, F3
SEED = (6, 16, -10)


def rigid(row, centre):
    """4x4 of one row x, y, z, rx, ry, rz: x' = Rx Ry Rz (x - c) + c + t."""
    cx, cy, cz = np.cos(row[3:])
    sx, sy, sz = np.sin(row[3:])
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    out = np.eye(4)
    out[:3, :3] = rx @ ry @ rz
    out[:3, 3] = centre + row[:3] - out[:3, :3] @ centre
    return out


def framewise_displacement(motion):
    step = np.abs(np.diff(motion, axis=0))
    return np.concatenate([[0], step[:, :3].sum(1) + 50 * step[:, 3:].sum(1)])


def ball(centre, radius, step=2.0):
    """MNI grid points of a ball, on the lattice of even millimetres."""
    sides = [
        np.arange(np.ceil((c - radius) / step), (c + radius) / step + 1) * step for c in centre
    ]
    at = np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, 3)
    return at[np.linalg.norm(at - centre, axis=1) <= radius]


def search_region():
    return np.unique(np.vstack([ball(c, 20) for c in SPHERES]), axis=0)


def series(data, bold_from_voxel, points_bold, motion, fwhm_mm=4.0):
    """Series (T, N) at points of the resting head, each volume un-moved by the known motion."""
    voxel_mm = np.linalg.norm(bold_from_voxel[:3, 0])
    middle = (np.asarray(data.shape[:3]) - 1) / 2
    centre = bold_from_voxel[:3, :3] @ middle + bold_from_voxel[:3, 3]
    out = np.empty((data.shape[3], len(points_bold)))
    back = np.linalg.inv(bold_from_voxel)
    for t in range(data.shape[3]):
        m = back @ rigid(motion[t], centre)
        at = points_bold @ m[:3, :3].T + m[:3, 3]
        smooth = ndimage.gaussian_filter(
            data[..., t].astype(np.float32), fwhm_mm / 2.3548 / voxel_mm
        )
        out[t] = ndimage.map_coordinates(smooth, at.T, order=3, mode="nearest")
    return out


def clean(x, confounds, tr, kept, low=0.01, high=0.1):
    """Residuals on kept frames after confounds and all Fourier terms outside the band, at once."""
    count = len(x)
    t = np.arange(count)
    terms = [np.ones(count), t / count - 0.5]
    for k in range(1, count // 2 + 1):
        if not low <= k / (count * tr) <= high:
            terms += [np.cos(2 * np.pi * k * t / count), np.sin(2 * np.pi * k * t / count)]
    design = np.column_stack([*terms, confounds])[kept]
    design = design / np.maximum(np.linalg.norm(design, axis=0), 1e-9)
    u, s, _ = np.linalg.svd(design, full_matrices=False)
    u = u[:, s > 1e-6 * s[0]]
    y = x[kept] - x[kept].mean(0)
    return y - u @ (u.T @ y), len(y) - u.shape[1] - 1


def correlate(seed, x):
    seed = seed - seed.mean()
    x = x - x.mean(0)
    return (seed @ x) / np.sqrt((seed @ seed) * (x**2).sum(0))


def cluster_centre(r, at_mni, at_native, step=2.0, share=10):
    """Mean place of the largest 26-connected group among the lowest tenth (Cash 2021)."""
    low = r <= np.percentile(r, share)
    index = np.round((at_mni - at_mni.min(0)) / step).astype(int)
    grid = np.zeros(index.max(0) + 1, bool)
    grid[tuple(index[low].T)] = True
    parts, _ = ndimage.label(grid, np.ones((3, 3, 3)))
    own = parts[tuple(index.T)]
    best = np.bincount(own[own > 0]).argmax()
    return at_native[own == best].mean(0)
