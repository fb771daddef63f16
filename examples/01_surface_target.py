# %% [markdown]
# A resting scan on fsaverage5, cleaned, and the place of the left prefrontal search area least
# correlated with the subgenual cingulate: how sure, and what the scan supports. It is that of
# LEMON sub-010188 in the wheel of brainspace (TR 1.4 s, the first 5 of 657 frames left out, band
# 0.01-0.1 Hz by its makers: Babayan 2019, doi:10.1038/sdata.2018.308). On an averaged surface a
# place is a group-level reading. Research use only; the evidence for such targets is mixed.

# %%
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tmsguide.io import fsaverage5, ground_of_series, read_mgh_series
from tmsguide.model import Denoised, TargetSettings
from tmsguide.preprocess import (
    Band,
    degrees_of_freedom,
    denoise,
    framewise_displacement,
    kept_frames,
    quality,
)
from tmsguide.targeting import Ground, definition, find_targets

# %% The series (T, N) of all vertices with signal, and where they are
folder = Path(find_spec("brainspace").origin).parent / "datasets" / "preprocessing"
run = "sub-010188_ses-02_task-rest_acq-AP_run-01"
dense = read_mgh_series(folder / f"{run}.fsa5.lh.mgz", folder / f"{run}.fsa5.rh.mgz", tr_s=1.4)
series, cortex = ground_of_series(dense, fsaverage5())

# %% White matter and fluid, motion (rad, mm), outliers, drifts; with and without global signal
confounds = np.loadtxt(folder / f"{run}_confounds.txt")
every = np.column_stack([confounds, series.mean(axis=1)])
fd_mm = framewise_displacement(confounds[:, [9, 10, 11, 6, 7, 8]])
kept, band = kept_frames(fd_mm, fd_limit_mm=0.3), Band(dense.tr_s, low_hz=0.01, high_hz=0.1)
dof = degrees_of_freedom(every, kept, band=band)
unknown = ("median_tsnr", "seed_tsnr", "seed_coverage", "coregistration_cost")  # no mean signal
blank = dict.fromkeys(unknown, np.nan)
rest = {"TaskName": "rest"}
judged = quality(fd_mm=fd_mm, kept=kept, tr_s=dense.tr_s, dof=dof, metadata=rest, **blank)
clean = denoise(series, every, kept, band=band)
scan = Denoised(clean, cortex.where, dense.tr_s, kept, judged)
other = replace(scan, series=denoise(series, confounds, kept, band=band))

# %% Three methods under the same resamples of time and shifts of the seed
surface = {"edges": cortex.edges, "area_mm2": cortex.area_mm2}
ground = Ground(scan, cortex.where_mni, np.ones(len(cortex.where), bool), other, **surface)
methods = [definition(f"{name}-cluster") for name in ("sgacc-bilateral", "sgacc", "own-weights")]
chosen = TargetSettings(method="sgacc-bilateral-cluster")
found = find_targets(ground, methods, settings=chosen, rng=np.random.default_rng(1))
for target in (found.primary, *found.alternatives):
    place = "{:.0f} {:.0f} {:.0f}".format(*target.point.xyz_mm[0])
    print(f"{target.name}: MNI {place} mm, 95 % region {target.region.radius_mm:.0f} mm round it")
    print(f"  {target.advice.support.value}: {'; '.join(target.advice.reasons)}")
