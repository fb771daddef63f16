"""Small scans on a lattice of unequal sides."""

import numpy as np

from tmsguide.model import Denoised, Points, Quality, ScanVerdict, native_frame

NATIVE = native_frame("sim")
QUALITY = Quality(
    mean_fd_mm=0.1,
    max_fd_mm=0.3,
    usable_s=600.0,
    total_s=600.0,
    dof=1e6,
    median_tsnr=60.0,
    seed_tsnr=40.0,
    seed_coverage=1.0,
    coregistration_cost=0.5,
    verdict=ScanVerdict.GOOD,
)


def lattice(step_mm=3.0):
    return np.argwhere(np.ones((7, 8, 9))) * step_mm - [12.0, 9.0, 30.0]


def scan(series, xyz, kept=None, quality=QUALITY):
    kept = np.ones(len(series), dtype=bool) if kept is None else kept
    return Denoised(np.asarray(series, np.float32), Points(xyz, NATIVE), 2.0, kept, quality)
