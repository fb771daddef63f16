"""Face and neck in rough strokes: what a T1w field of view shows below and before the skull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.phantom.materials import Material

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Grid = NDArray[np.float32]
    Ellipsoid = tuple[tuple[float, float, float], tuple[float, float, float]]

__all__ = ["CORD_MNI", "face_level", "paint_face", "smooth_union"]

#: Where the spinal cord leaves the template (its lowest slice is z = -72 mm), x and y in mm.
CORD_MNI = (0.0, -45.0)

# Centres and half axes in MNI mm, drawn by eye to look like a head; not measured anatomy.
_SKIN: tuple[Ellipsoid, ...] = (
    ((0, 42, -38), (64, 52, 52)),  # middle face
    ((0, 36, -82), (56, 58, 46)),  # jaw
    ((0, 50, -8), (50, 40, 26)),  # brow
    ((0, 96, -48), (13, 17, 19)),  # nose
    ((0, 92, -76), (22, 14, 20)),  # lips
    ((78, -22, -38), (4.5, 16, 25)),  # ears
    ((-78, -22, -38), (4.5, 16, 25)),
)
_NECK_HALF_AXES = (56.0, 60.0)
_NECK_CENTRE_Y = -30.0
_NECK_TOP_Z = -30.0

_ORBITS: tuple[tuple[Material, Ellipsoid], ...] = tuple(
    (material, ((side * x, y, z), axes))
    for side in (-1, 1)
    for material, (x, y, z), axes in (
        (Material.COMPACT_BONE, (31, 53, -42), (19.5, 26, 18)),
        (Material.FAT, (31, 53, -42), (17.5, 26, 16)),
        (Material.MUSCLE, (29, 46, -34), (7, 18, 2.0)),
        (Material.MUSCLE, (29, 46, -50), (7, 18, 2.0)),
        (Material.MUSCLE, (26, 40, -42), (2.5, 22, 2.5)),
        (Material.VITREOUS, (32, 65, -42), (12, 12, 12)),
        (Material.LENS, (32, 74, -42), (5, 2.2, 5)),
    )
)
_BONES: tuple[tuple[Material, Ellipsoid], ...] = (
    (Material.COMPACT_BONE, ((0, 52, -72), (36, 34, 13))),  # upper jaw
    (Material.MARROW, ((0, 52, -72), (34, 32, 11))),
    (Material.COMPACT_BONE, ((45, 38, -82), (9, 34, 27))),  # lower jaw, both branches
    (Material.MARROW, ((45, 38, -82), (6, 31, 24))),
    (Material.COMPACT_BONE, ((-45, 38, -82), (9, 34, 27))),
    (Material.MARROW, ((-45, 38, -82), (6, 31, 24))),
)
_TONGUE: tuple[tuple[Material, Ellipsoid], ...] = (
    (Material.MUSCLE, ((0, 40, -92), (32, 36, 20))),
)
_HOLLOWS: tuple[tuple[Material, Ellipsoid], ...] = (
    (Material.AIR, ((5, 58, -54), (3.5, 36, 14))),  # nasal cavity, both sides of the septum
    (Material.AIR, ((-5, 58, -54), (3.5, 36, 14))),
    (Material.AIR, ((30, 50, -66), (13, 17, 14))),  # maxillary sinuses
    (Material.AIR, ((-30, 50, -66), (13, 17, 14))),
    (Material.AIR, ((0, 4, -82), (9, 6, 32))),  # throat
    (Material.AIR, ((6, 18, -36), (6, 9, 7))),  # sphenoid sinus
    (Material.AIR, ((-6, 18, -36), (6, 9, 7))),
)


def face_level(at_mni: Grid) -> Grid:
    """Give a level (...,), roughly mm, negative inside face and neck."""
    level = _level(at_mni, *_SKIN[0])
    for shape in _SKIN[1:]:
        level = smooth_union(level, _level(at_mni, *shape), 9.0)
    x, y, z = (at_mni[..., k] for k in range(3))
    ring = np.hypot(x / _NECK_HALF_AXES[0], (y - _NECK_CENTRE_Y) / _NECK_HALF_AXES[1])
    neck = np.maximum((ring - 1) * _NECK_HALF_AXES[0], z - _NECK_TOP_Z)
    return smooth_union(level, neck.astype(np.float32), 14.0)


def paint_face(material: NDArray[np.uint8], at_mni: Grid, skin_mm: Grid) -> NDArray[np.uint8]:
    """Give soft-tissue voxels (N,) with orbits, jaws and hollows painted in.

    ``at_mni`` (N, 3); ``skin_mm`` (N,) depth level of the skin, so that nothing breaks through it
    (hollows and bone stay 3 mm under the skin).
    """
    out = material.copy()
    covered = skin_mm < -3
    _fill(out, at_mni, covered, (*_BONES, *_TONGUE, *_HOLLOWS))
    _fill(out, at_mni, skin_mm < -1.5, _ORBITS)
    return out


def smooth_union(a: Grid, b: Grid, blend_mm: float) -> Grid:
    """Give the level of two bodies joined with a fillet of about ``blend_mm`` (polynomial min)."""
    mix = np.maximum(blend_mm - np.abs(a - b), 0) / blend_mm
    return np.asarray(np.minimum(a, b) - mix * mix * (blend_mm / 4), dtype=np.float32)


def _fill(
    out: NDArray[np.uint8],
    at_mni: Grid,
    allowed: NDArray[np.bool_],
    parts: Iterable[tuple[Material, Ellipsoid]],
) -> None:
    rows = np.flatnonzero(allowed)
    at = at_mni[rows]
    for material, (centre, half_axes) in parts:
        off = np.abs(at - np.array(centre, np.float32))
        near = (off < np.array(half_axes, np.float32)).all(axis=1)
        held = rows[near]
        out[held[_level(at[near], centre, half_axes) < 0]] = material


def _level(
    at_mni: Grid, centre: tuple[float, float, float], half_axes: tuple[float, float, float]
) -> Grid:
    """Give an ellipsoid's level, exact on its surface and near mm beside it."""
    way = at_mni - np.asarray(centre, np.float32)
    axes = np.asarray(half_axes, np.float32)
    near = np.linalg.norm(way / axes, axis=-1)
    slope = np.linalg.norm(way / axes**2, axis=-1)
    return np.asarray(near * (near - 1) / np.maximum(slope, 1e-6), dtype=np.float32)
