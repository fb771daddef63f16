# %% [markdown]
# How the networks of one resting scan hold together: 300 published places, one series each, the
# mean connectivity within and between networks with the interval that one scan's length allows.
# The scan is that of `01_surface_target.py`. A label image serves as well: docs/atlases.md.

# %%
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tmsguide.connectivity import network_means, sphere_parcels
from tmsguide.io import coordinate_set, fsaverage5, ground_of_series, read_mgh_series
from tmsguide.model import Denoised
from tmsguide.preprocess import (
    Band,
    degrees_of_freedom,
    denoise,
    framewise_displacement,
    kept_frames,
    quality,
)

# %% The cleaned series of all vertices with signal
folder = Path(find_spec("brainspace").origin).parent / "datasets" / "preprocessing"
run = "sub-010188_ses-02_task-rest_acq-AP_run-01"
dense = read_mgh_series(folder / f"{run}.fsa5.lh.mgz", folder / f"{run}.fsa5.rh.mgz", tr_s=1.4)
series, ground = ground_of_series(dense, fsaverage5())
confounds = np.loadtxt(folder / f"{run}_confounds.txt")
fd_mm = framewise_displacement(confounds[:, [9, 10, 11, 6, 7, 8]])
kept = kept_frames(fd_mm, fd_limit_mm=0.3)
band = Band(dense.tr_s, low_hz=0.01, high_hz=0.1)
unknown = ("median_tsnr", "seed_tsnr", "seed_coverage", "coregistration_cost")
judged = quality(
    fd_mm=fd_mm,
    kept=kept,
    tr_s=dense.tr_s,
    dof=degrees_of_freedom(confounds, kept, band=band),
    metadata={"TaskName": "rest"},
    **dict.fromkeys(unknown, np.nan),
)
clean = denoise(series, confounds, kept, band=band)
denoised = Denoised(clean, ground.where, dense.tr_s, kept, judged)

# %% Places of the set that lie on the cortex, and the networks they belong to
places = coordinate_set("seitzman-2018")
parcels = sphere_parcels(
    ground.where_mni, places.mni_mm, places.names, places.networks, source=places.source
)
means = network_means(denoised, parcels, rng=np.random.default_rng(1))
mode = means.names.index("default mode")
for name, z, low, high in zip(
    means.names, means.z[mode], means.low[mode], means.high[mode], strict=True
):
    print(f"default mode with {name}: z {z:+.2f} (95 %: {low:+.2f} to {high:+.2f})")
real = [k for k, name in enumerate(means.names) if name != "unassigned"]
z = means.z[np.ix_(real, real)]
within_less_between = np.nanmean(np.diag(z)) - np.nanmean(z[~np.eye(len(z), dtype=bool)])
print(f"within networks less between them: z {within_less_between:+.2f}")
