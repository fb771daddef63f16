"""Tissue labels that another program drew: of the brain alone, or of the whole head."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import FrameError, InputError, QualityError
from tmsguide.head.grid import regridded
from tmsguide.head.tissues.foreground import largest
from tmsguide.head.tissues.nesting import BONE_MM, SCALP_MM, shrunk, swollen
from tmsguide.model import Anatomy, Tissue, Volume

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Labels = NDArray[np.uint8]

__all__ = ["anatomy_from_labels", "with_brain_labels"]

_BRAIN = (Tissue.WM, Tissue.GM, Tissue.CSF)
_BONE = (Tissue.BONE, Tissue.COMPACT_BONE, Tissue.SPONGY_BONE)
#: Column of `Anatomy.probability` (WM, GM, CSF, BONE, SCALP) of each tissue from AIR to MUSCLE.
_COLUMN = np.array([-1, 0, 1, 2, 3, 4, 4, 3, 3, 2, 4])
_VENTRICLE_MM = 3.0  # gaps of the brain up to twice this wide count as ventricles or fissures
_LEAST_BRAIN_ML = 100.0  # as in our own segmentation
#: Less of the given brain inside our skull than this: another person, or another space.
_LEAST_SHARED = 0.8


def with_brain_labels(anatomy: Anatomy, brain_labels: Volume, *, labelled_by: str) -> Anatomy:
    """Give ``anatomy`` with the brain of another program inside our skull and scalp.

    WM, GM and CSF of ``brain_labels`` (`Tissue` numbers, 0 elsewhere, any grid in the same frame)
    win wherever they are. Our inside of the skull stays at least as wide, CSF between it and their
    brain; where their brain reaches beyond it, bone and scalp give way and stay at least 2 mm
    thick. Probabilities follow: shares of WM, GM and CSF are those of the given labels, read
    linearly between their voxels. ``labelled_by`` names the program.

    Raises
    ------
    FrameError
        The labels are in another frame.
    InputError
        Labels that are not WM, GM, CSF or 0.
    QualityError
        Under 100 ml of brain, or a brain that lies outside this head's skull.
    """
    if brain_labels.frame != anatomy.labels.frame:
        raise FrameError(
            f"the brain labels are in {brain_labels.frame.name}, the head in "
            f"{anatomy.labels.frame.name}; needed both of one person and space"
        )
    share = _shares(brain_labels, anatomy.labels)
    old = np.asarray(anatomy.labels.data, np.uint8)
    mm = float(anatomy.labels.voxel_mm.mean())
    given = share.sum(-1) > 0.5
    tissue = given & (share[..., :2].sum(-1) > share[..., 2])
    _check_brain(tissue, np.isin(old, _BRAIN), mm)
    labels = _nested(old, given, tissue, mm)
    white = tissue & (share[..., 0] > share[..., 1])
    labels[tissue] = Tissue.GM
    labels[white] = Tissue.WM

    def like(data: NDArray[Any]) -> Volume:
        return Volume(data, anatomy.labels.frame_from_voxel, anatomy.labels.frame)

    inner = np.isin(labels, _BRAIN)
    return replace(
        anatomy,
        labels=like(labels),
        probability=like(_probability(anatomy.probability.data, share, labels, inner)),
        brain_mask=like(_with_ventricles(tissue, inner, mm)),
        labelled_by=f"{labelled_by} (brain), {anatomy.labelled_by} (skull and scalp)",
    )


def anatomy_from_labels(t1w: Volume, labels: Volume, *, labelled_by: str) -> Anatomy:
    """Give an anatomy of whole-head labels that another program drew, such as SimNIBS charm.

    ``labels`` keep their grid and their numbers; the T1w is brought to it. The five columns of the
    probabilities take the nearest role: compact and spongy bone count as BONE, eyes and muscle
    as SCALP (soft tissue outside the skull), blood (sinuses and vessels, mostly inside the skull)
    as CSF. The labels are certain: probabilities are 0 or 1.

    Raises
    ------
    FrameError
        T1w and labels in different frames.
    InputError
        Labels that are no `Tissue`, or no whole head among them.
    QualityError
        Under 100 ml of brain.
    """
    if t1w.frame != labels.frame:
        raise FrameError(
            f"the labels are in {labels.frame.name}, the T1w in {t1w.frame.name}; needed both of "
            "one person and space"
        )
    number = _whole(labels, len(_COLUMN) - 1)
    missing = [t.name for t in (Tissue.WM, Tissue.GM, Tissue.SCALP) if not (number == t).any()]
    if missing or not np.isin(number, _BONE).any():
        raise InputError(
            f"the head labels hold no {' and no '.join(missing or ['BONE'])}; needed a whole head "
            "in SimNIBS' numbers: 1 WM, 2 GM, 3 CSF, 4 (or 7 and 8) bone, 5 scalp"
        )
    tissue = (number == Tissue.WM) | (number == Tissue.GM)
    _check_volume(tissue, _voxel_ml(labels))
    chance = np.zeros((*number.shape, 5), np.float32)
    column = _COLUMN[number]
    for k in range(5):
        chance[..., k] = column == k
    same = t1w.data.shape == number.shape and np.allclose(
        t1w.frame_from_voxel, labels.frame_from_voxel, atol=1e-3
    )
    shape = (number.shape[0], number.shape[1], number.shape[2])

    def like(data: NDArray[Any]) -> Volume:
        return Volume(data, labels.frame_from_voxel, labels.frame)

    return Anatomy(
        t1w=t1w if same else regridded(t1w, labels.frame_from_voxel, shape),
        labels=like(number),
        probability=like(chance),
        brain_mask=like(_with_ventricles(tissue, column < 3, float(labels.voxel_mm.mean()))),
        labelled_by=labelled_by,
    )


def _whole(labels: Volume, largest_label: int) -> Labels:
    whole = np.rint(labels.data)
    odd = float(np.abs(whole - labels.data).max())
    if odd > 1e-3 or whole.min() < 0 or whole.max() > largest_label:
        raise InputError(
            f"labels run from {labels.data.min():g} to {labels.data.max():g}; needed whole tissue "
            f"numbers from 0 to {largest_label}, as SimNIBS numbers them"
        )
    return np.asarray(whole, np.uint8)


def _shares(brain_labels: Volume, target: Volume) -> NDArray[np.float32]:
    """Give the share of WM, GM, CSF (X, Y, Z, 3) of each voxel of the target's grid."""
    number = _whole(brain_labels, int(Tissue.CSF))
    shape = (target.data.shape[0], target.data.shape[1], target.data.shape[2])
    out = np.empty((*shape, 3), np.float32)
    for k, tissue in enumerate(_BRAIN):
        alone = (number == tissue).astype(np.float32)
        one = Volume(alone, brain_labels.frame_from_voxel, brain_labels.frame)
        out[..., k] = regridded(one, target.frame_from_voxel, shape).data
    return np.clip(out, 0, 1)


