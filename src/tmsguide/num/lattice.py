"""Body-centred cubic lattices of tetrahedra: the well-shaped start of every mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.tetrahedra import compact

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["body_centred_lattice"]


def body_centred_lattice(
    lower: Floats, upper: Floats, step: float, *, inside: Callable[[Floats], Bools]
) -> tuple[Floats, Ints]:
    """Give nodes (N, 3) and tetrahedra (M, 4) that cover the part of a box that is inside.

    ``lower`` and ``upper`` (3,) bound the box. Cube corners lie on whole multiples of ``step``, so
    a larger box gives the same lattice. Kept are the tetrahedra with at least one node for which
    ``inside`` holds. All tetrahedra are congruent, with dihedral angles of 60 and 90 degrees and
    edges of ``step`` and 0.87 ``step``.

    References
    ----------
    Labelle & Shewchuk 2007, ACM Trans. Graph. 26(3):57, doi:10.1145/1276377.1276448.
    """
    first = np.floor(np.asarray(lower) / step).astype(np.int64)
    last = np.ceil(np.asarray(upper) / step).astype(np.int64)
    cubes = np.maximum(last - first, 1)
    corners = (first + _indices(cubes + 1)) * step
    centres = (first + _indices(cubes) + 0.5) * step
    nodes = np.concatenate([corners, centres])
    kept = inside(nodes)
    parts = [_across_faces(cubes, axis) for axis in range(3)]
    cells = np.concatenate([part[_any_corner(kept, part)] for part in parts])
    nodes, cells, _ = compact(nodes, cells)
    return nodes, cells


def _any_corner(flag: Bools, cells: Ints) -> Bools:
    """Tell which cells (M,) have a flagged node."""
    a, b, c, d = cells.T
    return np.asarray(flag[a] | flag[b] | flag[c] | flag[d])


def _indices(shape: Ints) -> Ints:
    """Every index triple of a grid, last axis fastest."""
    return np.asarray(np.indices(tuple(shape)).reshape(3, -1).T)


def _across_faces(cubes: Ints, axis: int) -> Ints:
    """Four tetrahedra around each segment that joins two cube centres along one axis."""
    corner = np.arange(np.prod(cubes + 1)).reshape(cubes + 1)
    centre = corner.size + np.arange(np.prod(cubes)).reshape(cubes)
    low, high = np.delete(centre, -1, axis=axis), np.delete(centre, 0, axis=axis)
    shared = np.delete(np.delete(corner, 0, axis=axis), -1, axis=axis)
    u, v = (axis + 1) % 3, (axis + 2) % 3
    ring = []
    for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
        pick = [slice(None)] * 3
        pick[u] = slice(du, shared.shape[u] - 1 + du)
        pick[v] = slice(dv, shared.shape[v] - 1 + dv)
        ring.append(shared[tuple(pick)].ravel())
    parts = [
        np.stack([low.ravel(), high.ravel(), ring[i], ring[(i + 1) % 4]], axis=1) for i in range(4)
    ]
    return np.concatenate(parts)
