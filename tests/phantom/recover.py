"""Run the reference analysis on a phantom whose registration is known."""

from dataclasses import dataclass

import numpy as np

from tests.phantom import reference_analysis as ref
from tmsguide.model import MNI, Points, Tissue
from tmsguide.phantom import PhantomSettings

FULL = PhantomSettings()


@dataclass
class Recovery:
    error_mm: float
    r_patch: float
    r_rest: float
    seed_share: float
    tsnr: float
    dof: int


def labels_at(phantom, native):
    back = np.linalg.inv(phantom.labels.frame_from_voxel)
    index = np.rint(native @ back[:3, :3].T + back[:3, 3]).astype(int)
    index = np.clip(index, 0, np.array(phantom.labels.data.shape) - 1)
    return phantom.labels.data[tuple(index.T)]


def native_of(phantom, mni):
    return phantom.native_from_mni(Points(mni, MNI)).xyz_mm


def bold_of(phantom, native):
    return phantom.bold_from_t1w(Points(native, phantom.t1w.frame)).xyz_mm


def raw_tsnr(phantom):
    """Median mean over standard deviation of raw cortex-bright voxels, nothing removed."""
    data = phantom.bold.volume.data
    mean = data.mean(-1)
    grey = (mean > 600) & (mean < 900)
    return float(np.median(mean[grey] / data[grey].std(-1)))


def recover(phantom):
    rng = np.random.default_rng(0)
    region = ref.search_region()
    native = native_of(phantom, region)
    grey = labels_at(phantom, native) == Tissue.GM
    region, native = region[grey], native[grey]
    seed = native_of(phantom, ref.ball(ref.SEED, 10))
    seed = seed[labels_at(phantom, seed) == Tissue.GM]
    index = np.argwhere(phantom.labels.data > 0)
    index = index[rng.choice(len(index), 60000, replace=False)]
    a = phantom.labels.frame_from_voxel
    anywhere = index @ a[:3, :3].T + a[:3, 3]
    tissue = phantom.labels.data[tuple(index.T)]
    pick = {t: anywhere[tissue == t][:3000] for t in (Tissue.GM, Tissue.WM, Tissue.CSF)}
    groups = [native, seed, phantom.patch.xyz_mm[:300], *pick.values()]
    b = phantom.bold.volume
    x = ref.series(
        b.data, b.frame_from_voxel, bold_of(phantom, np.vstack(groups)), phantom.motion_params
    )
    x_target, x_seed, x_patch, x_gm, x_wm, x_csf = np.split(
        x, np.cumsum([len(g) for g in groups])[:-1], axis=1
    )
    m = phantom.motion_params
    d = np.vstack([np.zeros(6), np.diff(m, axis=0)])
    confounds = np.column_stack(
        [m, d, m**2, d**2, np.hstack([x_gm, x_wm]).mean(1), x_wm.mean(1), x_csf.mean(1)]
    )
    kept = ref.framewise_displacement(m) <= 0.3
    both, dof = ref.clean(
        np.column_stack([x_target, x_seed, x_patch]), confounds, phantom.bold.tr_s, kept
    )
    n, s = len(native), len(seed)
    seed_series = both[:, n : n + s].mean(1)
    r = ref.correlate(seed_series, both[:, :n])
    found = ref.cluster_centre(r, region, native)
    found = native[np.argmin(np.linalg.norm(native - found, axis=1))]
    far = np.linalg.norm(native - phantom.target.xyz_mm, axis=1) > 20
    return Recovery(
        error_mm=float(np.linalg.norm(found - phantom.target.xyz_mm[0])),
        r_patch=float(ref.correlate(seed_series, both[:, n + s :]).mean()),
        r_rest=float(r[far].mean()),
        seed_share=float(x_seed.mean() / x_gm.mean()),
        tsnr=float(np.median(x_gm.mean(0) / x_gm.std(0))),
        dof=dof,
    )
