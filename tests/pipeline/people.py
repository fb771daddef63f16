"""A head known at every point whose functional data any program may have left.

The signal follows `course` round the seed and its negative round a site on the left. Each
program's files are painted from its own map to the T1w in closed form, so that a chain with a map
the wrong way round, or with left and right swapped, finds the site elsewhere or not at all.
"""

from functools import lru_cache

import numpy as np

from tests.io import fmriprep_tree as tree
from tests.io import foreign
from tests.io.images import save, write
from tests.preprocess import phantoms
from tests.preprocess.phantoms import SIGNAL, tissue, world
from tmsguide.io import write_tsv
from tmsguide.model import MNI, BoldSettings, Points, Warp, native_frame
from tmsguide.phantom.distortion import epi_magnitude, phase_difference
from tmsguide.preprocess import Person

LABEL = "phantom"
FRAME = native_frame(LABEL)
T, TR_S = 150, 2.0
SEED_MM = np.array([9.0, 45.2, -18.1])
SITE_MM = np.array([-29.4, 23.9, 20.2])  # left
SETTINGS = BoldSettings(grid_mm=4.0, fwhm_mm=5.0, denoising="12p-acompcor-gsr")
PERSON = Person(Points(SEED_MM[None], FRAME))
#: The grid of all volumes: unequal sides, stored LAS and tilted.
SHAPE, VOXEL_MM = (26, 30, 24), 5.0
SPOT_MM = 9.0


@lru_cache(maxsize=1)
def head():
    return phantoms.anatomy()


@lru_cache(maxsize=1)
def mni_from_t1w():
    """Stand-in of our own registration: 6 mm to the front, 3 mm up."""
    grid = np.diag([200.0, 200, 200, 1])
    grid[:3, 3] = -100
    shift = np.zeros((2, 2, 2, 3), np.float32) + np.float32([0, 6, 3])
    return Warp(shift, grid, FRAME, MNI)


def course(seed=0, frames=T):
    """Planted course (frames,) within the band."""
    rng = np.random.default_rng(seed)
    k = np.arange(10, 50)
    waves = np.cos(np.pi * k * (np.arange(frames)[:, None] + 0.5) / frames)
    out = waves @ rng.normal(size=len(k))
    return out / out.std()


def spot(xyz):
    """How much the cortex at (V, 3) follows the course: 1 at the seed, -1 at the site."""
    near = np.exp(-0.5 * ((xyz - SEED_MM) ** 2).sum(axis=1) / SPOT_MM**2)
    site = np.exp(-0.5 * ((xyz - SITE_MM) ** 2).sum(axis=1) / SPOT_MM**2)
    return near - site


def series(xyz, *, seed=0, frames=T, noise=3.0, cortex=None, first=None):
    """Signal (V, frames) float32 of T1w places (V, 3), with some noise of every voxel's own."""
    parts = tissue(xyz)
    grey = parts[:, 1] if cortex is None else cortex
    still = parts @ SIGNAL if first is None else first
    change = 0.03 * (still * spot(xyz) * grey)[:, None] * course(seed, frames)
    rng = np.random.default_rng(seed + 100)
    wobble = rng.standard_normal((len(xyz), frames), np.float32) * noise
    return (still[:, None] + change + wobble).astype(np.float32)


def grid(edge_mm=VOXEL_MM, shape=SHAPE, tilt_deg=12.0):
    t = np.deg2rad(tilt_deg)
    m = np.eye(4)
    m[:3, :3] = edge_mm * np.array(
        [[-1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]]
    )
    m[:3, 3] = -m[:3, :3] @ (np.array(shape) - 1) / 2
    return m


def moved(matrix, at):
    return at @ matrix[:3, :3].T + matrix[:3, 3]


# --- where the site is found


