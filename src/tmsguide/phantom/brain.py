"""A gyrated brain cut out of the average template: white matter first, cortex as its coat."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from tmsguide.phantom.materials import Material
from tmsguide.phantom.smooth import smooth_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmsguide.model import Volume

    Floats = NDArray[np.float64]
    Grid = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["Template", "cut_brain", "sample"]


class Template(NamedTuple):
    """Template maps on one's own grid, scaled to 0..1: brain T1, grey and white probability."""

    t1: Grid
    gm: Grid
    wm: Grid


def sample(volume: Volume, at_mni: Grid) -> Grid:
    """Give a template map at positions (..., 3), 0..1, 0 outside the template."""
    voxel_from_mni = np.linalg.inv(volume.frame_from_voxel)
    at = np.moveaxis(at_mni @ voxel_from_mni[:3, :3].T.astype(np.float32), -1, 0)
    at = at + voxel_from_mni[:3, 3].astype(np.float32)[:, None, None, None]
    data = np.asarray(volume.data, dtype=np.float32)
    out = ndimage.map_coordinates(data, at, order=1, mode="constant", prefilter=False)
    return np.asarray(out / data.max(), dtype=np.float32)


def cut_brain(
    rng: np.random.Generator, template: Template, at_mni: Grid, *, voxel_mm: float
) -> NDArray[np.uint8]:
    """Give `Material` of the brain and the CSF within its envelope, AIR elsewhere.

    The average of 152 brains has washed-out gyri. White matter is sharpened (unsharp mask) and
    its level perturbed by seeded noise at the scale of gyri, so that every person folds a little
    otherwise; the cortex is what lies within 2.6 to 4.2 mm from it (Fischl & Dale 2000,
    10.1073/pnas.200033797: 1 to 4.5 mm; thicker where the template is surely grey, as in the
    insula); what remains between the banks is CSF.
    Cerebellum, brainstem and deep nuclei follow the template's own probabilities.
    """
    whole = template.gm + template.wm
    brain = template.t1 > 0.05
    folded = ~_follows_template(at_mni)
    white = _white_matter(rng, template.wm, folded=folded, voxel_mm=voxel_mm)
    away_mm = ndimage.distance_transform_edt(~white, sampling=voxel_mm).astype(np.float32)
    coat_mm = np.clip(3.4 + 0.3 * smooth_field(rng, brain.shape, 22 / voxel_mm), 2.6, 4.2)
    coat_mm += 2.2 * np.clip((template.gm - 0.74) / 0.16, 0, 1)  # surely grey: let it be thicker
    opened = 0.55 + 0.08 * smooth_field(rng, brain.shape, 6 / voxel_mm)
    cortex = folded & (away_mm <= coat_mm) & (whole > opened)
    deep = _deep(at_mni) & (template.gm > 0.42) & (whole > 0.6)
    plain = ~folded & (whole > 0.5)
    out = np.zeros(brain.shape, np.uint8)
    out[brain] = Material.CSF
    out[brain & plain] = Material.CEREBELLAR_GREY
    out[brain & cortex] = Material.CORTEX
    out[brain & deep] = Material.DEEP_GREY
    out[brain & white] = Material.WHITE
    return out


def _white_matter(rng: np.random.Generator, wm: Grid, *, folded: Mask, voxel_mm: float) -> Mask:
    """Give one connected white matter."""
    sharp = wm + (wm - ndimage.gaussian_filter(wm, 6 / voxel_mm, truncate=3))
    level = 0.56 + 0.12 * smooth_field(rng, wm.shape, 5 / voxel_mm)
    white = np.where(folded, sharp > level, wm > 0.5)
    parts, _ = ndimage.label(white)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def _follows_template(at_mni: Grid) -> Mask:
    """Give where cerebellum and brainstem lie: below a roof-shaped tentorium, or in the stem."""
    x, y, z = np.abs(at_mni[..., 0]), at_mni[..., 1], at_mni[..., 2]
    cerebellum = (y < -28) & (z < 3 + 0.6 * (y + 45) - 0.35 * x)
    stem = (x < 20) & (z < -8) & (y < -8) & (y > -45)
    return np.asarray(cerebellum | stem)


def _deep(at_mni: Grid) -> Mask:
    """Give the ellipsoid that holds thalamus and basal ganglia."""
    part = (at_mni - np.array([0, -8, 4], np.float32)) / np.array([36, 38, 24], np.float32)
    return np.asarray((part**2).sum(-1) < 1)
