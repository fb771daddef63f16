"""Tetrahedral head model from tissue labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.errors import GeometryError, InputError
from tmsguide.model import HeadModel, Points, Tissue, Volume
from tmsguide.num.interpolation import sample_linear
from tmsguide.num.lattice import body_centred_lattice
from tmsguide.num.levelset_cut import Partition, cut
from tmsguide.num.parallel import ordered_map
from tmsguide.num.tetrahedra import barycentres, compact, largest_part, volumes, walk_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["tetrahedralise"]

_TISSUES = [t for t in Tissue if t <= Tissue.SCALP]
_PAD = 4  # voxels of air around the labels, so that a head cut by the field of view is closed
_SMOOTH_MM = 0.7  # rounds the voxel steps of 1 mm labels without closing sulci
_MOST_NODES = 1 << 21  # face keys hold three node numbers in one 64-bit word


def tetrahedralise(
    labels: Volume, *, edge_mm: float, sigma_s_per_m: Mapping[Tissue, float]
) -> HeadModel:
    """Give a conforming tetrahedral head whose tissue borders follow the labels.

    ``labels`` holds `Tissue` numbers in any orientation; ``edge_mm`` is the step of the
    body-centred lattice (edges of 0.87 and 1 step before cutting). Surfaces are the half levels of
    the smoothed sets *WM*, *WM or GM*, ... *any tissue*. These sets are nested whatever the
    anatomy, so ventricles, eyes and sinuses come out with their own label: a ventricle is a hole
    that *WM* and *WM or GM* share. Islands and gaps below the lattice's resolution vanish; only
    the largest connected part is kept. Air inside the head is left out of the mesh. The same
    labels give the same mesh; stored in another axis order or sign, the same up to rounding.

    Raises
    ------
    InputError
        Labels or conductivities that are no tissue, or a step that cannot work.
    GeometryError
        No head in the labels, or more nodes than the mesher can number.

    References
    ----------
    Labelle & Shewchuk 2007, doi:10.1145/1276377.1276448.
    """
    _check(labels, edge_mm, sigma_s_per_m)
    tissue, frame_from_voxel = _cropped(labels)
    voxel_from_frame: Floats = np.linalg.inv(frame_from_voxel).astype(np.float64)
    voxel_mm: Floats = np.linalg.norm(frame_from_voxel[:3, :3], axis=0)
    sets = ordered_map(
        lambda last: _smoothed_set(tissue, int(last), voxel_mm),
        sorted(_TISSUES, reverse=True)[:-1],
    )
    levels = [_level(volume, voxel_from_frame) for volume in sets]
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in tissue.shape]), axis=-1).reshape(-1, 3)
    box = corners @ frame_from_voxel[:3, :3].T + frame_from_voxel[:3, 3]
    nodes, cells = body_centred_lattice(
        box.min(axis=0), box.max(axis=0), edge_mm, inside=lambda p: levels[0](p) > 0
    )
    if len(cells) == 0:
        raise GeometryError(
            f"no head of at least {edge_mm:g} mm in the labels; give a smaller edge_mm or check "
            "that the labels hold 1 (WM) to 5 (scalp)"
        )
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    order = walk_order(barycentres(nodes, cells))
    mesh = Partition(
        nodes,
        cells[order],
        np.zeros(len(cells), dtype=np.uint8),
        np.zeros(len(nodes), dtype=np.bool_),
    )
    mesh = _only(cut(mesh, levels[0], parent=Tissue.AIR, child=Tissue.SCALP), Tissue.SCALP)
    for last, level in zip(sorted(_TISSUES, reverse=True)[1:-1], levels[1:], strict=True):
        mesh = cut(mesh, level, parent=last + 1, child=last)
    return _finish(mesh, labels, sigma_s_per_m)


def _check(labels: Volume, edge_mm: float, sigma_s_per_m: Mapping[Tissue, float]) -> None:
    data = labels.data
    if data.ndim != 3 or data.dtype.kind not in "ui":
        raise InputError(
            f"tissue labels are a 3-D whole-number volume, given {data.dtype} {data.shape}"
        )
    if data.min() < Tissue.AIR or data.max() > Tissue.SCALP:
        raise InputError(
            f"labels run from {data.min()} to {data.max()}; needed 0 (air) and 1 to 5 (WM, GM, "
            "CSF, bone, scalp). Map other labels to these first"
        )
    if not 0.5 <= edge_mm <= 20:
        raise InputError(f"edge_mm is {edge_mm:g}; needed 0.5 to 20 mm")
    for tissue in sorted(_TISSUES)[1:]:
        sigma = sigma_s_per_m.get(tissue)
        if sigma is None or not np.isfinite(sigma) or sigma <= 0:
            raise InputError(
                f"conductivity of {tissue.name} is {sigma}; needed a positive number of S/m for "
                "each of WM, GM, CSF, BONE and SCALP"
            )


def _cropped(labels: Volume) -> tuple[NDArray[np.uint8], Floats]:
    """Labels cut to the head with a rim of air, and where that box lies."""
    data = np.ascontiguousarray(labels.data, dtype=np.uint8)
    kept = [np.flatnonzero(data.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    if any(len(k) == 0 for k in kept):
        raise GeometryError("the labels hold air only; give labels of 1 (WM) to 5 (scalp)")
    box = tuple(slice(k[0], k[-1] + 1) for k in kept)
    moved = np.eye(4)
    moved[:3, 3] = [k[0] - _PAD for k in kept]
    return np.pad(data[box], _PAD), labels.frame_from_voxel @ moved


def _smoothed_set(tissue: NDArray[np.uint8], last: int, voxel_mm: Floats) -> NDArray[np.float32]:
    """How far above one half the smoothed set of tissues 1 to ``last`` is, per voxel."""
    member = ((tissue > 0) & (tissue <= last)).astype(np.float32)
    sigma = np.maximum(_SMOOTH_MM / voxel_mm, 0.5)  # voxels above 1.4 mm still need rounding
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(member, sigma, truncate=3.0)
    smooth -= np.float32(0.5)
    return smooth


def _level(volume: NDArray[np.float32], voxel_from_frame: Floats) -> Callable[[Floats], Floats]:
    def level(points: Floats) -> Floats:
        return np.nan_to_num(sample_linear(volume, voxel_from_frame, points), nan=-0.5)

    return level


def _only(mesh: Partition, label: int) -> Partition:
    """Keep the part of a mesh with one label."""
    kept = mesh.label == label
    nodes, cells, used = compact(mesh.nodes, mesh.cells[kept])
    return Partition(nodes, cells, mesh.label[kept], mesh.fixed[used])


def _finish(mesh: Partition, labels: Volume, sigma_s_per_m: Mapping[Tissue, float]) -> HeadModel:
    """Keep the largest part, and number nodes and cells along a curve for quick solves."""
    if len(mesh.nodes) >= _MOST_NODES:
        raise GeometryError(
            f"the mesh has {len(mesh.nodes)} nodes, at most {_MOST_NODES} fit; give a larger "
            "edge_mm"
        )
    kept = largest_part(mesh.cells, volumes(mesh.nodes, mesh.cells))
    nodes, cells, _ = compact(mesh.nodes, mesh.cells[kept])
    order = walk_order(nodes)
    number = np.empty(len(nodes), dtype=np.int64)
    number[order] = np.arange(len(nodes))
    cells = number[cells]
    rows = np.argsort(cells.min(axis=1), kind="stable")
    tissue = mesh.label[kept][rows]
    sigma = np.zeros(len(_TISSUES))
    for t in sorted(_TISSUES)[1:]:
        sigma[t] = sigma_s_per_m[t]
    return HeadModel(
        nodes=Points(nodes[order], labels.frame),
        cells=np.ascontiguousarray(cells[rows]),
        tissue=tissue,
        sigma_s_per_m=sigma[tissue],
    )
