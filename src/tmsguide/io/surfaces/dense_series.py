"""Series at cortical vertices and deep voxels, and their places in a head."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, InputError
from tmsguide.io.documents import one_line
from tmsguide.model import MNI_FRAMES, Points

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tmsguide.model import Frame, Surface, Warp

__all__ = [
    "DenseSeries",
    "Structure",
    "joined_hemispheres",
    "placed",
    "placed_on_group",
    "signalling",
]

#: Right of the left hemisphere's middle by less than this: swapped, or one hemisphere twice.
_APART_MM = 20.0


class Structure(IntEnum):
    """What a column of a dense series belongs to."""

    LEFT_CORTEX = 0
    RIGHT_CORTEX = 1
    SUBCORTEX = 2


@dataclass(frozen=True, slots=True, eq=False)
class DenseSeries:
    """``series`` (T, N) float32 at N vertices and voxels that carry a signal.

    ``structure`` (N,) is a `Structure` each; ``index`` (N, 3) int64 holds the vertex number (then
    -1, -1) or the voxel's i, j, k. ``vertices`` are the sizes of the left and the right mesh;
    ``world_from_voxel`` (4, 4) places the voxels, in the template's millimetres, None where there
    are none. ``left_out`` columns carried no signal (medial wall stored as zero or NaN).
    """

    series: NDArray[np.float32]
    tr_s: float
    structure: NDArray[np.uint8]
    index: NDArray[np.int64]
    vertices: tuple[int, int]
    world_from_voxel: NDArray[np.float64] | None
    left_out: int = 0


def signalling(series: NDArray[np.float32], name: str) -> NDArray[np.bool_]:
    """Give the columns (N,) of (T, N) that carry a signal; one value throughout, or NaN, is none.

    Raises
    ------
    InputError
        A column that holds numbers and NaN, or no column with a signal.
    """
    finite = np.isfinite(series)
    broken = int((finite.any(axis=0) & ~finite.all(axis=0)).sum())
    if broken:
        raise InputError(
            f"{name} misses samples (NaN or infinity) at {broken} places that have others; needed "
            "whole series; prepare the run again"
        )
    kept = np.array(finite.all(axis=0), np.bool_)
    kept[kept] = series[:, kept].min(axis=0) < series[:, kept].max(axis=0)
    if not kept.any():
        raise InputError(f"{name} holds no signal (one value everywhere); prepare the run again")
    return kept


def placed(
    dense: DenseSeries,
    left: Surface,
    right: Surface,
    *,
    t1w_from_template: Warp | None = None,
) -> tuple[NDArray[np.float32], Points]:
    """Give (series (T, M), places) with the cortex on the person's own midthickness.

    Parameters
    ----------
    dense
        From `read_dense_series` or `read_surface_series`.
    left, right
        The person's midthickness on the same meshes, in one native frame.
    t1w_from_template
        Brings the subcortical voxels back from the template; without it they are left out.

    Raises
    ------
    InputError
        Meshes of another size, or left and right swapped.
    FrameError
        Template surfaces, surfaces in two frames, or a map to another frame.
    """
    if left.vertices.frame in MNI_FRAMES:
        raise FrameError(
            f"the surfaces are in {left.vertices.frame.name}: template coordinates are not the "
            "person's; needed the person's own midthickness (T1w space), or use placed_on_group "
            "for a group-level reading"
        )
    series, xyz = _cortex(dense, left, right)
    frame = left.vertices.frame
    if t1w_from_template is None or dense.world_from_voxel is None:
        return series, Points(xyz, frame)
    if t1w_from_template.target != frame:
        raise FrameError(
            f"the map leads to {t1w_from_template.target.name}, the surfaces are in {frame.name}; "
            "give both of one person"
        )
    deep, at = _subcortex(dense, t1w_from_template.source)
    return (
        np.concatenate([series, deep], axis=1),
        Points(np.concatenate([xyz, t1w_from_template(at).xyz_mm]), frame),
    )


def placed_on_group(
    dense: DenseSeries, left: Surface, right: Surface
) -> tuple[NDArray[np.float32], Points]:
    """Give (series, places) on group surfaces in a template: a group-level reading.

    No place in one person's head follows from it: folds differ by a centimetre and more between
    people. Subcortical voxels lie in the same template and come along.

    Raises
    ------
    InputError, FrameError
        As `placed`; here surfaces must lie in an MNI space.
    """
    frame = left.vertices.frame
    if frame not in MNI_FRAMES:
        raise FrameError(f"group surfaces lie in an MNI space, given {frame.name}; use placed")
    series, xyz = _cortex(dense, left, right)
    if dense.world_from_voxel is None:
        return series, Points(xyz, frame)
    deep, at = _subcortex(dense, frame)
    return np.concatenate([series, deep], axis=1), Points(np.concatenate([xyz, at.xyz_mm]), frame)


def _cortex(
    dense: DenseSeries, left: Surface, right: Surface
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    if left.vertices.frame != right.vertices.frame:
        raise FrameError(
            f"the left surface is in {left.vertices.frame.name}, the right in "
            f"{right.vertices.frame.name}; give both of one person"
        )
    for side, surface, size in zip(("left", "right"), (left, right), dense.vertices, strict=True):
        if len(surface.vertices) != size:
            raise InputError(
                f"the series live on a {side} mesh of {size} vertices, the surface has "
                f"{len(surface.vertices)}; needed the midthickness of the same mesh "
                "(32,492 for 32k fsLR)"
            )
    apart_mm = right.vertices.xyz_mm[:, 0].mean() - left.vertices.xyz_mm[:, 0].mean()
    if apart_mm < _APART_MM:
        raise InputError(
            f"the right surface lies {apart_mm:.0f} mm to the right of the left one; needed over "
            f"{_APART_MM:g} mm: left and right are swapped, or one hemisphere was given twice"
        )
    surfaces = (left.vertices.xyz_mm, right.vertices.xyz_mm)
    columns = [np.flatnonzero(dense.structure == side) for side in (0, 1)]
    xyz = [at[dense.index[mine, 0]] for at, mine in zip(surfaces, columns, strict=True)]
    return dense.series[:, np.concatenate(columns)], np.concatenate(xyz)


def _subcortex(dense: DenseSeries, frame: Frame) -> tuple[NDArray[np.float32], Points]:
    mine = np.flatnonzero(dense.structure == Structure.SUBCORTEX)
    matrix = np.eye(4) if dense.world_from_voxel is None else dense.world_from_voxel
    at = dense.index[mine] @ matrix[:3, :3].T + matrix[:3, 3]
    return dense.series[:, mine], Points(at, frame)


def joined_hemispheres(
    parts: Sequence[NDArray[np.float32]], paths: tuple[Path, Path], *, tr_s: float
) -> DenseSeries:
    """Join series (T, V) of left and right hemisphere, vertices without signal left out.

    Raises
    ------
    InputError
        If the two are not of one run, or one has no signal.
    """
    left, right = paths
    if len({len(part) for part in parts}) > 1:
        raise InputError(
            f"{one_line(left)} has {len(parts[0])} frames and {one_line(right)} "
            f"{len(parts[1])}; needed both hemispheres of one run"
        )
    kept = [
        signalling(part, one_line(path)) for part, path in zip(parts, (left, right), strict=True)
    ]
    count = [int(k.sum()) for k in kept]
    index = np.full((sum(count), 3), -1, np.int64)
    index[:, 0] = np.concatenate([np.flatnonzero(k) for k in kept])
    sides = (Structure.LEFT_CORTEX, Structure.RIGHT_CORTEX)
    return DenseSeries(
        series=np.concatenate([p[:, k] for p, k in zip(parts, kept, strict=True)], axis=1),
        tr_s=tr_s,
        structure=np.repeat(np.array(sides, np.uint8), count),
        index=index,
        vertices=(parts[0].shape[1], parts[1].shape[1]),
        world_from_voxel=None,
        left_out=sum(int((~k).sum()) for k in kept),
    )
