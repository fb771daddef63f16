"""A head known at every point: tissues and signal as smooth functions of millimetres."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tmsguide.model import Anatomy, Frame, Scan, Tissue, Volume, native_frame

T1W = native_frame("phantom")
BOLD = Frame("sub-phantom/bold")
TISSUES = (Tissue.WM, Tissue.GM, Tissue.CSF, Tissue.BONE, Tissue.SCALP)
AXES_MM = np.array([52.0, 64.0, 48.0])
SIGNAL = np.array([100.0, 122.0, 160.0])  # WM, GM, CSF of a T2*-weighted image


def _step(value, width=0.02):
    return 1 / (1 + np.exp(-np.clip(value / width, -50, 50)))


def tissue(xyz_mm):
    """Probability (N, 3) of WM, GM, CSF: a folded white core, a band of cortex, a CSF rim."""
    r = np.linalg.norm(xyz_mm / AXES_MM, axis=1)
    u = xyz_mm / np.maximum(np.linalg.norm(xyz_mm, axis=1, keepdims=True), 1e-9)
    x, y, z = u.T
    fold = 0.06 * (np.sin(9 * x + 1) + np.sin(8 * y - 2 * z) + np.sin(10 * z + 3 * x))
    core, pial = 0.66 + fold, 0.84 + 0.5 * fold
    horn = np.linalg.norm((xyz_mm - [-12, 6, 4]) / [6, 16, 7], axis=1)  # a ventricle, left only
    inside = _step(1 - r)
    white = _step(core - r) * _step(horn - 1, 0.1)
    gray = _step(pial - r) * (1 - _step(core - r))
    return inside[:, None] * np.stack(
        [white, gray, 1 - white - gray],
        axis=1,
    )


def world(shape, frame_from_voxel):
    index = np.indices(shape).reshape(3, -1).T
    return index @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3]


def anatomy():
    """An `Anatomy` on an oblique 2 mm LAS grid of unequal sides."""
    shape = (60, 72, 56)
    tilt = np.array([[1, 0.06, 0.0], [-0.06, 0.99, 0.1], [0.0, -0.1, 0.99]])
    tilt = np.linalg.qr(tilt)[0]
    tilt *= np.sign(np.diag(tilt))
    m = np.eye(4)
    m[:3, :3] = tilt @ np.diag([-2.0, 2, 2])
    m[:3, 3] = -m[:3, :3] @ (np.array(shape) - 1) / 2
    parts = tissue(world(shape, m)).reshape(*shape, 3).astype(np.float32)
    rest = np.clip(1 - parts.sum(axis=3, keepdims=True), 0, 1)
    probability = np.concatenate([parts, rest / 2, rest / 2], axis=3)
    labels = (probability.argmax(axis=3) + int(Tissue.WM)).astype(np.uint8)
    brain = parts.sum(axis=3) > 0.5
    t1w = (parts @ np.array([100.0, 70, 30])).astype(np.float32)
    return Anatomy(
        Volume(t1w, m, T1W),
        Volume(labels, m, T1W),
        Volume(probability, m, T1W),
        Volume(brain, m, T1W),
    )


def true_anatomy(person):
    """The `Anatomy` of a generated person's planted labels, edges softened by half a voxel."""
    labels = person.labels
    parts = [ndimage.gaussian_filter((labels.data == t).astype(np.float32), 0.6) for t in TISSUES]
    brain = np.isin(labels.data, TISSUES[:3])
    m, frame = labels.frame_from_voxel, labels.frame
    probability = Volume(np.stack(parts, axis=3), m, frame)
    return Anatomy(person.t1w, labels, probability, Volume(brain, m, frame))


def stored(volume, axes, flips):
    """The same volume in the same places, its voxel axes permuted, then some reversed."""
    rest = tuple(range(3, volume.data.ndim))
    data = np.flip(volume.data.transpose(*axes, *rest), flips)
    old = np.zeros((4, 4))  # old index from new
    old[3, 3] = 1
    for new, axis in enumerate(axes):
        old[axis, new] = -1 if new in flips else 1
        old[axis, 3] = data.shape[new] - 1 if new in flips else 0
    return Volume(np.ascontiguousarray(data), volume.frame_from_voxel @ old, volume.frame)


@dataclass
class Epi:
    """A functional grid whose header is off by ``t1w_from_bold`` from the truth."""

    shape: tuple = (38, 44, 31)
    voxel_mm: float = 3.5
    t1w_from_bold: np.ndarray = None

    @property
    def bold_from_voxel(self):
        tilt = np.deg2rad(12)
        m = np.eye(4)
        m[:3, :3] = self.voxel_mm * np.array(
            [
                [-1, 0, 0],
                [0, np.cos(tilt), -np.sin(tilt)],
                [0, np.sin(tilt), np.cos(tilt)],
            ]
        )
        m[:3, 3] = -m[:3, :3] @ (np.array(self.shape) - 1) / 2
        t = np.eye(4) if self.t1w_from_bold is None else self.t1w_from_bold
        return np.linalg.inv(t) @ m

    def places(self, frame_from_reference):
        """T1w place (V, 3) of the tissue seen by each voxel, when the head has moved."""
        t = np.eye(4) if self.t1w_from_bold is None else self.t1w_from_bold
        return world(self.shape, t @ np.linalg.inv(frame_from_reference) @ self.bold_from_voxel)

    def frame(self, frame_from_reference=None):
        """The still signal (X, Y, Z) after the head moved."""
        move = np.eye(4) if frame_from_reference is None else frame_from_reference
        return (tissue(self.places(move)) @ SIGNAL).reshape(self.shape).astype(np.float32)

    def volume(self, data):
        return Volume(data, self.bold_from_voxel, BOLD)

    def scan(self, frames, **metadata):
        data = np.stack(frames, axis=3).astype(np.float32)
        return Scan(self.volume(data), tr_s=2.0, metadata=metadata)