def found_mm(clean):
    """Centre of the grey matter that goes against the seed, and the least correlation there.

    r / sqrt(1 - r²) is as large as the planted course is against the noise.
    """
    where = clean.denoised.where.xyz_mm
    near = clean.gm & (np.linalg.norm(where - SEED_MM, axis=1) < 10)
    values = clean.denoised.series.astype(float)
    mean = values[:, near].mean(axis=1)
    r = (values * (mean / np.linalg.norm(mean))[:, None]).sum(axis=0)
    r /= np.linalg.norm(values, axis=0)
    r = r[clean.gm]
    return _middle(where[clean.gm], r / np.sqrt(1 - r**2)), float(r.min())


def true_mm(clean):
    """Where the planted weights have that centre on the same places."""
    where = clean.denoised.where.xyz_mm[clean.gm]
    return _middle(where, spot(where) * tissue(where)[:, 1])


def _middle(where, value):
    weight = np.where(value < 0.5 * value.min(), -value, 0)
    return weight @ where / weight.sum()


def found_on_the_left(clean, *, within_mm):
    at, least = found_mm(clean)
    assert least < -0.7, least
    assert np.linalg.norm(at - true_mm(clean)) < within_mm, (at, true_mm(clean))
    assert clean.denoised.where.frame == FRAME


def cleaned(source, *, settings=SETTINGS, anatomy=None):
    """What the source's own cleaner makes of its runs, with what it said."""
    said = []
    clean = source.clean(
        anatomy or head(),
        PERSON,
        mni_from_t1w=mni_from_t1w(),
        settings=settings,
        say=said.append,
    )
    assert said
    return clean


# --- raw


def t1w(path):
    parts = tissue(world(SHAPE, grid()))
    return save(
        path, (parts @ np.array([100.0, 70, 30])).reshape(SHAPE).astype(np.float32), grid()
    )


def raw(root, runs=("",)):
    """A raw data set: ``runs`` are names within the file name, such as ``_run-1``."""
    write(root / "dataset_description.json", {"Name": "small", "BIDSVersion": "1.10.0"})
    t1w(root / f"sub-{LABEL}" / "anat" / f"sub-{LABEL}_T1w.nii.gz")
    for number, name in enumerate(runs):
        raw_run(root, name, seed=number)
    return root


def raw_run(root, name="", *, data=None, tr_s=TR_S, **more):
    """One run; by default the planted signal with the seed ``seed`` of its course."""
    seed = more.pop("seed", 0)
    if data is None:
        frames = more.pop("frames", T)
        data = series(world(SHAPE, grid()), seed=seed, frames=frames).reshape(*SHAPE, frames)
    path = root / f"sub-{LABEL}" / "func" / f"sub-{LABEL}_task-rest{name}_bold.nii.gz"
    save(path, data, grid(), tr=tr_s)
    write(path.with_name(path.name.replace(".nii.gz", ".json")), {"RepetitionTime": tr_s} | more)
    return path


ECHO_TIMES_S = np.array([0.013, 0.029, 0.045])
DECAY_S = 0.038


def still(at):
    return tissue(at) @ SIGNAL


def echoes(root, *, times_s=ECHO_TIMES_S):
    """One run of three echoes, T2* the same everywhere; the change grows with the echo time."""
    at = world(SHAPE, grid())
    noise = np.random.default_rng(3)
    change = spot(at) * tissue(at)[:, 1]
    for k, time_s in enumerate(times_s, start=1):
        part = still(at) * np.exp(-time_s / DECAY_S)
        values = part[:, None] * (1 + 1.0 * time_s * change[:, None] * course())
        values += noise.normal(0, 1.0, values.shape)
        data = values.astype(np.float32).reshape(*SHAPE, T)
        raw_run(root, f"_echo-{k}", data=data, EchoTime=float(time_s))
    return root


READOUT_S, GAP_S = 0.05, 0.00246


