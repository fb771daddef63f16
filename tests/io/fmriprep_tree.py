"""Small folders as fMRIPrep leaves them, in any space, with one signal planted on the left.

The signal is a smooth spot at `LEFT` of the T1w frame whose course is `course()`. Each space's
image is painted from its own map to the T1w in closed form, so that a reader which has any map
the wrong way round, or left and right swapped, does not find the spot.
"""

import numpy as np

from tests.io.images import ORIENTATIONS, save, write
from tests.io.transform_files import composite_h5, itk_text, smooth_shift
from tmsguide.io import write_tsv

T, TR = 64, 2.0
LEFT = np.array([-32.0, 18.0, 24.0])
RIGHT = LEFT * [-1, 1, 1]
STEP = 9.5
SHAPE = (15, 16, 14)

#: bold from T1w: a turn by 0.2 rad about z, and a shift.
BOLD_FROM_T1W = np.array(
    [
        [np.cos(0.2), -np.sin(0.2), 0, 9.0],
        [np.sin(0.2), np.cos(0.2), 0, -12.0],
        [0, 0, 1, 15.0],
        [0, 0, 0, 1],
    ]
)
#: template from T1w, before the template's own smooth shift.
LINEAR = np.array(
    [[1.05, 0.04, 0, 3.0], [-0.03, 0.96, 0.05, -6], [0, -0.04, 1.08, 8], [0, 0, 0, 1]]
)
#: Template grids differ in their shift, so that taking the wrong template's map shows.
SHIFTS_MM = {"MNI152NLin2009cAsym": 11.0, "MNI152NLin6Asym": -11.0, "MNIPediatricAsym+5": 7.0}
REACH_MM = 120.0
FIELD_GRID = np.array([[8.0, 0, 0, -92], [0, 8, 0, -92], [0, 0, 8, -84], [0, 0, 0, 1]])
FIELD_SHAPE = (24, 24, 23)


def course():
    """Planted course of the spot, (T,) with zero mean."""
    wave = np.sin(np.arange(T) * 0.7) + 0.5 * np.cos(np.arange(T) * 0.23)
    return wave - wave.mean()


def moved(matrix, at):
    return at @ matrix[:3, :3].T + matrix[:3, 3]


def grid_points(affine, shape=SHAPE):
    return moved(affine, np.stack(np.indices(shape), axis=-1).reshape(-1, 3))


def shift_at(at, size_mm):
    """The smooth shift of `smooth_shift`, at any points."""
    bell = np.exp(-0.5 * (at**2).sum(axis=1) / (REACH_MM / 2) ** 2)[:, None]
    wave = np.stack(
        [np.sin(at[:, 1] / 25), np.cos(at[:, 2] / 31), np.sin(at[:, 0] / 21 + 1)], axis=1
    )
    return size_mm * bell * wave * [1.0, -0.7, 0.4]


def t1w_of_template(at, size_mm):
    """T1w points of template points: the inverse of x -> Lx + shift(Lx), by iteration."""
    linear = at.copy()
    for _ in range(60):
        linear = at - shift_at(linear, size_mm)
    return moved(np.linalg.inv(LINEAR), linear)


def upright(step=STEP, shape=SHAPE):
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = -step * (np.array(shape) - 1) / 2
    return affine


def oblique():
    """LAS storage, turned: the way many scanners and T1w-space derivatives store it."""
    turn = ORIENTATIONS["oblique"][:3, :3] / 5.0
    affine = np.eye(4)
    affine[:3, :3] = turn * STEP
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return affine


def series_in(space):
    """(data, affine) of the run in a space; None is the scan's own."""
    if space in (None, "run"):
        affine = BOLD_FROM_T1W @ oblique()
        at = moved(np.linalg.inv(BOLD_FROM_T1W), grid_points(affine))
    elif space == "T1w":
        affine = oblique()
        at = grid_points(affine)
    else:
        affine = upright()
        affine[:3, 3] += [2, -4, 6]
        at = t1w_of_template(grid_points(affine), SHIFTS_MM[space])
    return painted(at), affine


def painted(at):
    spot = np.exp(-0.5 * ((at - LEFT) ** 2).sum(axis=1) / 13.0**2).reshape(SHAPE)
    base = 1000 + 5 * np.arange(spot.size).reshape(SHAPE) % 7
    return (base[..., None] + 100 * spot[..., None] * course()).astype(np.float32)


def confounds(rows=T, *, dummies=2):
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(size=rows) for name in ("trans_x", "trans_y", "trans_z")}
    columns |= {name: rng.normal(size=rows) / 100 for name in ("rot_x", "rot_y", "rot_z")}
    columns["framewise_displacement"] = [None, *rng.uniform(0, 0.3, rows - 1)]
    columns["csf"] = rng.normal(500, 5, rows)
    for k in range(dummies):
        columns[f"non_steady_state_outlier{k:02d}"] = (np.arange(rows) == k).astype(int)
    return columns


def described(root, *, name="fMRIPrep", version="23.2.3", **more):
    content = {"Name": f"{name} output", "BIDSVersion": "1.4.0", "DatasetType": "derivative"}
    content["GeneratedBy"] = [{"Name": name, "Version": version}]
    return write(root / "dataset_description.json", content | more)


