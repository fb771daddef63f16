"""Where each tissue is to be expected: a whole-head prior in MNI space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import InputError
from tmsguide.head.grid import block_mean
from tmsguide.head.tissues.shells import SHELL_SOURCES, scalp_mm, skull_mm
from tmsguide.model import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES", "HeadPrior", "below_face_line", "head_prior", "prior_from_maps"]

CLASSES = ("WM", "GM", "CSF", "BONE", "SCALP", "AIR")
WORK_MM = 2.0
CLOSING_MM = 12.0  # bridges sulci, the fissures and the notch round the brain stem
VAULT_CLOSING_MM = 30.0  # the vault has no hollow over the fissure between the hemispheres
DURA_MM = 1.5  # from gyral crowns to bone: cerebrospinal fluid and dura at the convexity
PAD_MM = 14.0
FOOT_MM = 24.0  # room below the template for skull base and neck
# mean T1w grey, in parts of white matter, where the template shows nothing
GREY = {"CSF": 0.22, "BONE": 0.12, "SCALP": 0.65, "AIR": 0.0}
FACE_LINE_MNI_MM = ((85.0, 12.0), (-125.0, -45.0))  # (y, z) from glabella to below the inion


@dataclass(frozen=True, slots=True, eq=False)
class HeadPrior:
    """A whole-head prior, one grid in one template frame.

    ``probability`` float32 (X, Y, Z, 6) in the order WM, GM, CSF, BONE, SCALP, AIR, sums to 1;
    ``pseudo_t1`` the T1w image expected from it (white matter 1), not-a-number where the prior
    knows nothing (face, neck); ``inner_skull`` float32 (X, Y, Z), chance of lying inside it.
    ``adult`` tells whether it stands for adults; what a user gives is taken to suit the person.
    """

    probability: Volume
    pseudo_t1: Volume
    inner_skull: Volume
    sources: tuple[str, ...]
    adult: bool = True


def head_prior(t1: Volume, gm: Volume, wm: Volume) -> HeadPrior:
    """Give the prior built from a brain template by adding skull and scalp of published thickness.

    Parameters
    ----------
    t1, gm, wm
        MNI template: brain-only T1w and tissue probabilities on one grid (nilearn's
        ICBM 152 2009a symmetric).

    Raises
    ------
    InputError
        The three are not on one grid.

    References
    ----------
    Fonov 2009, DOI 10.1016/S1053-8119(09)70884-5; thicknesses: `tmsguide.head.tissues.shells`.
    """
    t1, gm, wm = (_roomy(v) for v in _coarse(t1, gm, wm))
    voxel_mm = float(gm.voxel_mm.mean())
    white, grey = (np.clip(v.data, 0, 1).astype(np.float32) for v in (wm, gm))
    brain = np.asarray(t1.data) > 0.1 * np.percentile(t1.data, 99.5)
    mni = _positions(gm)
    face = below_face_line(mni)
    vault = _closed(brain, VAULT_CLOSING_MM / voxel_mm) & ~face
    cavity_mm = _signed_mm(_closed(brain, CLOSING_MM / voxel_mm) | vault, voxel_mm) - DURA_MM
    bone_mm, soft_mm = skull_mm(mni), scalp_mm(mni)
    inside = _soft_step(cavity_mm, 1.0)
    in_skull = _soft_step(cavity_mm - bone_mm, 1.5)
    in_head = _soft_step(cavity_mm - bone_mm - soft_mm, 2.5)
    probability = _stack(white, grey, inside, in_skull=in_skull, in_head=in_head, face=face)
    pseudo = _pseudo_t1(np.asarray(t1.data), probability)
    unknown = face & (cavity_mm > 3.0)
    return HeadPrior(
        probability=Volume(probability, gm.frame_from_voxel, gm.frame),
        pseudo_t1=Volume(np.where(unknown, np.nan, pseudo), gm.frame_from_voxel, gm.frame),
        inner_skull=Volume(inside, gm.frame_from_voxel, gm.frame),
        sources=("Fonov 2009, DOI 10.1016/S1053-8119(09)70884-5", *SHELL_SOURCES),
    )


def prior_from_maps(maps: Volume) -> HeadPrior:
    """Give the prior of a user's 4-D tissue map; what no tissue claims is air.

    Parameters
    ----------
    maps
        (X, Y, Z, 5) chances of WM, GM, CSF, BONE and SCALP, as in `Anatomy`, in the frame of the
        template that is used for normalisation.

    Raises
    ------
    InputError
        There are not five maps.
    """
    if maps.data.ndim != 4 or maps.data.shape[3] != 5:
        raise InputError(
            "a tissue map needs five volumes (WM, GM, CSF, bone, scalp); given shape "
            f"{maps.data.shape}"
        )
    tissue = np.clip(np.asarray(maps.data, dtype=np.float32), 0, 1)
    tissue /= np.maximum(tissue.sum(-1, keepdims=True), 1)
    probability = np.concatenate([tissue, 1 - tissue.sum(-1, keepdims=True)], axis=-1)
    probability = np.maximum(probability, 0)
    t1 = probability[..., 0] + 0.68 * probability[..., 1]
    inside = probability[..., :3].sum(-1)
    mni = _positions(maps)
    far = ndimage.distance_transform_edt(inside < 0.5) * float(maps.voxel_mm.mean())
    pseudo = _pseudo_t1(t1, probability)
    pseudo[below_face_line(mni) & (far > 3.0)] = np.nan
    return HeadPrior(
        probability=Volume(probability, maps.frame_from_voxel, maps.frame),
        pseudo_t1=Volume(pseudo, maps.frame_from_voxel, maps.frame),
        inner_skull=Volume(inside, maps.frame_from_voxel, maps.frame),
        sources=("tissue map given by the user",),
        adult=False,
    )


def _coarse(t1: Volume, gm: Volume, wm: Volume) -> tuple[Volume, ...]:
    if not t1.data.shape == gm.data.shape == wm.data.shape:
        raise InputError(
            f"template T1w {t1.data.shape}, GM {gm.data.shape} and WM {wm.data.shape} must share "
            "one grid; take all three from the same template and resolution"
        )
    factor = max(1, round(WORK_MM / float(gm.voxel_mm.mean())))
    return tuple(block_mean(v, factor) for v in (t1, gm, wm))


def _roomy(volume: Volume) -> Volume:
    """Give the image with empty room round it for skull and scalp; axes must run RAS."""
    step = volume.voxel_mm
    before = np.ceil(np.asarray([PAD_MM, PAD_MM, PAD_MM + FOOT_MM]) / step).astype(int)
    after = np.ceil(PAD_MM / step).astype(int)
    data = np.pad(np.asarray(volume.data, dtype=np.float32), list(zip(before, after, strict=True)))
    matrix = volume.frame_from_voxel.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ before
    return Volume(data, matrix, volume.frame)


def _closed(mask: NDArray[np.bool_], radius_vox: float) -> NDArray[np.bool_]:
    """Give the mask closed with a ball."""
    room = int(np.ceil(radius_vox)) + 1
    grown = ndimage.distance_transform_edt(~np.pad(mask, room)) < radius_vox
    closed = ndimage.distance_transform_edt(grown) > radius_vox
    return np.asarray(closed[room:-room, room:-room, room:-room] | mask)


def _signed_mm(mask: NDArray[np.bool_], voxel_mm: float) -> NDArray[np.float32]:
    """Give the distance in mm to the border of the mask, inside negative."""
    out = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
    return np.asarray((out + np.where(mask, 0.5, -0.5)) * voxel_mm, dtype=np.float32)


def _soft_step(distance_mm: NDArray[np.floating], spread_mm: float) -> NDArray[np.float32]:
    """Give the chance of lying inside a border known to within ``spread_mm`` (SD, logistic)."""
    width = spread_mm * np.sqrt(3) / np.pi
    return np.asarray(1 / (1 + np.exp(np.clip(distance_mm / width, -40, 40))), dtype=np.float32)


def _positions(volume: Volume) -> NDArray[np.float64]:
    index = np.stack(
        np.meshgrid(*[np.arange(n) for n in volume.data.shape[:3]], indexing="ij"), -1
    )
    m = volume.frame_from_voxel
    return np.asarray(index @ m[:3, :3].T + m[:3, 3], dtype=np.float64)


def below_face_line(mni: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which template positions (..., 3) lie below the line from glabella to below the inion.

    Above it the prior knows the whole head, below it only what lies inside the skull.
    """
    (y0, z0), (y1, z1) = FACE_LINE_MNI_MM
    line = z1 + (mni[..., 1] - y1) * ((z0 - z1) / (y0 - y1))
    return np.asarray(mni[..., 2] < line)


