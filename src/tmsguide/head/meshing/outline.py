"""The outside of a head mesh: the scalp that a coil rests on, for heads that others meshed."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tmsguide.errors import GeometryError
from tmsguide.model import HeadModel, Points, Surface
from tmsguide.num.tetrahedra import boundary_triangles

__all__ = ["mesh_outline"]


def mesh_outline(head: HeadModel) -> Surface:
    """Give the outer surface of a head's mesh, outward; air inside the head is left out.

    Raises
    ------
    GeometryError
        The mesh has no outside.
    """
    xyz = head.nodes.xyz_mm
    faces = boundary_triangles(head.cells)
    if len(faces) < 4:
        raise GeometryError(f"the mesh has {len(faces)} outer triangles; needed a whole head")
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    net = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(xyz), len(xyz)))
    _, part = connected_components(net, directed=False)
    # the outside holds the most volume under it; the walls of a cavity hold less, of other sign
    corner = xyz[faces] - xyz.mean(axis=0)
    under = np.einsum("fx,fx->f", corner[:, 0], np.cross(corner[:, 1], corner[:, 2]))
    volume = np.bincount(part[faces[:, 0]], under)
    kept = faces[part[faces[:, 0]] == np.argmax(volume)]
    used, corners = np.unique(kept, return_inverse=True)
    return Surface(Points(xyz[used], head.nodes.frame), corners.reshape(-1, 3))
