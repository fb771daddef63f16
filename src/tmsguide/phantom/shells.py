"""CSF, skull and scalp round a brain, as level sets of the distance to the brain's envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from tmsguide.phantom.smooth import expand, smooth_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["Shells", "draw_shells", "skull_mm", "spread"]

_ENVELOPE_MM = 10.0  # sulci narrower than twice this are bridged
_CENTRE_MNI = np.array([0, -18, 8], np.float32)

# Skull thickness by direction from the brain's centre (unit-ish vectors in MNI), added to 5.6 mm.
# CT: frontal 5.8, parietal 5.4, occipital 8.6 mm (Baral, Koirala & Gupta, 100 adults, Anatomy &
# Physiology); temporal 4.7 against 7-8 mm elsewhere (Morphometric measurement of cranial vault
# thickness, 100 adults; abstracts only); whole skull 5.97 +- 1.19 mm (Antonakakis 2020,
# 10.1016/j.neuroimage.2020.117353).
_SKULL_BUMPS = (
    ((0.0, -1.0, -0.05), 3.2, 0.45),  # occipital, to the protuberance
    ((0.0, 0.95, 0.1), 0.5, 0.40),  # frontal
    ((1.0, 0.15, -0.25), -2.6, 0.45),  # temporal squama
    ((-1.0, 0.15, -0.25), -2.6, 0.45),
    ((0.0, 0.0, -1.0), -1.8, 0.55),  # base
)
# Scalp: about 6 mm over the vault, thicker at the nape and over the temporal muscle: our choice by
# eye, no published map was at hand.
_SCALP_BUMPS = (
    ((0.0, -0.9, -0.45), 4.5, 0.40),
    ((1.0, 0.25, -0.30), 3.5, 0.45),
    ((-1.0, 0.25, -0.30), 3.5, 0.45),
)


class Shells(NamedTuple):
    """Signed levels, mm: negative inside.

    ``brain`` is the distance to the brain's envelope, ``inner``, ``outer`` and ``skin`` the inner
    and outer skull and the skin of the vault (face and neck not yet joined).
    """

    brain: Grid
    inner: Grid
    outer: Grid
    skin: Grid


def draw_shells(
    rng: np.random.Generator,
    brain: Mask,
    at_mni: Grid,
    *,
    lattice_mm: float,
    age_years: float,
) -> Shells:
    """Give the shells round ``brain`` on the lattice of ``brain`` and ``at_mni`` (X, Y, Z, 3).

    `spread` brings them to the full grid.
    """
    depth = _envelope(brain, lattice_mm)
    way = at_mni - _CENTRE_MNI
    way = way / np.linalg.norm(way, axis=-1, keepdims=True)
    # Older brains leave more room: about 0.5 mm from 20 to 60 years (our rough choice).
    gap = 1.4 + 0.012 * (age_years - 20) + 0.4 * smooth_field(rng, depth.shape, 30 / lattice_mm)
    skull = skull_mm(way) + 0.7 * smooth_field(rng, depth.shape, 26 / lattice_mm)
    skull = skull * np.float32(rng.uniform(0.88, 1.12))
    scalp = 5.6 + _bumps(way, _SCALP_BUMPS)
    scalp = scalp + 0.5 * smooth_field(rng, depth.shape, 30 / lattice_mm)
    inner = depth - np.clip(gap, 1.0, 3.5).astype(np.float32)
    outer = inner - np.clip(skull, 2.2, 12.0).astype(np.float32)
    skin = outer - np.clip(scalp, 3.5, 14.0).astype(np.float32)
    return Shells(depth, inner, outer, skin)


def spread(shells: Shells, shape: tuple[int, ...], step: int) -> Shells:
    """Give the shells on the full grid."""
    if step == 1:
        return shells
    return Shells(*(expand(level, shape, step) for level in shells))


def skull_mm(direction: Grid) -> Grid:
    """Give the mean skull thickness for unit directions (..., 3) from the brain's centre."""
    return np.float32(5.6) + _bumps(direction, _SKULL_BUMPS)


def _bumps(
    direction: Grid, bumps: tuple[tuple[tuple[float, float, float], float, float], ...]
) -> Grid:
    """Give a sum of smooth bumps on the sphere (centre, height in mm, width in radians)."""
    out = np.zeros(direction.shape[:-1], np.float32)
    for centre, height, width in bumps:
        axis = np.asarray(centre, np.float32) / np.float32(np.linalg.norm(centre))
        out += np.float32(height) * np.exp((direction @ axis - 1) / np.float32(width**2))
    return out


def _envelope(brain: Mask, lattice_mm: float) -> Grid:
    """Give the signed distance to the brain closed over its sulci, smoothed to sub-voxel."""
    reach = ndimage.distance_transform_edt(~brain, sampling=lattice_mm) > _ENVELOPE_MM
    closed = ndimage.distance_transform_edt(~reach, sampling=lattice_mm) > _ENVELOPE_MM
    outside = ndimage.distance_transform_edt(~closed, sampling=lattice_mm)
    inside = ndimage.distance_transform_edt(closed, sampling=lattice_mm)
    signed = (outside - inside).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(signed, 2.5 / lattice_mm), dtype=np.float32)
