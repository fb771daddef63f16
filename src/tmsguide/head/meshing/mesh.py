"""Tetrahedral head model from tissue labels."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import FrameError, GeometryError, InputError
from tmsguide.head.meshing.grading import Focus, allowed_doublings, lattice_box
from tmsguide.head.meshing.levels import cropped, nested_levels
from tmsguide.model import HeadModel, Points, Tissue, Volume
from tmsguide.num.angle_repair import repaired
from tmsguide.num.lattice import graded_lattice
from tmsguide.num.levelset_cut import Partition, cut
from tmsguide.num.tetrahedra import barycentres, compact, largest_part, volumes, walk_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["tetrahedralise"]

_AIM_DEG = 15.0  # cells with a dihedral angle below this are repaired
_MOST_DOUBLINGS = 4
_MOST_NODES = 1 << 21  # face keys hold three node numbers in one 64-bit word


def tetrahedralise(
    labels: Volume,
    *,
    edge_mm: float,
    sigma_s_per_m: Mapping[Tissue, float],
    coarsest_mm: float = 8.0,
    focus: Points | None = None,
    focus_radius_mm: float = 40.0,
) -> HeadModel:
    """Give a conforming tetrahedral head whose tissue borders follow the labels.

    ``labels`` holds `Tissue` numbers in any orientation. ``edge_mm`` is the step of a body-centred
    lattice (edges of 0.87 and 1 step before cutting) in the cortex, at all borders in the brain
    and everywhere between cortex and skin; with a ``focus`` only where that is within
    ``focus_radius_mm`` of its points. The step is halved where CSF is one voxel thin, and doubles
    to ``coarsest_mm`` at most in deep white matter, face and neck. Surfaces are the smooth levels
    of the sets *WM*, *WM or GM*, ... *any tissue*. These sets are nested whatever the anatomy, so
    ventricles, eyes and sinuses come out with their own label: a ventricle is a hole that *WM* and
    *WM or GM* share. At last nodes near flat cells move until angles are sound. Islands and gaps
    below the lattice's resolution vanish; only the largest connected part is kept. Air inside the
    head is left out of the mesh. The same labels give the same mesh; stored in another axis order
    or sign, the same up to rounding.

    Raises
    ------
    InputError
        Labels or conductivities that are no tissue, or steps that cannot work.
    GeometryError
        No head in the labels, no scalp, a focus outside the head, or more nodes than the mesher
        can number.
    FrameError
        A focus in another frame than the labels.

    References
    ----------
    Labelle & Shewchuk 2007, doi:10.1145/1276377.1276448 (lattice, snapping);
    Whitaker 2000, doi:10.1109/VV.2000.10008 (levels without steps).
    """
    tissue, frame_from_voxel = cropped(labels)
    _check(tissue, edge_mm, coarsest_mm, sigma_s_per_m)
    near = _focus(focus, focus_radius_mm, labels, tissue, frame_from_voxel)
    levels = nested_levels(tissue, frame_from_voxel)
    step_mm = edge_mm / 2
    top = min(int(np.log2(coarsest_mm / edge_mm) + 1e-9), _MOST_DOUBLINGS) + 1
    box = lattice_box(tissue.shape, frame_from_voxel, step_mm, top)
    doublings = allowed_doublings(tissue, frame_from_voxel, box, top=top, focus=near)
    nodes, cells = graded_lattice(
        box.origin_mm, step_mm, doublings, inside=lambda p: levels[0](p) > 0
    )
    if len(cells) == 0:
        raise GeometryError(
            f"no head of at least {edge_mm:g} mm in the labels; give a smaller edge_mm or check "
            "that the labels hold 1 (WM) to 5 (scalp)"
        )
    order = walk_order(barycentres(nodes, cells))
    mesh = Partition(
        nodes,
        cells[order],
        np.zeros(len(cells), dtype=np.uint8),
        np.zeros(len(nodes), dtype=np.bool_),
    )
    mesh = _only(cut(mesh, levels[0], parent=Tissue.AIR, child=levels[0].tissue), levels[0].tissue)
    for outer, level in pairwise(levels):
        mesh = cut(mesh, level, parent=outer.tissue, child=level.tissue)
    return _finish(mesh, labels, sigma_s_per_m)


def _check(
    tissue: NDArray[np.uint8],
    edge_mm: float,
    coarsest_mm: float,
    sigma_s_per_m: Mapping[Tissue, float],
) -> None:
    if not 0.5 <= edge_mm <= 20:
        raise InputError(f"edge_mm is {edge_mm:g}; needed 0.5 to 20 mm")
    if not coarsest_mm > 0:
        raise InputError(f"coarsest_mm is {coarsest_mm:g}; needed a length, in mm")
    for t in np.unique(tissue[tissue > 0]):
        sigma = sigma_s_per_m.get(Tissue(t))
        if sigma is None or not np.isfinite(sigma) or sigma <= 0:
            raise InputError(
                f"conductivity of {Tissue(t).name} is {sigma}; needed a positive number of S/m "
                "for each tissue in the labels"
            )


def _focus(
    points: Points | None,
    radius_mm: float,
    labels: Volume,
    tissue: NDArray[np.uint8],
    frame_from_voxel: Floats,
) -> Focus | None:
    if points is None:
        return None
    if points.frame != labels.frame:
        raise FrameError(f"the focus is in {points.frame}, the labels in {labels.frame}")
    voxel = np.linalg.inv(frame_from_voxel)[:3]
    at = (points.xyz_mm @ voxel[:, :3].T + voxel[:, 3]).round().astype(np.int64)
    held = ((at >= 0) & (at < tissue.shape)).all(axis=1)
    if not (held.any() and tissue[tuple(at[held].T)].any()):
        raise GeometryError("no point of the focus lies in the head; give points in its tissues")
    return Focus(points.xyz_mm, radius_mm)


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
    nodes = repaired(nodes, cells, mesh.label[kept], aim_deg=_AIM_DEG)
    order = walk_order(nodes)
    number = np.empty(len(nodes), dtype=np.int64)
    number[order] = np.arange(len(nodes))
    cells = number[cells]
    rows = np.argsort(cells.min(axis=1), kind="stable")
    tissue = mesh.label[kept][rows]
    sigma = np.array([sigma_s_per_m.get(t, 0.0) for t in Tissue])
    return HeadModel(
        nodes=Points(nodes[order], labels.frame),
        cells=np.ascontiguousarray(cells[rows]),
        tissue=tissue,
        sigma_s_per_m=sigma[tissue],
    )
