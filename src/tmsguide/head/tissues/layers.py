"""Where the skull begins and ends over the vault.

On T1w images compact bone, fat-suppressed fat and air are equally dark and marrow is as bright as
flesh, so the grey of one voxel cannot tell. What can is the order along a ray from the brain
outward: fluid, dark table, marrow or none, dark table, flesh, skin. The two borders of the skull
are those of greatest posterior chance under that order (`layer_fit`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from tmsguide.head.tissues.layer_fit import (
    PIA_MM,
    SKIN_MM,
    Profiles,
    fitted_borders,
    grey_bins,
    normal_density,
    pooled_over,
)
from tmsguide.head.tissues.prior import below_face_line
from tmsguide.head.tissues.rays import blur, radius_at, rays_from, seen
from tmsguide.head.tissues.shells import scalp_mm, skull_mm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.head.tissues.rays import Rays

    Floats = NDArray[np.float32]
    Index = NDArray[np.intp]
    Mask = NDArray[np.bool_]

__all__ = ["Vault", "vault_bone", "vault_borders"]

# behind the mastoids the skull stays a shell down to the floor of the posterior fossa
OCCIPUT_MNI_MM = (-62.0, -58.0)  # y, z
CENTRE_MNI_MM = (0.0, -20.0, 10.0)
WITHIN_MM, BEYOND_MM = 8.0, 40.0  # how far about the first inner border the rays are read
PATCH_MM = 3.0  # rays this near see the same skull
SMOOTH_MM = 2.0
DARK_MM = 6.0  # compact bone lies within this of the first inner border
USUAL_MM = 75.0  # radius of a vault


@dataclass(frozen=True, slots=True, eq=False)
class Vault:
    """Inner and outer border of the skull (N, 2), mm from the centre, on ``rays`` where ``sure``.

    ``sure`` (N,) tells which rays meet the vault; ``table_grey`` is how bright compact bone is.
    """

    rays: Rays
    border_mm: Floats
    sure: Mask
    table_grey: float


def vault_borders(
    grey: Floats,
    inner: Mask,
    tissue: Mask,
    head: Mask,
    *,
    missing: Mask,
    fluid_grey: tuple[float, float],
    mni: Floats,
    voxel_mm: float,
) -> Vault:
    """Give both borders of the skull over the vault.

    Parameters
    ----------
    grey
        (X, Y, Z) bias-corrected image.
    inner, tissue, head
        (X, Y, Z) inside of the skull and brain tissue as first found, and the whole head.
    missing
        (X, Y, Z) where the head is known to be but not seen.
    fluid_grey
        Mean and SD of pure cerebrospinal fluid.
    mni
        (3, X, Y, Z) template position of each voxel, mm.
    voxel_mm
        Edge of the cubic voxels.
    """
    rays = _upward(rays_from(_nearest(mni, CENTRE_MNI_MM), voxel_mm), mni)
    within = seen(rays, inner, order=0) > 0.5
    last = np.asarray(within.shape[1] - 1 - np.argmax(within[:, ::-1], axis=1))
    patch = blur(rays, USUAL_MM, PATCH_MM)
    place = _template_places(rays, last, mni)
    in_head = seen(rays, head, order=0) > 0.5
    skin = _first_exit(in_head, last)
    sure = within.any(1) & _shell_like(place) & ((skin - last) * rays.step_mm > 3.0)
    last = np.where(sure, np.rint(pooled_over(patch, last.astype(np.float32), sure)), last)
    first = np.maximum(last.astype(np.intp) - round(WITHIN_MM / rays.step_mm), 0)
    top = float(np.percentile(grey[inner], 99))
    read = _read(rays, grey / top, tissue, ~missing, first=first)
    brain = read[1].shape[1] - 1 - np.argmax(read[1][:, ::-1] > 0.5, axis=1)
    skin = np.clip(skin - first, 0, read[0].shape[1] - 1)
    between = (brain + PIA_MM / rays.step_mm, skin - SKIN_MM / rays.step_mm)
    near = last - first + DARK_MM / rays.step_mm
    pooled = pooled_over(patch, read[0], sure)
    darkest = _darkest(pooled, between[0], np.minimum(between[1], near))
    profiles = Profiles(
        bins=grey_bins(read[0]),
        known=read[2],
        inner=last.astype(np.intp) - first,
        skin=skin,
        brain=brain,
        darkest=darkest,
        skull=np.asarray(skull_mm(place) / rays.step_mm, dtype=np.float32),
        scalp=np.asarray(scalp_mm(place) / rays.step_mm, dtype=np.float32),
        fluid=normal_density(fluid_grey[0] / top, fluid_grey[1] / top),
        step_mm=rays.step_mm,
    )
    inner_at, outer_at = fitted_borders(profiles, patch, sure)
    smooth = blur(rays, USUAL_MM, SMOOTH_MM)
    both = np.stack([pooled_over(smooth, b, sure) for b in (inner_at, outer_at)], axis=-1)
    border = (first[:, None] + both - 0.5) * rays.step_mm + rays.radius_mm[0]
    table = np.median(np.take_along_axis(pooled, darkest[:, None], axis=1)[sure]) * top
    return Vault(rays, np.asarray(border, dtype=np.float32), sure, float(table))


def vault_bone(vault: Vault, where: Mask) -> tuple[Floats, Floats]:
    """Give the depth in mm under the inner and the outer border of the skull, inside positive.

    Parameters
    ----------
    vault
        As `vault_borders` gives it.
    where
        (X, Y, Z) the voxels to look at; elsewhere the depth is not-a-number.

    Returns
    -------
    tuple
        Two (X, Y, Z) arrays; not-a-number where no ray of the vault is near.
    """
    voxels = np.argwhere(where)
    border = np.where(vault.sure[:, None], vault.border_mm, np.nan)
    radius, near = radius_at(vault.rays, voxels, border)
    out = np.full((2, *where.shape), np.nan, dtype=np.float32)
    for k in range(2):
        out[k][where] = near[:, k] - radius
    return out[0], out[1]


def _nearest(mni: Floats, place: tuple[float, float, float]) -> NDArray[np.int64]:
    some = mni[:, ::3, ::3, ::3]
    away = ((some - np.asarray(place, dtype=np.float32)[:, None, None, None]) ** 2).sum(0)
    return np.asarray(np.unravel_index(np.argmin(away), away.shape)) * 3


def _upward(rays: Rays, mni: Floats) -> Rays:
    """Give the rays that may meet the vault."""
    index = np.searchsorted(rays.radius_mm, USUAL_MM)
    place = _template_places(rays, np.full(len(rays.way), index), mni)
    return replace(rays, way=rays.way[_shell_like(place)])


def _shell_like(place: Floats) -> Mask:
    """Tell which template positions (..., 3) lie where the skull is met once by a ray."""
    y, z = OCCIPUT_MNI_MM
    occiput = (place[..., 1] < y) & (place[..., 2] > z)
    return np.asarray(~below_face_line(place) | occiput)


def _template_places(rays: Rays, index: NDArray[np.integer], mni: Floats) -> Floats:
    """Give the template position (N, 3) of one sample of each ray."""
    radius = rays.radius_mm[index]
    at = (rays.way * radius[:, None] + rays.centre).T / rays.voxel_mm
    return np.stack(
        [ndimage.map_coordinates(m, at, order=1, mode="nearest") for m in mni], axis=-1
    )


def _first_exit(inside: Mask, start: NDArray[np.integer]) -> Index:
    """Give the first sample past ``start`` that lies outside."""
    index = np.arange(inside.shape[1])
    out = ~inside & (index > start[:, None])
    return np.asarray(np.where(out.any(1), np.argmax(out, axis=1), inside.shape[1] - 1))


def _read(
    rays: Rays, grey: Floats, tissue: Mask, known: Mask, *, first: Index
) -> tuple[Floats, ...]:
    """Give grey, tissue and whether it is known from sample ``first`` of each ray on, (N, D)."""
    length = round((WITHIN_MM + BEYOND_MM) / rays.step_mm)
    index = np.minimum(first[:, None] + np.arange(length), len(rays.radius_mm) - 1)
    grids = ((grey, 1), (tissue, 0), (known, 0))
    return tuple(np.take_along_axis(seen(rays, g, order=k), index, axis=1) for g, k in grids)


def _darkest(grey: Floats, low: NDArray[np.floating], high: NDArray[np.floating]) -> Index:
    """Give the sample of least grey, over a compact table's thickness, between two others."""
    mean = ndimage.uniform_filter1d(grey, 3, axis=1)
    index = np.arange(grey.shape[1])
    allowed = (index > low[:, None]) & (index < high[:, None])
    return np.asarray(np.argmin(np.where(allowed, mean, np.inf), axis=1))