def anatomy(home, stem, *, templates=("MNI152NLin2009cAsym",), tissues=True):
    """Write T1w, mask, tissues and the transforms of each template, as fMRIPrep names them."""
    anat = home / "anat"
    affine = upright(9.9, (17, 18, 19))
    at = grid_points(affine, (17, 18, 19))
    inside = (np.linalg.norm(at / [65, 80, 60], axis=1) < 1).reshape(17, 18, 19)
    t1w = np.where(inside, 700 + at[:, 0].reshape(inside.shape), 20).astype(np.float32)
    save(anat / f"{stem}_desc-preproc_T1w.nii.gz", t1w, affine)
    save(anat / f"{stem}_desc-brain_mask.nii.gz", inside.astype(np.uint8), affine)
    if tissues:
        x = at[:, 0].reshape(inside.shape)  # grey on the left, white on the right, CSF between
        kind = np.where(np.abs(x) < 12, 3, np.where(x < 0, 1, 2))
        label = np.where(inside, kind, 0).astype(np.uint8)
        save(anat / f"{stem}_dseg.nii.gz", label, affine)
        for name, value in (("GM", label == 1), ("WM", label == 2), ("CSF", label == 3)):
            map_ = np.where(value, 0.75, 0.125).astype(np.float32)
            save(anat / f"{stem}_label-{name}_probseg.nii.gz", map_, affine)
    for end in ("T1w_to-fsnative", "fsnative_to-T1w"):
        itk_text(anat / f"{stem}_from-{end}_mode-image_xfm.txt", np.eye(4))
    for template in templates:
        transforms(anat, stem, template)
        space = template.replace("+", "_cohort-")
        base = f"{stem}_space-{space}_res-2"
        save(anat / f"{base}_desc-preproc_T1w.nii.gz", t1w, affine)
        save(anat / f"{base}_desc-brain_mask.nii.gz", inside.astype(np.uint8), affine)


def transforms(anat, stem, template):
    """Write both composites of a template; their points go against the images' way."""
    size_mm = SHIFTS_MM[template]
    shift = smooth_shift(FIELD_SHAPE, FIELD_GRID, size_mm=size_mm, reach_mm=REACH_MM)
    composite_h5(
        anat / f"{stem}_from-{template}_to-T1w_mode-image_xfm.h5", [LINEAR, (shift, FIELD_GRID)]
    )
    nodes = grid_points(FIELD_GRID, FIELD_SHAPE)
    undone = moved(LINEAR, t1w_of_template(nodes, size_mm)) - nodes
    composite_h5(
        anat / f"{stem}_from-T1w_to-{template}_mode-image_xfm.h5",
        [(undone.reshape(*FIELD_SHAPE, 3), FIELD_GRID), np.linalg.inv(LINEAR)],
    )


def entities(space, *, res=None):
    words = "" if space is None else f"_space-{space.replace('+5', '_cohort-5')}"
    return words + (f"_res-{res}" if res else "")


def run(func, stem, space, *, res=None, desc="preproc", mask=True, plus=False):
    """Write one run in one space with its mask and sidecar."""
    named = f"_space-{space}" if plus else entities(space, res=res)
    data, affine = series_in(space)
    base = func / f"{stem}{named}"
    save(base.with_name(f"{base.name}_desc-{desc}_bold.nii.gz"), data, affine, tr=TR)
    sidecar = {"RepetitionTime": TR, "TaskName": "rest", "SkullStripped": False}
    # the raw scan's slices are carried along: here 30, where the image has 14
    sidecar["SliceTiming"] = list(np.linspace(0, 1.9, 30))
    write(base.with_name(f"{base.name}_desc-{desc}_bold.json"), sidecar)
    if mask:
        save(
            base.with_name(f"{base.name}_desc-brain_mask.nii.gz"),
            (data[..., 0] > 0).astype(np.uint8) * (np.indices(SHAPE)[0] > 0).astype(np.uint8),
            affine,
        )


def coregistration(func, stem, end="boldref"):
    """Write the transform between the scan and the T1w as the releases call it."""
    if end == "scanner":  # up to 23.1, both ways
        itk_text(func / f"{stem}_from-scanner_to-T1w_mode-image_xfm.txt", BOLD_FROM_T1W)
        back = np.linalg.inv(BOLD_FROM_T1W)
        itk_text(func / f"{stem}_from-T1w_to-scanner_mode-image_xfm.txt", back)
        return
    if end == "session":
        half = np.eye(4)
        half[:3, 3] = [0, 20, -10]
        itk_text(
            func / f"{stem}_from-run_to-session_mode-image_desc-coreg_xfm.txt",
            BOLD_FROM_T1W @ np.linalg.inv(half),
        )
        whole = stem.partition("_task")[0]
        itk_text(func / f"{whole}_from-session_to-T1w_mode-image_desc-coreg_xfm.txt", half)
        return
    name = f"{stem}_from-{end}_to-T1w_mode-image_desc-coreg_xfm.txt"
    itk_text(func / name, BOLD_FROM_T1W)
    itk_text(func / f"{stem}_from-orig_to-{end}_mode-image_desc-hmc_xfm.txt", np.eye(4))


def fmriprep_tree(
    root,
    *,
    spaces=("T1w",),
    label="01",
    session=None,
    task="rest",
    version="23.2.3",
    end="boldref",
    templates=("MNI152NLin2009cAsym",),
    table="timeseries",
):
    """Write one person, one run, in the spaces named (each a space or (space, res))."""
    described(root, version=version)
    stem = f"sub-{label}" + (f"_ses-{session}" if session else "")
    home = root / f"sub-{label}" / (f"ses-{session}" if session else "")
    anatomy(home, stem, templates=templates)
    func, own = home / "func", f"{stem}_task-{task}"
    func.mkdir(parents=True, exist_ok=True)
    write_tsv(confounds(), func / f"{own}_desc-confounds_{table}.tsv")
    coregistration(func, own, end)
    for one in spaces:
        space, res = one if isinstance(one, tuple) else (one, None)
        run(func, own, space, res=res)
    return root