def field_hz(at):
    """Off-resonance that draws the site 8 mm along the second axis; far places stay."""
    return 32 * np.exp(-0.5 * ((at - SITE_MM) ** 2).sum(axis=1) / 26.0**2)


def epi(direction, density):
    """The run's grid as read out in the field, two samples of the head to each voxel."""
    m = np.eye(4)
    m[1, 1], m[1, 3] = 0.5, -0.25
    shape = (SHAPE[0], 2 * SHAPE[1], SHAPE[2])
    at = world(shape, grid() @ m)
    return epi_magnitude(
        density(at).reshape(shape),
        field_hz(at).reshape(shape),
        direction=direction,
        readout_s=READOUT_S,
        voxels=SHAPE[1],
    )


def changed(at):
    return still(at) * (1 + 0.03 * spot(at) * tissue(at)[:, 1])


def distorted(root):
    """A raw data set whose run is read out in a field, its phase-encoding j."""
    base = epi("j", still)
    change = epi("j", changed) - base  # linear in the small change
    data = base[..., None] + change[..., None] * course()
    data += np.random.default_rng(5).normal(0, 2.0, data.shape)
    raw(root, runs=())
    encoded = {"PhaseEncodingDirection": "j", "TotalReadoutTime": READOUT_S}
    raw_run(root, data=data.astype(np.float32), **encoded)
    return root


def fieldmap(root, kind):
    """The fieldmap of that run, as a pair of opposite directions or as a phase difference."""
    fmap = root / f"sub-{LABEL}" / "fmap"
    intended = {"IntendedFor": f"func/sub-{LABEL}_task-rest_bold.nii.gz"}
    if kind == "pepolar":
        for label, way in (("PA", "j"), ("AP", "j-")):
            path = fmap / f"sub-{LABEL}_dir-{label}_epi.nii.gz"
            save(path, epi(way, still).astype(np.float32), grid())
            encoded = {"PhaseEncodingDirection": way, "TotalReadoutTime": READOUT_S}
            write(path.with_name(path.name.replace(".nii.gz", ".json")), intended | encoded)
        return root
    at = world(SHAPE, grid())
    magnitude = still(at).reshape(SHAPE)
    rng = np.random.default_rng(6)
    field = field_hz(at).reshape(SHAPE)
    phase = phase_difference(field, magnitude, echo_gap_s=GAP_S, noise=1.0, rng=rng)
    path = save(fmap / f"sub-{LABEL}_phasediff.nii.gz", phase.astype(np.float32), grid())
    times = {"EchoTime1": 0.00492, "EchoTime2": 0.00492 + GAP_S}
    write(path.with_name(f"sub-{LABEL}_phasediff.json"), intended | times)
    save(fmap / f"sub-{LABEL}_magnitude1.nii.gz", magnitude.astype(np.float32), grid())
    return root


# --- fMRIPrep and XCP-D


def confounds(frames=T):
    rng = np.random.default_rng(1)
    names = ("trans_x", "trans_y", "trans_z")
    table = {name: rng.normal(0, 0.01, frames) for name in names}
    table |= {name: rng.normal(0, 1e-4, frames) for name in ("rot_x", "rot_y", "rot_z")}
    table["framewise_displacement"] = [None, *rng.uniform(0, 0.1, frames - 1)]
    return table


def placed(space):
    """(T1w places of the voxels, world from voxel) of an image in a space."""
    if space == "T1w":
        return world(SHAPE, grid()), grid()
    if space == "boldref":
        return world(SHAPE, grid()), tree.BOLD_FROM_T1W @ grid()
    affine = grid(6.0, tilt_deg=0)
    affine[:3, 3] += [2, -4, 6]
    if space == "MNI152NLin6Asym":  # as our own registration stands in for, see `mni_from_t1w`
        return world(SHAPE, affine) - [0, 6, 3], affine
    return tree.t1w_of_template(world(SHAPE, affine), tree.SHIFTS_MM[space]), affine


