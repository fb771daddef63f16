"""T1-like images drawn from label maps of heads that others made, with the truth beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume

__all__ = [
    "HEADS",
    "SETTINGS",
    "LabelledHead",
    "Scanner",
    "labelled_head",
    "scanned",
    "truth_on",
    "vault",
]

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "heads" / "mcx"
# their order is air, scalp, skull, CSF, grey, white, air inside the head; ours is Tissue's
OURS = np.array([0, 5, 4, 3, 2, 1, 0], dtype=np.uint8)
MARGIN_MM = 18
TURN_DEG = (6.0, -3.0, 4.0)  # nod, tilt and turn of the head in the scanner
SHIFT_MM = (0.4, -0.3, 0.2)  # so that no voxel of the image falls on one of the labels
# T1w greys in parts of white matter (MPRAGE at 3 T, in rough proportion)
WHITE, GREY, FLUID, CORTICAL, MARROW = 1.0, 0.68, 0.22, 0.09, 0.45
SKIN, FAT, MUSCLE = 0.55, 1.0, 0.45


@dataclass(frozen=True, slots=True)
class LabelledHead:
    """A label map by others: its file, its array, and the line that parts vault from face.

    ``vault_line`` holds (y, z) voxels at glabella and below the inion.
    """

    name: str
    file: str
    key: str
    vault_line: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scanner:
    """Noise (SD in parts of white matter) and the largest shading of an image."""

    name: str
    noise: float
    shading: float


HEADS = (
    # on the grid of MNI (-90, -126, -72 first), so the line is the prior's own
    LabelledHead("colin27", "colin27_v3.mat", "colin27", ((211.0, 84.0), (1.0, 27.0))),
    LabelledHead("usc19", "fullhead_atlas.mat", "USC_atlas", ((195.0, 140.0), (20.0, 90.0))),
)
# the ranges of BrainWeb (Collins 1998, DOI 10.1109/42.712135): 3 to 9 % noise, 20 and 40 % shading
SETTINGS = (Scanner("clean", 0.03, 0.2), Scanner("shaded", 0.05, 0.4), Scanner("noisy", 0.09, 0.2))


def labelled_head(head: LabelledHead) -> Volume:
    """Give the labels, 1 mm, in `Tissue` numbers, right, front and up, with air round them.

    Raises
    ------
    FileNotFoundError
        The shared test data are not beside this checkout.
    """
    from scipy.io import loadmat

    from tmsguide.model import Volume, native_frame

    labels = OURS[loadmat(DATA / head.file)[head.key]]
    room = ((MARGIN_MM, MARGIN_MM), (MARGIN_MM, MARGIN_MM), (0, MARGIN_MM))
    matrix = np.eye(4)
    matrix[:3, 3] = -np.asarray(labels.shape) / 2 - [MARGIN_MM, MARGIN_MM, 0]
    return Volume(np.pad(labels, room), matrix, native_frame(head.name))


def vault(head: LabelledHead, labels: Volume) -> NDArray[np.bool_]:
    """Tell which voxels of `labelled_head` lie above the line from glabella to below the inion."""
    (y0, z0), (y1, z1) = head.vault_line
    _, y, z = np.ogrid[tuple(slice(n) for n in labels.data.shape)]
    above = z > z1 + (y - MARGIN_MM - y1) * (z0 - z1) / (y0 - y1)
    return np.broadcast_to(above, labels.data.shape)


def scanned(
    labels: Volume, above: NDArray[np.bool_], scanner: Scanner, *, seed: int
) -> tuple[Volume, NDArray[np.float64]]:
    """Give a T1w of a labelled head, 1 mm, and the map labels_from_image (4, 4) in millimetres.

    ``above`` is its `vault`, the only place where bone gets marrow. Partial volumes come from a
    blur of half a millimetre and from the turned grid; marrow, skin, fat and muscle, which the
    labels do not tell apart, are drawn by depth.
    """
    from tmsguide.model import Volume
    from tmsguide.phantom.t1w import rician, shading

    rng = np.random.default_rng(seed)
    clean = ndimage.gaussian_filter(_greys(np.asarray(labels.data), above, rng), 0.5)
    turned = _turn()
    voxel = np.linalg.inv(labels.frame_from_voxel)
    old_from_new = voxel @ turned @ labels.frame_from_voxel
    image = ndimage.affine_transform(clean, old_from_new[:3, :3], old_from_new[:3, 3], order=1)
    image *= shading(rng, image.shape, 1.0, fraction=scanner.shading)
    image = rician(rng, image, scanner.noise) * np.float32(800)
    return Volume(image, labels.frame_from_voxel, labels.frame), turned


def truth_on(
    target: Volume, labels: Volume, labels_from_image: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Give the true label of each voxel of a grid: the one that fills most of it."""
    old_from_new = (
        np.linalg.inv(labels.frame_from_voxel) @ labels_from_image @ target.frame_from_voxel
    )
    best = np.zeros(target.data.shape[:3], dtype=np.float32)
    out = np.zeros(best.shape, dtype=np.uint8)
    for tissue in np.unique(labels.data):
        share = ndimage.affine_transform(
            (labels.data == tissue).astype(np.float32),
            old_from_new[:3, :3],
            old_from_new[:3, 3],
            output_shape=best.shape,
            order=1,
            cval=float(tissue == 0),
        )
        more = share > best
        out[more], best[more] = tissue, share[more]
    return out


def _greys(
    labels: NDArray[np.uint8], above: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float32]:
    from tmsguide.phantom.smooth import smooth_field

    out = np.array([0, WHITE, GREY, FLUID, CORTICAL, MUSCLE], dtype=np.float32)[labels]
    bone = labels == 4
    core = ndimage.distance_transform_edt(bone) > 1.8  # between tables of about 1.5 mm
    marrow = core & above & (smooth_field(rng, labels.shape, 6.0) > -0.8)
    out[marrow] = MARROW * (1 + 0.25 * smooth_field(rng, labels.shape, 3.0)[marrow])
    outside = labels == 0
    parts, _ = ndimage.label(outside)
    depth = ndimage.distance_transform_edt(parts != parts[0, 0, -1])
    soft = labels == 5
    fat_mm = 3.5 + 0.8 * smooth_field(rng, labels.shape, 16.0)
    strands = smooth_field(rng, labels.shape, 5.0) > 1.25
    out[soft & ((depth < 2 + fat_mm) | strands)] = FAT
    out[soft & (depth < 2)] = SKIN
    return out


def _turn() -> NDArray[np.float64]:
    from tmsguide.phantom.pose import rotation

    out = np.eye(4)
    out[:3, :3] = rotation(np.deg2rad(TURN_DEG))
    out[:3, 3] = SHIFT_MM
    return out
