"""How left and right halves of a brain differ, on a grid of the template's right half."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from tmsguide.head.grid import sampled
from tmsguide.model import MNI, Points

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tmsguide.model import Anatomy, Surface

    Floats = NDArray[np.float64]

__all__ = ["Halves", "agreement", "expected_levels", "seen_levels"]

STEP_MM = 3.0
LOW_MNI_MM = (1.5, -114.0, -60.0)  # cerebrum of the right half
HIGH_MNI_MM = (79.5, 81.0, 87.0)
SMOOTH_MM = 2.5  # SD; adult sulci vary by 5 to 10 mm, so finer detail would only be noise
SHEET_MM = 1.5  # width of the steps at the template's surfaces
EVEN_MM = 10.0  # over which the person's differences are scaled to even size
BLOCK_MM = 24.0  # blocks that the jackknife leaves out: about a gyrus and its sulcus
LEAST_SLOPE = 0.04  # per mm; where the mean of both halves is flatter, there is no cortex
MIRROR = np.array([-1.0, 1.0, 1.0])


class Halves(NamedTuple):
    """Tissue level, 1 in white matter and -1 in fluid, (X, Y, Z) on the grid of the right half.

    ``left`` was taken at the mirrored places.
    """

    right: Floats
    left: Floats


def expected_levels(hemispheres: tuple[tuple[Surface, Surface], ...]) -> Halves:
    """Give the levels that average (pial, white) surfaces in MNI expect."""
    at = _grid()
    parts = [
        np.max([_level(pial, white, places) for pial, white in hemispheres], axis=0)
        for places in (at, at * MIRROR)
    ]
    return Halves(*(ndimage.gaussian_filter(part, SMOOTH_MM / STEP_MM) for part in parts))


def seen_levels(anatomy: Anatomy, t1w_from_mni: Callable[[Points], Points]) -> Halves:
    """Give the levels of a person.

    The map is made symmetric first (the affine part and the mean of the deformation and its
    mirror image), so that it takes out the person's size and shape but no difference of halves.
    """
    chance = np.asarray(anatomy.probability.data)
    level = 2 * chance[..., 0] + chance[..., 1] - 1
    level = ndimage.gaussian_filter(level.astype(np.float32), 1.2 / anatomy.labels.voxel_mm)
    voxel_from_frame = np.linalg.inv(anatomy.probability.frame_from_voxel)
    frame_from_mni = _evened(t1w_from_mni)
    at = _grid()
    parts = []
    for places in (at, at * MIRROR):
        there = frame_from_mni(places.reshape(-1, 3))
        voxels = there @ voxel_from_frame[:3, :3].T + voxel_from_frame[:3, 3]
        seen = sampled(level, voxels.T.astype(np.float32), outside=-1.0)
        parts.append(seen.reshape(at.shape[:3]).astype(np.float64))
    return Halves(*(ndimage.gaussian_filter(part, SMOOTH_MM / STEP_MM) for part in parts))


def agreement(expected: Halves, seen: Halves) -> tuple[float, float]:
    """Give the correlation of two patterns of differences, right less left, and its z.

    What a shift, turn or shear of the midline would do is projected out of both, so that a head
    that lies askew counts neither way. z is the correlation over its jackknife standard error.
    Mirroring either side turns the sign of both.

    References
    ----------
    Efron 1982, DOI 10.1137/1.9781611970319: the jackknife.
    """
    mean = (expected.right + expected.left) / 2
    slope = np.sqrt(sum(part**2 for part in _slopes(mean)))
    cortex = slope > LEAST_SLOPE
    theirs = _straightened(expected, cortex)
    ours = _straightened(seen, cortex)
    ours = ours / _local_size(ours, cortex)
    block = np.floor((_grid()[cortex] - LOW_MNI_MM) / BLOCK_MM).astype(np.int64)
    _, part = np.unique(block @ [10_000, 100, 1], return_inverse=True)
    sums = np.stack([np.bincount(part, v) for v in (ours * theirs, ours**2, theirs**2)])
    whole = sums.sum(axis=1)
    without = whole[:, None] - sums
    floor = 1e-12 * len(ours)
    r = float(whole[0] / np.sqrt(max(whole[1] * whole[2], floor)))
    left_out = without[0] / np.sqrt(np.maximum(without[1] * without[2], floor))
    count = len(left_out)
    error = np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())
    return r, float(r / max(error, 1e-9))


def _grid() -> Floats:
    """Places (X, Y, Z, 3) of the right half, MNI mm."""
    axes = [
        np.arange(low, high + 0.1, STEP_MM)
        for low, high in zip(LOW_MNI_MM, HIGH_MNI_MM, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _level(pial: Surface, white: Surface, at: Floats) -> Floats:
    """Give 1 inside the white surface, 0 in the cortex and -1 outside the pial one, soft."""
    xyz = pial.vertices.xyz_mm
    low, high = xyz.min(axis=0) - 6 * SHEET_MM, xyz.max(axis=0) + 6 * SHEET_MM
    near = ((at > low) & (at < high)).all(axis=-1)
    out = np.full(at.shape[:-1], -1.0)
    # each sheet steps from 1 inside to 0 outside
    steps = [(1 - np.tanh(_height_mm(s, at[near]) / SHEET_MM)) / 2 for s in (white, pial)]
    out[near] = steps[0] + steps[1] - 1
    return out


def _height_mm(surface: Surface, at: Floats) -> Floats:
    """Give distances (N,) to the nearest vertex, negative on its inner side.

    Good near the sheet, which is all that `_level` needs.
    """
    xyz = surface.vertices.xyz_mm
    a, b, c = (xyz[surface.triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normal = np.zeros_like(xyz)
    for k in range(3):
        np.add.at(normal, surface.triangles[:, k], face)
    far, near = cKDTree(xyz).query(at)
    return np.asarray(np.sign(np.einsum("ij,ij->i", at - xyz[near], normal[near])) * far)


def _evened(t1w_from_mni: Callable[[Points], Points]) -> Callable[[Floats], Floats]:
    """Give the map of positions (N, 3) with its deformation made symmetric."""
    some = _grid()[::4, ::4, ::4].reshape(-1, 3)
    some = np.concatenate([some, some * MIRROR])
    there = t1w_from_mni(Points(some, MNI)).xyz_mm
    affine = np.linalg.lstsq(np.c_[some, np.ones(len(some))], there, rcond=None)[0]
    back = np.linalg.inv(affine[:3])

    def bend(at: Floats) -> Floats:
        straight = np.c_[at, np.ones(len(at))] @ affine
        return np.asarray((t1w_from_mni(Points(at, MNI)).xyz_mm - straight) @ back)

    def mapped(at: Floats) -> Floats:
        both = (bend(at) + MIRROR * bend(at * MIRROR)) / 2
        return np.asarray(np.c_[at + both, np.ones(len(at))] @ affine)

    return mapped


def _slopes(level: Floats) -> list[Floats]:
    return [np.asarray(part) / STEP_MM for part in np.gradient(level)]


def _straightened(halves: Halves, cortex: NDArray[np.bool_]) -> Floats:
    """Give right less left at the cortex (N,), without what moving the midline would do."""
    along = [part[cortex] for part in _slopes((halves.right + halves.left) / 2)]
    x, y, z = (_grid()[cortex] / 50.0).T
    moves = np.stack([along[0], along[0] * y, along[0] * z, along[1] * x, along[2] * x], axis=1)
    differ = (halves.right - halves.left)[cortex]
    return np.asarray(differ - moves @ np.linalg.lstsq(moves, differ, rcond=None)[0])


def _local_size(values: Floats, cortex: NDArray[np.bool_]) -> Floats:
    """Give the root mean square of values (N,) at the cortex in a neighbourhood."""
    power, weight = np.zeros(cortex.shape), cortex.astype(np.float64)
    power[cortex] = values**2
    wide = EVEN_MM / STEP_MM
    power, weight = (ndimage.gaussian_filter(v, wide)[cortex] for v in (power, weight))
    return np.asarray(np.sqrt(power / weight) + 1e-9)
