"""Synthetic rest of one brain with a planted site that is anticorrelated with the subgenual seed.

Real MNI grey matter on a coarse grid; band-limited (0.01-0.1 Hz) network and noise series made
in the cosine domain. The subgenual network holds the seed sphere, midline and parietal parts, and
minus the planted patch; weaker networks with random maps compete everywhere.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from nilearn.datasets import load_mni152_gm_template
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from tmsguide.model import MNI, Denoised, Points, Quality, ScanVerdict, native_frame

NATIVE = native_frame("sim")
SEED = Points(np.array([[6.0, 16.0, -10.0]]), NATIVE)
CENTRES = np.array([[-36.0, 39, 43], [-44, 40, 29], [-41, 16, 54], [-37, 26, 49]])
NETWORK = ((0, 52, 2, 14), (0, -52, 28, 14), (-46, -66, 32, 12), (46, -66, 32, 12))


@dataclass(frozen=True)
class Brain:
    """Grey-matter lattice points with the smoothing of the image, as a sparse matrix."""

    xyz: np.ndarray
    smooth: csr_array
    step: int


@lru_cache(maxsize=4)
def brain(step_mm=3, fwhm_mm=5.0, *, frontal=True):
    """MNI grey matter; ``frontal`` keeps the box round the search mask and the seed."""
    image = load_mni152_gm_template(resolution=step_mm)
    index = np.argwhere(image.get_fdata() > 0.5)
    xyz = index @ image.affine[:3, :3].T + image.affine[:3, 3]
    if frontal:
        xyz = xyz[(xyz[:, 0] < 18) & (xyz[:, 1] > -6) & (xyz[:, 2] > -24)]
    sigma = fwhm_mm / 2.3548
    pairs = cKDTree(xyz).query_pairs(3 * sigma, output_type="ndarray")
    weight = np.exp(
        -0.5 * (np.linalg.norm(np.diff(xyz[pairs], axis=1)[:, 0], axis=1) / sigma) ** 2
    )
    own = np.arange(len(xyz))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    columns = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    values = np.concatenate([weight, weight, np.ones(len(xyz))]).astype(np.float32)
    kernel = coo_array((values, (rows, columns)), shape=(len(xyz), len(xyz))).tocsr()
    total = np.asarray(kernel.sum(axis=1))
    return Brain(xyz, csr_array(kernel.multiply(1 / total[:, None])).astype(np.float32), step_mm)


def blob(xyz, centre, sigma):
    return np.exp(-0.5 * ((xyz - np.asarray(centre)) ** 2).sum(axis=1) / sigma**2)


def inner_places(xyz, margin_mm=12.0):
    """Places well inside the search mask, where a patch is not cut by its edge."""
    return np.flatnonzero(cKDTree(CENTRES).query(xyz)[0] < 20 - margin_mm + 4)


@dataclass(frozen=True)
class Rest:
    """How one simulated scan is made; amplitudes are percent of the signal."""

    minutes: float = 15.0
    tr_s: float = 2.5
    tsnr: float = 60.0
    seed_tsnr: float = 25.0
    patch_sigma_mm: float = 6.0
    patch_percent: float = 0.6
    seed_percent: float = 0.5
    network_percent: float = 0.3
    other_percent: float = 0.3
    others: int = 8
    voxel_mm: float = 3.0


def loadings(anatomy, centre, person, rest):
    """Spatial maps (K, N) of the other networks and, last, of the subgenual one, in percent."""
    xyz = anatomy.xyz
    spots = xyz[person.integers(0, len(xyz), (rest.others, 20))]
    signs = person.choice([-1.0, 1.0], (rest.others, 20))
    maps = np.stack(
        [
            sum(s * blob(xyz, c, 12) for s, c in zip(sign, spot, strict=True))
            for sign, spot in zip(signs, spots, strict=True)
        ]
    )
    maps *= rest.other_percent / maps.std(axis=1, keepdims=True) / np.sqrt(rest.others / 3)
    sphere = np.linalg.norm(xyz - SEED.xyz_mm, axis=1) < 10
    maps[:, sphere] *= 0.2
    own = rest.seed_percent * sphere - rest.patch_percent * blob(xyz, centre, rest.patch_sigma_mm)
    own += rest.network_percent * sum(blob(xyz, n[:3], n[3]) for n in NETWORK)
    return np.vstack([maps, own]).astype(np.float32), sphere


def simulate(anatomy, centre, *, person, scan, rest=Rest()):
    """One person's cleaned scan with a patch planted at ``centre`` (3,)."""
    frames = int(rest.minutes * 60 / rest.tr_s)
    hertz = np.arange(frames) / (2 * frames * rest.tr_s)
    band = (hertz >= 0.01) & (hertz <= 0.1)
    phase = np.pi * (np.arange(frames)[:, None] + 0.5) / frames * np.flatnonzero(band)
    basis = (np.sqrt(2 / frames) * np.cos(phase)).astype(np.float32)
    maps, sphere = loadings(anatomy, centre, person, rest)
    shape = 1 / np.sqrt(1 + (hertz[band] / 0.04) ** 2)
    shape /= np.sqrt(np.mean(shape**2))
    drive = scan.standard_normal((band.sum(), len(maps))) * shape[:, None]
    signal = (anatomy.smooth @ maps.T) @ drive.T
    noise = anatomy.smooth @ scan.standard_normal(signal.shape).astype(np.float32)
    # thermal noise is white over frequency and voxels; smoothing averages neighbouring voxels
    sigma = 5.0 / 2.3548
    averaged = np.sqrt(min(1.0, rest.voxel_mm**3 / (2 * np.sqrt(np.pi) * sigma) ** 3))
    size = 100 / rest.tsnr * np.sqrt(2 * 0.09 * rest.tr_s) * averaged / noise.std()
    noise *= (np.where(sphere, rest.tsnr / rest.seed_tsnr, 1.0) * size)[:, None]
    series = basis @ (signal + noise).T.astype(np.float32)
    series -= series.mean(axis=0)
    series /= series.std(axis=0)
    return denoised(series, anatomy.xyz, rest.tr_s, dof=float(band.sum() - 24))


def denoised(series, xyz, tr_s, *, dof=100.0, kept=None, frame=NATIVE, seed_coverage=1.0):
    frames = len(series)
    quality = Quality(
        mean_fd_mm=0.1,
        max_fd_mm=0.3,
        usable_s=frames * tr_s,
        total_s=frames * tr_s,
        dof=dof,
        median_tsnr=60.0,
        seed_tsnr=40.0,
        seed_coverage=seed_coverage,
        coregistration_cost=0.5,
        verdict=ScanVerdict.GOOD,
    )
    kept = np.ones(frames, dtype=bool) if kept is None else kept
    return Denoised(np.asarray(series, np.float32), Points(xyz, frame), tr_s, kept, quality)


def as_mni(scan):
    """The simulated person's T1w space is MNI space under another name."""
    return Points(scan.where.xyz_mm, MNI)