def fmriprep(root, space=None, *, templates=("MNI152NLin2009cAsym",), surfaces=()):
    """fMRIPrep's folder with one volume run in ``space``, or runs on ``surfaces``."""
    tree.described(root)
    home = root / f"sub-{LABEL}"
    tree.anatomy(home, f"sub-{LABEL}", templates=templates)
    func, stem = home / "func", f"sub-{LABEL}_task-rest"
    func.mkdir(parents=True, exist_ok=True)
    write_tsv(confounds(), func / f"{stem}_desc-confounds_timeseries.tsv")
    if space is not None:
        if space == "boldref":
            tree.coregistration(func, stem)
        at, affine = placed(space)
        words = "" if space == "boldref" else f"_space-{space}"
        path = func / f"{stem}{words}_desc-preproc_bold.nii.gz"
        save(path, series(at).reshape(*SHAPE, T), affine, tr=TR_S)
        write(path.with_name(path.name.replace(".nii.gz", ".json")), {"RepetitionTime": TR_S})
    if surfaces:
        cortex(home / "anat")
    for surface in surfaces:
        on_surface(func, stem, surface)
    return root


def xcpd(root, space, *, templates=("MNI152NLin2009cAsym",)):
    """XCP-D's folder with fMRIPrep's beside it; ``space`` is a template or fsLR."""
    fmriprep(root / "fmriprep", templates=templates)
    folder = root / "xcp_d"
    tree.described(folder, name="xcp_d", version="0.10.6")
    func, stem = folder / f"sub-{LABEL}" / "func", f"sub-{LABEL}_task-rest"
    func.mkdir(parents=True, exist_ok=True)
    table = confounds()
    table["framewise_displacement"][0] = 0.0
    write_tsv(table, func / f"{stem}_motion.tsv")
    write_tsv({"framewise_displacement": np.zeros(T, int)}, func / f"{stem}_outliers.tsv")
    if space == "fsLR":
        cortex(root / "fmriprep" / f"sub-{LABEL}" / "anat")
        path = func / f"{stem}_space-fsLR_den-91k_desc-denoised_bold.dtseries.nii"
        dense(path, denoised=True)
    else:
        at, affine = placed(space)
        grey = tissue(at).sum(axis=1)
        data = series(at, first=100 * grey) - 100 * grey[:, None].astype(np.float32)
        path = func / f"{stem}_space-{space}_desc-denoised_bold.nii.gz"
        save(path, data.reshape(*SHAPE, T), affine, tr=TR_S)
    stem = path.name.partition(".")[0]
    write(path.with_name(f"{stem}.json"), {"RepetitionTime": TR_S})
    return folder


# --- surfaces


def sheet(side, unit):
    """Mid-cortex (N, 3) of a hemisphere at places (N, 3) of a sphere, lateral pole to lateral."""
    lateral = np.array([-1.0 if side == "left" else 1.0, 0, 0])
    cosine = np.clip(unit @ lateral, -1, 1)
    away = unit - cosine[:, None] * lateral
    length = np.linalg.norm(away, axis=1, keepdims=True)
    away = np.where(length > 1e-6, away / np.maximum(length, 1e-6), [0, 0, 1.0])
    angle = 0.48 * np.arccos(cosine)
    u = np.cos(angle)[:, None] * lateral + np.sin(angle)[:, None] * away
    x, y, z = u.T
    fold = 0.06 * (np.sin(9 * x + 1) + np.sin(8 * y - 2 * z) + np.sin(10 * z + 3 * x))
    reach = (0.75 + 0.75 * fold) / np.linalg.norm(u / phantoms.AXES_MM, axis=1)
    return u * reach[:, None]


def wall(side, unit):
    """Vertices that face the other hemisphere: no series there."""
    return unit[:, 0] * (-1 if side == "left" else 1) < -0.9


