"""People whose functional scan's true place is known, for the benchmark of alignment."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.engines import correct_bias, register_deformable, register_linear
from tmsguide.head import head_prior, segment
from tmsguide.io import mni_maps
from tmsguide.model import Anatomy, AnatomySettings, Frame, Scan, Tissue, Volume, native_frame
from tmsguide.num.rigid import inverted, rigid_from_parameters
from tmsguide.phantom import PhantomSettings, person
from tmsguide.preprocess.alignment.coregistration import coregister
from tmsguide.preprocess.movement.motion import Motion, estimate_motion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "REAL",
    "Case",
    "flipped",
    "generated",
    "points",
    "real",
    "reference_offset",
    "scrambled",
]

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bids" / "sub-forrest02"
_BRAIN_POINTS = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A person with a functional scan's reference and the pose ``bold_from_t1w`` held as true."""

    name: str
    anatomy: Anatomy
    mean: Volume
    noise_sd: NDArray[np.float32]
    bold_from_t1w: Floats
    seconds: float


def generated(*, seed: int, quick: bool) -> Case:
    """Give a generated person, tissue as planted (no segmentation)."""
    settings = PhantomSettings.small() if quick else replace(PhantomSettings(), n_volumes=72)
    made = person(*mni_maps(), label="planted", rng=np.random.default_rng(seed), settings=settings)
    motion = estimate_motion(made.bold)
    # The reference shows the head in a place of its own; the planted moves say where.
    b = made.bold.volume
    middle = b.frame_from_voxel @ [*(np.array(b.data.shape[:3]) - 1) / 2, 1]
    moves = np.stack([rigid_from_parameters(p, middle[:3]) for p in made.motion_params])
    truth = reference_offset(motion, moves) @ made.bold_from_t1w.matrix
    return _case("generated", true_anatomy(made.t1w, made.labels), motion, b, truth)


def real() -> Case:
    """Give sub-forrest02, labelled at 2 mm; its own answer from the headers is held as true."""
    import nibabel

    t1w = nibabel.load(REAL / "anat" / "sub-forrest02_T1w.nii.gz")
    anatomy = segment(
        Volume(np.asarray(t1w.dataobj, np.float32), t1w.affine, native_frame("forrest02")),
        head_prior(*mni_maps()),
        bias=correct_bias,
        linear=register_linear,
        deformable=register_deformable,
        settings=AnatomySettings(registration_mm=3.0, label_mm=2.0),
    )
    image = nibabel.load(REAL / "func" / "sub-forrest02_task-oneback_run-01_bold.nii.gz")
    data = np.asarray(image.dataobj, np.float32)
    volume = Volume(data, image.affine, Frame("sub-forrest02/bold"))
    return _case("sub-forrest02", anatomy, estimate_motion(Scan(volume, tr_s=2.0)), volume, None)


def _case(name: str, anatomy: Anatomy, motion: Motion, bold: Volume, truth: Floats | None) -> Case:
    start = time.process_time()
    found = inverted(coregister(motion.reference, anatomy).t1w_from_bold.matrix)
    seconds = time.process_time() - start
    spread = bold.data.std(axis=3, dtype=np.float32)
    pose = found if truth is None else truth
    return Case(name, anatomy, motion.reference, spread, pose, seconds)


def true_anatomy(t1w: Volume, labels: Volume) -> Anatomy:
    """Give the `Anatomy` of planted labels, their edges softened by about half a voxel."""
    tissues = (Tissue.WM, Tissue.GM, Tissue.CSF, Tissue.BONE, Tissue.SCALP)
    parts = [ndimage.gaussian_filter((labels.data == t).astype(np.float32), 0.6) for t in tissues]
    inside = np.isin(labels.data, tissues[:3])
    m, frame = labels.frame_from_voxel, labels.frame
    probability = Volume(np.stack(parts, axis=3), m, frame)
    return Anatomy(t1w, labels, probability, Volume(inside, m, frame), labelled_by="truth")


def reference_offset(found: Motion, moves: Floats) -> Floats:
    """Give the rigid ``found_reference_from_planted`` (4, 4) that all frames agree on best."""
    mean = (inverted(found.frame_from_reference) @ moves).mean(axis=0)
    left, _, right = np.linalg.svd(mean[:3, :3])
    mean[:3, :3] = left @ right
    return np.asarray(mean, np.float64)


def points(case: Case) -> Floats:
    """Give places (N, 3) in the brain, T1w millimetres."""
    brain = case.anatomy.brain_mask
    index = np.argwhere(np.asarray(brain.data) > 0)
    index = index[:: max(1, len(index) // _BRAIN_POINTS)]
    m = brain.frame_from_voxel
    return np.asarray(index @ m[:3, :3].T + m[:3, 3])


def flipped(volume: Volume, axis: int) -> Volume:
    """Give a volume whose header is wrong: data reversed along ``axis``."""
    return replace(volume, data=np.ascontiguousarray(np.flip(volume.data, axis)))


def scrambled(volume: Volume) -> Volume:
    """Give the volume with its cubes of 8 voxels in a random order."""
    edge = 8
    corners = [
        tuple(slice(i, i + edge) for i in np.array(corner) * edge)
        for corner in np.ndindex(*(n // edge for n in volume.data.shape))
    ]
    out = volume.data.copy()
    order = np.random.default_rng(0).permutation(len(corners))
    for to, source in enumerate(order):
        out[corners[to]] = volume.data[corners[source]]
    return replace(volume, data=out)
