"""Folders of other programs in their real layout, small: FreeSurfer, HCP, charm, CIFTI."""

import nibabel as nib
import numpy as np
from nibabel.cifti2 import BrainModelAxis, Cifti2Image, SeriesAxis
from nibabel.freesurfer import MGHImage, write_geometry
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

from tests.io.images import save

#: A head 96 mm wide on cubic voxels of 4 mm, oblique; left is x < 0.
SHAPE = (48, 44, 46)


def turned(edge_mm=4.0, shape=SHAPE, degrees=12.0, centre=(3.0, -18.0, 7.0)):
    """An LIA-like oblique affine (FreeSurfer's storage, then turned) round ``centre``."""
    t = np.radians(degrees)
    turn = np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1.0]])
    tilt = np.array(
        [[1, 0, 0], [0, np.cos(t / 2), -np.sin(t / 2)], [0, np.sin(t / 2), np.cos(t / 2)]]
    )
    axes = turn @ tilt @ np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    affine = np.eye(4)
    affine[:3, :3] = axes * edge_mm
    affine[:3, 3] = np.asarray(centre) - affine[:3, :3] @ (np.asarray(shape) / 2)
    return affine


def world(affine, shape=SHAPE):
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    return grid @ affine[:3, :3].T + affine[:3, 3]


def shells(affine, shape=SHAPE, centre=(3.0, -18.0, 7.0)):
    """SimNIBS labels of nested ellipsoids with a ventricle on the left only."""
    xyz = world(affine, shape) - np.asarray(centre)
    radius = np.linalg.norm(xyz * [1.15, 1.0, 1.1], axis=-1)
    labels = np.zeros(shape, np.uint8)
    for tissue, reach in ((5, 82), (7, 75), (3, 69), (2, 64), (1, 52)):
        labels[radius < reach] = tissue
    labels[np.linalg.norm(xyz - [-18, 0, 0], axis=-1) < 12] = 3
    return labels


def structures(affine, shape=SHAPE, centre=(3.0, -18.0, 7.0)):
    """FreeSurfer's numbers of the same brain: sides apart, ventricle 4 on the left."""
    labels = shells(affine, shape, centre)
    left = (world(affine, shape)[..., 0] - centre[0]) < 0
    out = np.zeros(shape, np.int32)
    out[labels == 1] = np.where(left, 2, 41)[labels == 1]
    out[labels == 2] = np.where(left, 1002, 2002)[labels == 2]
    out[(labels == 3) & (np.linalg.norm(world(affine, shape) - centre, axis=-1) < 40)] = 4
    return out


