"""Dihedral angles of tetrahedra: how flat the flattest corner of each cell is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["least_dihedral_deg", "worst_cosine", "worst_cosines"]


def least_dihedral_deg(nodes: Floats, cells: Ints) -> Floats:
    """Smallest of the six dihedral angles of each tetrahedron (M,), in degrees.

    Cells turned inside out give 0.

    Examples
    --------
    >>> corner = np.vstack([np.zeros(3), np.eye(3)])
    >>> least_dihedral_deg(corner, np.array([[0, 1, 2, 3]])).round(2).tolist()
    [54.74]
    """
    cosine = np.clip(worst_cosines(nodes, cells), -1.0, 1.0)
    return np.asarray(np.degrees(np.arccos(cosine)))


def worst_cosines(nodes: Floats, cells: Ints) -> Floats:
    """Cosine of the smallest dihedral angle of each tetrahedron (M,); 2 if turned inside out."""
    out = np.empty(len(cells))
    _angles(nodes, cells, out)
    return out


@njit(cache=True, nogil=True)
def worst_cosine(p: Any) -> Any:
    """Cosine of the smallest dihedral angle of corners (4, 3); 2 if they are turned inside out."""
    ax, ay, az = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
    bx, by, bz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
    cx, cy, cz = p[3, 0] - p[0, 0], p[3, 1] - p[0, 1], p[3, 2] - p[0, 2]
    # inward gradients of the barycentric coordinates: normals of the faces across from each corner
    n = np.empty((4, 3))
    n[1, 0], n[1, 1], n[1, 2] = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    n[2, 0], n[2, 1], n[2, 2] = cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax
    n[3, 0], n[3, 1], n[3, 2] = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    if ax * n[1, 0] + ay * n[1, 1] + az * n[1, 2] <= 0.0:
        return 2.0
    worst = -1.0
    for d in range(3):
        n[0, d] = -n[1, d] - n[2, d] - n[3, d]
    for i in range(4):
        length = np.sqrt(n[i, 0] ** 2 + n[i, 1] ** 2 + n[i, 2] ** 2)
        if length == 0.0:
            return 2.0
        for d in range(3):
            n[i, d] /= length
        for j in range(i):
            cosine = -(n[i, 0] * n[j, 0] + n[i, 1] * n[j, 1] + n[i, 2] * n[j, 2])
            worst = max(worst, cosine)
    return worst


@njit(cache=True, nogil=True)
def _angles(nodes: Any, cells: Any, out: Any) -> None:
    p = np.empty((4, 3))
    for t in range(len(cells)):
        for q in range(4):
            for d in range(3):
                p[q, d] = nodes[cells[t, q], d]
        out[t] = worst_cosine(p)
