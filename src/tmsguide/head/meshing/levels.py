"""Nested level functions of the tissues in a label volume: what a mesh is cut along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from tmsguide.errors import GeometryError, InputError
from tmsguide.model import Tissue, Volume
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.parallel import ordered_map
from tmsguide.num.smooth_level import smooth_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.uint8]

__all__ = ["Level", "cropped", "nested_levels"]

# Inside out. A set holds its tissue and every one before it, so the sets are nested whatever the
# anatomy; a tissue that lies beside another, not round it, has its border on either set's surface.
_INSIDE_OUT = (
    Tissue.WM,
    Tissue.GM,
    Tissue.CSF,
    Tissue.BLOOD,
    Tissue.SPONGY_BONE,
    Tissue.COMPACT_BONE,
    Tissue.BONE,
    Tissue.EYE,
    Tissue.MUSCLE,
    Tissue.SCALP,
)
_PAD = 8  # voxels of air round the labels: twice the widest smoothing, so the field of view closes


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A function positive within ``tissue`` and all tissues before it, about a distance in mm.

    ``value_mm`` (X, Y, Z) is its grid, read trilinearly; outside it the level is its least value.
    """

    tissue: Tissue
    value_mm: NDArray[np.float32]
    voxel_from_frame: Floats

    def __call__(self, points_mm: Floats) -> Floats:
        """Give the level (N,) at points (N, 3)."""
        value = sample_linear(self.value_mm, self.voxel_from_frame, points_mm)
        return np.nan_to_num(value, copy=False, nan=float(self.value_mm.min()))


def cropped(labels: Volume) -> tuple[Labels, Floats]:
    """Labels cut to the largest connected part with a rim of air, and that box's affine (4, 4).

    Raises
    ------
    InputError
        Not a 3-D volume of `Tissue` numbers.
    GeometryError
        Air only, or no scalp.
    """
    data = labels.data
    if data.ndim != 3 or data.dtype.kind not in "ui":
        raise InputError(
            f"tissue labels are a 3-D whole-number volume, given {data.dtype} {data.shape}"
        )
    strange = [int(t) for t in np.unique(data) if t not in set(Tissue)]
    if strange:
        raise InputError(
            f"labels {', '.join(map(str, strange[:12]))} are no tissue; needed 0 (air), "
            f"{', '.join(f'{t.value} ({t.name})' for t in Tissue if t)}. Map other labels to these"
        )
    if not data.any():
        raise GeometryError("the labels hold air only; give labels of 1 (WM) to 5 (scalp)")
    if not (data == Tissue.SCALP).any():
        raise GeometryError(
            "the labels hold no scalp (5), so the head has no outer layer for a coil to touch; "
            "give labels of the whole head, not of the brain alone"
        )
    parts, _ = ndimage.label(data)
    head = np.argmax(np.bincount(parts.ravel())[1:]) + 1
    box = ndimage.find_objects(parts)[head - 1]
    moved = np.eye(4)
    moved[:3, 3] = [axis.start - _PAD for axis in box]
    alone = np.where(parts[box] == head, data[box], 0).astype(np.uint8)
    return _upright(np.pad(alone, _PAD), labels.frame_from_voxel @ moved)


def nested_levels(tissue: Labels, frame_from_voxel: Floats) -> list[Level]:
    """Give one level for each tissue in ``tissue`` (X, Y, Z), outermost first.

    Each level is at most the one before it, so where two tissues' borders are one, as round a
    ventricle, their surfaces are the same. ``tissue`` has a rim of air, as `cropped` gives.
    """
    present = [t for t in _INSIDE_OUT if (tissue == t).any()]
    voxel_mm = float(abs(np.linalg.det(frame_from_voxel[:3, :3])) ** (1 / 3))
    grids = ordered_map(
        lambda k: _set_level(tissue, present[: k + 1], voxel_mm), range(len(present))
    )
    for inner, outer in zip(grids[-2::-1], grids[:0:-1], strict=True):
        np.minimum(inner, outer, out=inner)
    voxel_from_frame: Floats = np.linalg.inv(frame_from_voxel).astype(np.float64)
    pairs = zip(present, grids, strict=True)
    return [Level(name, grid, voxel_from_frame) for name, grid in pairs][::-1]


def _set_level(tissue: Labels, within: list[Tissue], voxel_mm: float) -> NDArray[np.float32]:
    """Level of the set of some tissues, in mm; computed in the set's own box only."""
    chosen = np.zeros(256, dtype=np.bool_)
    chosen[within] = True
    member = chosen[tissue]
    kept = [np.flatnonzero(member.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(k[0] - _PAD, k[-1] + 1 + _PAD) for k in kept)
    inner = smooth_level(member[box]) * np.float32(voxel_mm)
    level = np.full(member.shape, inner.min(), dtype=np.float32)
    level[box] = inner
    return level


def _upright(data: Labels, frame_from_voxel: Floats) -> tuple[Labels, Floats]:
    """Axes reordered and turned to run right, anterior, superior as nearly as they can.

    The levels' smoothing sees blocks of voxels: this is what makes the storage order immaterial.
    """
    way = frame_from_voxel[:3, :3] / np.linalg.norm(frame_from_voxel[:3, :3], axis=0)
    _, axes = linear_sum_assignment(-np.abs(way))
    upright_from_old = np.zeros((4, 4))
    upright_from_old[3, 3] = 1
    data = data.transpose(axes)
    for new, old in enumerate(axes):
        back = way[new, old] < 0
        upright_from_old[new, old] = -1 if back else 1
        upright_from_old[new, 3] = data.shape[new] - 1 if back else 0
        data = np.flip(data, new) if back else data
    turned: Floats = frame_from_voxel @ np.linalg.inv(upright_from_old)
    return np.ascontiguousarray(data), turned