def _stack(
    white: NDArray[np.float32],
    grey: NDArray[np.float32],
    inside: NDArray[np.float32],
    *,
    in_skull: NDArray[np.float32],
    in_head: NDArray[np.float32],
    face: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Give the six chances; below the face line there is soft tissue without an outline."""
    brain = np.clip(white + grey, 0, 1)
    inside = np.maximum(inside, brain)
    bone = np.clip(in_skull - inside, 0, 1)
    rest = 1 - inside - bone
    head = np.where(face, np.maximum(in_head, 0.6), in_head)
    soft = rest * head
    soft, bone = soft * np.where(face, 0.85, 1), bone + soft * np.where(face, 0.15, 0)
    out = np.stack([white, grey, np.maximum(inside - white - grey, 0), bone, soft, rest], -1)
    out[..., 5] = np.maximum(rest * (1 - head), 0)
    out = np.maximum(out, 0)
    return np.asarray(out / out.sum(-1, keepdims=True), dtype=np.float32)


def _pseudo_t1(
    brain_t1: NDArray[np.floating], probability: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give the template inside the brain and mean greys of the other tissues outside."""
    white = probability[..., 0] > 0.9
    scale = float(np.median(brain_t1[white])) if white.any() else 1.0
    shown = np.clip(probability[..., 0] + probability[..., 1], 0, 1)
    outside = sum(
        probability[..., k] * GREY[name] for k, name in enumerate(CLASSES) if name in GREY
    )
    known = np.clip(brain_t1 / scale, 0, 1.3)
    return np.asarray(np.where(shown > 0.05, np.maximum(known, outside), outside), np.float32)