def icosphere(rounds=2):
    """Unit vertices and outward triangles; the vertices of a round come first in the next."""
    p = (1 + np.sqrt(5)) / 2
    v = [(-1, p, 0), (1, p, 0), (-1, -p, 0), (1, -p, 0), (0, -1, p), (0, 1, p)]
    v += [(0, -1, -p), (0, 1, -p), (p, 0, -1), (p, 0, 1), (-p, 0, -1), (-p, 0, 1)]
    f = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4)]
    f += [(11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8)]
    f += [(3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    v = [np.array(a) / np.linalg.norm(a) for a in v]
    for _ in range(rounds):
        middle, finer = {}, []
        for a, b, c in f:
            ends = []
            for i, j in ((a, b), (b, c), (c, a)):
                key = (min(i, j), max(i, j))
                if key not in middle:
                    middle[key] = len(v)
                    v.append((v[i] + v[j]) / np.linalg.norm(v[i] + v[j]))
                ends.append(middle[key])
            x, y, z = ends
            finer += [(a, x, z), (b, y, x), (c, z, y), (x, y, z)]
        f = finer
    return np.array(v), np.array(f)


def hemisphere(side, rounds=2, radius=30.0):
    """Vertices (N, 3) round a place left or right of the middle of the head, and triangles."""
    v, f = icosphere(rounds)
    return v * radius + [(-33.0 if side == "left" else 39.0), -18.0, 7.0], f


def mgz(path, data, affine):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(MGHImage(data, affine), path)
    return path


def recon(folder, affine=None, *, labels="aparc+aseg", surfaces=True):
    """What recon-all leaves that we read; surfaces in tkRAS by nibabel's own matrices."""
    affine = turned() if affine is None else affine
    number = structures(affine)
    t1w = np.where(number > 0, 100, 30).astype(np.float32)
    t1w += np.random.default_rng(0).uniform(0, 5, SHAPE).astype(np.float32)
    for name in ("orig", "nu", "T1"):
        mgz(folder / "mri" / f"{name}.mgz", t1w, affine)
    mask = np.where(shells(affine) <= 3, 90, 0) * (shells(affine) > 0)
    mgz(folder / "mri" / "brainmask.mgz", mask.astype(np.uint8), affine)
    mgz(folder / "mri" / f"{labels}.mgz", number, affine)
    if not surfaces:
        return folder
    (folder / "surf").mkdir(parents=True, exist_ok=True)
    header = MGHImage(number, affine).header
    tk_from_world = header.get_vox2ras_tkr() @ np.linalg.inv(affine)
    info = {
        "head": np.array([2, 0, 20]), "valid": "1  # volume info valid", "filename": "x.mgz",
        "volume": np.array(SHAPE), "voxelsize": header["delta"],
        "xras": header["Mdc"][0], "yras": header["Mdc"][1], "zras": header["Mdc"][2],
        "cras": header["Pxyz_c"],
    }  # fmt: skip
    for side, h in (("left", "lh"), ("right", "rh")):
        sphere, f = icosphere()
        for name, radius in (("white", 28.0), ("pial", 32.0)):
            xyz = hemisphere(side, radius=radius)[0]
            tk = xyz @ tk_from_world[:3, :3].T + tk_from_world[:3, 3]
            write_geometry(folder / "surf" / f"{h}.{name}", tk, f, "by nobody", info)
        write_geometry(folder / "surf" / f"{h}.sphere.reg", sphere * 100, f, "by nobody")
    return folder


def surface(path, xyz, triangles, meta=None):
    """A ``.surf.gii`` by nibabel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [
        GiftiDataArray(xyz.astype(np.float32), intent="NIFTI_INTENT_POINTSET", meta=meta or {}),
        GiftiDataArray(triangles.astype(np.int32), intent="NIFTI_INTENT_TRIANGLE"),
    ]
    nib.save(GiftiImage(darrays=arrays), path)
    return path


def func(path, series, side=""):
    """A ``.func.gii`` of (T, N): one array per frame, as mri_vol2surf writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = GiftiMetaData({"AnatomicalStructurePrimary": side} if side else {})
    arrays = [
        GiftiDataArray(frame.astype(np.float32), intent="NIFTI_INTENT_TIME_SERIES", encoding=2)
        for frame in series
    ]
    nib.save(GiftiImage(darrays=arrays, meta=meta), path)
    return path


def brain_axis(size=162, *, wall=20, voxels=True):
    """Left and right cortex without the first ``wall`` vertices, and two deep structures."""
    kept = np.arange(wall, size)
    axis = BrainModelAxis.from_surface(kept, size, "CORTEX_LEFT")
    axis += BrainModelAxis.from_surface(kept[::2], size, "CORTEX_RIGHT")
    if voxels:
        deep = np.zeros((10, 11, 12), bool)
        deep[6:8, 5, 5] = True
        affine = np.array([[-2.0, 0, 0, 9], [0, 2, 0, -20], [0, 0, 2, -10], [0, 0, 0, 1]])
        axis += BrainModelAxis.from_mask(deep, "THALAMUS_LEFT", affine)
        axis += BrainModelAxis.from_mask(deep[::-1], "THALAMUS_RIGHT", affine)
    return axis


def dtseries(path, series, axis=None, *, tr_s=0.72, unit="SECOND"):
    path.parent.mkdir(parents=True, exist_ok=True)
    axis = brain_axis() if axis is None else axis
    header = (SeriesAxis(0, tr_s, len(series), unit), axis)
    image = Cifti2Image(series.astype(np.float32), header)
    image.nifti_header.set_intent("NIFTI_INTENT_CONNECTIVITY_DENSE_SERIES")
    nib.save(image, path)
    return path


def noise(frames, places, seed=0):
    return np.random.default_rng(seed).normal(1000, 10, (frames, places)).astype(np.float32)


MNI_LAS = np.array([[-4.0, 0, 0, 90], [0, 4, 0, -126], [0, 0, 4, -72], [0, 0, 0, 1]])
MNI_SHAPE = (46, 54, 46)


def scaled(affine, shape):
    """FSL's scaled voxels from voxel index, by its written rule."""
    edge = np.linalg.norm(affine[:3, :3], axis=0)
    matrix = np.diag([*edge, 1.0])
    if np.linalg.det(affine[:3, :3]) > 0:
        matrix[0, 0], matrix[0, 3] = -edge[0], (shape[0] - 1) * edge[0]
    return matrix


def fsl_warp(path, target_from_source, reference, moving, *, absolute=False):
    """The field that makes applywarp follow an affine between the worlds of two grids."""
    (affine, shape), (other, other_shape) = reference, moving
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    there = world(target_from_source @ affine, shape)
    back = scaled(other, other_shape) @ np.linalg.inv(other)
    named = there @ back[:3, :3].T + back[:3, 3]
    here = scaled(affine, shape)
    own = grid @ here[:3, :3].T + here[:3, 3]
    field = named if absolute else named - own
    return save(path, field.astype(np.float32), affine)


#: The person's AC-PC space to MNI: a stretch, a small turn and a shift.
MNI_FROM_T1W = np.array(
    [[1.05, 0.04, 0, -2], [-0.04, 0.98, 0.03, 14], [0, -0.03, 1.08, 4], [0, 0, 0, 1.0]]
)


def hcp(root, name="100307", *, frames=170, sheet="MSMAll", cleaned=True):
    """One person's folder of the HCP pipelines."""
    home = root / name
    t1w, mni = home / "T1w", home / "MNINonLinear"
    affine = MNI_LAS.copy()
    labels = shells(affine, MNI_SHAPE)
    save(t1w / "T1w_acpc_dc_restore.nii.gz", (labels * 10.0 + 1).astype(np.float32), affine)
    save(t1w / "wmparc.nii.gz", structures(affine, MNI_SHAPE).astype(np.int16), affine)
    save(t1w / "brainmask_fs.nii.gz", ((labels > 0) & (labels <= 3)).astype(np.uint8), affine)
    grid = (affine, MNI_SHAPE)
    fsl_warp(mni / "xfms" / "standard2acpc_dc.nii.gz", MNI_FROM_T1W, grid, grid)
    back = np.linalg.inv(MNI_FROM_T1W)
    fsl_warp(mni / "xfms" / "acpc_dc2standard.nii.gz", back, grid, grid)
    for side, letter in (("left", "L"), ("right", "R")):
        xyz, f = hemisphere(side)
        for end in ("midthickness", "midthickness_MSMAll"):
            surface(t1w / "fsaverage_LR32k" / f"{name}.{letter}.{end}.32k_fs_LR.surf.gii", xyz, f)
    for run in ("rfMRI_REST1_LR", "rfMRI_REST1_RL", "tfMRI_WM_LR"):
        folder = mni / "Results" / run
        end = "_hp2000_clean" if cleaned else ""
        series = noise(frames, len(brain_axis()))
        middle = f"_Atlas_{sheet}" if sheet else "_Atlas"
        dtseries(folder / f"{run}{middle}{end}.dtseries.nii", series)
        volume = noise(frames, 8 * 9 * 7).T.reshape(8, 9, 7, frames)
        save(folder / f"{run}{end}.nii.gz", volume, MNI_LAS, tr=0.72)
        movement(folder / "Movement_Regressors.txt", frames)
    return home


def movement(path, frames):
    """Twelve columns with two blanks between, as mcflirt_acc.sh leaves them."""
    table = np.random.default_rng(4).normal(0, 0.5, (frames, 12))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join("  ".join(f"{v:.6f}" for v in row) for row in table) + "\n")
    return table


def m2m(root, name="ernie", *, affine=None):
    """A head folder of SimNIBS 4."""
    home = root / f"m2m_{name}"
    affine = turned() if affine is None else affine
    labels = shells(affine)
    save(home / "T1.nii.gz", (labels * 10.0 + 1).astype(np.float32), affine)
    save(home / "final_tissues.nii.gz", labels[..., None].astype(np.uint16), affine)
    there = world(MNI_FROM_T1W @ affine)
    there[labels == 0] = 0  # beyond the atlas
    save(home / "toMNI" / "Conform2MNI_nonl.nii.gz", there.astype(np.float32), affine)
    back = world(np.linalg.inv(MNI_FROM_T1W) @ MNI_LAS, MNI_SHAPE).astype(np.float32)
    save(home / "toMNI" / "MNI2Conform_nonl.nii.gz", back, MNI_LAS)
    (home / "eeg_positions").mkdir()
    cap = "ReferenceElectrode,0,0,99,Cz\nElectrode,-30.5,60,40,F3\nElectrode,31,60,40,F4\n"
    (home / "eeg_positions" / "EEG10-10_UI_Jurak_2007.csv").write_text(cap)
    (home / "eeg_positions" / "Fiducials.csv").write_text("Fiducial,-80,-20,-40,LPA\n")
    (home / f"{name}.msh").write_bytes(b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n")
    return home


def sphere(folder, hemisphere_name, xyz, triangles):
    """``lh.sphere.reg`` alone, in a recon folder."""
    (folder / "surf").mkdir(parents=True, exist_ok=True)
    path = folder / "surf" / f"{hemisphere_name}.sphere.reg"
    write_geometry(path, xyz, triangles, "by nobody")
