"""Writers of transforms in the layouts of ITK, each a known map of points."""

import h5py
import numpy as np

#: RAS from LPS and back.
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def lps_parameters(ras):
    """Twelve ITK numbers of a (4, 4) RAS map of points, about the origin."""
    lps = FLIP @ np.asarray(ras, float) @ FLIP
    return np.concatenate([lps[:3, :3].ravel(), lps[:3, 3]])


def itk_text(path, ras, kind="AffineTransform_double_3_3"):
    """Write one affine as ANTs' and fMRIPrep's .txt."""
    numbers = " ".join(repr(float(v)) for v in lps_parameters(ras))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"#Insight Transform File V1.0\n#Transform 0\nTransform: {kind}\n"
        f"Parameters: {numbers}\nFixedParameters: 0 0 0\n"
    )
    return path


def field_dataset(shift_ras, ras_from_voxel):
    """(parameters, fixed parameters) of a displacement field (X, Y, Z, 3) given in RAS."""
    world = FLIP @ ras_from_voxel
    spacing = np.linalg.norm(world[:3, :3], axis=0)
    direction = world[:3, :3] / spacing
    fixed = np.concatenate([shift_ras.shape[:3], world[:3, 3], spacing, direction.ravel()])
    lps = shift_ras * [-1, -1, 1]
    return lps.transpose(2, 1, 0, 3).ravel(), fixed


def composite_h5(path, steps, *, word="Transform", dtype=np.float64, kind="double"):
    """Write a composite whose maps a point meets in the order given, first to last.

    A step is a (4, 4) RAS matrix or (shift (X, Y, Z, 3), ras_from_voxel). ITK stores the last
    map that a point meets first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file.create_group("TransformGroup")
        top = group.create_group("0")
        top["TransformType"] = [f"CompositeTransform_{kind}_3_3".encode()]
        for number, step in enumerate(reversed(steps), start=1):
            stored = group.create_group(str(number))
            if isinstance(step, tuple):
                name, (numbers, fixed) = "DisplacementFieldTransform", field_dataset(*step)
            else:
                name, numbers, fixed = "AffineTransform", lps_parameters(step), np.zeros(3)
            stored["TransformType"] = [f"{name}_{kind}_3_3".encode()]
            stored[f"{word}FixedParameters"] = np.asarray(fixed, float)
            stored[f"{word}Parameters"] = np.asarray(numbers, dtype)
    return path


def smooth_shift(shape, ras_from_voxel, *, size_mm=4.0, reach_mm=60.0):
    """A smooth field of shifts (X, Y, Z, 3) that vanishes far out, unequal in x, y and z."""
    voxel = np.stack(np.indices(shape), axis=-1).reshape(-1, 3)
    at = voxel @ ras_from_voxel[:3, :3].T + ras_from_voxel[:3, 3]
    bell = np.exp(-0.5 * (at**2).sum(axis=1) / (reach_mm / 2) ** 2)[:, None]
    wave = np.stack(
        [np.sin(at[:, 1] / 25), np.cos(at[:, 2] / 31), np.sin(at[:, 0] / 21 + 1)], axis=1
    )
    return (size_mm * bell * wave * [1.0, -0.7, 0.4]).reshape(*shape, 3)
