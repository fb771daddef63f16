"""Body-centred cubic lattices of tetrahedra, uniform or graded: well-shaped starts of a mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmsguide.num.octree import Leaves, balanced_leaves
from tmsguide.num.tetrahedra import compact, volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["body_centred_lattice", "graded_lattice"]

_RING = ((0, 0), (1, 0), (1, 1), (0, 1))  # corners of a face in order, in its own two axes


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
    same = np.zeros(np.maximum(last - first, 1), dtype=np.int8)
    return graded_lattice(np.asarray(first * step, dtype=np.float64), step, same, inside=inside)


def graded_lattice(
    origin: Floats, step: float, coarseness: NDArray[np.int8], *, inside: Callable[[Floats], Bools]
) -> tuple[Floats, Ints]:
    """Give nodes (N, 3) and tetrahedra (M, 4) no larger than asked, coarser where allowed.

    ``coarseness`` (X, Y, Z) holds, for each cube of side ``step`` of a box that starts at
    ``origin``, the largest k for which a cube of side ``step`` times 2^k may cover it. Cubes that
    touch differ by one k at most. Two alike that share a face hold four tetrahedra round the
    segment between their centres, each halved where a smaller cube halves its edge of the face; a
    face of one coarse and four fine cubes is cut into eight triangles, joined to the centres on
    either side. The mesh conforms; dihedral angles are 45 degrees or more. Kept are the tetrahedra
    with at least one node for which ``inside`` holds. Volumes are positive.

    References
    ----------
    Labelle & Shewchuk 2007, ACM Trans. Graph. 26(3):57, doi:10.1145/1276377.1276448, section 4.
    """
    leaves = balanced_leaves(coarseness)
    number = _Numbering(leaves.shape)
    parts = [part for k in range(len(leaves.whole)) for part in _level_cells(leaves, k, number)]
    cells = np.concatenate(parts)
    code = np.flatnonzero(np.bincount(cells.ravel(), minlength=number.size))
    renumber = np.zeros(number.size, dtype=np.int64)
    renumber[code] = np.arange(len(code))
    cells = renumber[cells]
    nodes: Floats = origin + step * number.place(code)
    kept = inside(nodes)
    a, b, c, d = cells.T
    nodes, cells, _ = compact(nodes, cells[kept[a] | kept[b] | kept[c] | kept[d]])
    flipped = volumes(nodes, cells) < 0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return nodes, cells


@dataclass(frozen=True, slots=True)
class _Numbering:
    """One number for each corner of the finest cubes, then for each of their centres.

    The centre of a coarser cube is a corner of finest cubes.
    """

    shape: tuple[int, int, int]

    @property
    def corners(self) -> int:
        x, y, z = self.shape
        return (x + 1) * (y + 1) * (z + 1)

    @property
    def size(self) -> int:
        return self.corners + int(np.prod(self.shape))

    def corner(self, at: Ints) -> Ints:
        _, y, z = self.shape
        return np.asarray((at[:, 0] * (y + 1) + at[:, 1]) * (z + 1) + at[:, 2])

    def centre(self, cube: Ints, k: int) -> Ints:
        """Give the numbers of the centres of cubes (C, 3) of side 2^k."""
        if k > 0:
            return self.corner((2 * cube + 1) << (k - 1))
        _, y, z = self.shape
        return np.asarray(self.corners + (cube[:, 0] * y + cube[:, 1]) * z + cube[:, 2])

    def place(self, code: Ints) -> Floats:
        """Where each number lies, in finest steps, (N, 3)."""
        corner = code < self.corners
        out = np.empty((len(code), 3))
        out[corner] = np.stack(np.unravel_index(code[corner], [n + 1 for n in self.shape]), axis=1)
        centre = np.unravel_index(code[~corner] - self.corners, self.shape)
        out[~corner] = np.stack(centre, axis=1) + 0.5
        return out


def _level_cells(leaves: Leaves, k: int, number: _Numbering) -> Iterator[Ints]:
    """Tetrahedra of the faces between whole cubes of side 2^k, and from these to finer ones."""
    whole = leaves.whole[k]
    for axis in range(3):
        low = np.argwhere(_shifted(whole, axis, 1) & whole)
        yield from _between_alike(low, axis, leaves.halved[k], k, number)
        if k == 0:
            continue
        for side in (0, 1):
            coarse = np.argwhere(whole & _shifted(leaves.halved[k], axis, 2 * side - 1))
            yield from _to_finer(coarse, axis, side, k, number)


def _shifted(flag: Bools, axis: int, by: int) -> Bools:
    """Value of the cube one beyond (``by`` = 1) or before (-1) along an axis; False outside."""
    out = np.zeros_like(flag)
    cut = [slice(None)] * 3
    to, source = (slice(0, -1), slice(1, None)) if by == 1 else (slice(1, None), slice(0, -1))
    cut[axis] = to
    place = tuple(cut)
    cut[axis] = source
    out[place] = flag[tuple(cut)]
    return out


def _unit(axis: int) -> Ints:
    return np.asarray(np.arange(3) == axis, dtype=np.int64)


def _between_alike(
    low: Ints, axis: int, halved: Bools, k: int, number: _Numbering
) -> Iterator[Ints]:
    """Tetrahedra round the segments from cubes ``low`` (C, 3) to the next ones along an axis."""
    u, v = _unit((axis + 1) % 3), _unit((axis + 2) % 3)
    high = low + _unit(axis)
    ends = number.centre(low, k), number.centre(high, k)
    ring = [(high + du * u + dv * v) << k for du, dv in _RING]
    outward = (-v, u, v, -u)  # from the face, across the edge from each corner to the next
    for q in range(4):
        first, second = ring[q], ring[(q + 1) % 4]
        a, b = number.corner(first), number.corner(second)
        cells = np.stack([*ends, a, b], axis=1)
        if k == 0:
            yield cells
            continue
        split = _held(halved, low + outward[q]) | _held(halved, high + outward[q])
        yield cells[~split]
        middle = number.corner((first[split] + second[split]) >> 1)
        for end in (2, 3):
            half = cells[split]
            half[:, end] = middle
            yield half


def _held(flag: Bools, cube: Ints) -> Bools:
    """Value of each cube (C, 3); False outside the grid."""
    within = ((cube >= 0) & (cube < flag.shape)).all(axis=1)
    out = np.zeros(len(cube), dtype=np.bool_)
    out[within] = flag[tuple(cube[within].T)]
    return out


def _to_finer(coarse: Ints, axis: int, side: int, k: int, number: _Numbering) -> Iterator[Ints]:
    """Tetrahedra at the faces of cubes (C, 3) towards four cubes of half their side."""
    u, v = _unit((axis + 1) % 3), _unit((axis + 2) % 3)
    corner = coarse + side * _unit(axis)
    ring = [(corner + du * u + dv * v) << k for du, dv in _RING]
    middle = number.corner((ring[0] + ring[2]) >> 1)
    halves = [number.corner((ring[q] + ring[(q + 1) % 4]) >> 1) for q in range(4)]
    centre = number.centre(coarse, k)
    beyond = 2 * (coarse + (2 * side - 1) * _unit(axis)) + (1 - side) * _unit(axis)
    for q, (du, dv) in enumerate(_RING):
        fine = number.centre(beyond + du * u + dv * v, k - 1)
        end = number.corner(ring[q])
        for half in (halves[q], halves[q - 1]):
            for apex in (centre, fine):
                yield np.stack([apex, middle, end, half], axis=1)
