# %% [markdown]
# A resting scan on fsaverage5, cleaned, mapped from the subgenual seed, and the least correlated
# place of the left prefrontal search area. The scan is that of LEMON sub-010188 in the wheel of
# brainspace (TR 1.4 s, the first 5 of 657 frames left out, band-passed 0.01-0.1 Hz by its makers:
# Babayan 2019, doi:10.1038/sdata.2018.308). On an averaged surface: research use only.

# %%
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tmsguide.connectivity import seed_map
from tmsguide.io import fsaverage5, ground_of_series, read_mgh_series
from tmsguide.model import MNI, Denoised, Points
from tmsguide.preprocess import (
    Band,
    degrees_of_freedom,
    denoise,
    framewise_displacement,
    kept_frames,
    quality,
)
from tmsguide.targeting import search_mask

# %% The series (T, N) of all vertices with signal, and where they are
folder = Path(find_spec("brainspace").origin).parent / "datasets" / "preprocessing"
run = "sub-010188_ses-02_task-rest_acq-AP_run-01"
dense = read_mgh_series(folder / f"{run}.fsa5.lh.mgz", folder / f"{run}.fsa5.rh.mgz", tr_s=1.4)
series, ground = ground_of_series(dense, fsaverage5())

# %% Motion (rad, mm), white matter and fluid, outliers and drifts; here with the global signal
confounds = np.loadtxt(folder / f"{run}_confounds.txt")
confounds = np.column_stack([confounds, series.mean(axis=1)])
fd_mm = framewise_displacement(confounds[:, [9, 10, 11, 6, 7, 8]])
kept = kept_frames(fd_mm, fd_limit_mm=0.3)
band = Band(dense.tr_s, low_hz=0.01, high_hz=0.1)
judged = quality(
    fd_mm=fd_mm,
    kept=kept,
    tr_s=dense.tr_s,
    dof=degrees_of_freedom(confounds, kept, band=band),
    median_tsnr=np.nan,  # its makers took the mean away
    seed_tsnr=np.nan,
    seed_coverage=np.nan,
    coregistration_cost=np.nan,
    metadata={"TaskName": "rest"},
)
clean = denoise(series, confounds, kept, band=band)
denoised = Denoised(clean, ground.where, dense.tr_s, kept, judged)

# %% The map of the seed, and its least value in the search area
seed = Points(np.array([[6.0, 16.0, -10.0], [-6.0, 16.0, -10.0]]), MNI)
z = seed_map(denoised, seed, radius_mm=10.0, name="subgenual cingulate, both sides").z
area = search_mask(ground.where_mni)
peak = np.flatnonzero(area)[np.argmin(z[area])]
target_mni_mm = ground.where_mni.xyz_mm[peak]
print(f"{judged.usable_s / 60:.1f} usable minutes: {judged.verdict.value}; {judged.problems}")
print(f"MNI {target_mni_mm.round()} mm, Fisher z {z[peak]:+.2f}, {area.sum()} vertices searched")
