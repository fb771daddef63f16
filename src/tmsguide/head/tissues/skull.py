"""The skull with what lies in and before it: marrow or none, air spaces, eyes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.head.tissues.air import air_spaces
from tmsguide.head.tissues.eyes import eyeballs
from tmsguide.head.tissues.foreground import largest
from tmsguide.head.tissues.layers import vault_bone, vault_borders
from tmsguide.head.tissues.nesting import Inside, Nested, shrunk, swollen
from tmsguide.model import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume

__all__ = ["skull_of", "with_eyes_and_air"]

INNER_REACH_MM = 6.0  # the first inner border of the skull is off by less
BEYOND_MM = 30.0  # farther out than any scalp the rays say nothing
BORDER_MM = 0.4  # width of the step from bone to scalp
UNSEEN_MM = 2.0  # nothing is told so near to what was cut away


def skull_of(
    image: Volume,
    inside: Inside,
    head: NDArray[np.bool_],
    *,
    found: NDArray[np.float32],
    missing: NDArray[np.bool_],
    mni: NDArray[np.float32],
    fluid_grey: tuple[float, float],
) -> tuple[Inside, NDArray[np.float32], float]:
    """Give the inside of the skull, mended, the chance of bone round it, and the grey of bone.

    Over the vault both come from the rays, elsewhere from the voxels' own chances.
    """
    voxel_mm = float(image.voxel_mm.mean())
    vault = vault_borders(
        image.data,
        inside.inner,
        inside.tissue,
        head,
        missing=missing,
        mni=mni,
        fluid_grey=fluid_grey,
        voxel_mm=voxel_mm,
    )
    shell = head & ~shrunk(inside.inner, INNER_REACH_MM / voxel_mm)
    under_inner, under_outer = vault_bone(vault, shell)
    known = np.isfinite(under_inner) & (under_outer > -BEYOND_MM)
    inner = np.where(known, under_inner > 0, inside.inner) | swollen(inside.tissue, 1)
    bone = found[..., 3] / np.maximum(found[..., 3:5].sum(-1), 1e-6)
    bone = np.where(
        known, 1 / (1 + np.exp(-np.clip(np.nan_to_num(under_outer) / BORDER_MM, -40, 40))), bone
    )
    bone[inner | ~head] = 0
    mended = replace(inside, inner=largest(inner & head))
    return mended, np.asarray(bone, dtype=np.float32), vault.table_grey


def with_eyes_and_air(
    image: Volume,
    nested: Nested,
    inner: NDArray[np.bool_],
    *,
    missing: NDArray[np.bool_],
    mni: NDArray[np.float32],
    bone_grey: float,
) -> Nested:
    """Give the labels with eyeballs and the air spaces inside the head, where the image shows."""
    voxel_mm = float(image.voxel_mm.mean())
    labels = nested.labels.copy()
    white = float(np.median(image.data[labels == Tissue.WM]))
    eyes = eyeballs(image.data, nested.head, mni=mni, white_grey=white, voxel_mm=voxel_mm)
    layer = max(1, 1 / voxel_mm)  # of bone over the brain, and of lid over the eyes
    outside_brain = np.isin(labels, (Tissue.BONE, Tissue.SCALP)) & ~swollen(inner, layer)
    labels[eyes & outside_brain & shrunk(nested.head, layer)] = Tissue.EYE
    air = air_spaces(
        image.data, inner, nested.head, mni=mni, bone_grey=bone_grey, voxel_mm=voxel_mm
    )
    air &= outside_brain & ~swollen(missing, UNSEEN_MM / voxel_mm) & (labels != Tissue.EYE)
    labels[air] = Tissue.AIR
    return replace(nested, labels=labels)
