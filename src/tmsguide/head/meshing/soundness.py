"""Whether a field can be solved on a head mesh, and mending what can be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.model import HeadModel, Points, Tissue
from tmsguide.num.tetrahedra import (
    boundary_triangles,
    compact,
    face_counts,
    largest_part,
    volumes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["check_head", "mended"]

_FLAT = 1e-9  # volume over the cube of the longest edge: rounding of float32 positions is 1e-7
_MOST_NODES = 1 << 21  # face keys hold three node numbers in one 64-bit word
_SCALP_SHARE = 0.35  # of the outside, as area: .52 of a head cut level with the eyes, 1 of a ball


def check_head(head: HeadModel) -> None:
    """Refuse a head on which a field cannot be solved or would be wrong without a sign.

    Raises
    ------
    GeometryError
        Cells that name absent nodes, are flat, inverted or overlap; nodes of no cell; several
        parts; conductivities that are not positive; no grey matter; an outside that is not scalp.
        The message counts them and says whether `mended` helps.
    """
    _check_numbers(head)
    _check_shapes(head)
    _check_joins(head)
    _check_tissues(head)


def mended(head: HeadModel) -> HeadModel:
    """Give the head with inverted cells turned, loose parts and unused nodes left out.

    Nothing moves: positions, and the order of what stays, are as they were. Flat or overlapping
    cells cannot be mended so; `check_head` names them.

    Raises
    ------
    GeometryError
        Cells that name absent nodes, or more nodes than can be numbered.
    """
    _check_numbers(head)
    xyz = head.nodes.xyz_mm
    cells = head.cells.copy()
    volume = volumes(xyz, cells)
    cells[volume < 0] = cells[volume < 0][:, [1, 0, 2, 3]]
    kept = largest_part(cells, np.abs(volume))
    nodes, cells, _ = compact(xyz, cells[kept])
    tensor = head.tensor_s_per_m
    return HeadModel(
        nodes=Points(nodes, head.nodes.frame),
        cells=np.ascontiguousarray(cells),
        tissue=head.tissue[kept],
        sigma_s_per_m=head.sigma_s_per_m[kept],
        tensor_s_per_m=None if tensor is None else tensor[kept],
    )


def _check_numbers(head: HeadModel) -> None:
    n = len(head.nodes)
    if len(head.cells) == 0:
        raise GeometryError("the head has no tetrahedra; give a volume mesh, not a surface")
    if n >= _MOST_NODES:
        raise GeometryError(
            f"the head has {n} nodes, at most {_MOST_NODES - 1} can be numbered; give a coarser "
            "mesh"
        )
    absent = ((head.cells < 0) | (head.cells >= n)).any(axis=1)
    if absent.any():
        raise GeometryError(
            f"{int(absent.sum())} of {len(head.cells)} tetrahedra name nodes outside 0 to "
            f"{n - 1}; count nodes from 0 and export the mesh again"
        )


def _check_shapes(head: HeadModel) -> None:
    xyz = head.nodes.xyz_mm
    volume = volumes(xyz, head.cells)
    flat = _flat(xyz, head.cells, volume)
    if flat.any():
        raise GeometryError(
            f"{int(flat.sum())} of {len(flat)} tetrahedra are flat (no volume), the first is "
            f"number {int(np.argmax(flat))}; mesh the head again, for a field cannot be solved "
            "across them"
        )
    inverted = volume < 0
    if inverted.any():
        raise GeometryError(
            f"{int(inverted.sum())} of {len(inverted)} tetrahedra are inverted (negative volume); "
            "head.mended turns them"
        )
    good = np.isfinite(head.sigma_s_per_m) & (head.sigma_s_per_m > 0)
    if not good.all():
        raise GeometryError(
            f"{int((~good).sum())} tetrahedra have a conductivity that is not positive; give one "
            "in S/m for every tissue"
        )


def _flat(xyz: Floats, cells: Ints, volume: Floats) -> Bools:
    """Mark cells whose volume is nothing beside the cube of their longest edge."""
    room = float(np.linalg.norm(xyz.max(axis=0) - xyz.min(axis=0)))
    flat = np.abs(volume) <= _FLAT * room**3
    corners = xyz[cells[flat]]
    edges = corners[:, :, None] - corners[:, None]
    longest = np.linalg.norm(edges, axis=3).max(axis=(1, 2), initial=0.0)
    flat[flat] = np.abs(volume[flat]) <= _FLAT * longest**3
    return flat


def _check_joins(head: HeadModel) -> None:
    used = np.zeros(len(head.nodes), dtype=np.bool_)
    used[head.cells.ravel()] = True
    if not used.all():
        raise GeometryError(
            f"{int((~used).sum())} of {len(used)} nodes belong to no tetrahedron, which leaves "
            "the solution undefined there; head.mended drops them"
        )
    counts = face_counts(head.cells)
    if len(counts) > 3:
        raise GeometryError(
            f"{int(counts[3:].sum())} faces belong to more than two tetrahedra, so cells overlap "
            "or stand twice; export the mesh again or mesh the head again"
        )
    volume = volumes(head.nodes.xyz_mm, head.cells)
    main = largest_part(head.cells, volume)
    if not main.all():
        raise GeometryError(
            f"{int((~main).sum())} tetrahedra ({volume[~main].sum():.1f} mm³) hang together with "
            "the rest by no face; head.mended keeps the largest part"
        )


def _check_tissues(head: HeadModel) -> None:
    present = {int(t) for t in np.unique(head.tissue)}
    unknown = present - {t.value for t in Tissue if t is not Tissue.AIR}
    if unknown:
        raise GeometryError(
            f"tissue numbers {sorted(unknown)} are none of a head's; map them to 1 to 10 first"
        )
    for tissue, why in ((Tissue.GM, "holds the target"), (Tissue.SCALP, "carries the coil")):
        if tissue not in present:
            names = ", ".join(Tissue(t).name for t in sorted(present))
            raise GeometryError(
                f"the head has no {tissue.name}, which {why}; it holds {names}. Check the labels"
            )
    share = _outside_share(head)
    if share < _SCALP_SHARE:
        raise GeometryError(
            f"only {100 * share:.0f} % of the head's outside is SCALP, needed at least "
            f"{100 * _SCALP_SHARE:.0f} %: the coil would lie on another tissue. Check the labels' "
            "order, or add the scalp"
        )


def _outside_share(head: HeadModel) -> float:
    """Part of the outer surface, by area, whose three corners belong to scalp."""
    faces = boundary_triangles(head.cells)
    scalp = np.zeros(len(head.nodes), dtype=np.bool_)
    scalp[head.cells[head.tissue == Tissue.SCALP].ravel()] = True
    a, b, c = (head.nodes.xyz_mm[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return float(area[scalp[faces].all(axis=1)].sum() / area.sum())