def _voxel_ml(volume: Volume) -> float:
    return float(abs(np.linalg.det(volume.frame_from_voxel[:3, :3]))) / 1000


def _check_volume(tissue: Mask, voxel_ml: float) -> None:
    held_ml = float(tissue.sum()) * voxel_ml
    if held_ml < _LEAST_BRAIN_ML:
        raise QualityError(
            f"the given labels hold {held_ml:.0f} ml of brain; needed at least "
            f"{_LEAST_BRAIN_ML:g}; check that they are a whole brain's"
        )


def _check_brain(tissue: Mask, inner: Mask, mm: float) -> None:
    _check_volume(tissue, mm**3 / 1000)
    shared = float((tissue & inner).sum() / tissue.sum())
    if shared < _LEAST_SHARED:
        raise QualityError(
            f"{shared:.0%} of the given brain lie inside this head's skull, needed "
            f"{_LEAST_SHARED:.0%}; check that labels and T1w are of one person and space"
        )


def _nested(old: Labels, given: Mask, tissue: Mask, mm: float) -> Labels:
    """Give the old labels with all inside the skull as CSF, closed in by bone and scalp."""
    inner = np.isin(old, _BRAIN) | given | swollen(tissue, max(1, 1 / mm))
    labels = old.copy()
    labels[inner] = Tissue.CSF
    grown = inner & ~np.isin(old, _BRAIN)
    if not grown.any():
        return labels
    near = swollen(grown, (BONE_MM + SCALP_MM) / mm + 2)  # elsewhere the old layers stand
    compact = bool((old == Tissue.COMPACT_BONE).any())
    shell = swollen(inner, BONE_MM / mm) & ~inner & near & ~np.isin(old, _BONE)
    labels[shell] = Tissue.COMPACT_BONE if compact else Tissue.BONE
    skull = inner | np.isin(labels, _BONE)
    bare = swollen(skull, SCALP_MM / mm) & near & (labels == Tissue.AIR) & ~_enclosed(old)
    labels[bare] = Tissue.SCALP
    return labels


def _enclosed(labels: Labels) -> Mask:
    """Tell air inside the head (sinuses), which is no place for scalp."""
    head = labels > 0
    return np.asarray(ndimage.binary_fill_holes(head) & ~head)


def _probability(
    old: NDArray[Any], share: NDArray[np.float32], labels: Labels, inner: Mask
) -> NDArray[np.float32]:
    """Give the five columns; where they would contradict the label, the label is certain."""
    out = np.array(old, np.float32)
    inside = out[..., :3].sum(-1)
    total = share.sum(-1)
    mixed = share / np.maximum(total, 1e-6)[..., None]
    mixed[total < 1e-3] = (0, 0, 1)
    out[..., :3] = mixed * np.where(inner, inside, 0)[..., None]
    out[..., 2] += np.where(inner, 0, inside)  # beside the brain, what is not bone is CSF
    sums = out.sum(-1)
    out /= np.maximum(sums, 1e-6)[..., None]
    column = _COLUMN[labels]
    overruled = (out.argmax(-1) != column) | (sums < 1e-3)
    out[overruled] = np.concatenate([np.eye(5), np.zeros((1, 5))]).astype(np.float32)[
        column[overruled]
    ]
    return out


def _with_ventricles(tissue: Mask, inner: Mask, mm: float) -> Mask:
    """Give the brain with ventricles and narrow fissures, as our own segmentation does."""
    room = round(_VENTRICLE_MM / mm) + 1
    wide = swollen(np.pad(largest(tissue), room), _VENTRICLE_MM / mm)
    closed = shrunk(wide, _VENTRICLE_MM / mm)[room:-room, room:-room, room:-room]
    return np.asarray(ndimage.binary_fill_holes((closed | tissue) & inner))
