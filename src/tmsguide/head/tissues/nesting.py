"""From tissue chances to labels that obey anatomy: brain in CSF in bone in scalp in air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import QualityError
from tmsguide.head.tissues.foreground import largest
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["Inside", "Nested", "inside_skull", "nested_labels", "shrunk", "swollen"]

BONE_MM = 2.0  # least thickness of skull; thinner sheets would leak current in a 3 mm mesh
SCALP_MM = 2.0
BONE_REACH_MM = 16.0  # dark things farther from the brain are jaw, sinuses and teeth
ISLAND_VOXELS = 80  # bright specks of white matter that stand alone are vessels


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """What the skull holds: grey or white ``tissue``, its ``white`` part, and all ``inner``."""

    tissue: Mask
    white: Mask
    inner: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """Labels uint8 (X, Y, Z), the brain with its ventricles, and the whole head."""

    labels: NDArray[np.uint8]
    brain: Mask
    head: Mask


def swollen(mask: Mask, radius_vox: float) -> Mask:
    """Give the mask grown by about a ball: six and eighteen neighbours in turn."""
    for step in range(round(radius_vox)):
        ball = ndimage.generate_binary_structure(3, 1 + step % 2)
        mask = ndimage.binary_dilation(mask, ball)
    return np.asarray(mask)


def shrunk(mask: Mask, radius_vox: float) -> Mask:
    """Give the mask eaten by about a ball; the edge of the image counts as inside."""
    return np.asarray(~swollen(~mask, radius_vox))


def inside_skull(
    chance: NDArray[np.float32], prior_brain: NDArray[np.float32], *, voxel_mm: float
) -> Inside:
    """Give brain tissue and the inside of the skull, with a layer of CSF round the brain.

    Parameters
    ----------
    chance
        (X, Y, Z, 6) of WM, GM, CSF, BONE, SCALP, AIR.
    prior_brain
        (X, Y, Z) chance of WM or GM expected there, which cuts optic nerves and cord.
    voxel_mm
        Edge of the cubic voxels.

    Raises
    ------
    QualityError
        No brain is left.
    """
    one_mm = 1.0 / voxel_mm
    tissue = _brain_tissue(chance, prior_brain, one_mm)
    white = _without_specks(tissue & (chance[..., 0] > chance[..., 1]))
    return Inside(tissue, white, _inner_skull(chance, tissue, one_mm))


def nested_labels(
    inside: Inside, bone: NDArray[np.float32], head: Mask, *, voxel_mm: float
) -> Nested:
    """Give labels in which every layer is closed round the one inside it.

    Parameters
    ----------
    inside
        As `inside_skull` gives it.
    bone
        (X, Y, Z) chance of bone between the inner skull and the skin.
    head
        (X, Y, Z) region of the head.
    voxel_mm
        Edge of the cubic voxels.
    """
    one_mm = 1.0 / voxel_mm
    outer = _outer_skull(bone, inside.inner, head, one_mm)
    head = largest(head | swollen(outer, SCALP_MM * one_mm))
    labels = np.zeros(head.shape, dtype=np.uint8)
    for tissue, where in (
        (Tissue.SCALP, head),
        (Tissue.BONE, outer),
        (Tissue.CSF, inside.inner),
        (Tissue.GM, inside.tissue),
        (Tissue.WM, inside.white),
    ):
        labels[where] = tissue
    brain = _closed(inside.tissue, 3 * one_mm) & inside.inner
    return Nested(labels, np.asarray(ndimage.binary_fill_holes(brain)), head)


def _brain_tissue(
    chance: NDArray[np.float32], prior_brain: NDArray[np.float32], one_mm: float
) -> Mask:
    """Give grey and white matter without nerves, vessels and dura that hang on it."""
    found = (chance[..., 0] + chance[..., 1] > 0.5) & (prior_brain > 0.03)
    core = largest(shrunk(found, 2 * one_mm))
    if core.sum() < 100_000 * one_mm**3:
        raise QualityError(
            f"only {core.sum() / one_mm**3 / 1000:.0f} ml of brain were found; needed at least "
            "100. Check that the T1w shows a whole head and look at the registration"
        )
    for _ in range(round(4 * one_mm)):
        core = swollen(core, 1) & found
    return largest(core)


def _inner_skull(chance: NDArray[np.float32], tissue: Mask, one_mm: float) -> Mask:
    """Give all inside the skull: brain, ventricles and a layer of CSF all round."""
    found = chance[..., :3].sum(-1) > 0.5
    found = shrunk(found, 2 * one_mm) | tissue
    found = swollen(largest(found), 2 * one_mm) & (chance[..., :3].sum(-1) > 0.3)
    return _smooth(_closed(found | tissue, 3 * one_mm), one_mm) | swollen(tissue, max(1, one_mm))


def _outer_skull(bone: NDArray[np.float32], inner: Mask, head: Mask, one_mm: float) -> Mask:
    """Give the inner skull with its bone, everywhere at least 2 mm thick and under scalp."""
    found = (bone > 0.5) & _within(inner, BONE_REACH_MM * one_mm)
    outer = largest(inner | _opened(found, one_mm))
    outer = _smooth(_closed(outer, 3 * one_mm), one_mm)
    outer &= shrunk(head, SCALP_MM * one_mm)
    outer |= swollen(inner, BONE_MM * one_mm)
    return np.asarray(ndimage.binary_fill_holes(largest(outer)))


def _within(mask: Mask, radius_vox: float) -> Mask:
    """Give the places within a long way of the mask, judged on coarse voxels."""
    coarse = ndimage.distance_transform_edt(~mask[::3, ::3, ::3]) * 3 <= radius_vox
    fine = coarse.repeat(3, 0).repeat(3, 1).repeat(3, 2)
    return np.asarray(fine[: mask.shape[0], : mask.shape[1], : mask.shape[2]])


def _opened(mask: Mask, radius_vox: float) -> Mask:
    return swollen(shrunk(mask, radius_vox), radius_vox) & mask


def _closed(mask: Mask, radius_vox: float) -> Mask:
    room = round(radius_vox) + 1
    wide = swollen(np.pad(mask, room), radius_vox)
    closed = ~swollen(~wide, radius_vox)
    return np.asarray(closed[room:-room, room:-room, room:-room] | mask)


def _smooth(mask: Mask, sigma_vox: float) -> Mask:
    return np.asarray(ndimage.gaussian_filter(mask.astype(np.float32), sigma_vox) > 0.5)


def _without_specks(mask: Mask) -> Mask:
    parts, _ = ndimage.label(mask, ndimage.generate_binary_structure(3, 2))
    sizes = np.bincount(parts.ravel())
    keep = sizes >= ISLAND_VOXELS
    keep[0] = False
    return np.asarray(keep[parts])