def on_sphere(side, unit, *, denoised=False):
    """Series (T, N) of vertices at places of the sphere; the medial wall is empty."""
    at = sheet(side, unit)
    level = 0.0 if denoised else 1000.0
    values = series(at, cortex=np.full(len(at), 10.0), first=np.full(len(at), 100.0)).T - 100
    values += level
    values[:, wall(side, unit)] = 0
    return values


def cortex(anat, rounds=4):
    v, f = foreign.icosphere(rounds)
    for side, h in (("left", "L"), ("right", "R")):
        stem = f"sub-{LABEL}_hemi-{h}"
        for words in ("", "_space-fsLR_den-32k"):
            path = anat / f"{stem}{words}_midthickness.surf.gii"
            foreign.surface(path, sheet(side, v), f)
        name = f"{stem}_space-fsaverage_desc-reg_sphere.surf.gii"
        foreign.surface(anat / name, v * 100, f)


def dense(path, *, denoised=False):
    from nibabel.cifti2 import BrainModelAxis

    v, _ = foreign.icosphere(4)
    held = {side: ~wall(side, v) for side in ("left", "right")}
    axis = BrainModelAxis.from_surface(np.flatnonzero(held["left"]), len(v), "CORTEX_LEFT")
    axis += BrainModelAxis.from_surface(np.flatnonzero(held["right"]), len(v), "CORTEX_RIGHT")
    parts = [on_sphere(side, v, denoised=denoised)[:, held[side]] for side in held]
    return foreign.dtseries(path, np.concatenate(parts, axis=1), axis, tr_s=TR_S)


def on_surface(func, stem, space):
    from tmsguide.io.prepared.person_surfaces import fsaverage5_sphere

    if space == "fsLR":
        name = f"{stem}_space-fsLR_den-91k_bold"
        dense(func / f"{name}.dtseries.nii")
        write(func / f"{name}.json", {"RepetitionTime": TR_S})
        return
    for side, h in (("left", "L"), ("right", "R")):
        unit = (
            fsaverage5_sphere(side).vertices.xyz_mm / 100
            if space == "fsaverage5"
            else foreign.icosphere(4)[0]
        )
        path = func / f"{stem}_hemi-{h}_space-{space}_bold.func.gii"
        foreign.func(path, on_sphere(side, unit))
        write(path.with_name(path.name.replace(".func.gii", ".json")), {"RepetitionTime": TR_S})


# --- HCP


def hcp(root, *, volume=True):
    """A person's folder of the HCP pipelines, one resting run, as volumes or on the cortex."""
    import shutil

    home = foreign.hcp(root, LABEL, frames=3)
    shutil.rmtree(home / "MNINonLinear" / "Results")
    run = home / "MNINonLinear" / "Results" / "rfMRI_REST1_LR"
    if volume:
        affine = grid(6.0, tilt_deg=0)
        affine[:3, 3] += [0, 14, 4]
        at = moved(np.linalg.inv(foreign.MNI_FROM_T1W), world(SHAPE, affine))
        save(run / "rfMRI_REST1_LR.nii.gz", series(at).reshape(*SHAPE, T), affine, tr=TR_S)
    else:
        dense(run / "rfMRI_REST1_LR_Atlas_MSMAll.dtseries.nii")
        v, f = foreign.icosphere(4)
        for side, letter in (("left", "L"), ("right", "R")):
            name = f"{LABEL}.{letter}.midthickness_MSMAll.32k_fs_LR.surf.gii"
            path = home / "T1w" / "fsaverage_LR32k" / name
            foreign.surface(path, sheet(side, v), f)
    table = np.column_stack([np.asarray(v)[:T] for k, v in confounds().items() if "_" in k][:6])
    run.mkdir(parents=True, exist_ok=True)
    rows = ["  ".join(f"{v:.6f}" for v in (*row, *np.zeros(6))) for row in table]
    (run / "Movement_Regressors.txt").write_text("\n".join(rows) + "\n")
    return root
