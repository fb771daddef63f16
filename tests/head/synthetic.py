"""A made-up head: template brain, shells of its own thickness, warped, turned, noisy, biased."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tests.head.templates import template
from tmsguide.model import Volume, native_frame

GREY = np.array([0.0, 1.0, 0.66, 0.22, 0.1, 0.8])  # air, WM, GM, CSF, bone, scalp
FRAME = native_frame("synthetic")


@dataclass(frozen=True)
class Synthetic:
    t1w: Volume
    labels: Volume  # truth on the grid of t1w
    mni_mm: np.ndarray  # (X, Y, Z, 3) true template position of each voxel


def synthetic_head(seed=0, *, noise=0.06, bias=0.3, voxel_mm=2.0, fat_suppressed=False):
    """A head with left-posterior LAS storage, nodded by 10 degrees, with neck and face."""
    rng = np.random.default_rng(seed)
    shape = np.array([108, 128, 126])
    native_from_voxel = np.diag([-voxel_mm, voxel_mm, voxel_mm, 1.0])
    native_from_voxel[:3, 3] = [105, -118, -120]
    native = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    native = native @ native_from_voxel[:3, :3].T + native_from_voxel[:3, 3]
    mni = native @ _turn(10.0, 4.0).T * [1.03, 0.98, 1.02] + [1.5, -22.0, 9.0]
    mni = mni + _smooth_field(rng, shape, voxel_mm, size_mm=4.0, scale_mm=28.0)
    labels = _labels(mni, rng)
    grey = GREY[labels]
    if fat_suppressed:
        grey = np.where(labels == 5, 0.35, grey)
    grey = ndimage.gaussian_filter(grey, 0.5)
    field = _smooth_field(rng, shape, voxel_mm, size_mm=1.0, scale_mm=60.0)[..., 0]
    image = grey * (1 + bias * field / np.abs(field).max())
    image = np.hypot(
        image + noise * rng.standard_normal(shape), noise * rng.standard_normal(shape)
    )
    return Synthetic(
        Volume((image * 800).astype(np.float32), native_from_voxel, FRAME),
        Volume(labels.astype(np.uint8), native_from_voxel, FRAME),
        mni,
    )


def _turn(nod_deg, tilt_deg):
    a, b = np.deg2rad([nod_deg, tilt_deg])
    nod = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    tilt = [[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]]
    return np.array(nod) @ np.array(tilt)


def _smooth_field(rng, shape, voxel_mm, *, size_mm, scale_mm):
    field = np.stack(
        [ndimage.gaussian_filter(rng.standard_normal(shape), scale_mm / voxel_mm) for _ in "xyz"],
        -1,
    )
    return size_mm * field / np.abs(field).max()


def _labels(mni, rng):
    t1, gm, wm = template(2)
    at = np.moveaxis((mni - t1.frame_from_voxel[:3, 3]) / 2.0, -1, 0)
    grey, white = (ndimage.map_coordinates(v.data, at, order=1) for v in (gm, wm))
    brain = ndimage.map_coordinates((t1.data > 0.1).astype(np.float32), at, order=1) > 0.5
    closed = ndimage.distance_transform_edt(~np.pad(brain, 12)) < 5.5
    closed = (ndimage.distance_transform_edt(closed) > 5.5)[12:-12, 12:-12, 12:-12] | brain
    far = ndimage.distance_transform_edt(~closed) * 2.0 - 1
    wobble = _smooth_field(rng, brain.shape, 2.0, size_mm=1.5, scale_mm=20.0)
    csf_mm, bone_mm, soft_mm = 2.2 + wobble[..., 0] / 3, 6.3 + wobble[..., 1], 6.0 + wobble[..., 2]
    labels = np.zeros(brain.shape, dtype=np.uint8)
    low = mni[..., 2] < np.where(mni[..., 1] > -20, -15 + mni[..., 1] * 0.25, -45)
    face = low & (((mni[..., :2] - [0, 10]) / [68, 75]) ** 2).sum(-1).__lt__(1)
    labels[face | (far < csf_mm + bone_mm + soft_mm)] = 5
    airway = face & (((mni[..., :2] - [0, 45]) / [10, 18]) ** 2).sum(-1).__lt__(1)
    labels[airway & (far > 12) & (mni[..., 2] > -75)] = 0
    labels[far < csf_mm + bone_mm] = 4
    labels[far < csf_mm] = 3
    mostly = np.stack([1 - grey - white, white, grey]).argmax(0)
    labels[brain & (mostly == 2)] = 2
    labels[brain & (mostly == 1)] = 1
    return labels
