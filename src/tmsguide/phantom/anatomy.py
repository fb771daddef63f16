"""The whole head as materials on the T1w grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from tmsguide.phantom.brain import Template, cut_brain, sample
from tmsguide.phantom.face import CORD_MNI, face_level, paint_face, smooth_union
from tmsguide.phantom.materials import Material
from tmsguide.phantom.shells import Shells, draw_shells, spread
from tmsguide.phantom.smooth import expand, smooth_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume, Warp

    Grid = NDArray[np.float32]

__all__ = ["Body", "build_body", "mni_of_grid"]

_SHELL_MM = 2.0  # lattice on which distances are measured
_BRAIN_LOW = np.array([-78, -112, -75], np.float32)  # MNI box that holds the template's brain
_BRAIN_HIGH = np.array([78, 80, 86], np.float32)
_PIA_MM = 1.0  # least CSF between brain and skull, so that grey matter never touches bone
_CORD_TOP_Z = -69.0  # just above the template's lowest slice


class Body(NamedTuple):
    """A head on the T1w grid.

    ``material`` uint8 `Material`; ``depth_mm`` distance to the brain's envelope, negative inside;
    ``detail`` the template's own fine T1 contrast, about zero mean.
    """

    material: NDArray[np.uint8]
    depth_mm: Grid
    detail: Grid


def mni_of_grid(
    mni_from_native: Warp, native_from_voxel: NDArray[np.float64], shape: tuple[int, ...]
) -> Grid:
    """Give the MNI position of every voxel, (X, Y, Z, 3).

    The warp's lattice must lie on the grid, as `pose.invert` makes it.
    """
    lattice = mni_from_native.displacement_mm
    step = round(
        float(
            np.linalg.norm(mni_from_native.source_from_voxel[:3, 0])
            / np.linalg.norm(native_from_voxel[:3, 0])
        )
    )
    index = np.stack(
        np.meshgrid(*(np.arange(n) for n in lattice.shape[:3]), indexing="ij"), axis=-1
    )
    at = index @ mni_from_native.source_from_voxel[:3, :3].T
    at = at + mni_from_native.source_from_voxel[:3, 3] + lattice
    return expand(at.astype(np.float32), shape, step)


def build_body(
    rng: np.random.Generator,
    at_mni: Grid,
    maps: tuple[Volume, Volume, Volume],
    *,
    voxel_mm: float,
    age_years: float,
) -> Body:
    """Give the head whose voxels lie at ``at_mni`` (X, Y, Z, 3), from maps T1, GM, WM in MNI."""
    shape = at_mni.shape[:3]
    box = _brain_box(at_mni)
    near = at_mni[box]
    template = Template(*(sample(m, near) for m in maps))
    brain = np.zeros(shape, np.uint8)
    brain[box] = cut_brain(rng, template, near, voxel_mm=voxel_mm)
    detail = np.zeros(shape, np.float32)
    detail[box] = _detail(template.t1, voxel_mm)

    step = max(1, round(_SHELL_MM / voxel_mm))
    every = (slice(None, None, step),) * 3
    lattice = at_mni[every]
    coarse = draw_shells(
        rng, brain[every] > 0, lattice, lattice_mm=voxel_mm * step, age_years=age_years
    )
    skin = expand(smooth_union(coarse.skin, face_level(lattice), 10.0), shape, step)
    shells = spread(coarse, shape, step)
    material = _layers(rng, shells, skin, voxel_mm=voxel_mm)
    soft = (material >= Material.SKIN) & (at_mni[..., 2] < -10)
    material[soft] = paint_face(material[soft], at_mni[soft], skin[soft])
    _put_brain(material, brain, shells)
    _put_cord(material, at_mni)
    _seal(material)
    return Body(material, shells.brain, detail)


def _brain_box(at_mni: Grid) -> tuple[slice, slice, slice]:
    """Give the index box of the grid that holds the brain."""
    held = np.asarray(((at_mni > _BRAIN_LOW) & (at_mni < _BRAIN_HIGH)).all(-1))
    spans = []
    for axis in range(3):
        hit = np.flatnonzero(held.swapaxes(0, axis).reshape(held.shape[axis], -1).any(axis=1))
        spans.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return spans[0], spans[1], spans[2]


def _detail(t1: Grid, voxel_mm: float) -> Grid:
    """Give the template's T1 less its local mean: folia, nuclei and vessels."""
    return np.asarray(t1 - ndimage.gaussian_filter(t1, 3.0 / voxel_mm, truncate=3), np.float32)


def _layers(
    rng: np.random.Generator, shells: Shells, skin: Grid, *, voxel_mm: float
) -> NDArray[np.uint8]:
    """Give CSF, tables, marrow, fat and skin by depth alone."""
    shape = skin.shape
    # Diploe fills vault bone thicker than 4 mm, between tables of about 1.5 mm (Lynnerup 2005,
    # 10.1186/1746-160X-1-13: diploe grows with total thickness).
    table = 1.4 + 0.15 * smooth_field(rng, shape, 12 / voxel_mm)
    fat = 3.6 + 0.8 * smooth_field(rng, shape, 16 / voxel_mm)
    strands = smooth_field(rng, shape, 5 / voxel_mm) > 1.25
    spongy = smooth_field(rng, shape, 6 / voxel_mm) > -1.0
    marrow = spongy & (shells.inner > table) & (shells.outer < -table)
    out = np.zeros(shape, np.uint8)
    inside = skin < 0
    out[inside] = Material.SKIN
    out[inside & (skin < -1.7)] = Material.FAT
    deep = inside & (skin < -1.7 - fat)
    out[deep] = Material.MUSCLE
    out[deep & strands] = Material.FAT
    bone = shells.outer < 0
    out[bone] = Material.COMPACT_BONE
    out[bone & marrow] = Material.MARROW
    out[shells.inner < 0] = Material.CSF
    return out


def _put_brain(material: NDArray[np.uint8], brain: NDArray[np.uint8], shells: Shells) -> None:
    """Write the brain where at least a millimetre of CSF stays below the skull."""
    fits = (brain > 0) & (shells.inner < -_PIA_MM)
    material[fits] = brain[fits]


def _put_cord(material: NDArray[np.uint8], at_mni: Grid) -> None:
    """Write spinal cord, its CSF and a ring of vertebra below the template's brainstem."""
    off = at_mni[..., :2] - np.array(CORD_MNI, np.float32)
    away = np.hypot(off[..., 0], off[..., 1])
    below = at_mni[..., 2] < _CORD_TOP_Z
    body = np.hypot(off[..., 0] / 1.3, off[..., 1] - 15)
    inside = below & (material > Material.CEREBELLAR_GREY)
    material[inside & ((away < 14) | (body < 12))] = Material.COMPACT_BONE
    material[inside & (body < 9.5) & (away > 14)] = Material.MARROW
    material[inside & (away < 10)] = Material.CSF
    material[inside & (away < 6)] = Material.WHITE


def _seal(material: NDArray[np.uint8]) -> None:
    """Close gaps: no brain without CSF round it, no CSF without bone, at any voxel size."""
    brain = (material > Material.AIR) & (material < Material.CSF)
    material[ndimage.binary_dilation(brain) & ~brain] = Material.CSF
    within = brain | (material == Material.CSF)
    soft = (material >= Material.SKIN) | (material == Material.AIR)
    material[ndimage.binary_dilation(within) & soft] = Material.COMPACT_BONE
