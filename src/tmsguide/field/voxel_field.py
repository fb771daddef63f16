"""A field on the voxels of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.errors import GeometryError
from tmsguide.field.forward import require_frame
from tmsguide.model import Tissue, Volume
from tmsguide.num.cell_lattice import lattice_cells
from tmsguide.num.recovery import patch_recovery

if TYPE_CHECKING:
    from collections.abc import Collection

    from tmsguide.model import Field, HeadModel

__all__ = ["on_voxels"]

_BODY = tuple(t for t in Tissue if t is not Tissue.AIR)


def on_voxels(
    head: HeadModel, field: Field, like: Volume, *, tissues: Collection[Tissue] = _BODY
) -> Volume:
    """Give the recovered E (X, Y, Z, 3), V/m along RAS axes, on the voxels of an image.

    Voxels whose centre lies in none of ``tissues`` hold zero, which no voxel in a head does.

    Raises
    ------
    FrameError
        The image is not in the head's frame.
    GeometryError
        The head has none of the tissues, or none of it lies within the image.
    """
    require_frame(like.frame, head)
    chosen = np.isin(head.tissue, [t.value for t in tissues])
    if not chosen.any():
        raise GeometryError(
            f"the head has no {' or '.join(t.name for t in tissues) or 'tissue'}; choose a tissue "
            "that it has"
        )
    voxel_from_frame = np.linalg.inv(like.frame_from_voxel)
    nodes = head.nodes.xyz_mm @ voxel_from_frame[:3, :3].T + voxel_from_frame[:3, 3]
    nx, ny, nz = like.data.shape[:3]
    cell, weight = lattice_cells(nodes, head.cells[chosen], (nx, ny, nz))
    inside = cell >= 0
    if not inside.any():
        raise GeometryError(
            "no voxel of the image lies in these tissues of the head; check that image and head "
            "are of one person"
        )
    recovery = patch_recovery(head.nodes.xyz_mm, head.cells[chosen], head.tissue[chosen])
    at_nodes = (recovery.patch @ field.e_v_per_m[chosen]).astype(np.float32)
    corner, share = recovery.row[cell[inside]], weight[inside]
    out = np.zeros((nx, ny, nz, 3), dtype=np.float32)
    out[inside] = sum(share[:, c, None] * at_nodes[corner[:, c]] for c in range(4))
    return Volume(out, like.frame_from_voxel, like.frame)
